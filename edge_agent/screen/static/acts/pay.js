// @ts-check
/** Paying: one tender or several, until nothing is left. */

import { fenOf, isBarcode, yuan } from "../format.js";
import { newKey } from "../link.js";
import { due, sells } from "../state.js";
import { inTurn } from "./basket.js";

/** @typedef {import("../state.js").Till} Till */

/** @type {Record<string, string>} keys of the sheet that pay; the letters are the first of the Chinese words */
export const TENDERS = { enter: "cash", x: "cash", w: "wechat", z: "alipay", k: "card" };

/** @param {Till} till @param {() => Promise<void>} settleSlider points that are still being chosen belong to what is paid */
export function payActs(till, settleSlider) {
  const { state, change } = till;

  /** After what was scanned before it: the last article may still be on its way. */
  async function open() {
    if (state.sheet || !sells(state) || !state.basket?.basket_id || !state.basket.lines.length) return;
    change({ sheet: { kind: "pay", tenders: [], typed: "", busy: false, note: "", key: newKey() } }, "pay-amount");
  }

  /** @param {string} key */
  function payKey(key) {
    const { sheet } = state;
    if (sheet) change({ sheet: { ...sheet, typed: key === "back" ? sheet.typed.slice(0, -1) : sheet.typed + key } }, "pay-amount");
  }

  /** @param {string} kind pay what was typed, or all that is left, in this way */
  async function tender(kind) {
    const { sheet } = state;
    if (sheet?.kind !== "pay" || sheet.busy) return;
    const left = leftToPay(state.basket, sheet.tenders);
    const typed = sheet.typed.trim();
    const given = typed ? fenOf(typed) : left;
    // What was scanned into the field of a sum is no sum.
    if (given === null || isBarcode(typed) || given <= 0 || (given > left && kind !== "cash")) {
      return change({ sheet: { ...sheet, typed: "", note: till.t("pay.wrong", { amount: yuan(left) }) } }, "pay-amount");
    }
    const taken = { kind, amount_fen: Math.min(given, left), given_fen: given };
    const tenders = [...sheet.tenders, taken];
    change({ sheet: { ...sheet, tenders, typed: "", note: "" } }, "pay-amount");
    if (leftToPay(state.basket, tenders) === 0) await commit();
  }

  async function commit() {
    const { sheet, basket } = state;
    if (!sheet || sheet.busy) return;
    change({ sheet: { ...sheet, busy: true } });
    const tenders = sheet.tenders.map((/** @type {any} */ one) => ({ kind: one.kind, amount_fen: one.amount_fen }));
    const path = till.at(`/v1/baskets/${basket.basket_id}/commit`);
    const answer = await till.ask("POST", path, { tenders, quoted_total_fen: basket.total_fen }, sheet.key);
    if (answer.ok) return till.change({ sheet: null, ...done(till, answer.body, sheet.tenders, basket) }, "entry");
    await refused(sheet, answer);
  }

  /** @param {any} sheet @param {import("../state.js").Answer} answer */
  async function refused(sheet, answer) {
    const before = due(state.basket);
    if (answer.status === 0) {
      // The same key is sent again: if the box did book it, it says so and books nothing twice.
      return change({ sheet: { ...sheet, busy: false, note: till.t("pay.lost") } }, "pay-commit");
    }
    const again = await till.ask("GET", till.at(`/v1/baskets/${state.basket.basket_id}`));
    const basket = again.ok ? again.body : state.basket;
    const changed = due(basket) !== before;
    const note = changed ? till.t("pay.changed", { old: yuan(before), new: yuan(due(basket)) }) : till.why(answer);
    change({ basket, sheet: { ...sheet, tenders: [], busy: false, note, key: newKey() } }, "pay-amount");
  }

  return {
    pay: () => {
      void settleSlider();
      return inTurn(open);
    },
    tender,
    commit,
    typePay: (/** @type {string} */ text) => void (state.sheet && (state.sheet.typed = text)),
    payKey,
    payNote: (/** @type {number} */ fen) => state.sheet && change({ sheet: { ...state.sheet, typed: (fen / 100).toString() } }, "pay-amount"),
    untender: () => state.sheet && change({ sheet: { ...state.sheet, tenders: [], note: "", key: newKey() } }, "pay-amount"),
  };
}

/** @param {any} basket @param {any[]} tenders @returns {number} fen */
export function leftToPay(basket, tenders) {
  return due(basket) - tenders.reduce((sum, one) => sum + one.amount_fen, 0);
}

/** @param {number} left @returns {number[]} notes and round sums a customer is likely to hand over, in fen */
export function likelyCash(left) {
  const steps = [1_000, 2_000, 5_000, 10_000, 20_000];
  const sums = steps.map((step) => Math.ceil(left / step) * step).filter((sum) => sum > left);
  return [...new Set(sums)].sort((one, other) => one - other).slice(0, 3);
}

/** @param {Till} till @param {any} sold @param {any[]} tenders @param {any} basket */
function done(till, sold, tenders, basket) {
  const given = tenders.reduce((sum, one) => sum + one.given_fen, 0);
  const paid = tenders.reduce((sum, one) => sum + one.amount_fen, 0);
  till.later("claim", 0, () => void claim(till, sold));
  const mine = { paid_fen: paid, given_fen: given, change_fen: given - paid };
  const heard = till.state.sale?.receipt_id === sold.receipt_id ? till.state.sale : {};
  return { sale: { ...heard, ...sold, ...mine }, basket: null, repriced: null, selected: null };
}

/** @param {Till} till @param {any} sold a guest's sale gets a code that her phone can claim its points by */
async function claim(till, sold) {
  const { state } = till;
  if (sold.member || sold.training || !state.features.claims) return;
  const answer = await till.ask("POST", `/v1/receipts/${sold.receipt_id}/claim-link`, {});
  if (answer.ok && state.sale?.receipt_id === sold.receipt_id) till.change({ sale: { ...state.sale, claim: answer.body } });
}
