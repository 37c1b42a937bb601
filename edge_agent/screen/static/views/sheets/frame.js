// @ts-check
/** What every sheet shares: a title, a way out, a body that scrolls, buttons that stay. */

import { h, icon } from "../../dom.js";

/** @typedef {import("../../dom.js").Child} Child */
/** @typedef {import("../../state.js").State} State */
/** @typedef {import("../../state.js").Say} Say */

/**
 * @param {string} title @param {any} acts @param {Child[]} body @param {Child[]} foot
 * @returns {Child[]} the contents of the dialog
 */
export function frame(title, acts, body, foot = []) {
  const close = h("button.quiet", { type: "button", id: "sheet-close", "aria-label": `${acts.t("close")} Esc`, onclick: acts.closeSheet }, h("kbd", {}, "Esc"), icon("close"));
  const shown = foot.filter(Boolean);
  return [
    h("header.sheet-head", {}, h("h2", { id: "sheet-title" }, title), close),
    h("div.sheet-body", {}, ...body),
    shown.length ? h("footer.sheet-foot", {}, ...shown) : null,
  ];
}

/**
 * Ten digits as large as fingers.
 * @param {Say} t @param {(key: string) => void} press @param {string} [point] a tenth key: the decimal point
 */
export function pad(t, press, point = "") {
  const key = (/** @type {string} */ name) => h("button", { type: "button", tabindex: "-1", onclick: () => press(name) }, name);
  const back = h("button", { type: "button", tabindex: "-1", "aria-label": t("pad.back"), onclick: () => press("back") }, icon("back"));
  const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(key);
  return h("div.pad", {}, ...digits, point ? key(point) : h("span", {}), key("0"), back);
}

/** @param {string} text @param {Child} [value] @param {string} [classes] one line of a list of figures */
export function row(text, value = null, classes = "") {
  return h(`li${classes}`, {}, h("span", {}, text), typeof value === "string" ? h("span", {}, value) : value);
}

/** @param {string} text what went wrong or changed @returns {HTMLElement | null} */
export function said(text) {
  return text ? h("p.note", { role: "alert" }, icon("link"), h("span", {}, text)) : null;
}
