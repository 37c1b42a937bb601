// @ts-check
/** An electronic receipt: the code printed behind the till's paper opened this page. */

import { call } from "./cloud.js";
import { h } from "./dom.js";
import { failed } from "./settings.js";
import { keep, kept } from "./store.js";
import { says } from "./views.js";
import { day, yuan } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const LATER = "A156";
const MILLI = 1000;

/** @returns {string} the code in the address, taken out so that it is neither shown nor kept there */
export function takeBill() {
  const given = new URLSearchParams(location.hash.slice(1)).get("e") ?? "";
  if (given) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** Keep a code for a phone that is not bound yet. @param {string} token @param {Acts} acts */
export async function billWaits(token, acts) {
  await keep("bill", token);
  acts.change({ view: "bill", bill: { step: "stranger" } });
}

/** Show what was kept while the phone was not bound. @param {State} state @param {Acts} acts */
export async function showKept(state, acts) {
  const token = (await kept("bill")) ?? "";
  if (!token) return;
  await keep("bill", null);
  await showBill(token, state, acts);
}

/** @param {string} token @param {State} state @param {Acts} acts */
export async function showBill(token, state, acts) {
  if (!state.phone?.key) {
    acts.change({ view: "bill", bill: { step: "failed", why: acts.t("plain.how") } });
    return;
  }
  acts.change({ view: "bill", bill: { step: "asking", token } });
  const answer = await call(state.phone, "POST", "/v1/member/receipts/bill", { token });
  if (answer.ok) {
    acts.change({ bill: { step: "shown", ...answer.body } });
    return;
  }
  const why = answer.status === 0 ? acts.t("refused.offline") : failed(answer, state, acts);
  const again = answer.status === 0 || answer.body?.code === LATER;
  acts.change({ bill: { step: again ? "later" : "failed", token, why } });
}

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function billView(state, acts) {
  const { t, open } = acts;
  const { bill } = state;
  const home = h("button", { type: "button", id: "bill-home", onclick: () => open(state.phone ? "home" : "stranger") }, t("receipt.home"));
  if (bill.step === "stranger") return [says("phone", t("receipt.stranger"), t("bill.stranger.how"))];
  if (bill.step === "asking") return [says("counter", t("bill.asking"), "")];
  if (bill.step === "later") {
    const again = () => void showBill(bill.token, state, acts);
    const button = h("button.primary", { type: "button", id: "bill-again", onclick: again }, t("again"));
    return [says("alert", t("receipt.later"), bill.why, h("div.buttons", {}, button, home))];
  }
  if (bill.step === "failed") return [says("alert", t("bill.failed"), bill.why, h("div.buttons", {}, home))];
  return [paper(bill, state, acts), h("div.buttons", {}, home)];
}

/** @param {any} bill @param {State} state @param {Acts} acts */
function paper(bill, state, { t }) {
  const saved = bill.shelf_fen - bill.total_fen;
  const number = bill.till_receipt_no ? h("p.muted.small", {}, t("bill.number", { number: bill.till_receipt_no })) : null;
  return h(
    "section.card",
    { id: "bill", "aria-label": t("bill.title") },
    h("h2", {}, t("bill.title")),
    h("p.muted.small", {}, `${day(bill.sold_ms, state.nowMs)} · ${bill.store_name}`),
    number,
    h("ul.bill", {}, ...bill.lines.map((/** @type {any} */ line) => lineRow(line, t))),
    h("p.sum", {}, h("span", {}, t("bill.total")), h("strong", { id: "bill-total" }, yuan(bill.total_fen))),
    saved > 0 ? h("p.muted.small", {}, t("bill.saved", { amount: yuan(saved) })) : null,
  );
}

/** @param {any} line @param {Acts["t"]} t */
function lineRow(line, t) {
  const back = line.back_milli ? h("span.muted.small", {}, t("bill.back", { count: line.back_milli / MILLI })) : null;
  const count = line.qty_milli === MILLI ? "" : ` × ${line.qty_milli / MILLI}`;
  return h("li", {}, h("span", {}, `${line.name}${count}`, back), h("span", {}, yuan(line.net_fen)));
}
