// @ts-check
/** A receipt that nobody was booked to: its code opened this page, or was typed in; claimed once. */

import { call } from "./cloud.js";
import { h, icon } from "./dom.js";
import { failed } from "./settings.js";
import { keep, kept } from "./store.js";
import { says } from "./views.js";
import { day, integer, yuan } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const LATER = "A156";
// What is typed outlives a page that is drawn anew.
let typed = "";

/** @returns {string} the code in the address, taken out so that it is neither shown nor kept there */
export function takeReceipt() {
  const given = new URLSearchParams(location.hash.slice(1)).get("r") ?? "";
  if (given) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** Keep a code for a phone that is not bound yet. @param {string} token @param {Acts} acts */
export async function waitForPhone(token, acts) {
  await keep("receipt", token);
  acts.change({ view: "receipt", receipt: { step: "stranger" } });
}

/** Claim what was kept while the phone was not bound. @param {State} state @param {Acts} acts */
export async function claimKept(state, acts) {
  const token = (await kept("receipt")) ?? "";
  if (!token) return;
  await keep("receipt", null);
  await claimReceipt(token, state, acts);
}

/** @param {string} token @param {State} state @param {Acts} acts */
export async function claimReceipt(token, state, acts) {
  if (!state.phone?.key) {
    acts.change({ view: "receipt", receipt: { step: "failed", why: acts.t("plain.how") } });
    return;
  }
  acts.change({ view: "receipt", receipt: { step: "sending", token } });
  const answer = await call(state.phone, "POST", "/v1/member/receipts/claim", { token });
  if (answer.ok) {
    acts.change({ receipt: { step: "done", ...answer.body } });
    await acts.askCloud();
    return;
  }
  const why = answer.status === 0 ? acts.t("refused.offline") : failed(answer, state, acts);
  const again = answer.status === 0 || answer.body?.code === LATER;
  acts.change({ receipt: { step: again ? "later" : "failed", token, why } });
}

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function receiptView(state, acts) {
  const { t, open } = acts;
  const { receipt } = state;
  const home = h("button", { type: "button", id: "receipt-home", onclick: () => open(state.phone ? "home" : "stranger") }, t("receipt.home"));
  if (receipt.step === "stranger") return [says("phone", t("receipt.stranger"), t("receipt.stranger.how"))];
  if (receipt.step === "sending") return [says("counter", t("receipt.sending"), "")];
  if (receipt.step === "later") {
    const again = () => void claimReceipt(receipt.token, state, acts);
    const button = h("button.primary", { type: "button", id: "receipt-again", onclick: again }, t("again"));
    return [says("alert", t("receipt.later"), receipt.why, h("div.buttons", {}, button, home))];
  }
  if (receipt.step === "failed") return [says("alert", t("receipt.failed"), receipt.why, h("div.buttons", {}, home))];
  const bought = t("receipt.bought", { day: day(receipt.sold_ms, state.nowMs), store: receipt.store_name, amount: yuan(receipt.total_fen) });
  const points = h("p.figure", { id: "receipt-points" }, `+${integer(receipt.points)}`);
  const when = receipt.pending ? h("p.muted.small", {}, t("receipt.pending")) : null;
  return [says("check", t("receipt.done"), bought, points, when, h("div.buttons", {}, home))];
}

/** The entry among the settings. @param {State} state @param {Acts} acts */
export function receiptCard(state, acts) {
  const { t } = acts;
  const field = /** @type {HTMLInputElement} */ (
    h("input.field", { id: "receipt-code", value: typed, oninput: () => (typed = field.value), autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "300", "aria-label": t("receipt.code"), placeholder: t("receipt.code") })
  );
  const go = () => {
    const token = typed.trim();
    typed = "";
    if (token) void claimReceipt(token, state, acts);
  };
  const off = !state.online || !state.phone?.key;
  return h(
    "section.card",
    { "data-kind": "receipt" },
    h("h2", {}, icon("counter"), t("receipt.title")),
    h("p.muted.small", {}, t("receipt.how")),
    field,
    h("button", { type: "button", id: "receipt-claim", disabled: off, onclick: go }, t("receipt.claim")),
  );
}
