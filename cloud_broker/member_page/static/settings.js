// @ts-check
/** Consents with what each does, the member's data to take along, and the phone itself. */

import { call } from "./cloud.js";
import { h, icon } from "./dom.js";
import { consentCards, yearCard } from "./consents.js";
import { leavingCard } from "./leaving.js";
import { receiptCard } from "./receipt.js";
import { weChatCard } from "./signin.js";
import { ownWords } from "./tier.js";
import { note } from "./views.js";
import { typeset } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

/** @param {State} state @param {Acts} acts */
export function settingsActs(state, acts) {
  return {
    withdraw: (/** @type {string} */ kind) => withdraw(kind, state, acts),
    takeAlong: () => takeAlong(state, acts),
  };
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function settings(state, acts) {
  const { t, open } = acts;
  const back = { type: "button", id: "back", "aria-label": t("back"), onclick: () => open("home") };
  return [
    h("header.head.sub", {}, h("button.round", back, icon("back")), h("h1", {}, t("settings"))),
    state.online && state.phone?.key ? null : note("alert", t("offline.title"), t("settings.offline")),
    ...consentCards(state, acts),
    ...ownWords(state, acts),
    yearCard(state, acts),
    weChatCard(state, acts),
    receiptCard(state, acts),
    data(state, acts),
    h("section.card", {}, h("h2", {}, t("phone.title")), h("p.muted.small", {}, t("phone.how"))),
    leavingCard(state, acts),
  ];
}

/** @param {State} state @param {Acts} acts */
function data({ online, phone }, { t, takeAlong: take }) {
  return h(
    "section.card",
    {},
    h("h2", {}, t("export.title")),
    h("p.muted.small", {}, t("export.how")),
    h("button", { type: "button", id: "export", disabled: !online || !phone?.key, onclick: take }, t("export.get")),
  );
}

/** @param {string} kind @param {State} state @param {Acts} acts */
async function withdraw(kind, state, acts) {
  if (!state.phone) return;
  const content = { kind, language: state.language };
  const answer = await call(state.phone, "POST", "/v1/member/consents/withdraw", content);
  acts.change({ asking: "" });
  acts.notice(answer.ok ? acts.t("withdraw.done") : failed(answer, state, acts));
  if (answer.ok) await acts.askCloud();
  if (answer.ok) await acts.askPurposes();
}

/** @param {State} state @param {Acts} acts */
async function takeAlong(state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "GET", "/v1/member/export");
  if (!answer.ok) {
    acts.notice(failed(answer, state, acts));
    return;
  }
  const file = new Blob([JSON.stringify(answer.body, null, 2)], { type: "application/json" });
  const address = URL.createObjectURL(file);
  const link = h("a", { href: address, download: "regulars-my-data.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
  acts.notice(acts.t("export.done"));
}

/** @param {import("./cloud.js").Answer} answer @param {State} state @param {Acts} acts */
export function failed(answer, state, acts) {
  return answer.body?.[state.language] ? typeset(answer.body[state.language]) : acts.t("refused.offline");
}
