// @ts-check
/** Why she holds her tier, and what keeps or raises it. */

import { h } from "../../dom.js";
import { dateOf, integer, tierName, typeset, yuan } from "../../format.js";
import { frame, row } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function tier(state, acts) {
  const { t } = acts;
  const { member, language } = state;
  const { standing } = member;
  const facts = [
    standing.since ? row(t("tier.since"), dateOf(standing.since)) : null,
    standing.until ? row(t("tier.until"), dateOf(standing.until)) : null,
    standing.grace_until ? row(t("tier.grace"), dateOf(standing.grace_until)) : null,
    row(t("tier.spend"), yuan(standing.spend_fen ?? 0)),
    row(t("tier.visits"), integer(standing.visits ?? 0)),
  ].filter((fact) => fact !== null);
  return frame(t("tier.title", { tier: tierName(member, language) }), acts, [
    h("p.large", { id: "tier-why" }, typeset(standing[`text_${language}`])),
    h("ul.figures", {}, ...facts),
    standing.counted_from ? h("p.muted.small", {}, t("tier.counted", { day: dateOf(standing.counted_from) })) : null,
  ]);
}
