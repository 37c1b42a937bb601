// @ts-check
/** What the clerk does about who stands there. */

import { named, typeset } from "../format.js";
import { sells } from "../state.js";
import { askAgain, attach, inTurn } from "./basket.js";
import { veiled } from "./face.js";

/** @typedef {import("../state.js").Till} Till */
/** @typedef {import("../state.js").Answer} Answer */

const DEADLINE_MS = 3_000;
const SKUS_TOLD = 50;
const SURE = ["member_code", "digit_code", "sun_card", "card_uid", "static_qr", "phone_page", "sms_code", "phone_number", "staff_override"];

/** @param {Till} till */
export function personActs(till) {
  const { state, change, ask } = till;

  async function identify() {
    if (state.person === "armed") return;
    change({ person: "armed", member: null, more: {}, reasons: [], challenge: null });
    settle(till, await ask("POST", "/v1/identify", { deadline_ms: DEADLINE_MS, ...till.here }), true);
  }

  async function turn() {
    if (!state.member?.challenge || state.challenge?.outcome === "running") return;
    const place = state.member.till ? { lane: state.member.till } : till.here;
    const answer = await ask("POST", "/v1/identify/turn", place);
    if (answer.ok) turned(till, answer.body);
    else {
      change({ challenge: null }, "turn");
      till.notice(till.why(answer));
    }
  }

  async function next() {
    const own = state.basket?.member_id && state.basket.basket_id;
    const where = state.member?.till ? { lane: state.member.till } : till.here;
    change({ person: "idle", member: null, more: {}, reasons: [], challenge: null }, "entry");
    // What the last one proved must not speak for whoever comes next.
    const ended = ask("DELETE", `/v1/visits?${new URLSearchParams(where)}`);
    if (own && sells(state)) await inTurn(() => letGo(own));
    const answer = await ended;
    if (!answer.ok) till.notice(till.why(answer));
  }

  /** @param {string} basket_id the basket goes on without her, unless it is over by now */
  async function letGo(basket_id) {
    if (state.basket?.basket_id === basket_id) await attach(till, null);
  }

  return {
    identify,
    turn,
    next,
    code: async (/** @type {string} */ text) => settle(till, await ask("POST", "/v1/identify/code", { text, ...till.here }), true),
    cancelTurn: () => void ask("POST", "/v1/identify/turn/cancel", till.here),
    endCoach: () => change({ coach: null }, "identify"),
    handOver: (/** @type {any} */ gift) => handOver(till, gift),
    openCall: (/** @type {any} */ call) => change({ sheet: { kind: "call", call } }, "call-done"),
    answerCall: (/** @type {string} */ outcome) => answerCall(till, outcome),
  };
}

/** Where a clerk stands once she knows who is there: one more Enter must not send the customer away. @param {import("../state.js").State} state */
export const goOn = (state) => (sells(state) ? "entry" : "next");

/** @param {Till} till @param {Answer} answer @param {boolean} asked whether the clerk wanted it */
export function settle(till, answer, asked = false) {
  if (answer.ok) return recognised(till, answer.body, asked);
  if (till.state.person === "armed") till.change({ person: "idle" }, "identify");
  till.notice(till.why(answer));
}

/** @param {Till} till @param {any} result an answer of identify, or a recognition event @param {boolean} asked */
export function recognised(till, result, asked = false) {
  const { state, change } = till;
  if (result.outcome !== "member" || !result.member) {
    change({ person: result.outcome, member: null, more: {}, reasons: result.reasons ?? [], challenge: null });
    return;
  }
  const { factor, allowed, challenge, assurance } = result;
  const place = result.till ?? state.member?.till;
  const member = { ...result.member, factor, allowed, challenge, assurance, till: place, number: result.number ?? null, walked_up: Boolean(result.walked_up) };
  const before = state.member?.member_id === member.member_id ? state.member : null;
  // Who was known by her number alone has shown a code since: now there is more to be told.
  const unveiled = before?.points_free === null && member.points_free !== null;
  const more = before && !unveiled ? state.more : {};
  change({ person: "member", member, more, reasons: [], challenge: null, sale: null, tapped: null });
  if (!before || unveiled) void askMore(till, member);
  return inTurn(() => join(till, member, asked || SURE.includes(factor), before));
}

/**
 * Take the member into this screen's basket; a face seen in passing takes nobody's place.
 * @param {Till} till @param {any} member @param {boolean} sure @param {any} before the same member as she was known until now
 */
async function join(till, member, sure, before) {
  const { basket, member: stands } = till.state;
  // Somebody else may stand there by the time it is her turn.
  if (!sells(till.state) || !basket?.basket_id || stands?.member_id !== member.member_id) return;
  if (basket.member_id === member.member_id) return allowsMore(before, member) ? askAgain(till) : undefined;
  if (basket.member_id && !sure) return;
  await attach(till, member.member_id);
}

/** @param {any} before @param {any} member @returns {boolean} whether she may do what she might not before */
function allowsMore(before, member) {
  return (member.allowed ?? []).some((/** @type {string} */ act) => !(before?.allowed ?? []).includes(act));
}

/** @param {Till} till @param {any} told a step of the turn of the head, or how it ended */
export function turned(till, told) {
  const { state } = till;
  const challenge = { ...state.challenge, ...told };
  const { member } = state;
  const same = member && told.member_id === member.member_id;
  const changes = same ? { member: { ...member, allowed: told.allowed, challenge: told.challenge } } : {};
  till.change({ challenge, ...changes }, told.outcome === "running" ? "cancel-turn" : "turn");
  const own = same && sells(state) && state.basket?.basket_id && state.basket.member_id === told.member_id;
  if (own && allowsMore(member, told)) void askAgain(till);
}

/** @param {Till} till @param {any} member ask for what her record does not hold */
async function askMore(till, member) {
  const { state, ask } = till;
  const wanted = /** @type {const} */ (["recommendations", "tasks"]).filter((name) => state.features[name] && !veiled(member));
  const skus = (state.basket?.lines ?? []).map((/** @type {any} */ line) => ["sku", line.sku]).slice(-SKUS_TOLD);
  const paths = { recommendations: `/recommendations?${new URLSearchParams(skus)}`, tasks: till.at("/tasks") };
  const answers = await Promise.all(wanted.map((name) => ask("GET", `/v1/members/${member.member_id}${paths[name]}`)));
  if (state.member?.member_id !== member.member_id) return;
  const found = wanted.map((name, at) => [name, answers[at].ok ? listed(answers[at].body, name) : []]);
  till.change({ more: Object.fromEntries(found) });
}

/** @param {any} body a list, or an object that holds one @param {string} name */
function listed(body, name) {
  return Array.isArray(body) ? body : (body?.[name] ?? []);
}

/** @param {Till} till @param {any} gift */
async function handOver(till, gift) {
  const { member } = till.state;
  const answer = await till.ask("POST", till.at(`/v1/gifts/${gift.id}/hand-over`), { member_id: member.member_id });
  if (!answer.ok) return till.notice(till.why(answer));
  const gifts = member.gifts.filter((/** @type {any} */ one) => one.id !== gift.id);
  till.change({ member: { ...member, gifts } }, goOn(till.state));
  till.notice(typeset(till.t("gift.given", { name: named(gift, till.state.language) })));
}

/** @param {Till} till @param {string} outcome what came of what HQ asked the clerk to say */
async function answerCall(till, outcome) {
  const { member, sheet } = till.state;
  if (!sheet?.call || sheet.busy) return;
  till.change({ sheet: { ...sheet, busy: true, note: "" } });
  const answer = await till.ask("POST", till.at(`/v1/members/${member.member_id}/calls/${sheet.call.call_id}`), { outcome });
  if (!answer.ok) return till.change({ sheet: { ...sheet, busy: false, note: till.why(answer) } }, "sheet-close");
  const stands = till.state.member;
  const calls = (stands?.calls ?? []).filter((/** @type {any} */ one) => one.call_id !== sheet.call.call_id);
  till.change({ member: stands && { ...stands, calls }, sheet: null }, goOn(till.state));
  till.notice(till.t(`call.said.${outcome}`));
}
