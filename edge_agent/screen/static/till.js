// @ts-check
/** The till screen: one state, events from the box change it, the halves are drawn from it. */

import { h, icon } from "./dom.js";
import { typeset } from "./format.js";
import { call, listen, takeToken } from "./link.js";
import { linkView } from "./link_code.js";
import { bar, goods, person } from "./views.js";

/** @typedef {import("./views.js").State} State */

const DONE_MS = 10_000;
const NOTICE_MS = 6_000;
const REPRICED_MS = 8_000;
const DEADLINE_MS = 3_000;
const MINUTE_MS = 60_000;

const language = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh";
const token = takeToken();
// Which counter this screen serves, where a box has several.
const lane = new URLSearchParams(location.search).get("lane") ?? "";
const here = lane ? { lane } : {};
const texts = await (await fetch(`/screen/text/${language}.json`)).json();

/** @type {State} */
const state = {
  person: "idle",
  member: null,
  reasons: [],
  challenge: null,
  coach: null,
  basket: null,
  repriced: null,
  why: false,
  sale: null,
  tapped: null,
  health: null,
  asking: false,
  typed: "",
  link: null,
  nowMs: Date.now(),
  language,
};

/** @type {Record<string, number>} */
const timers = {};

/** @param {string} key @param {Record<string, string | number>} values */
function t(key, values = {}) {
  const text = typeset(texts[key] ?? key);
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => String(values[name] ?? ""));
}

const acts = {
  t,
  identify,
  askPhone: () => change({ asking: true, typed: "" }, "number"),
  cancelPhone: () => change({ asking: false, typed: "" }, "phone"),
  type: (/** @type {string} */ text) => void (state.typed = text),
  findPhone,
  next: () => change({ person: "idle", member: null, reasons: [], challenge: null }, "identify"),
  turn: () => void turn(),
  cancelTurn: () => void call(token, "/v1/identify/turn/cancel", here),
  endCoach: () => change({ coach: null }, "identify"),
  closeLink: () => change({ link: null }, "identify"),
  toggleWhy: () => change({ why: !state.why }, "why"),
};

// ---- drawing --------------------------------------------------------------------------------

/** @type {Record<string, string>} */
const drawn = {};

/** @param {Partial<State>} changes @param {string} [focus] the control to stand on afterwards */
function change(changes, focus) {
  Object.assign(state, changes, { nowMs: Date.now() });
  draw("person", person, [state.person, state.member, state.reasons, state.challenge, state.coach, state.asking, state.health?.devices]);
  draw("goods", goods, [state.basket, state.repriced, state.why, state.sale, state.tapped, state.health?.devices.cloud]);
  draw("bar", bar, [state.health]);
  draw("link", link, [state.link, state.link && Math.floor(state.nowMs / MINUTE_MS)]);
  if (focus) document.getElementById(focus)?.focus();
}

/**
 * Redraw a part when what it shows has changed; the control in use keeps the focus.
 * @param {string} id @param {(state: State, acts: any) => (Node | null)[]} view @param {unknown[]} shows
 */
function draw(id, view, shows) {
  const now = JSON.stringify(shows);
  const place = document.getElementById(id);
  if (!place || drawn[id] === now) return;
  drawn[id] = now;
  const held = place.contains(document.activeElement) ? document.activeElement?.id : "";
  place.replaceChildren(...view(state, acts).filter((node) => node !== null));
  if (held) document.getElementById(held)?.focus();
  const scroll = place.querySelector(".scroll");
  if (scroll) scroll.scrollTop = scroll.scrollHeight;
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
  clearTimeout(timers.notice);
  if (text && !stay) later("notice", NOTICE_MS, () => notice(""));
}

// ---- what the clerk does --------------------------------------------------------------------

async function identify() {
  if (state.person === "armed") return;
  change({ person: "armed", member: null, reasons: [], challenge: null, asking: false });
  const answer = await call(token, "/v1/identify", { deadline_ms: DEADLINE_MS, ...here });
  settle(answer);
}

async function turn() {
  if (!state.member?.challenge || state.challenge?.outcome === "running") return;
  const answer = await call(token, "/v1/identify/turn", state.member.till ? { lane: state.member.till } : here);
  if (answer.ok) turned(answer.body);
  else {
    change({ challenge: null }, "turn");
    notice(answer.body ? typeset(answer.body[language]) : t("link.lost"));
  }
}

/** @param {any} told a step of the turn of the head, or how it ended */
function turned(told) {
  const challenge = { ...state.challenge, ...told };
  const { member } = state;
  const same = member && told.member_id === member.member_id;
  const changes = same ? { member: { ...member, allowed: told.allowed, challenge: told.challenge } } : {};
  change({ challenge, ...changes }, told.outcome === "running" ? "cancel-turn" : "turn");
}

async function findPhone() {
  if (!state.typed.trim()) return;
  const answer = await call(token, "/v1/identify/phone", { phone: state.typed, ...here });
  if (answer.ok) change({ asking: false, typed: "" });
  settle(answer);
}

/** @param {Awaited<ReturnType<typeof call>>} answer */
function settle(answer) {
  if (answer.ok) {
    recognised(answer.body);
    return;
  }
  if (state.person === "armed") change({ person: "idle" }, "identify");
  notice(answer.body ? typeset(answer.body[language]) : t("link.lost"));
}

/** @param {any} result an answer of identify, or a recognition event */
function recognised(result) {
  if (result.outcome === "member") {
    const { factor, allowed, challenge } = result;
    const till = result.till ?? state.member?.till;
    const member = { ...result.member, factor, allowed, challenge, till, number: result.number ?? null };
    change({ person: "member", member, reasons: [], challenge: null, sale: null, tapped: null });
  } else {
    change({ person: result.outcome, member: null, reasons: result.reasons ?? [], challenge: null });
  }
}

// ---- what the box tells ---------------------------------------------------------------------

/** @type {Record<string, (event: any) => void>} */
const handlers = {
  health: (event) => change({ health: ours(event) }),
  link: (event) => change({ link: { ...event, untilMs: Date.now() + event.expires_s * 1000 } }, "link-done"),
  recognition: (event) => {
    if (event.outcome !== "none" || state.person === "armed") recognised(event);
  },
  member: (event) => {
    const same = state.member && state.member.member_id === event.member.member_id;
    if (same) change({ member: { ...state.member, ...event.member } });
  },
  challenge: (event) => turned(event),
  enrol_hint: (event) => change({ coach: event }, event.done ? "end-coach" : undefined),
  basket: (event) => {
    change({ basket: event, repriced: repriced(event), sale: null, tapped: null });
    if (state.repriced !== null) later("repriced", REPRICED_MS, () => change({ repriced: null }));
  },
  sale: (event) => finish({ sale: event, tapped: null }),
  tapped: (event) => finish({ tapped: event, sale: null }),
};

/** @param {Partial<State>} done */
function finish(done) {
  change({ ...done, basket: null, repriced: null, why: false });
  later("done", DONE_MS, () => change({ sale: null, tapped: null, ...(state.basket ? {} : { person: "idle", member: null }) }));
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
  const name = health.lanes.find((/** @type {any} */ one) => one.id === lane)?.name ?? "";
  const place = name ? `${health.store_name} · ${name}` : health.store_name;
  return { ...health, store_name: place, devices: { ...health.devices, ...devices } };
}

// ---- start ----------------------------------------------------------------------------------

/** Escape leaves what is on top. */
function leave() {
  if (state.link) acts.closeLink();
  else if (state.coach) acts.endCoach();
  else if (state.challenge?.outcome === "running") acts.cancelTurn();
  else if (state.asking) acts.cancelPhone();
  else acts.next();
}

function unpaired() {
  const words = h("div", {}, h("h1", {}, t("pair.title")), h("p.muted", {}, t("pair.how")));
  document.getElementById("person")?.replaceChildren(h("div.hint.quiet", {}, icon("link"), words));
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

document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
document.title = t("title");
document.addEventListener("keydown", (event) => {
  if (event.key === "F2") acts.identify();
  else if (event.key === "F3") acts.turn();
  else if (event.key === "F4") acts.askPhone();
  else if (event.key === "Escape") leave();
  else return;
  event.preventDefault();
});

const health = await call(token, "/v1/health");
change(health.ok ? { health: ours(health.body) } : {});
const lanes = health.body?.lanes ?? [];
if (token && lanes.length > 1 && !lanes.some((/** @type {any} */ one) => one.id === lane)) {
  chooseLane(lanes);
} else if (token) {
  listen(token, lane, (event) => handlers[event.type]?.(event), (up) => notice(up ? "" : t("link.lost"), !up));
} else {
  unpaired();
}
