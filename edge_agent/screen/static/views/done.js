// @ts-check
/** What a sale came to, and what a printed receipt said. */

import { h, icon } from "../dom.js";
import { integer, typeset, yuan } from "../format.js";
import { drawn } from "../link_code.js";
import { offline } from "../state.js";
import { item, tableHead } from "./basket.js";

/** @typedef {import("../state.js").State} State */

/** @param {State} state @param {any} acts */
export function saleDone(state, { t }) {
  const { sale } = state;
  const claim = sale.claim?.rows ? claimable(sale.claim, t) : null;
  const gains = [
    sale.saved_fen > 0 ? h("span.saved.strong", {}, `${t("sale.saved")} ${yuan(sale.saved_fen)}`) : null,
    sale.member
      ? h("span", {}, `${sale.member.name} · ${t("sale.points", { points: integer(sale.points_earned) })}`)
      : h("span.muted", {}, t("sale.guest")),
  ];
  const stored = sale.training ? t("training.sale") : `${t("sale.stored", { seq: integer(sale.seq ?? 0) })}${offline(state) ? ` · ${t("sale.later")}` : ""}`;
  const paid = sale.paid_fen ?? sale.due_fen ?? sale.total_fen;
  return h(
    claim ? "div.done.with-claim" : "div.done",
    {},
    h(
      "div.receipt",
      {},
      icon("check"),
      h("p.muted", {}, `${t("sale.done")} · ${t("sale.paid")}`),
      h("p.number", { id: "paid" }, yuan(paid)),
      sale.change_fen > 0 ? change(sale, t) : null,
      h("p.pair", {}, ...gains),
      sale.points_redeemed > 0 ? h("p", {}, t("sale.spent", { points: integer(sale.points_redeemed) })) : null,
      h("p.muted.small", {}, stored),
    ),
    claim,
  );
}

/** @param {any} sale @param {import("../state.js").Say} t what the customer gets back, as large as the price */
function change(sale, t) {
  return h("p.change", { id: "change" }, h("span", {}, t("sale.change", { given: yuan(sale.given_fen) })), h("b", {}, yuan(sale.change_fen)));
}

/** @param {any} claim @param {import("../state.js").Say} t */
function claimable(claim, t) {
  return h("div.claim", {}, h("div.link-paper", {}, drawn(claim.rows, t("claim.code"))), h("p.strong", {}, t("claim.title")), h("p.muted.small", {}, t("claim.how")));
}

/** @param {State} state @param {any} acts @returns {(HTMLElement | null)[]} */
export function tapped(state, { t }) {
  const { tapped: receipt } = state;
  const booked = receipt.fault
    ? `${t("tapped.fault")} · ${typeset(receipt.fault[state.language])}`
    : receipt.outcome !== "booked"
      ? receipt.outcome === "returned"
        ? t("tapped.returned")
        : t("tapped.none")
      : receipt.member_name
        ? `${t("tapped.member", { name: receipt.member_name })} · ${t("sale.points", { points: integer(receipt.points_earned) })}`
        : t("tapped.guest");
  const table = h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": t("tapped.title") },
    h("table", {}, tableHead(t), h("tbody", {}, ...receipt.lines.map(item))),
  );
  const total = h("span.number", { id: "paid" }, receipt.total_fen === null ? "—" : yuan(receipt.total_fen));
  return [
    h("div.head", {}, h("h2", {}, `${t("tapped.title")} · ${t("tapped.from", { till: receipt.till_name })}`), h("p.muted", {}, booked)),
    table,
    receipt.unmapped.length ? h("p.note", {}, icon("link"), t("tapped.unmapped", { count: receipt.unmapped.length })) : null,
    h("div.sum", {}, h("span.muted.small", {}, t("tapped.price")), h("div.due", {}, h("span.muted", {}, t("sale.paid")), total)),
  ];
}
