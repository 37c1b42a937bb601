// @ts-check
/** Why it costs what it costs: line by line, what was not used, what is nearly reached. */

import { h } from "../../dom.js";
import { named, quantity, typeset, yuan } from "../../format.js";
import { due } from "../../state.js";
import { nameOf } from "../basket.js";
import { frame, row } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function why(state, acts) {
  const { t } = acts;
  const { basket, language } = state;
  const saving = basket.lines.filter((/** @type {any} */ line) => line.offers.length);
  const near = basket.near_misses ?? [];
  const rejected = basket.rejected.filter((/** @type {any} */ one) => !near.some((/** @type {any} */ miss) => miss.offer_id === one.offer_id));
  return frame(
    basket.saved_fen ? t("why.title", { amount: yuan(basket.saved_fen) }) : t("key.why"),
    acts,
    [
      total(state, t),
      h("section.wide", {}, h("h3", {}, t("why.applied")), saving.length ? h("ul.figures", {}, ...saving.flatMap((/** @type {any} */ line) => explained(line, state))) : h("p.muted", {}, t("why.none"))),
      near.length ? h("section", {}, h("h3", {}, t("why.near")), h("ul", {}, ...near.map((/** @type {any} */ one) => h("li", {}, typeset(one[`text_${language}`]))))) : null,
      rejected.length ? h("section", {}, h("h3", {}, t("why.rejected")), h("ul.figures", {}, ...rejected.map((/** @type {any} */ one) => row(named(one, language), h("span.muted", {}, t(`reason.${one.reason}`)))))) : null,
    ],
  );
}

/** @param {any} line @param {State} state @returns {HTMLElement[]} what took how much off it */
function explained(line, state) {
  const worth = h("span", {}, h("s.muted", {}, yuan(line.shelf_fen)), " ", h("b", {}, yuan(line.net_fen)));
  const offers = line.offers.map((/** @type {any} */ one) => row(nameOf(one, state), h("span", {}, yuan(-one.fen_off)), ".saved.part"));
  return [row(`${line.name} ×${quantity(line.qty_milli)}`, worth), ...offers];
}

/** @param {State} state @param {import("../../state.js").Say} t */
function total({ basket, language }, t) {
  const points = basket.redeem?.points_fen ?? 0;
  const parts = [
    row(t("why.shelf"), yuan(basket.shelf_fen ?? basket.total_fen + basket.saved_fen)),
    ...basket.applied.map((/** @type {any} */ one) => row(named(one, language), yuan(-one.fen_off), ".saved")),
    basket.coupon ? row(named(basket.coupon, language), yuan(-basket.coupon.fen_off), ".saved") : null,
    points ? row(t("redeem"), yuan(-points), ".saved") : null,
    row(t("basket.due"), h("b", {}, yuan(due(basket))), ".total"),
  ].filter((part) => part !== null);
  return h("section.wide", {}, h("ul.figures", {}, ...parts));
}
