// @ts-check
/** Paying: what is left, what was handed over, the four ways to pay. */

import { leftToPay, likelyCash } from "../../acts/pay.js";
import { h } from "../../dom.js";
import { yuan } from "../../format.js";
import { due } from "../../state.js";
import { frame, pad, row, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** The letters are the first of the Chinese words; the same in every language. */
export const WAYS = [
  ["cash", "X"],
  ["wechat", "W"],
  ["alipay", "Z"],
  ["card", "K"],
];

/** @param {State} state @param {any} acts */
export function pay(state, acts) {
  const { t } = acts;
  const { basket, sheet } = state;
  if (!basket || !sheet) return [];
  const left = leftToPay(basket, sheet.tenders);
  const some = sheet.tenders.length > 0;
  const taken = sheet.tenders.map((/** @type {any} */ one) => row(t(`tender.${one.kind}`), yuan(-one.amount_fen)));
  const first = h("div.owed", {}, h("span.muted", {}, some ? t("pay.left") : t("basket.due")), h("b", { id: "pay-left" }, yuan(left)));
  const parts = some ? h("ul.figures", {}, row(t("basket.due"), yuan(due(basket))), ...taken) : null;
  const side = h("div.pay-side", {}, first, parts, amountField(state, acts, left), left > 0 ? cash(left, acts) : null);
  const body = [said(sheet.note), h("div.pay", {}, side, pad(t, acts.payKey, "."))];
  const undo = some && !sheet.busy ? h("button", { type: "button", onclick: acts.untender }, t("pay.undo")) : null;
  return frame(t("pay"), acts, body, left > 0 && !sheet.busy ? [...ways(acts)] : [undo, finish(state, acts)]);
}

/** @param {State} state @param {any} acts @param {number} left */
function amountField(state, acts, left) {
  const { t } = acts;
  const field = h("input", {
    id: "pay-amount",
    inputmode: "decimal",
    autocomplete: "off",
    maxlength: "12",
    value: state.sheet?.typed ?? "",
    placeholder: (left / 100).toFixed(2),
    "aria-label": t("pay.amount"),
    oninput: (event) => acts.typePay(/** @type {HTMLInputElement} */ (event.target).value),
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void acts.tender("cash");
  };
  return h("form.field", { onsubmit: submit }, h("label.muted.small", { for: "pay-amount" }, t("pay.amount")), field);
}

/** @param {number} left @param {any} acts */
function cash(left, acts) {
  const notes = likelyCash(left).map((sum) => h("button", { type: "button", onclick: () => acts.payNote(sum) }, `¥${sum / 100}`));
  return h("div.notes", { role: "group", "aria-label": acts.t("pay.notes") }, ...notes);
}

/** @param {any} acts */
function ways(acts) {
  return WAYS.map(([kind, key], at) =>
    h(at ? "button.way-to-pay" : "button.way-to-pay.primary", { type: "button", id: `tender-${kind}`, onclick: () => void acts.tender(kind) }, acts.t(`tender.${kind}`), h("kbd", {}, at ? key : "Enter")),
  );
}

/** @param {State} state @param {any} acts all is paid: by points alone, or the box's answer was lost */
function finish({ sheet }, acts) {
  const words = sheet?.busy ? acts.t("pay.busy") : acts.t("pay.finish");
  return h("button.primary", { type: "button", id: "pay-commit", disabled: Boolean(sheet?.busy), onclick: () => void acts.commit() }, words, h("kbd", {}, "F9"));
}
