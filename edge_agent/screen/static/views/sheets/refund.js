// @ts-check
/** Taking goods back, step by step: the receipt, the lines, what is paid out. */

import { REASONS } from "../../acts/refund.js";
import { h, icon } from "../../dom.js";
import { day, integer, quantity, yuan } from "../../format.js";
import { frame, row, said } from "./frame.js";
import { WAYS } from "./pay.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function refund(state, acts) {
  const steps = { find, lines, done };
  return steps[/** @type {keyof typeof steps} */ (state.sheet?.step ?? "find")](state, acts);
}

/** @param {State} state @param {any} acts */
function find({ sheet, nowMs }, acts) {
  const { t } = acts;
  const field = h("input", { id: "receipt-no", autocomplete: "off", maxlength: "64", value: sheet?.typed ?? "", placeholder: t("refund.no"), "aria-label": t("refund.no"), oninput: (event) => acts.typeSheet("typed", event) });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void acts.findReceipt();
  };
  const rows = (sheet?.rows ?? []).map((/** @type {any} */ one, /** @type {number} */ at) =>
    h(
      "li",
      {},
      h(
        "button.choice",
        { type: "button", id: `receipt-${at}`, onclick: () => void acts.pickReceipt(one.receipt_id) },
        icon("receipt"),
        h("span", {}, h("b", {}, one.till_receipt_no), h("span.muted.small", {}, [day(one.wall_ms, nowMs), one.till_name, one.member_id ? t("refund.member") : "", one.refunds ? t("refund.before") : ""].filter(Boolean).join(" · "))),
        h("span.amount", {}, yuan(one.total_fen)),
      ),
    ),
  );
  const form = h("form.search", { onsubmit: submit }, field, h("button", { type: "submit" }, t("phone.find"), h("kbd", {}, "Enter")));
  return frame(t("refund.title"), acts, [form, said(sheet?.note ?? ""), h("ul.choices", {}, ...rows)]);
}

/** @param {State} state @param {any} acts */
function lines({ sheet }, acts) {
  const { t } = acts;
  const { receipt, taken, quote, reason, busy, note } = /** @type {any} */ (sheet);
  const rows = receipt.lines.map((/** @type {any} */ line, /** @type {number} */ at) => {
    const left = line.left_milli;
    const now = taken[line.line] ?? 0;
    return h(
      "li.take-back",
      {},
      h("span", {}, h("span.name", { title: line.name }, line.name), h("span.muted.small", {}, left > 0 ? t("refund.left", { left: quantity(left), amount: yuan(line.net_fen) }) : t("refund.all_back"))),
      h("button", { type: "button", id: `refund-less-${at + 1}`, "aria-label": `${t("line.less")} · ${line.name}`, disabled: now === 0, onclick: () => void acts.takeBack(line, -1, at + 1) }, icon("less")),
      h("b.count", {}, quantity(now)),
      h("button", { type: "button", id: `refund-more-${at + 1}`, "aria-label": `${t("line.more")} · ${line.name}`, disabled: now >= left, onclick: () => void acts.takeBack(line, 1, at + 1) }, icon("add")),
    );
  });
  const reasons = REASONS.map((one) =>
    h("button", { type: "button", id: `reason-${one}`, "aria-pressed": String(one === reason), onclick: () => acts.refundReason(one) }, t(`refund.${one}`)),
  );
  // The sum stays in sight beside the ways to pay it out, however long the receipt is.
  const amount = quote ? h("div.owed", {}, h("span.muted", {}, t("refund.out")), h("b", { id: "refund-out" }, yuan(quote.money_fen))) : null;
  const how = quote ? null : h("p.muted", {}, t("refund.choose"));
  const moved = [quote?.points_taken ? t("refund.taken", { points: integer(quote.points_taken) }) : "", quote?.points_back ? t("refund.back", { points: integer(quote.points_back) }) : ""];
  const points = moved.some(Boolean) ? h("p.muted.small", {}, moved.filter(Boolean).join(" · ")) : null;
  const ways = quote && !busy ? WAYS.map(([kind, key]) => h("button", { type: "button", id: `back-${kind}`, onclick: () => void acts.payBack(kind) }, t(`tender.${kind}`), h("kbd", {}, key))) : [];
  return frame(t("refund.lines", { no: receipt.till_receipt_no }), acts, [said(note), h("ul.take-backs", {}, ...rows), h("div.notes", { role: "group", "aria-label": t("refund.reason") }, ...reasons), how, points], [amount, ...ways]);
}

/** @param {State} state @param {any} acts */
function done({ sheet }, acts) {
  const { t } = acts;
  const { quote } = /** @type {any} */ (sheet);
  return frame(t("refund.title"), acts, [h("div.done", {}, icon("check"), h("p.muted", {}, t("refund.done")), h("p.number", {}, yuan(quote.money_fen)), h("ul.figures", {}, row(t("refund.stored"))))], [
    h("button.primary", { type: "button", id: "sheet-done", onclick: acts.closeSheet }, t("ok"), h("kbd", {}, "Enter")),
  ]);
}
