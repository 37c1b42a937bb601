// @ts-check
/** A new phone without a shop: a code by SMS to her own number, or WeChat's word on who she is. */

import { call, plainly } from "./cloud.js";
import { canSign, newKey } from "./codes.js";
import { h } from "./dom.js";
import { failed } from "./settings.js";
import { browserNumber, drop, keep, kept } from "./store.js";
import { says } from "./views.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const typed = { number: "", code: "" };

/** @param {State} state @param {Acts} acts */
export function signInActs(state, acts) {
  return { wantCode: () => wantCode(state, acts), signIn: () => signIn(state, acts), useWeChat: () => useWeChat(state, acts) };
}

/** A phone that is nobody's. @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function strangerView(state, acts) {
  const { t, wantCode: want, signIn: go, useWeChat: wechat } = acts;
  const { sign, online } = state;
  const more = [
    h("p.muted.small", {}, t("signin.how")),
    field("sign-number", "number", t("signin.number"), { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: "32" }),
    sign.sent ? h("p.small", { id: "sign-sent" }, t("signin.sent")) : null,
    sign.sent ? codeField() : null,
    h(
      "div.buttons",
      {},
      sign.sent ? h("button.primary", { type: "button", id: "sign-in", disabled: !online || sign.busy, onclick: go }, t("signin.go")) : null,
      h(sign.sent ? "button" : "button.primary", { type: "button", id: "sign-code", disabled: !online || sign.busy, onclick: want }, t(sign.sent ? "signin.again" : "signin.want")),
      inWeChat() ? h("button", { type: "button", id: "sign-wechat", disabled: !online || sign.busy, onclick: wechat }, t("signin.wechat")) : null,
    ),
    sign.why ? h("p.small.strong", { id: "sign-why", role: "alert" }, sign.why) : null,
  ];
  return [says("phone", t("stranger.title"), t("stranger.how"), h("section.card.form", { "aria-label": t("signin") }, h("h2", {}, t("signin")), ...more))];

  /** @returns {HTMLElement} */
  function codeField() {
    return field("sign-digits", "code", t("signin.code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: "6" });
  }
}

/**
 * A field whose words stay while the page is drawn anew.
 * @param {string} id @param {"number"|"code"} name @param {string} label @param {Record<string, string>} more
 */
export function field(id, name, label, more) {
  const input = /** @type {HTMLInputElement} */ (
    h("input.field", { id, value: typed[name], oninput: () => (typed[name] = input.value), "aria-label": label, placeholder: label, ...more })
  );
  return input;
}

/** @returns {{number: string, code: string}} what was typed, and forget the code */
export function takeTyped() {
  const taken = { number: typed.number.trim(), code: typed.code.trim() };
  typed.code = "";
  return taken;
}

/** @param {State} state @param {Acts} acts */
async function wantCode(state, acts) {
  acts.change({ sign: { ...state.sign, busy: true, why: "" } });
  const body = { phone: typed.number.trim(), language: state.language };
  const answer = await plainly("POST", "/v1/member/sms", body);
  acts.change({ sign: { sent: answer.ok || state.sign.sent, busy: false, why: answer.ok ? "" : failed(answer, state, acts) } });
  if (answer.ok) document.getElementById("sign-digits")?.focus();
}

/** @param {State} state @param {Acts} acts */
async function signIn(state, acts) {
  const { number, code } = takeTyped();
  await become("/v1/member/sms/claim", { phone: number, code }, state, acts);
}

/** @param {string} path @param {Record<string, string>} said @param {State} state @param {Acts} acts */
async function become(path, said, state, acts) {
  acts.change({ sign: { ...state.sign, busy: true, why: "" } });
  const made = (await canSign()) ? await newKey() : null;
  const answer = await plainly("POST", path, said, made && made.publicKey);
  if (answer.ok) {
    typed.number = "";
    acts.change({ sign: { sent: false, busy: false, why: "" } });
    await acts.bound(answer.body, made);
    return;
  }
  acts.change({ view: "stranger", sign: { ...state.sign, busy: false, why: failed(answer, state, acts) } });
}

// ---- WeChat ---------------------------------------------------------------------------------

/** @returns {boolean} whether this page is open in WeChat, where alone its word can be asked for */
export function inWeChat() {
  return /MicroMessenger/i.test(navigator.userAgent);
}

/** Go and agree; the phone comes back with a code. @param {State} state @param {Acts} acts */
async function useWeChat(state, acts) {
  const answer = await plainly("POST", "/v1/member/wechat/address", { browser: await browserNumber() });
  if (answer.ok) location.assign(answer.body.url);
  else if (state.phone) acts.notice(failed(answer, state, acts));
  else acts.change({ sign: { ...state.sign, why: failed(answer, state, acts) } });
}

/** @returns {{code: string, state: string} | null} what WeChat sent this phone back with */
export function takeWeChat() {
  if (!location.pathname.startsWith("/m/wechat")) return null;
  const said = new URLSearchParams(location.search);
  history.replaceState(null, "", "/m/");
  const code = said.get("code") ?? "";
  return code ? { code, state: said.get("state") ?? "" } : null;
}

/** Bind a member's phone to her WeChat, or let her in by it. @param {{code: string, state: string}} came @param {State} state @param {Acts} acts */
export async function cameByWeChat(came, state, acts) {
  const said = { ...came, browser: await browserNumber() };
  const messages = Boolean(await kept("agreeing"));
  await drop("agreeing");
  if (!state.phone) return become("/v1/member/wechat/claim", said, state, acts);
  const answer = await call(state.phone, "POST", "/v1/member/wechat", { ...said, messages, language: state.language });
  acts.notice(answer.ok ? acts.t(messages ? "agree.done" : "wechat.bound") : failed(answer, state, acts));
  if (answer.ok && messages) await acts.askPurposes();
}

/** Agree to messages by WeChat: which account is hers, WeChat says. @param {State} state @param {Acts} acts */
export async function agreeByWeChat(state, acts) {
  await keep("agreeing", true);
  await useWeChat(state, acts);
}

/** The entry among the settings. @param {State} state @param {Acts} acts @returns {HTMLElement | null} */
export function weChatCard(state, { t, useWeChat: bind }) {
  if (!state.consents?.wechat) return null;
  return h(
    "section.card",
    { "data-kind": "wechat" },
    h("h2", {}, t("wechat.title")),
    h("p.muted.small", {}, t("wechat.how")),
    h("button", { type: "button", id: "wechat", disabled: !state.online || !state.phone?.key, onclick: bind }, t("wechat.bind")),
  );
}
