// @ts-check
/** The points mall: what there is where, an order in two taps, her orders and her gifts. */

import { call } from "./cloud.js";
import { h } from "./dom.js";
import { failed } from "./settings.js";
import { back } from "./tasks.js";
import { note } from "./views.js";
import { integer, named } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

/** Her points lie in stores and are on their way back. */
const LENT = "M134";
const FETCH_TRIES = 8;
const FETCH_MS = 2_000;

/** @param {State} state @param {Acts} acts */
export function mallActs(state, acts) {
  return {
    openMall: () => openMall(state, acts),
    wish: (/** @type {any} */ item) => wish(item, state, acts),
    pick: (/** @type {string} */ store) => acts.change({ wish: { ...state.wish, store } }),
    leaveWish: () => acts.change({ wish: null, asking: "" }),
    order: () => order(state, acts),
    askCancel: (/** @type {string} */ id) => acts.change({ asking: `cancel-${id}` }),
    cancel: (/** @type {string} */ id) => cancel(id, state, acts),
  };
}

/** @param {State} state @param {Acts} acts */
async function openMall(state, acts) {
  acts.change({ view: "mall", wish: null, asking: "" });
  await load(state, acts);
}

/** @param {State} state @param {Acts} acts */
async function load(state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "GET", "/v1/member/mall");
  if (answer.ok) acts.change({ mall: answer.body, online: true });
  else acts.change({ online: answer.status !== 0 });
}

/** The number is made before the first try, so that asking again orders once. @param {any} item @param {State} state @param {Acts} acts */
function wish(item, state, acts) {
  const there = item.stores.filter((/** @type {any} */ one) => one.left > 0);
  const home = there.find((/** @type {any} */ one) => one.name === state.me?.home_store_name) ?? there[0];
  acts.change({ wish: { item: item.id, store: home?.store ?? "", orderId: crypto.randomUUID() }, asking: "" });
}

/** @param {State} state @param {Acts} acts */
async function order(state, acts) {
  const { phone, wish: wanted } = state;
  if (!phone || !wanted?.store) return;
  const asked = { order_id: wanted.orderId, item: wanted.item, store: wanted.store };
  let answer = await call(phone, "POST", "/v1/member/mall/orders", asked);
  for (let tries = 0; answer.body?.code === LENT && tries < FETCH_TRIES; tries++) {
    acts.notice(acts.t("mall.fetching"));
    await new Promise((done) => setTimeout(done, FETCH_MS));
    answer = await call(phone, "POST", "/v1/member/mall/orders", asked);
  }
  if (!answer.ok && answer.status === 0) return acts.notice(failed(answer, state, acts));
  acts.change({ wish: null });
  acts.notice(answer.ok ? acts.t("mall.ordered", { store: answer.body.store_name, day: short(answer.body.last_day) }) : failed(answer, state, acts));
  await load(state, acts);
  await acts.askCloud();
}

/** @param {string} id @param {State} state @param {Acts} acts */
async function cancel(id, state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "POST", `/v1/member/mall/orders/${id}/cancel`, {});
  acts.change({ asking: "" });
  acts.notice(answer.ok ? acts.t(`order.${answer.body.state}.said`) || acts.t("order.cancelling.said") : failed(answer, state, acts));
  await load(state, acts);
  await acts.askCloud();
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function mallView(state, acts) {
  const { t } = acts;
  const { mall } = state;
  const parts = [back(acts, t("mall")), state.online ? null : note("alert", t("offline.title"), t("growth.offline"))];
  if (!mall) return parts;
  return [
    ...parts,
    purse(mall, acts),
    ...titled(t("gifts"), mall.gifts.map((/** @type {any} */ gift) => giftCard(gift, state, acts))),
    ...titled(t("mall.items"), mall.items.map((/** @type {any} */ item) => itemCard(item, state, acts))),
    mall.items.length ? null : h("p.muted", {}, t("mall.none")),
    ...titled(t("orders"), mall.orders.map((/** @type {any} */ one) => orderCard(one, state, acts))),
  ];
}

/** @param {string} title @param {HTMLElement[]} cards @returns {HTMLElement[]} nothing when there are none */
function titled(title, cards) {
  return cards.length ? [h("h2", {}, title), ...cards] : [];
}

/** @param {any} mall @param {Acts} acts */
function purse(mall, { t }) {
  const lent = mall.points_whole - mall.points_free;
  return h(
    "section.card.wallet",
    {},
    h("div", {}, h("p.muted.small", {}, t("mall.free")), h("p.figure", { id: "mall-points" }, integer(mall.points_free))),
    lent > 0 ? h("p.muted.small.lent", {}, t("mall.lent", { n: integer(lent) })) : null,
  );
}

/** @param {any} gift @param {State} state @param {Acts} acts */
function giftCard(gift, { language }, { t }) {
  const where = gift.store_name ?? t("gift.anywhere");
  return h(
    "section.card.gift",
    { "data-gift": gift.gift_id },
    h("div.row", {}, h("h3", {}, named(gift, language)), h(gift.ready ? "span.chip.on" : "span.chip", {}, t(gift.ready ? "gift.ready" : "gift.promised"))),
    h("p.small", {}, t("gift.where", { store: where, day: short(gift.last_day) })),
    h("p.muted.small", {}, t("gift.how")),
  );
}

/** @param {any} item @param {State} state @param {Acts} acts */
function itemCard(item, state, acts) {
  const { t } = acts;
  const { mall } = state;
  const name = named(item, state.language);
  const left = item.stores.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.left, 0);
  const enough = item.per_person !== null && item.ordered >= item.per_person;
  const why = enough ? t("mall.enough") : left ? (mall.points_whole < item.points ? t("mall.short", { n: integer(item.points - mall.points_whole) }) : "") : t("mall.gone");
  const wished = state.wish?.item === item.id;
  return h(
    "section.card.item",
    { "data-item": item.id },
    h("div.row", {}, h("h3", {}, name), h("span.amount", {}, t("reward.points", { n: integer(item.points) }))),
    h("p.muted.small", {}, why || t("mall.left", { n: left })),
    wished ? choose(item, state, acts) : h("button", { type: "button", id: `want-${item.id}`, disabled: Boolean(why) || !state.online, onclick: () => acts.wish(item) }, t("mall.want")),
  );
}

/** @param {any} item @param {State} state @param {Acts} acts */
function choose(item, state, { t, pick, order: go, leaveWish }) {
  const stores = item.stores
    .filter((/** @type {any} */ one) => one.left > 0)
    .map((/** @type {any} */ one) => {
      const on = state.wish.store === one.store;
      const radio = { type: "radio", name: "store", id: `at-${one.store}`, checked: on, onchange: () => pick(one.store) };
      return h("label.choice", {}, h("input", radio), h("span", {}, one.name), h("span.muted.small", {}, t("mall.left", { n: one.left })));
    });
  return h(
    "div.choose",
    { role: "group", "aria-label": t("mall.pick") },
    h("p.small.strong", {}, t("mall.pick")),
    ...stores,
    h("p.muted.small", {}, t("mall.keep", { days: item.pick_up_days })),
    h("div.buttons", {}, h("button.primary", { type: "button", id: "order", onclick: go }, t("mall.order", { n: integer(item.points) })), h("button", { type: "button", onclick: leaveWish }, t("mall.no"))),
  );
}

/** @param {any} one @param {State} state @param {Acts} acts */
function orderCard(one, state, { t, askCancel, cancel: go, leaveWish }) {
  const asks = state.asking === `cancel-${one.order_id}`;
  const open = one.state === "open";
  return h(
    "section.card.order",
    { "data-state": one.state },
    h("div.row", {}, h("h3", {}, named(one, state.language)), h(open ? "span.chip.on" : "span.chip", {}, t(`order.${one.state}`))),
    h("p.muted.small", {}, t("order.line", { points: integer(one.points), store: one.store_name, day: short(one.last_day) })),
    open && !asks ? h("button", { type: "button", id: `ask-cancel-${one.order_id}`, disabled: !state.online, onclick: () => askCancel(one.order_id) }, t("order.cancel")) : null,
    open && asks ? h("div.buttons", {}, h("button.danger", { type: "button", id: "cancel-order", onclick: () => go(one.order_id) }, t("order.cancel.yes")), h("button", { type: "button", onclick: leaveWish }, t("order.keep"))) : null,
  );
}

/** @param {string} day 2026-11-26 @returns {string} 11-26 */
function short(day) {
  return day.slice(5);
}
