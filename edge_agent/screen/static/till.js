// @ts-check
/** The till screen: one state, events from the box change it, the parts are drawn from it. */

import { basketActs, showMember, takeBasket } from "./acts/basket.js";
import { cardActs } from "./acts/card.js";
import { clerkActs, keptClerk, openClerk } from "./acts/clerk.js";
import { faceActs } from "./acts/face.js";
import { pairActs } from "./acts/pair.js";
import { payActs } from "./acts/pay.js";
import { personActs, recognised, turned } from "./acts/person.js";
import { phoneActs } from "./acts/phone.js";
import { refundActs } from "./acts/refund.js";
import { sheetActs } from "./acts/sheet.js";
import { keysAhead } from "./ahead.js";
import { h } from "./dom.js";
import { typeset } from "./format.js";
import { listenToKeys } from "./keys.js";
import { caller, dropToken, listen, takeToken } from "./link.js";
import { linkView } from "./link_code.js";
import { pairingView } from "./pairing.js";
import { begun, featuresOf } from "./state.js";
import { bar } from "./views/bar.js";
import { goods } from "./views/basket.js";
import { customer } from "./views/customer.js";
import { person } from "./views/person.js";
import { sheet } from "./views/sheets.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./dom.js").Child} Child */

const DONE_MS = 10_000;
const CLAIM_MS = 60_000;
const NOTICE_MS = 6_000;
const REPRICED_MS = 8_000;
const TICK_MS = 10_000;
const MINUTE_MS = 60_000;
const TYPED = ["text", "tel", "password"];
// Acts that ask the box: those that bring up or put away a sheet, and those that leave the clerk at her basket.
const ASKING = ["pay", "tender", "commit", "park", "resume", "toggleCoupon", "submitQuantity", "submitPrice", "signIn", "train", "openPairing", "confirmPairing", "findPhone", "join", "askSms", "verifyCode", "giveCard", "askFace", "faceAgree", "faceAge", "faceAnswer", "faceTakeBack", "faceTake", "refund", "findReceipt", "pickReceipt", "takeBack", "payBack", "voidBasket", "answerCall"];
const GOING_ON = ["submit", "add", "count", "remove", "handOver", "next"];
const OPERATOR_NEEDED = "A116";
const TOKEN_WRONG = "A102";

const address = new URLSearchParams(location.search);
/** @type {"zh"|"en"} */
const language = address.get("lang") === "en" ? "en" : "zh";
const facesCustomer = address.get("view") === "customer";
// Which counter this screen serves, where a box has several.
const lane = address.get("lane") ?? "";
const token = takeToken();
const texts = await (await fetch(`/screen/text/${language}.json`)).json();
const state = begun(language);
const call = caller(token, () => state.clerk?.token ?? "");

/** @type {Record<string, number>} */
const timers = {};
// How often the box said no: keys pressed ahead counted on a yes.
let refusals = 0;

/** @param {string} key @param {Record<string, string | number>} values */
function t(key, values = {}) {
  const said = (/** @type {string} */ name) => String(values[name] ?? "");
  // English has one word for one: "{count?line:lines}".
  const text = typeset(texts[key] ?? key).replace(/\{(\w+)\?(\w+):(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name, /** @type {string} */ one, /** @type {string} */ many) => (said(name) === "1" ? one : many));
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => said(name));
}

/** @type {import("./state.js").Till} */
const till = { state, change, t, notice, why, ask, later, at, here: lane ? { lane } : {} };
const persons = personActs(till);
const baskets = basketActs(till, persons.code);
const phones = phoneActs(till, baskets.add);
const pairs = pairActs(till);
const faces = faceActs(till);
const ahead = keysAhead(state, {
  refusals: () => refusals,
  slow: sayWaits,
});
/** @type {Record<string, (...args: any[]) => any>} */
const direct = {
  ...persons,
  ...baskets,
  ...payActs(till, baskets.settleSlider),
  ...clerkActs(till, baskets.comeBack),
  ...phones,
  ...cardActs(till),
  ...faces,
  ...refundActs(till),
  ...pairs,
  ...sheetActs(till, baskets, { join: phones.decline, pair: pairs.closePairing, ask: () => acts.faceAnswer(false) }),
  hold: (/** @type {boolean} */ down) => {
    held = down;
    if (!down) change({});
  },
  closeLink: () => change({ link: null }, "identify"),
  leave,
};
/** @type {any} */
const acts = { ...direct, ...Object.fromEntries([...ASKING, ...GOING_ON].map((name) => [name, asking(name)])), t, keeps: ahead.keeps };

/** @param {string} name of an act that asks the box @returns {(...args: any[]) => Promise<void>} the same; keys pressed meanwhile wait for it */
function asking(name) {
  return (...args) => ahead.during(() => direct[name](...args), GOING_ON.includes(name));
}

/** @type {import("./state.js").Till["ask"]} */
async function ask(method, path, body = null, key = undefined) {
  const answer = await call(method, path, body, key);
  if (answer.status === 401 && answer.body?.code === OPERATOR_NEEDED && state.clerk) {
    sessionStorage.removeItem("clerk");
    change({ clerk: null });
    openClerk(till, t("clerk.over"));
  }
  if (answer.status === 401 && answer.body?.code === TOKEN_WRONG) {
    dropToken();
    unpaired();
  }
  return answer;
}

/** @type {import("./state.js").Till["at"]} */
function at(path, query = {}) {
  const asked = new URLSearchParams({ ...query, ...(lane ? { lane } : {}) }).toString();
  return asked ? `${path}?${asked}` : path;
}

/** @param {import("./state.js").Answer} answer */
function why(answer) {
  refusals += 1;
  return answer.body ? typeset(answer.body[language]) : t("link.lost");
}

// ---- drawing --------------------------------------------------------------------------------

/** @type {Record<string, string>} */
const drawn = {};
// While a finger is on the slider, nothing may take it away from beneath.
let held = false;

/** @param {Partial<State>} changes @param {string} [focus] the control to stand on afterwards */
function change(changes, focus) {
  Object.assign(state, changes, { nowMs: Date.now() });
  if (facesCustomer) return draw("customer", customer, [state.member, state.basket, state.sale, state.coach, state.challenge, state.consent]);
  const { health, clerk, features, basket, sheet: over } = state;
  const cloud = health?.devices.cloud;
  draw("person", person, [state.person, state.member, state.more, state.reasons, state.challenge, state.coach, state.joined, health?.devices, health?.walk_up, basket, clerk, features]);
  if (!held) draw("goods", goods, [basket, state.repriced, state.selected, state.sale, state.tapped, state.parked, cloud, clerk, features, state.member]);
  draw("bar", bar, [health, clerk, features, state.training, Math.floor(state.nowMs / TICK_MS)]);
  draw("link", link, [state.link, state.link && Math.floor(state.nowMs / MINUTE_MS)]);
  draw("sheet", sheet, [over, over && basket, over && state.member, over && clerk, over && cloud]);
  document.body.classList.toggle("training", state.training || Boolean(basket?.training));
  lift();
  if (focus) stand(focus);
  if (!over) queueMicrotask(ahead.goOn);
}

/**
 * Redraw a part when what it shows has changed; the control in use keeps the focus, a list its place.
 * @param {string} id @param {(state: State, acts: any) => Child[]} view @param {unknown[]} shows
 */
function draw(id, view, shows) {
  const now = JSON.stringify(shows);
  const place = document.getElementById(id);
  if (!place || drawn[id] === now) return;
  drawn[id] = now;
  const active = document.activeElement;
  const stood = place.contains(active) ? active?.id : "";
  const caret = active instanceof HTMLInputElement && TYPED.includes(active.type) ? active.selectionEnd : null;
  const old = place.querySelector(".scroll");
  const [top, rows] = [old?.scrollTop ?? 0, old?.querySelectorAll("tr.item").length ?? 0];
  place.replaceChildren(...view(state, acts).filter((node) => node !== null && node !== false));
  if (stood) stand(stood, caret);
  const list = place.querySelector(".scroll");
  if (list) list.scrollTop = list.querySelectorAll("tr.item").length > rows ? list.scrollHeight : top;
}

/** Show or put away the sheet: the dialog keeps the focus inside and the rest inert. */
function lift() {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("sheet"));
  if (state.sheet) dialog.className = `sheet sheet-${state.sheet.kind}`;
  if (state.sheet && !dialog.open) dialog.showModal();
  else if (!state.sheet && dialog.open) dialog.close();
}

/** @param {string} id @param {number | null} caret where it was in a field; at the end by default */
function stand(id, caret = null) {
  const control = document.getElementById(id) ?? document.getElementById(state.sheet ? "sheet-close" : "entry");
  control?.focus();
  if (!(control instanceof HTMLInputElement) || !TYPED.includes(control.type)) return;
  const at = caret ?? control.value.length;
  control.setSelectionRange(at, at);
}

/** @param {State} shown @returns {HTMLElement[]} the link for a phone, over everything else */
function link(shown) {
  return shown.link ? [linkView(shown.link, shown.nowMs, t, acts.closeLink)] : [];
}

/** @param {string} name @param {number} ms @param {() => void} act one timer a name */
function later(name, ms, act) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(act, ms);
}

/** @param {string} text shown for a while, or until it is emptied @param {boolean} stay */
function notice(text, stay = false) {
  const place = /** @type {HTMLElement} */ (document.getElementById("notice"));
  place.textContent = text;
  place.hidden = !text;
  place.classList.toggle("warns", stay);
  clearTimeout(timers.notice);
  if (text && !stay) later("notice", NOTICE_MS, () => notice(""));
}

/** @param {boolean} waits a clerk who types ahead is told that her keys are kept */
function sayWaits(waits) {
  const place = /** @type {HTMLElement} */ (document.getElementById("notice"));
  if (waits && place.hidden) notice(t("ahead.waits"), true);
  else if (!waits && place.textContent === t("ahead.waits")) notice("");
}

// ---- what the box tells ---------------------------------------------------------------------

/** @type {Record<string, (event: any) => void>} */
const handlers = {
  health: (event) => change({ health: ours(event) }),
  link: (event) => change({ link: { ...event, untilMs: Date.now() + event.expires_s * 1000 } }, "link-done"),
  recognition: (event) => {
    if (event.outcome !== "none" || state.person === "armed") recognised(till, event);
  },
  visit: () => {
    // The clerk's own screen has let go already, with the basket it wants to keep.
    // Who walked up and left again goes from beside the goods of whoever is rung up now.
    const passed = state.member?.walked_up && !state.basket?.member_id;
    if (facesCustomer || !state.basket || passed) change({ person: "idle", member: null, more: {}, challenge: null, ...(facesCustomer ? { sale: null, consent: null, coach: null } : {}) });
  },
  member: (event) => {
    const { member, sale } = state;
    if (member?.member_id !== event.member.member_id) return;
    // With the sale her visit is over and the box veils her again: until she goes, what stands there stays whole.
    const veiled = event.member.points_free === null && member.points_free !== null;
    if (!sale && !veiled) change({ member: { ...member, ...event.member } });
  },
  gift: (event) => {
    const { member } = state;
    if (member?.member_id !== event.member_id) return;
    change({ member: { ...member, gifts: member.gifts.filter((/** @type {any} */ one) => one.id !== event.gift_id) } });
  },
  challenge: (event) => turned(till, event),
  enrol_hint: (event) => {
    change({ coach: event }, event.done ? "end-coach" : undefined);
    // The clerk puts it away on her screen; the customer's has no button.
    if (facesCustomer && event.done) later("coach", DONE_MS, () => change(state.coach?.done ? { coach: null } : {}));
  },
  basket: basketTold,
  training: (event) => change({ training: event.on }),
  consent: (event) => change({ consent: event.state === "asked" ? event : null, ...(facesCustomer && state.coach?.done ? { coach: null } : {}) }),
  // What was missed is not known: nothing that is answered by now may stay; the present follows.
  reset: () => change({ consent: null, challenge: null, coach: null }),
  sale: (event) => finish({ sale: { ...(state.sale?.receipt_id === event.receipt_id ? state.sale : {}), ...event }, tapped: null }),
  tapped: (event) => finish({ tapped: event, sale: null }),
};

/** Whether a clerk has goods of her own here; a basket she has emptied hides nothing of the till beside it. */
function ringing() {
  return Boolean(state.clerk && state.basket?.basket_id && state.basket.lines.length);
}

/** @param {any} event a basket of this screen, or what a till beside it asked the price of */
function basketTold(event) {
  const mine = state.basket?.basket_id;
  const over = event.state && event.state !== "open";
  if (mine && event.basket_id === mine) return over ? undefined : takeBasket(till, event);
  if (ringing() || over) return;
  change({ basket: event, repriced: repriced(event), sale: null, tapped: null });
  if (state.repriced !== null) later("repriced", REPRICED_MS, () => change({ repriced: null }));
  // A screen that was loaded anew goes on with what is open here: it says whose that is.
  if (event.basket_id && !facesCustomer && state.clerk) void showMember(till, event.member_id);
}

/** @param {Partial<State>} done */
function finish(done) {
  // What a till beside this screen sold takes nothing off it while a clerk rings up here; the screen's own
  // payment hears of its sale by the answer.
  if (ringing() && !(state.sheet?.kind === "pay" && state.sheet.busy)) return;
  change({ ...done, consent: null, basket: null, repriced: null, selected: null, ...(state.sheet?.kind === "why" ? { sheet: null } : {}) }, state.clerk ? "entry" : undefined);
  const guest = done.sale && !done.sale.member && state.features.claims;
  later("done", guest ? CLAIM_MS : DONE_MS, () => {
    change({ sale: null, tapped: null, ...(state.basket ? {} : { person: "idle", member: null, more: {} }) });
  });
}

/** @param {any} next @returns {number | null} the old total, when only the price has changed */
function repriced(next) {
  const before = state.basket;
  const goodsOf = (/** @type {any} */ basket) =>
    JSON.stringify(basket.lines.map((/** @type {any} */ line) => [line.sku, line.qty_milli]));
  if (!before || before.member_id !== next.member_id || goodsOf(before) !== goodsOf(next)) return null;
  return before.total_fen === next.total_fen ? state.repriced : before.total_fen;
}

/** @param {any} health the box's @returns {any} the same, with the devices of this lane */
function ours(health) {
  const own = Object.keys(health.devices).filter((name) => name.endsWith(`@${lane}`));
  const devices = Object.fromEntries(own.map((name) => [name.slice(0, name.indexOf("@")), health.devices[name]]));
  const mine = health.lanes.length === 1 ? health.lanes[0] : health.lanes.find((/** @type {any} */ one) => one.id === lane);
  const name = lane ? (mine?.name ?? "") : "";
  const place = name ? `${health.store_name} · ${name}` : health.store_name;
  return { ...health, store_name: place, walk_up: mine?.walk_up, devices: { ...health.devices, ...devices } };
}

// ---- start ----------------------------------------------------------------------------------

/** Escape leaves what is on top. */
function leave() {
  if (state.link) acts.closeLink();
  else if (state.sheet) acts.closeSheet();
  else if (state.coach) acts.endCoach();
  else if (state.challenge?.outcome === "running") acts.cancelTurn();
  else if (state.selected !== null) acts.select(null);
  else if (state.entry) change({ entry: "" });
  else if (state.sale || state.tapped) change({ sale: null, tapped: null, person: "idle", member: null, more: {} }, "entry");
  else void acts.next();
}

function unpaired() {
  const kind = facesCustomer ? "display" : "screen";
  const asked = { t, language, kind: /** @type {"screen"|"display"} */ (kind), name: t(`pair.kind.${kind}`), lane };
  document.getElementById(facesCustomer ? "customer" : "person")?.replaceChildren(pairingView(asked, call));
  document.getElementById("pair-code")?.focus();
}

/** @param {any[]} lanes of a box with several: this screen was not told which is its own */
function chooseLane(lanes) {
  const ways = lanes.map((one) => {
    const asked = new URLSearchParams(location.search);
    asked.set("lane", one.id);
    return h("button", { onclick: () => location.assign(`?${asked}`) }, one.name || one.id);
  });
  const words = h("div", {}, h("h1", {}, t("lane.title")), h("div.buttons", {}, ...ways), h("p.muted", {}, t("lane.how")));
  document.getElementById("person")?.replaceChildren(words);
}

async function learnTraining() {
  if (!state.features.training) return;
  const answer = await call("GET", at("/v1/training"));
  if (answer.ok) change({ training: answer.body.on });
}

/** @param {any[]} lanes */
async function begin(lanes) {
  if (!token) return unpaired();
  if (lanes.length > 1 && !lanes.some((/** @type {any} */ one) => one.id === lane)) return chooseLane(lanes);
  listen(token, lane, (event) => handlers[event.type]?.(event), (up) => notice(up ? "" : t("link.lost"), !up));
  if (facesCustomer) return change({});
  listenToKeys(state, acts);
  document.getElementById("sheet")?.addEventListener("cancel", (event) => event.preventDefault());
  setInterval(() => change({}), TICK_MS);
  // Before the box has said what it can do, there is no field to scan into.
  void ahead.during(enter, true);
}

async function enter() {
  change({ features: featuresOf((await described).body) });
  void learnTraining();
  if (!state.clerk) return;
  await acts.comeBack();
  stand("entry");
}

document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
document.title = t("title");
document.body.classList.toggle("faces-customer", facesCustomer);
// What the box can do is a long answer: the screen is drawn before it comes.
const [health, described] = [await call("GET", "/v1/health"), call("GET", "/openapi.json")];
change({ ...(health.ok ? { health: ours(health.body) } : {}), clerk: facesCustomer ? null : keptClerk() });
void begin(health.body?.lanes ?? []);
