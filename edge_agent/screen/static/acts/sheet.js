// @ts-check
/** Opening, filling in and leaving the sheets that need nothing of the box. */

import { fenOf, isBarcode } from "../format.js";

/** @typedef {import("../state.js").Till} Till */

const MILLI = /^(\d{1,6})(?:\.(\d{0,3}))?$/;
/** @type {Record<string, string>} where the clerk stands when a sheet is left */
const BACK = { pay: "pay", why: "why", tier: "tier", coupons: "choose-coupons", clerk: "clerk", shift: "clerk", phone: "phone", barcode: "entry", card: "card", face: "face", call: "call-0", help: "help" };

/** @param {Till} till @param {any} baskets the acts on a basket @param {Record<string, () => void>} leaving steps and sheets that must be answered when they are left */
export function sheetActs(till, baskets, leaving) {
  const { state, change } = till;

  /** @param {Event} event */
  function submitQuantity(event) {
    event.preventDefault();
    const { sheet } = state;
    const typed = sheet?.typed.trim() ?? "";
    const parts = MILLI.exec(typed);
    if (isBarcode(typed) || !parts) return change({ sheet: { .../** @type {any} */ (sheet), typed: "", note: till.t("line.wrong") } }, "quantity");
    change({ sheet: null }, `line-${sheet?.line}`);
    return baskets.setQuantity(sheet?.line, Number(parts[1]) * 1000 + Number((parts[2] ?? "").padEnd(3, "0")));
  }

  /** @param {Event} event */
  function submitPrice(event) {
    event.preventDefault();
    const { sheet } = state;
    const typed = sheet?.price.trim() ?? "";
    const price = isBarcode(typed) ? null : fenOf(typed);
    if (!sheet || !price) return change({ sheet: { .../** @type {any} */ (sheet), price: "", note: till.t("price.wrong") } }, "price-amount");
    change({ sheet: null }, "entry");
    return baskets.add({ barcode: sheet.barcode, unit_price_fen: price, name: sheet.name.trim() || till.t("price.unnamed") });
  }

  /** @param {Event} event a code that no scanner could read */
  function submitBarcode(event) {
    event.preventDefault();
    const typed = state.sheet?.typed.trim() ?? "";
    if (!typed) return;
    change({ sheet: null, entry: typed }, "entry");
    return baskets.submit();
  }

  return {
    submitQuantity,
    submitPrice,
    submitBarcode,
    askBarcode: () => change({ sheet: { kind: "barcode", typed: "" } }, "barcode"),
    padKey: (/** @type {string} */ name, /** @type {string} */ focus) => (/** @type {string} */ key) => {
      const { sheet } = state;
      if (sheet) change({ sheet: { ...sheet, [name]: key === "back" ? sheet[name].slice(0, -1) : sheet[name] + key } }, focus);
    },
    openWhy: () => state.basket?.lines.length && change({ sheet: { kind: "why" } }, "sheet-close"),
    openTier: () => change({ sheet: { kind: "tier" } }, "sheet-close"),
    openCoupons: () => change({ sheet: { kind: "coupons" } }, "coupon-0"),
    help: () => change({ sheet: { kind: "help" } }, "sheet-close"),
    typeSheet: (/** @type {string} */ name, /** @type {Event} */ event) => {
      if (state.sheet) state.sheet[name] = /** @type {HTMLInputElement} */ (event.target).value;
    },
    closeSheet: () => {
      const kind = state.sheet?.kind ?? "";
      if (state.sheet?.busy) return;
      const left = leaving[state.sheet?.step ?? ""] ?? leaving[kind];
      if (left) return left();
      change({ sheet: null }, kind === "shift" || kind === "pay" ? "entry" : kind === "quantity" ? `line-${state.sheet?.line}` : BACK[kind]);
    },
  };
}
