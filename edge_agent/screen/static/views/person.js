// @ts-check
/** The left half: who stands there, or how to be recognised. */

import { h, icon } from "../dom.js";
import { typeset } from "../format.js";
import { coaching, turning } from "./coach.js";
import { memberView } from "./member.js";
import { nearMisses } from "./nudges.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Say} Say */

/** @param {State} state @param {any} acts @returns {(HTMLElement | null)[]} */
export function person(state, acts) {
  if (state.coach) return coaching(state, acts);
  if (state.challenge?.outcome === "running") return turning(state, acts);
  if (state.person === "member" && state.member) return memberView(state, acts);
  const views = { idle, armed, ask, unknown, none, member: idle };
  return [h("div.person-body", {}, ...views[state.person](state, acts)), nearMisses(state, acts), controls(state, acts)];
}

/** @param {State} state @param {any} acts */
function idle(state, { t }) {
  const ways = [way("face", "camera", state, t), way("code", "qr", state, t), way("card", "nfc", state, t)];
  return [h("h1", {}, t("idle.title")), h("ul.ways", {}, ...ways), h("p.muted", {}, t("idle.skip"))];
}

/** @param {"face"|"code"|"card"} name @param {string} device @param {State} state @param {Say} t */
function way(name, device, state, t) {
  const condition = state.health?.devices?.[name === "face" ? "face" : device] ?? state.health?.devices?.[device];
  const off = condition === "off";
  const gone = condition === "gone" || condition === "stalled";
  const itself = name === "face" && state.health?.walk_up === "on";
  const how = off ? t(name === "face" ? "idle.face.off" : "idle.off") : gone ? t("idle.gone") : t(itself ? "idle.walk_up" : `idle.${name}.how`);
  return h(
    off || gone ? "li.way.off" : "li.way",
    {},
    icon(name),
    h("span.name", {}, t(`idle.${name}`)),
    h("span.muted", {}, how),
  );
}

/** @param {State} _state @param {any} acts */
function armed(_state, { t }) {
  return [hint("face", t("armed.title"), t("armed.how")), h("div.clock-line", { "aria-hidden": "true" })];
}

/** @param {State} state @param {any} acts */
function ask(state, { t }) {
  const spoof = state.reasons.some((reason) => reason.code === "R107");
  const close = state.reasons.length === 0;
  const how = spoof || close ? t("ask.code") : t("ask.face");
  return [hint(spoof || close ? "code" : "face", t("ask.title"), how), reasons(state)];
}

/** @param {State} state @param {any} acts */
function unknown(state, { t }) {
  return [hint("question", t("unknown.title"), t("unknown.how"), true), reasons(state)];
}

/** @param {State} state @param {any} acts */
function none(state, { t }) {
  return [hint("question", t("none.title"), t("none.how"), true), reasons(state)];
}

/** @param {Parameters<typeof icon>[0]} shape @param {string} title @param {string} how @param {boolean} quiet */
function hint(shape, title, how, quiet = false) {
  const words = h("div", {}, h("h1", {}, title), h("p.muted", {}, how));
  return h(quiet ? "div.hint.quiet" : "div.hint", {}, icon(shape), words);
}

/** @param {State} state */
function reasons(state) {
  if (!state.reasons.length) return null;
  const lines = state.reasons.map((reason) => h("li", {}, typeset(reason[state.language])));
  return h("ul.reasons", {}, ...lines);
}

/** @param {State} state @param {any} acts */
function controls(state, acts) {
  const { t } = acts;
  const label = ["ask", "unknown", "none"].includes(state.person) ? t("again") : t("identify");
  const find = state.features.recruits ? t("phone.join") : t("phone");
  return h(
    "div.buttons",
    {},
    h("button.primary", { type: "button", id: "identify", onclick: acts.identify }, label, h("kbd", {}, "F2")),
    h("button", { type: "button", id: "phone", onclick: acts.askPhone }, find, h("kbd", {}, "F3")),
  );
}
