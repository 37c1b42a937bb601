// @ts-check
/** Sheets about the basket: those put aside, throwing one away, a quantity, an unknown article. */

import { h, icon } from "../../dom.js";
import { clock, dateOf, integer, named, typeset, yuan } from "../../format.js";
import { frame, pad, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function parked(state, acts) {
  const { t } = acts;
  const rows = (state.sheet?.rows ?? []).map((/** @type {any} */ one, /** @type {number} */ at) => {
    const count = typeof one.lines === "number" ? one.lines : one.lines.length;
    const name = one.name || t("park.unnamed");
    return h(
      "li",
      {},
      h(
        "button.choice",
        { type: "button", id: `parked-${at}`, onclick: () => void acts.resume(one.basket_id) },
        h("span", {}, h("b", {}, name), h("span.muted.small", {}, t("park.row", { time: clock(one.opened_ms), lines: count }))),
        one.training ? h("span.training-word", {}, t("training")) : null,
        h("span.amount", {}, yuan(one.total_fen)),
      ),
    );
  });
  const none = h("div.empty", {}, icon("basket"), h("p.muted", {}, t("park.none")));
  return frame(t("park.title"), acts, [rows.length ? h("ul.choices", {}, ...rows) : none]);
}

/** @param {State} state @param {any} acts */
export function voiding(state, acts) {
  const { t } = acts;
  const lines = state.basket?.lines.length ?? 0;
  return frame(t("void.title"), acts, [h("p", {}, t("void.how", { lines, amount: yuan(state.basket?.total_fen ?? 0) }))], [
    h("button", { type: "button", id: "sheet-keep", onclick: acts.closeSheet }, t("void.keep"), h("kbd", {}, "Esc")),
    h("button.danger", { type: "button", id: "void-yes", onclick: () => void acts.voidBasket() }, t("void.yes"), h("kbd", {}, "Ctrl Del")),
  ]);
}

/** @param {State} state @param {any} acts */
export function amount(state, acts) {
  const { t } = acts;
  const { sheet, basket } = state;
  const line = basket?.lines.find((/** @type {any} */ one) => one.line === sheet?.line);
  const field = h("input", { id: "quantity", inputmode: "decimal", autocomplete: "off", maxlength: "9", value: sheet?.typed ?? "", placeholder: String((line?.qty_milli ?? 1000) / 1000), "aria-label": t("line.quantity"), oninput: (event) => acts.typeSheet("typed", event) });
  const form = h("form.field", { id: "quantity-form", onsubmit: (event) => acts.submitQuantity(event) }, h("label", { for: "quantity" }, line?.name ?? ""), field);
  return frame(
    t("line.quantity"),
    acts,
    [said(sheet?.note ?? ""), h("div.sign-in", {}, form, pad(t, acts.padKey("typed", "quantity"), "."))],
    [h("button.primary", { type: "submit", form: "quantity-form" }, t("ok"), h("kbd", {}, "Enter"))],
  );
}

/** @param {State} state @param {any} acts a bar code by finger, where no scanner reads it */
export function barcode(state, acts) {
  const { t } = acts;
  const field = h("input", { id: "barcode", inputmode: "numeric", autocomplete: "off", maxlength: "60", value: state.sheet?.typed ?? "", oninput: (event) => acts.typeSheet("typed", event) });
  const form = h("form.field", { id: "barcode-form", onsubmit: (event) => acts.submitBarcode(event) }, h("label", { for: "barcode" }, t("entry.digits")), field);
  return frame(t("entry.pad"), acts, [h("div.sign-in", {}, form, pad(t, acts.padKey("typed", "barcode")))], [
    h("button.primary", { type: "submit", form: "barcode-form" }, t("entry.add"), h("kbd", {}, "Enter")),
  ]);
}

/** @param {State} state @param {any} acts an article nobody knows sells at the price on its shelf */
export function price(state, acts) {
  const { t } = acts;
  const { sheet } = state;
  const amountField = h("input", { id: "price-amount", inputmode: "decimal", autocomplete: "off", maxlength: "11", value: sheet?.price ?? "", placeholder: "0.00", oninput: (event) => acts.typeSheet("price", event) });
  const name = h("input", { id: "price-name", autocomplete: "off", maxlength: "60", value: sheet?.name ?? "", oninput: (event) => acts.typeSheet("name", event) });
  const form = h(
    "form.field",
    { id: "price-form", onsubmit: (event) => acts.submitPrice(event) },
    h("label", { for: "price-amount" }, t("price.amount")),
    amountField,
    h("label", { for: "price-name" }, t("price.name")),
    name,
  );
  return frame(t("price.title"), acts, [h("p.muted", {}, t("price.how", { barcode: sheet?.barcode ?? "" })), said(sheet?.note ?? ""), h("div.sign-in", {}, form, pad(t, acts.padKey("price", "price-amount"), "."))], [
    h("button", { type: "button", onclick: acts.closeSheet }, t("phone.cancel"), h("kbd", {}, "Esc")),
    h("button.primary", { type: "submit", form: "price-form" }, t("price.sell"), h("kbd", {}, "Enter")),
  ]);
}

/** @param {State} state @param {any} acts her coupons: which are used, which could be, which not here */
export function coupons(state, acts) {
  const { t } = acts;
  const choosable = state.basket?.basket_id ? (state.basket.redeem?.coupons ?? []) : null;
  const held = choosable ?? state.member?.coupons ?? [];
  const refused = choosable && state.basket.redeem.refused;
  const rows = held.map((/** @type {any} */ one, /** @type {number} */ at) => {
    const until = t("coupons.until", { day: dateOf(one.last_day) });
    const words = h("span", {}, h("b", {}, named(one, state.language)), h("span.muted.small", {}, until));
    if (!choosable) return h("li.choice", {}, icon("coupon"), words);
    const state_word = one.chosen ? t("coupons.chosen") : one.usable ? t("coupons.use") : t("coupons.not_now");
    return h(
      "li",
      {},
      h("button.choice", { type: "button", id: `coupon-${at}`, "aria-pressed": String(one.chosen), disabled: !one.usable && !one.chosen, onclick: () => acts.toggleCoupon(one.id) }, icon(one.chosen ? "check" : "coupon"), words, h("span.push", {}, state_word)),
    );
  });
  return frame(t("coupons.title"), acts, [said(refused ? typeset(refused[state.language]) : ""), h("ul.choices", {}, ...rows), choosable ? null : h("p.muted", {}, t("coupons.later"))], [
    choosable ? h("span.push", {}, `${t("basket.due")} `, h("b", {}, yuan(state.basket.due_fen))) : null,
  ]);
}

/** @param {number} points @param {import("../../state.js").Say} t */
export function pointsWord(points, t) {
  return t("sale.points", { points: integer(points) });
}
