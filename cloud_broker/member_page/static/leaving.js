// @ts-check
/** Closing the account: what it means is said first, then two taps and a code to her own number. */

import { call } from "./cloud.js";
import { h } from "./dom.js";
import { failed } from "./settings.js";
import { field, takeTyped } from "./signin.js";
import { forget } from "./store.js";
import { says } from "./views.js";
import { integer } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const DAY_MS = 86_400_000;

/** @param {State} state @param {Acts} acts */
export function leavingActs(state, acts) {
  return {
    beginLeaving: () => begin(state, acts),
    sendLeaving: () => send(state, acts),
    leave: () => leave(state, acts),
    stay: () => acts.change({ leaving: null }),
  };
}

/** The last of the settings. @param {State} state @param {Acts} acts @returns {HTMLElement} */
export function leavingCard(state, acts) {
  const { t, beginLeaving, sendLeaving, leave: go, stay } = acts;
  const { leaving, online, phone, me } = state;
  const off = !online || !phone?.key;
  const title = h("h2", {}, t("close.title"));
  if (!leaving) {
    return h("section.card", { "data-kind": "leaving" }, title, h("p.muted.small", {}, t("close.how")), h("button", { type: "button", id: "leave", disabled: off, onclick: beginLeaving }, t("close.begin")));
  }
  const points = integer(me?.points_free ?? 0);
  return h(
    "section.card.form",
    { "data-kind": "leaving" },
    title,
    h("p.small.strong", { id: "leave-means" }, t("close.points", { points })),
    h("p.small", {}, t("close.grace", { days: String(leaving.grace_days) })),
    h("p.small", {}, t("close.kept")),
    field("leave-number", "number", t("signin.number"), { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: "32" }),
    leaving.sent ? field("leave-digits", "code", t("signin.code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: "6" }) : null,
    leaving.why ? h("p.small.strong", { role: "alert", id: "leave-why" }, leaving.why) : null,
    h(
      "div.buttons",
      {},
      leaving.sent
        ? h("button.danger", { type: "button", id: "leave-yes", disabled: off || leaving.busy, onclick: go }, t("close.yes"))
        : h("button.danger", { type: "button", id: "leave-code", disabled: off || leaving.busy, onclick: sendLeaving }, t("signin.want")),
      h("button", { type: "button", id: "stay", onclick: stay }, t("close.no")),
    ),
  );
}

/** What a phone shows that has just left. @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function leftView({ left, nowMs }, { t, open }) {
  const days = Math.max(0, Math.ceil(((left?.due_ms ?? nowMs) - nowMs) / DAY_MS));
  const back = h("button.primary", { type: "button", id: "left-back", onclick: () => open("stranger") }, t("left.back"));
  return [says("check", t("left.title"), t("left.how", { days: String(days) }), h("div.buttons", {}, back))];
}

/** @param {State} state @param {Acts} acts */
async function begin(state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "GET", "/v1/member/leaving");
  if (answer.ok) acts.change({ leaving: { ...answer.body, sent: false, busy: false, why: "" } });
  else acts.notice(failed(answer, state, acts));
}

/** @param {State} state @param {Acts} acts */
async function send(state, acts) {
  if (!state.phone) return;
  const { number } = takeTyped();
  acts.change({ leaving: { ...state.leaving, busy: true, why: "" } });
  const answer = await call(state.phone, "POST", "/v1/member/leaving/code", { phone: number, language: state.language });
  acts.change({ leaving: { ...state.leaving, busy: false, sent: answer.ok, why: answer.ok ? "" : failed(answer, state, acts) } });
  if (answer.ok) document.getElementById("leave-digits")?.focus();
}

/** @param {State} state @param {Acts} acts */
async function leave(state, acts) {
  if (!state.phone) return;
  const { code } = takeTyped();
  acts.change({ leaving: { ...state.leaving, busy: true, why: "" } });
  const answer = await call(state.phone, "POST", "/v1/member/leaving", { code });
  if (!answer.ok) {
    acts.change({ leaving: { ...state.leaving, busy: false, why: failed(answer, state, acts) } });
    return;
  }
  await forget();
  acts.change({ view: "left", left: answer.body, leaving: null, phone: null, code: null, me: null, growth: null, consents: null });
}
