// @ts-check
/** What HQ asks a clerk to say to her, and what came of it. */

import { h, icon } from "../../dom.js";
import { dateOf } from "../../format.js";
import { frame, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @type {[string, Parameters<typeof icon>[0]][]} */
const OUTCOMES = [
  ["done", "check"],
  ["not_reached", "question"],
  ["refused", "close"],
];

/** @param {State} state @param {any} acts */
export function call(state, acts) {
  const { t } = acts;
  const { note, last_day: last } = state.sheet?.call ?? {};
  const rows = OUTCOMES.map(([outcome, shape]) =>
    h(
      "li",
      {},
      h(
        "button.choice",
        { type: "button", id: `call-${outcome}`, disabled: Boolean(state.sheet?.busy), onclick: () => void acts.answerCall(outcome) },
        icon(shape),
        h("span", {}, h("b", {}, t(`call.${outcome}`)), h("span.muted.small", {}, t(`call.${outcome}.how`))),
      ),
    ),
  );
  return frame(t("call.title"), acts, [
    said(state.sheet?.note ?? ""),
    h("p.large", { id: "call-note" }, note),
    last ? h("p.muted.small", {}, t("call.until", { day: dateOf(last) })) : null,
    h("ul.choices", {}, ...rows),
  ]);
}
