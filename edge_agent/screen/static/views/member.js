// @ts-check
/** A recognised member, as the clerk needs her in one glance. */

import { masked, veiled } from "../acts/face.js";
import { h, icon } from "../dom.js";
import { clock, day, exact, integer, named, quantity, tierName, typeset, yuan } from "../format.js";
import { offline } from "../state.js";
import { nudges } from "./nudges.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Say} Say */

const LONG_NAME = 10;
const LAST_LINES = 2;
const GIFTS_SHOWN = 2;
const WORKED_SHOWN = 6;
const GIFT_KINDS = ["newcomer", "birthday", "tier", "task", "mall", "referral"];

/** @param {State} state @param {any} acts @returns {(HTMLElement | null)[]} */
export function memberView(state, acts) {
  const { member } = state;
  const body = h(
    "div.person-body",
    { tabindex: "-1" },
    who(state, acts),
    member.number === null || member.number === undefined ? null : number(member.number, acts.t),
    h("div.trusting", {}, trust(member, acts.t), ofFace(state, acts)),
    wallet(state, acts),
    ...gifts(state, acts),
    member.tags.length ? h("ul.tags", {}, ...member.tags.map((/** @type {string} */ tag) => h("li", { title: tag }, tag))) : null,
    calls(state, acts),
    worked(state),
    lastVisit(state, acts),
    turned(state),
  );
  return [body, nudges(state, acts), buttons(state, acts)];
}

/** What HQ asks a clerk to say. @param {State} state @param {any} acts */
function calls({ member, clerk }, { t, openCall }) {
  const notes = (member.calls ?? []).map((/** @type {any} */ call, /** @type {number} */ at) => {
    if (!call.call_id || !clerk) return h("li", { title: call.note }, call.note);
    const key = at ? null : h("kbd", {}, "Ctrl B");
    return h("li.asks", {}, h("button.tier", { type: "button", id: `call-${at}`, title: call.note, "aria-haspopup": "dialog", onclick: () => openCall(call) }, call.note, key));
  });
  return notes.length ? h("ul.tags.calls", { "aria-label": t("call") }, h("li.strong", {}, t("call")), ...notes) : null;
}

/** What HQ worked out, the first few: a clerk glances at it. @param {State} state */
function worked({ member, language }) {
  const shown = (member.worked ?? []).slice(0, WORKED_SHOWN).map((/** @type {any} */ tag) => {
    const english = language === "en";
    const name = english ? tag.name_en : tag.name;
    const value = english ? tag.value_en : tag.value;
    const text = value ? `${name} ${value}` : name;
    return h("li", { title: text }, text);
  });
  return shown.length ? h("ul.tags.worked", {}, ...shown) : null;
}

/** @param {State} state @param {any} acts */
function who({ member, language }, { t, openTier }) {
  const name = tierName(member, language);
  const tier = member.standing
    ? h("button.tier", { type: "button", id: "tier", onclick: openTier, "aria-haspopup": "dialog" }, name, h("span", { "aria-hidden": "true" }, "›"))
    : h("span.tier", {}, name);
  const birthday = h("span.birthday", {}, icon("cake"), t("birthday"));
  return h(
    member.name.length > LONG_NAME ? "div.who.long" : "div.who",
    {},
    h("h1", { title: member.name }, member.name),
    name ? tier : null,
    h("p.phone.muted.small", {}, h("span", {}, member.phone_masked), member.birthday_today ? birthday : null),
  );
}

/** @param {any} member by what she was recognised, and what that allows @param {Say} t */
function trust(member, t) {
  if (!member.factor) return null;
  const sure = (member.allowed ?? []).includes("redeem_points");
  const words = h("span", {}, h("b", {}, member.walked_up ? t("factor.walk_up") : t(`factor.${member.factor}`)), " · ", mayNow(member, t));
  return h(sure ? "p.trust.sure" : "p.trust", {}, icon(sure ? "check" : "question"), words);
}

/** @param {State} state @param {any} acts what she agreed to about her face; of a mere number nobody is asked */
function ofFace(state, { t, askFace }) {
  if (!state.features.faces || !state.clerk || masked(state)) return null;
  return h("button.tier", { type: "button", id: "face", onclick: askFace, "aria-haspopup": "dialog" }, t("face.open"), h("kbd", {}, "F11"));
}

/** @param {any} member what she may do, by the box's policy table @param {Say} t */
function mayNow(member, t) {
  const allowed = member.allowed ?? [];
  if (allowed.includes("redeem_points")) return t("assurance.high");
  if (allowed.includes("earn")) return t("assurance.low");
  if (!member.challenge) return t("assurance.hint");
  const amount = yuan(member.challenge.above_fen);
  return member.challenge.above_fen ? t("assurance.turn_above", { amount }) : t("assurance.turn");
}

/** @param {number} shown her phone shows the same @param {Say} t */
function number(shown, t) {
  return h("p.check-in", { id: "check-in" }, h("span.number", {}, String(shown)), h("span", {}, t("checkin.same")));
}

/** @param {State} state @param {any} acts */
function wallet(state, { t, openCoupons }) {
  const { member, health } = state;
  const coupons = member.coupons?.length ?? 0;
  const purse = coupons ? h("button.purse", { type: "button", id: "coupons", onclick: openCoupons }, icon("coupon"), t("coupons", { count: coupons })) : null;
  if (member.points_free === null) return purse ? h("div.wallet", {}, purse) : null;
  const asOf = Math.min(member.as_of_ms, health?.cloud_seen_ms ?? member.as_of_ms);
  const notes = [
    member.pending_local_points ? t("points.local", { points: integer(member.pending_local_points) }) : "",
    member.points_pending ? t("points.pending", { points: integer(member.points_pending) }) : "",
  ].filter(Boolean);
  const stale = `${t("points.as_of", { time: clock(asOf) })} · ${t("points.as_of.how")}`;
  return h(
    "div.wallet",
    {},
    h("p.figure", {}, h("span.number", {}, integer(member.points_free)), h("span.muted", {}, t("points")), purse),
    notes.length ? h("p.muted.small", {}, notes.join(" · ")) : null,
    offline(state) ? h("p.small.stale", { title: exact(asOf) }, stale) : null,
  );
}

/** @param {State} state @param {any} acts */
function lastVisit(state, { t }) {
  const { member, nowMs } = state;
  if (veiled(member)) return null;
  const last = member.last_purchase;
  if (!last) return h("p.muted", {}, t("last.none"));
  const named = last.lines.slice(0, LAST_LINES).map((/** @type {any} */ line) => `${line.name} ×${quantity(line.qty_milli)}`);
  if (last.lines.length > LAST_LINES) named.push(t("last.more", { count: last.lines.length }));
  const words = [day(last.wall_ms, nowMs), last.store_name, ...named].filter(Boolean).join(" · ");
  const title = `${exact(last.wall_ms)} · ${yuan(last.total_fen)}`;
  // A gift is something to do; beside it one line of the past is enough.
  const clamp = member.gifts?.length ? "span.clamp.short" : "span.clamp";
  return h("p.last", { title }, h("span.muted", {}, t("last")), h(clamp, {}, words));
}

/** @param {State} state how the turn of the head ended, beside who stands there */
function turned({ challenge, language }) {
  if (!challenge || challenge.outcome === "running") return null;
  if (challenge.outcome === "passed") return h("p.confirmed", {}, icon("check"), h("span", {}, challenge[language]));
  return h("p.warning", {}, icon("question"), h("span", {}, typeset(challenge.reason?.[language] ?? challenge[language])));
}

/** @param {State} state @param {any} acts */
function gifts({ member, features, clerk, language }, { t, handOver }) {
  const held = (member.gifts ?? []).slice(0, GIFTS_SHOWN);
  return held.map((/** @type {any} */ gift, /** @type {number} */ at) => {
    const sure = (member.allowed ?? []).includes("redeem_coupon");
    const now = gift.here && gift.ready && features.gifts && clerk && sure;
    const state = !gift.here ? t("gift.elsewhere") : !gift.ready ? t("gift.later") : sure ? "" : t("gift.sure");
    const kind = t(`gift.${GIFT_KINDS.includes(gift.kind) ? gift.kind : "other"}`);
    return h(
      "div.gift",
      {},
      icon("gift"),
      h("span", {}, h("span.name", { title: named(gift, language) }, named(gift, language)), h("span.muted.small", {}, [kind, state].filter(Boolean).join(" · "))),
      now ? h("button", { type: "button", id: `gift-${at}`, onclick: () => void handOver(gift) }, t("gift.give")) : null,
    );
  });
}

/** @param {State} state @param {any} acts */
function buttons({ member, features, clerk }, acts) {
  const { t } = acts;
  const turn = h("button.primary", { type: "button", id: "turn", onclick: acts.turn }, t("turn.ask"), h("kbd", {}, "F4"));
  const sms = h("button.primary", { type: "button", id: "sms", onclick: acts.askSms }, t("sms.ask"), h("kbd", {}, "F4"));
  const bySms = features.sms && member.factor === "phone_number" && !(member.allowed ?? []).includes("redeem_points");
  return h(
    "div.buttons",
    {},
    member.challenge ? turn : bySms ? sms : null,
    features.cards && clerk ? h("button", { type: "button", id: "card", onclick: acts.askCard }, t("card.ask"), h("kbd", {}, "F5")) : null,
    h("button", { type: "button", id: "next", onclick: () => void acts.next() }, member.walked_up ? t("next.walk_up") : t("next"), h("kbd", {}, "Esc")),
  );
}
