// @ts-check
/** The member's page: one state, the cloud and the clock change it, the view is drawn from it. */

import { billView, billWaits, showBill, showKept, takeBill } from "./bill.js";
import { call, claim, nowMs, recallTime } from "./cloud.js";
import { STEP_S, canSign, digitCode, digitKey, memberCode, newKey } from "./codes.js";
import { greetGuest, invitedView, linkFollowed, tellInvited } from "./invited.js";
import { keepOnPhone } from "./kept.js";
import { beginLane, laneAsked, laneView } from "./lane.js";
import { mallActs, mallView } from "./mall.js";
import { claimKept, claimReceipt, receiptView, takeReceipt, waitForPhone } from "./receipt.js";
import { askConsents, consentActs } from "./consents.js";
import { leavingActs, leftView } from "./leaving.js";
import { settings, settingsActs } from "./settings.js";
import { cameByWeChat, signInActs, strangerView, takeWeChat } from "./signin.js";
import { forget, keep, kept } from "./store.js";
import { askTier, tierActs } from "./tier.js";
import { inviteView, taskActs, tasksView } from "./tasks.js";
import { home, rebind, refused, says } from "./views.js";
import { language, words } from "./words.js";

/** @typedef {import("./views.js").State} State */

const ME_EVERY_MS = 60_000;
const NOTICE_MS = 6_000;
const REVOKED = "A121";

/** @type {State} */
const state = {
  view: "loading",
  phone: null,
  code: null,
  plain: false,
  me: null,
  growth: null,
  online: navigator.onLine,
  refusal: null,
  asking: "",
  consents: null,
  sign: { sent: false, busy: false, why: "" },
  leaving: null,
  left: null,
  lane: null,
  receipt: null,
  bill: null,
  tasks: null,
  mall: null,
  wish: null,
  link: "",
  from: "",
  nowMs: Date.now(),
  language: language(),
};
const t = await words(state.language);
let claimCode = takeClaim();
let receiptCode = takeReceipt();
let billCode = takeBill();
const wechat = takeWeChat();
let shownStep = -1;

const acts = {
  t,
  change,
  notice,
  askCloud,
  askPurposes: () => askConsents(state, acts),
  bound: (/** @type {any} */ body, /** @type {any} */ made) => bound(body, made),
  open: (/** @type {State["view"]} */ view) => {
    change({ view, asking: "", leaving: null });
    if (view === "settings") void askConsents(state, acts);
  },
  togglePlain: () => change({ plain: !state.plain }),
  retry: () => void claimNow(),
  keepPhone: () => {
    claimCode = "";
    change({ view: "home" });
    void askCloud();
  },
};
Object.assign(acts, consentActs(state, acts), leavingActs(state, acts), signInActs(state, acts), settingsActs(state, acts), taskActs(state, acts), mallActs(state, acts), tierActs(state, acts));

// ---- drawing --------------------------------------------------------------------------------

const VIEWS = {
  loading: () => [],
  insecure: () => [says("alert", t("insecure.title"), t("insecure.how"))],
  stranger: strangerView,
  left: leftView,
  claiming: () => [says("phone", t("claiming.title"), t("claiming.how"))],
  refused,
  rebind,
  home,
  settings,
  lane: laneView,
  receipt: receiptView,
  bill: billView,
  tasks: tasksView,
  mall: mallView,
  invite: inviteView,
  invited: invitedView,
};

/** @param {Partial<State>} changes */
function change(changes) {
  const before = state.view;
  Object.assign(state, changes, { nowMs: nowMs() });
  const place = /** @type {HTMLElement} */ (document.getElementById("page"));
  const held = place.contains(document.activeElement) ? document.activeElement?.id : "";
  const nodes = VIEWS[state.view](state, acts).filter((node) => node !== null);
  place.className = `page ${state.view}`;
  place.replaceChildren(...nodes);
  if (held) document.getElementById(held)?.focus();
  if (before !== state.view) {
    scrollTo(0, 0);
    if (before !== "loading") place.focus();
  }
  tick();
}

/** @param {string} text shown for a while */
function notice(text) {
  const place = /** @type {HTMLElement} */ (document.getElementById("notice"));
  place.textContent = text;
  place.hidden = !text;
  if (text) setTimeout(() => void (place.hidden = true), NOTICE_MS);
}

// ---- the code -------------------------------------------------------------------------------

/** Make the codes of this half minute, if they are not shown yet, and move the bar. */
function tick() {
  const nowS = nowMs() / 1000;
  const life = document.getElementById("life");
  if (life) life.style.transform = `scaleX(${1 - (nowS % STEP_S) / STEP_S})`;
  const step = Math.floor(nowS / STEP_S);
  if (state.view === "home" && state.phone && step !== shownStep && !document.hidden) void make(step, nowS);
}

/** @param {number} step @param {number} nowS */
async function make(step, nowS) {
  const { phone } = state;
  if (!phone) return;
  shownStep = step;
  const digits = await digitCode(phone.digits, phone.memberId, nowS);
  const text = phone.key ? await memberCode(phone.key, phone.keyId, nowS) : digits;
  change({ code: { text, digits } });
}

// ---- the cloud ------------------------------------------------------------------------------

/** Ask how she stands; without an answer the last one is shown with its time. */
async function askCloud() {
  const { phone } = state;
  if (!phone?.key) return;
  const answer = await call(phone, "GET", "/v1/member/me");
  if (answer.ok) {
    await keep("view", answer.body);
    change({ me: answer.body, online: true });
    void askTier(state, acts);
    if (!state.consents) void askConsents(state, acts);
  } else if (answer.body?.code === REVOKED) {
    await forget();
    change({ view: "stranger", phone: null, code: null, me: null, growth: null });
    notice(answer.body[state.language]);
  } else {
    change({ online: answer.status !== 0 });
  }
}

/** @returns {string} the claim in the address, taken out so that it is neither shown nor kept */
function takeClaim() {
  const given = new URLSearchParams(location.hash.slice(1)).get("c") ?? "";
  if (given) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** A link that somebody else sent must not quietly make her theirs: a bound phone asks first. */
function taken() {
  if (state.phone) change({ view: "rebind" });
  else void claimNow();
}

async function claimNow() {
  change({ view: "claiming" });
  const made = (await canSign()) ? await newKey() : null;
  const answer = await claim(claimCode, made && made.publicKey);
  if (!answer.ok) {
    change({ view: "refused", refusal: answer.body });
    return;
  }
  claimCode = "";
  await bound(answer.body, made);
}

/** This phone speaks for a member from now on. @param {any} body @param {{key: CryptoKey} | null} made */
async function bound(body, made) {
  const { tenant_id: tenantId, member_id: memberId, key_id: keyId, digit_secret: secret } = body;
  const phone = { tenantId, memberId, keyId, key: made && made.key, digits: await digitKey(secret) };
  await keep("phone", phone);
  await keep("view", null);
  shownStep = -1;
  change({ view: "home", phone, me: null, online: true });
  await askCloud();
  await tellInvited(state, acts);
  await claimKept(state, acts);
}

// ---- start ----------------------------------------------------------------------------------

async function start() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  if (!globalThis.crypto?.subtle) return change({ view: "insecure" });
  await recallTime();
  const phone = (await kept("phone")) ?? null;
  if (phone) Object.assign(state, { phone, me: (await kept("view")) ?? null, growth: (await kept("growth")) ?? null });
  const link = await linkFollowed();
  if (claimCode) return taken();
  if (wechat && !phone) return cameByWeChat(wechat, state, acts);
  if (!phone && receiptCode) return waitForPhone(receiptCode, acts);
  if (!phone && billCode) return billWaits(billCode, acts);
  if (!phone) return link ? greetGuest(link, acts) : change({ view: "stranger" });
  change({ view: "home" });
  await askCloud();
  await tellInvited(state, acts);
  if (wechat) await cameByWeChat(wechat, state, acts);
  const lane = laneAsked();
  if (lane) await beginLane(lane, state, acts);
  if (receiptCode) await claimReceipt(receiptCode, state, acts);
  else if (billCode) await showBill(billCode, state, acts);
  else {
    await claimKept(state, acts);
    await showKept(state, acts);
  }
}

addEventListener("hashchange", () => {
  claimCode = takeClaim();
  receiptCode = takeReceipt();
  billCode = takeBill();
  if (claimCode) taken();
  else if (receiptCode) void (state.phone ? claimReceipt(receiptCode, state, acts) : waitForPhone(receiptCode, acts));
  else if (billCode) void (state.phone ? showBill(billCode, state, acts) : billWaits(billCode, acts));
});
addEventListener("online", () => void askCloud());
addEventListener("offline", () => change({ online: false }));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  tick();
  void askCloud();
});
setInterval(tick, 1_000);
setInterval(() => void (document.hidden || askCloud()), ME_EVERY_MS);
keepOnPhone();
void start();
