// @ts-check
/** What the clerk may say next: what goes with it, what a little more would bring. */

import { h, icon } from "../dom.js";
import { tierName, typeset, yuan } from "../format.js";

/** @typedef {import("../state.js").State} State */

const NEAR_SHOWN = 1;
const GOODS_SHOWN = 2;

/** @param {State} state @param {any} acts @returns {HTMLElement | null} the block under a member */
export function nudges(state, acts) {
  const rows = [...recommended(state, acts), ...near(state), ...keeping(state, acts), ...tasks(state)];
  return rows.length ? h("ul.nudges", { "aria-label": acts.t("nudges") }, ...rows) : null;
}

/** @param {State} state @param {any} acts @returns {HTMLElement | null} what a guest's basket misses too */
export function nearMisses(state, acts) {
  const rows = near(state);
  return rows.length ? h("ul.nudges", { "aria-label": acts.t("nudges") }, ...rows) : null;
}

/** @param {State} state @param {any} acts */
function recommended(state, { t, own, add }) {
  const found = (state.more.recommendations ?? []).filter((/** @type {any} */ one) => one.in_stock !== false);
  const room = near(state).length ? 1 : GOODS_SHOWN;
  return found.slice(0, room).map((/** @type {any} */ one) => {
    const stock = one.in_stock ? [t("goods.in_stock")] : [];
    const why = typeset(one[`why_${state.language}`] ?? "");
    const words = [yuan(one.price_fen), ...stock, why].filter(Boolean).join(" · ");
    const take = h("button.small-button", { type: "button", "aria-label": t("goods.add", { name: one.name }), onclick: () => void add({ sku: one.sku }) }, icon("add"));
    return h("li.goods-hint", {}, h("span.label", {}, t("goods.hint")), h("span.what", { title: one.name }, one.name, h("span.muted.small", {}, words)), own() ? take : null);
  });
}

/** @param {State} state */
function near(state) {
  const found = state.basket?.near_misses ?? [];
  return found.slice(0, NEAR_SHOWN).map((/** @type {any} */ one) => h("li", {}, icon("coupon"), h("span.what", {}, typeset(one[`text_${state.language}`]))));
}

/** @param {State} state @param {any} acts what still keeps her tier, or else what the next one asks */
function keeping({ member, language }, { t }) {
  const { standing } = member ?? {};
  const keep = missing(standing?.keep, t);
  const next = missing(standing?.next, t);
  const words = keep ? t("tier.nudge", { what: keep, tier: tierName(standing, language) }) : next ? t("tier.nudge.next", { what: next }) : "";
  return words ? [h("li", {}, icon("star"), h("span.what", {}, words))] : [];
}

/** @param {any} goal what a tier still asks @param {import("../state.js").Say} t @returns {string} empty when it is met */
function missing(goal, t) {
  if (!goal || (!goal.both && !(goal.fen && goal.visits))) return "";
  const parts = [goal.fen ? yuan(goal.fen) : "", goal.visits ? t("tier.visit", { count: goal.visits }) : ""];
  return parts.filter(Boolean).join(goal.both ? t("tier.and") : t("tier.or"));
}

/** @param {State} state the first task she has not done */
function tasks(state) {
  const open = (state.more.tasks ?? []).filter((/** @type {any} */ one) => !one.done);
  return open.slice(0, 1).map((/** @type {any} */ one) => h("li", {}, icon("check"), h("span.what", {}, typeset(one[`text_${state.language}`]))));
}
