// @ts-check
/** The link for a member's phone, drawn large, with the life it has left. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4;
const MINUTE_S = 60;
const HOUR_MIN = 60;

/**
 * @typedef {object} LinkShown a link as the box tells it
 * @property {string} name whose phone it is for
 * @property {string} uri
 * @property {string[]} rows of squares, `1` is dark
 * @property {number} untilMs this screen's clock
 */

/**
 * @param {LinkShown} link @param {number} nowMs
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @param {() => void} close @returns {HTMLElement}
 */
export function linkView(link, nowMs, t, close) {
  const words = h(
    "div.link-words",
    {},
    h("h1", {}, t("link.title", { name: link.name })),
    h("p", {}, t("link.how")),
    h("p.muted", { id: "link-life" }, lifeLeft(link, nowMs, t)),
    h("p.muted.small", {}, t("link.once")),
    h("div.buttons", {}, h("button.primary", { type: "button", id: "link-done", onclick: close }, t("link.done"), h("kbd", {}, "Esc"))),
  );
  return h("section.link", { role: "dialog", "aria-label": t("link.title", { name: link.name }) }, h("div.link-paper", {}, drawn(link.rows, t("link.code"))), words);
}

/** @param {LinkShown} link @param {number} nowMs @param {(key: string, values?: Record<string, string | number>) => string} t */
export function lifeLeft(link, nowMs, t) {
  const left = Math.max(0, Math.floor((link.untilMs - nowMs) / 1000));
  if (left === 0) return t("link.over");
  const whole = Math.ceil(left / MINUTE_S);
  const [hours, minutes] = [Math.floor(whole / HOUR_MIN), whole % HOUR_MIN];
  if (hours && !minutes) return t("link.whole_hours", { hours });
  return hours ? t("link.hours", { hours, minutes }) : t("link.minutes", { minutes });
}

/** @param {string[]} rows of squares, `1` is dark @param {string} label @returns {SVGElement} */
export function drawn(rows, label) {
  const side = rows.length + 2 * QUIET;
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const squares = rows.flatMap((row, y) =>
    Array.from(row, (square, x) => (square === "1" ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")),
  );
  path.setAttribute("d", squares.join(""));
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.append(path);
  return svg;
}
