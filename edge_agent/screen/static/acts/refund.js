// @ts-check
/** Taking goods back: which receipt, which lines, what is paid out. */

import { newKey } from "../link.js";
import { openClerk } from "./clerk.js";

/** @typedef {import("../state.js").Till} Till */

const ONE = 1_000;
export const REASONS = ["changed_mind", "defect", "wrong_goods", "other"];

/** @param {Till} till */
export function refundActs(till) {
  const { state, change, ask } = till;
  /** @param {Record<string, any>} changes @param {string} [focus] */
  const alter = (changes, focus) => change({ sheet: { .../** @type {any} */ (state.sheet), ...changes } }, focus);

  async function open() {
    if (!state.features.refunds) return;
    if (!state.clerk) return openClerk(till, till.t("refund.clerk"));
    change({ sheet: { kind: "refund", step: "find", typed: "", rows: [], note: "", busy: false } }, "receipt-no");
    await find();
  }

  async function find() {
    const typed = state.sheet?.typed.trim() ?? "";
    const answer = await ask("GET", `/v1/receipts?${new URLSearchParams(typed ? { no: typed } : {})}`);
    if (state.sheet?.kind !== "refund") return;
    if (!answer.ok) return alter({ rows: [], note: till.why(answer) }, "receipt-no");
    const rows = answer.body.receipts;
    alter({ rows, note: typed && !rows.length ? till.t("refund.none", { no: typed }) : "" }, "receipt-no");
  }

  /** @param {string} id */
  async function pick(id) {
    const answer = await ask("GET", `/v1/receipts/${id}`);
    if (!answer.ok) return alter({ note: till.why(answer) });
    alter({ step: "lines", receipt: answer.body, taken: {}, reason: REASONS[0], quote: null, note: "" }, "refund-more-1");
  }

  /** @param {any} line @param {number} by @param {number} row */
  async function take(line, by, row) {
    const { taken } = /** @type {any} */ (state.sheet);
    const left = line.left_milli;
    const step = left % ONE ? left : ONE;
    const now = Math.min(left, Math.max(0, (taken[line.line] ?? 0) + by * step));
    const end = now === left ? "less" : now === 0 ? "more" : by > 0 ? "more" : "less";
    alter({ taken: { ...taken, [line.line]: now }, quote: null, note: "" }, `refund-${end}-${row}`);
    await quote();
  }

  function asked() {
    const { receipt, taken, reason } = /** @type {any} */ (state.sheet);
    const lines = Object.entries(taken).filter(([, milli]) => Number(milli) > 0);
    const back = lines.map(([line, qty_milli]) => ({ line: Number(line), qty_milli }));
    return { asked: { ...till.here, receipt_id: receipt.receipt_id, lines: back }, reason: till.t(`refund.${reason}`) };
  }

  async function quote() {
    const { taken } = /** @type {any} */ (state.sheet);
    const body = asked().asked;
    if (!body.lines.length) return;
    const answer = await ask("POST", "/v1/refunds/quote", body);
    // What was counted on since has an answer of its own.
    if (state.sheet?.kind !== "refund" || state.sheet.step !== "lines" || state.sheet.taken !== taken) return;
    alter(answer.ok ? { quote: answer.body, note: "", key: newKey() } : { quote: null, note: till.why(answer) });
  }

  /** @param {string} kind how it is paid out */
  async function pay(kind) {
    const { sheet } = state;
    if (!sheet?.quote || sheet.busy) return;
    alter({ busy: true });
    const { asked: what, reason } = asked();
    const { money_fen } = sheet.quote;
    const tenders = money_fen ? [{ kind, amount_fen: money_fen }] : [];
    const answer = await ask("POST", "/v1/refunds", { ...what, reason, tenders }, sheet.key);
    if (!answer.ok) return alter({ busy: false, note: answer.status ? till.why(answer) : till.t("pay.lost") });
    alter({ step: "done", busy: false, done: answer.body }, "sheet-done");
  }

  return {
    refund: open,
    findReceipt: find,
    pickReceipt: pick,
    takeBack: take,
    refundReason: (/** @type {string} */ reason) => alter({ reason }),
    payBack: pay,
    otherReceipt: () => alter({ step: "find", note: "" }, "receipt-no"),
  };
}
