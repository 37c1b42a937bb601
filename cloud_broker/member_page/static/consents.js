// @ts-check
/** Every purpose with what it does, yes and no in two taps, and what she said when. */

import { call } from "./cloud.js";
import { h } from "./dom.js";
import { failed } from "./settings.js";
import { agreeByWeChat, field, inWeChat, takeTyped } from "./signin.js";
import { day, typeset } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const ESSENTIAL = "membership";
// Said by a switch of its own, further down.
const ELSEWHERE = ["personalise"];
const SMS = "sms";
const WECHAT = "wechat";

/** @param {State} state @param {Acts} acts */
export function consentActs(state, acts) {
  return {
    ask: (/** @type {string} */ kind) => acts.change({ asking: kind }),
    say: (/** @type {any} */ purpose, /** @type {boolean} */ given) => say(purpose, given, state, acts),
    sayYear: () => sayYear(state, acts),
  };
}

/** Ask for every purpose; without an answer the last ones stay. @param {State} state @param {Acts} acts */
export async function askConsents(state, acts) {
  if (!state.phone?.key) return;
  const answer = await call(state.phone, "GET", "/v1/member/consents");
  // Drawn anew only for news: what she is just choosing further down would be lost.
  if (answer.ok && JSON.stringify(answer.body) !== JSON.stringify(state.consents)) acts.change({ consents: answer.body });
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function consentCards(state, acts) {
  const { t } = acts;
  const known = (state.consents?.purposes ?? plain(state.me?.consents ?? [])).filter((/** @type {any} */ one) => !ELSEWHERE.includes(one.kind));
  return [
    h("h2", {}, t("consents")),
    h("p.muted.small", {}, t("consents.how")),
    ...known.map((/** @type {any} */ one) => card(one, state, acts)),
    known.length ? null : h("p.muted", {}, t("consents.none")),
  ];
}

/** What the last view knows of them, before the cloud has said more. @param {any[]} consents */
function plain(consents) {
  return consents.map((one) => ({ ...one, here: false, text_zh: "", text_en: "", words: [one] }));
}

/** @param {any} purpose @param {State} state @param {Acts} acts */
function card(purpose, state, acts) {
  const { t } = acts;
  const { kind, given, words } = purpose;
  const name = t(`consent.${kind}`) || kind;
  const chip = given ? "consent.on" : words.length ? "consent.off" : "consent.never";
  return h(
    "section.card.consent",
    { "data-kind": kind },
    h("div.row", {}, h("h3", {}, name), h(given ? "span.chip.on" : "span.chip", {}, t(chip))),
    h("p.small", {}, t(`consent.${kind}.does`)),
    words.length ? h("p.muted.small", {}, t(given ? "consent.since" : "consent.withdrawn_at", { day: day(words[0].wall_ms, state.nowMs) })) : null,
    words.length > 1 ? history(words, state, acts) : null,
    ...choice(purpose, state, acts),
  );
}

/** @param {any[]} words @param {State} state @param {Acts} acts */
function history(words, state, { t }) {
  const rows = words.map((one) => h("li", {}, h("span.name", {}, t(one.given ? "consent.on" : "consent.off")), h("span.muted", {}, day(one.wall_ms, state.nowMs))));
  return h("details", {}, h("summary.small", {}, t("consent.history", { n: String(words.length) })), h("ul.goods", {}, ...rows));
}

/** @param {any} purpose @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
function choice(purpose, state, { t, ask, say: tell, withdraw }) {
  const { kind, given, here } = purpose;
  const { asking, online, phone, language } = state;
  if (kind === ESSENTIAL && given) return [h("p.muted.small", {}, t("consent.essential"))];
  if (!given && !here) return [];
  if (!given && kind === WECHAT && !(state.consents?.wechat_writes && inWeChat())) return [h("p.muted.small", {}, t("consent.wechat.where"))];
  const off = !online || !phone?.key;
  const [first, second, verb] = given ? ["withdraw", "withdraw.yes", "withdraw"] : ["agree", "agree.yes", "agree"];
  if (asking !== kind) return [h("button", { type: "button", id: `ask-${kind}`, disabled: off, onclick: () => ask(kind) }, t(first))];
  const text = language === "zh" ? purpose.text_zh : purpose.text_en;
  const go = () => (here ? tell(purpose, !given) : withdraw(kind));
  return [
    given ? h("p.small.strong", {}, t(`consent.${kind}.ends`) || t("withdraw.ends")) : h("p.small.strong", {}, typeset(text)),
    !given && kind === SMS ? field("message-number", "number", t("consent.sms.number"), { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: "32" }) : null,
    h(
      "div.buttons",
      {},
      h(given ? "button.danger" : "button.primary", { type: "button", id: `${verb}-${kind}`, onclick: go }, t(second)),
      h("button", { type: "button", onclick: () => ask("") }, t(given ? "withdraw.no" : "agree.no")),
    ),
  ];
}

/** @param {any} purpose @param {boolean} given @param {State} state @param {Acts} acts */
async function say({ kind }, given, state, acts) {
  if (!state.phone) return;
  if (kind === WECHAT && given) return agreeByWeChat(state, acts);
  const address = kind === SMS && given ? takeTyped().number : "";
  const answer = await call(state.phone, "POST", "/v1/member/consents", { kind, given, language: state.language, address });
  // A number that is not hers is put right where she typed it.
  if (answer.ok) acts.change({ asking: "", consents: answer.body });
  else if (!address) acts.change({ asking: "" });
  acts.notice(answer.ok ? acts.t(given ? "agree.done" : "withdraw.done") : failed(answer, state, acts));
}

// ---- the year she was born in ---------------------------------------------------------------

/** @param {State} state @param {Acts} acts @returns {HTMLElement | null} */
export function yearCard(state, { t, sayYear: save }) {
  if (!state.consents) return null;
  const said = state.consents.birth_year;
  const off = !state.online || !state.phone?.key;
  return h(
    "section.card",
    { "aria-label": t("year") },
    h("h2", {}, t("year")),
    h("p.muted.small", {}, t("year.how")),
    h(
      "div.buttons",
      {},
      h("input.field.short", { id: "birth-year", inputmode: "numeric", maxlength: "4", autocomplete: "off", "aria-label": t("year"), placeholder: t("year.optional"), value: said ? String(said) : "" }),
      h("button", { type: "button", id: "birth-year-save", disabled: off, onclick: save }, t("save")),
    ),
  );
}

/** @param {State} state @param {Acts} acts */
async function sayYear(state, acts) {
  if (!state.phone) return;
  const text = /** @type {HTMLInputElement} */ (document.getElementById("birth-year")).value.trim();
  const answer = await call(state.phone, "PUT", "/v1/member/birth-year", { year: text ? Number(text) : null });
  if (answer.ok) acts.change({ consents: answer.body });
  acts.notice(answer.ok ? acts.t(text ? "year.done" : "year.forgotten") : failed(answer, state, acts));
}
