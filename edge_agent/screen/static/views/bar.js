// @ts-check
/** The bar at the foot: can this shop sell, since when is the cloud away, what is missing. */

import { h, icon, mark } from "../dom.js";
import { ago, clock, exact } from "../format.js";
import { offline } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Say} Say */
/** @typedef {"ok"|"degraded"|"cannot"|"unknown"} Shape */

const DEVICES = ["camera", "qr", "nfc", "till_tap"];
/** @type {Record<string, Shape>} */
const DEVICE_MARKS = { ok: "ok", starting: "unknown", stalled: "degraded", gone: "cannot", off: "unknown" };
const SAFE_MODE = "H120";
/** @type {Record<string, Shape>} */
const STATE_MARKS = { ok: "ok", degraded: "degraded", cannot: "cannot", gone: "cannot" };

/** @param {State} state @param {any} acts @returns {(HTMLElement | null)[]} */
export function bar(state, acts) {
  const { t } = acts;
  const { health } = state;
  if (!health) return [sign("unknown", t("state.unknown"), "")];
  const outbox = health.outbox_depth ? t("outbox", { count: health.outbox_depth }) : t("outbox.none");
  const fitted = DEVICES.filter((name) => health.devices[name] && health.devices[name] !== "off");
  return [
    state.training ? h("span.training-word", {}, t("training")) : null,
    sign(STATE_MARKS[health.state] ?? "unknown", t(`state.${health.state}`), "", "strong"),
    safeMode(health, t),
    cloudSign(state, t),
    h("span.muted", {}, outbox),
    ...fitted.map((name) => deviceSign(name, health.devices[name], t)),
    walkUp(health, t),
    h("span.push.muted", { title: health.store_name }, health.store_name),
    clerk(state, acts),
    h("button.plain", { type: "button", id: "help", onclick: acts.help, "aria-label": `${t("help")} F1` }, h("kbd", {}, "F1")),
  ];
}

/** @param {any} health @param {Say} t cameras and card readers are off on purpose: nobody has to look for a plug */
function safeMode(health, t) {
  const on = health.reasons.some((/** @type {any} */ one) => one.code === SAFE_MODE);
  return on ? sign("degraded", t("safe_mode"), "", "strong") : null;
}

/** @param {any} health @param {Say} t whether the lane looks at who walks up; nothing where HQ has not let it */
function walkUp(health, t) {
  const now = health.walk_up ?? "off";
  if (now === "off") return null;
  const looks = now === "on" || now === "resting";
  const made = sign(looks ? "ok" : "degraded", t("walk_up"), "");
  made.id = "walk-up";
  made.title = `${t("walk_up")} · ${t(`walk_up.${now}`)}`;
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", made.title);
  return made;
}

/** @param {State} state @param {any} acts */
function clerk(state, { t, askClerk }) {
  if (!state.features.baskets) return null;
  const name = state.clerk ? state.clerk.name : t("clerk.enter");
  return h("button.plain.clerk", { type: "button", id: "clerk", onclick: askClerk, "aria-haspopup": "dialog" }, icon(state.clerk ? "person" : "lock"), h("span", {}, name), h("kbd", {}, "F10"));
}

/** @param {State} state @param {Say} t */
function cloudSign(state, t) {
  const { health, nowMs } = state;
  const seen = health.cloud_seen_ms;
  const gone = offline(state);
  const words = gone
    ? seen
      ? t("cloud.gone.since", { time: clock(seen) })
      : t("cloud.gone")
    : seen
      ? t("cloud.seen", { ago: ago(seen, nowMs, t) })
      : t("cloud.ok");
  const made = sign(gone ? "degraded" : "ok", words, "");
  made.title = [gone ? t("cloud.gone.how") : "", seen ? exact(seen) : ""].filter(Boolean).join(" · ");
  return made;
}

/** @param {string} name @param {string} condition @param {Say} t */
function deviceSign(name, condition, t) {
  const word = condition === "ok" ? "" : t(`device.${condition}`);
  const made = sign(DEVICE_MARKS[condition] ?? "unknown", t(`device.${name}`), word);
  made.title = `${t(`device.${name}`)} · ${t(`device.${condition}`)}`;
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", made.title);
  return made;
}

/** @param {Shape} shape @param {string} text @param {string} word @param {string} weight */
function sign(shape, text, word, weight = "") {
  const label = weight ? h(`span.${weight}`, {}, text) : text;
  return h("span.sign", {}, mark(shape), label, word ? h("span.word", {}, word) : null);
}
