// @ts-check
/** What the customer is told to do: turning the head, and being enrolled. */

import { h, icon, outline } from "../dom.js";
import { typeset } from "../format.js";

/** @typedef {import("../state.js").State} State */

/**
 * The customer's part of the screen: a face, what to do, how far it is.
 * @param {string} sign what the outline shows @param {string} title @param {number} done 0..1
 * @param {string} how
 */
function stage(sign, title, done, how = "") {
  return h(
    "div.stage",
    {},
    outline(sign),
    h("h1", {}, title),
    h("progress", { max: "1", value: done.toFixed(2), "aria-label": title }),
    how ? h("p.muted", {}, how) : null,
  );
}

/** @param {State} state @param {any} acts */
export function turning(state, { t, cancelTurn }) {
  const { challenge, language } = state;
  return [
    stage(challenge.prompt, typeset(challenge[language]), challenge.progress, t("turn.how")),
    h(
      "div.buttons",
      {},
      h("button", { type: "button", id: "cancel-turn", onclick: cancelTurn }, t("turn.cancel"), h("kbd", {}, "Esc")),
    ),
  ];
}

/** @param {State} state @param {any} acts */
export function coaching(state, { t, endCoach }) {
  const { coach, language } = state;
  const hint = coach[`hint_${language}`] ?? "";
  const { accepted, wanted } = coach;
  if (!coach.done) {
    const dots = Array.from({ length: wanted }, (_, at) => h(at < accepted ? "span.taken" : "span", {}));
    return [
      h("div.stage", {}, outline(coach.ok ? "passed" : "straight"), h("h1", {}, typeset(hint))),
      h("div.dots", { role: "img", "aria-label": t("coach.count", { accepted, wanted }) }, ...dots),
      h("p.muted", {}, t("coach.how")),
    ];
  }
  const title = coach.code ? t("coach.failed") : accepted === 0 ? t("coach.none") : coach.enough ? t("coach.enough") : t("coach.few");
  return [
    h("div.stage", {}, outline(accepted ? "passed" : "failed"), h("h1", {}, title)),
    h("p.muted", {}, t("coach.count", { accepted, wanted })),
    accepted ? null : h("p", {}, typeset(hint)),
    coach.lookalike ? h("p.warning", {}, icon("link"), h("span", {}, typeset(coach.lookalike[language]))) : null,
    h("div.buttons", {}, h("button.primary", { type: "button", id: "end-coach", onclick: endCoach }, t("coach.end"), h("kbd", {}, "Esc"))),
  ];
}
