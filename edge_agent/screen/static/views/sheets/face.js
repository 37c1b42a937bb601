// @ts-check
/** A member's face: what she agreed to, what she is asked, word for word, and what is left to do. */

import { h, icon } from "../../dom.js";
import { typeset } from "../../format.js";
import { frame, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */
/** @typedef {import("../../dom.js").Child} Child */

const LOCAL = "face.local";
const WALK_UP = "face.walk_up";

/** @param {State} state @param {any} acts */
export function face(state, acts) {
  const steps = { overview, age, ask, sure };
  return steps[/** @type {keyof typeof steps} */ (state.sheet?.step ?? "overview")](state, acts);
}

/** @param {State} state @param {any} acts */
function overview(state, acts) {
  const { t } = acts;
  const { sheet } = state;
  const rows = sheet?.loaded ? choices(sheet, acts) : [];
  const stands = !sheet?.loaded ? "" : sheet.face_held ? t("face.held") : sheet.standing.includes(LOCAL) ? t("face.not_taken") : t("face.none");
  const off = sheet?.loaded && !sheet.offered.length ? h("p.muted", {}, t("face.off")) : null;
  return frame(t("face.title", { name: state.member?.name ?? "" }), acts, [
    sheet?.good ? told(sheet.note) : said(sheet?.note ?? ""),
    h("p", { id: "face-state" }, stands),
    off,
    h("ul.choices", {}, ...rows.map(([shape, key, act], at) => choice(at, shape, t(key), t(`${key}.how`), act))),
  ]);
}

/**
 * What may be done now: only what headquarters lets this shop ask for is offered, and what was given can always be taken back.
 * @param {any} sheet @param {any} acts @returns {[Parameters<typeof icon>[0], string, () => void][]}
 */
function choices({ standing, offered, face_held }, acts) {
  const has = (/** @type {string} */ kind) => standing.includes(kind);
  const may = (/** @type {string} */ kind) => offered.includes(kind);
  /** @type {[boolean, Parameters<typeof icon>[0], string, () => void][]} */
  const all = [
    [may(LOCAL) && !has(LOCAL), "face", "face.agree", () => acts.faceAgree(LOCAL)],
    [may(LOCAL) && has(LOCAL), "face", face_held ? "face.again" : "face.take", acts.faceTake],
    [may(WALK_UP) && has(LOCAL) && !has(WALK_UP), "person", "face.walk_up.agree", () => acts.faceAgree(WALK_UP)],
    [has(WALK_UP), "less", "face.walk_up.end", () => acts.faceTakeBack(WALK_UP)],
    [has(LOCAL), "bin", "face.end", () => acts.faceTakeBack(LOCAL)],
  ];
  return all.filter(([now]) => now).map(([, shape, key, act]) => [shape, key, act]);
}

/** @param {State} state @param {any} acts */
function age(state, acts) {
  const { t } = acts;
  return frame(t("face.age"), acts, [
    h("ul.choices", {}, choice(0, "check", t("face.age.yes"), "", () => acts.faceAge(true)), choice(1, "person", t("face.age.no"), t("face.age.no.how"), () => acts.faceAge(false))),
  ]);
}

/** @param {State} state @param {any} acts */
function ask(state, acts) {
  const { t } = acts;
  const { asking, text, note, busy } = /** @type {any} */ (state.sheet);
  return frame(
    t(`face.ask.${asking}`),
    acts,
    [said(note), h("blockquote.consent", { id: "consent" }, typeset(text[`text_${state.language}`])), h("p.muted.small", {}, t("face.shown"))],
    [
      h("button", { type: "button", id: "face-no", disabled: busy, onclick: () => acts.faceAnswer(false) }, t("face.no"), h("kbd", {}, "Esc")),
      h("button.primary", { type: "button", id: "face-yes", disabled: busy, onclick: () => acts.faceAnswer(true) }, t("face.yes"), h("kbd", {}, "Enter")),
    ],
  );
}

/** @param {State} state @param {any} acts */
function sure(state, acts) {
  const { t } = acts;
  const gone = h("button.danger", { type: "button", id: "face-sure", disabled: Boolean(state.sheet?.busy), onclick: () => acts.faceTakeBack(LOCAL) }, t("face.end"));
  return frame(t("face.end"), acts, [said(state.sheet?.note ?? ""), h("p", {}, t("face.sure"))], [h("button", { type: "button", onclick: acts.faceOverview }, t("face.back")), gone]);
}

/** @param {number} at @param {Parameters<typeof icon>[0]} shape @param {string} name @param {string} how @param {() => void} act */
function choice(at, shape, name, how, act) {
  const words = h("span", {}, h("b", {}, name), how ? h("span.muted.small", {}, how) : null);
  return h("li", {}, h("button.choice", { type: "button", id: at ? `face-choice-${at}` : "face-first", onclick: act }, icon(shape), words));
}

/** @param {string} note @returns {Child} */
function told(note) {
  return note ? h("p.confirmed", { role: "status" }, icon("check"), h("span", {}, typeset(note))) : null;
}
