// @ts-check
/** What the member sees, each view a pure function from the state to nodes. */

import { h, icon, qr } from "./dom.js";
import { ways } from "./tasks.js";
import { tier } from "./tier.js";
import { clock, day, fours, integer, typeset, yuan } from "./words.js";

/**
 * @typedef {object} State
 * @property {"loading"|"insecure"|"stranger"|"claiming"|"refused"|"rebind"|"home"|"settings"|"lane"|"receipt"|"bill"|"tasks"|"mall"|"invite"|"invited"|"left"} view
 * @property {import("./store.js").Phone | null} phone
 * @property {{text: string, digits: string} | null} code the codes of this half minute
 * @property {boolean} plain whether the digits are drawn instead of the signed code
 * @property {any} me what the cloud last said of her
 * @property {any} growth what it last said of her tier, coupons, gifts and her own words
 * @property {boolean} online
 * @property {any} refusal the cloud's last refusal: {code, zh, en}
 * @property {string} asking the consent whose withdrawal waits for the second tap
 * @property {any} consents every purpose, as the cloud last said
 * @property {{sent: boolean, busy: boolean, why: string}} sign how far signing in by SMS is
 * @property {any} leaving how far closing the account is
 * @property {any} left what the cloud said when she left
 * @property {any} lane the check-in at a counter
 * @property {any} receipt the receipt that is claimed, and what became of it
 * @property {any} bill the electronic receipt that is shown
 * @property {any} tasks her tasks, as the cloud last said
 * @property {any} mall the mall, her orders and gifts
 * @property {any} wish what she is about to order, and where
 * @property {string} link her own link
 * @property {string} from who shared the link that was followed
 * @property {number} nowMs
 * @property {"zh"|"en"} language
 */
/** @typedef {{t: import("./words.js").Words} & Record<string, any>} Acts */

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function home(state, acts) {
  return [head(state, acts), ...offline(state, acts), code(state, acts), ways(state, acts), ...standing(state, acts)];
}

/** @param {State} state @param {Acts} acts */
function head({ me }, { t, open }) {
  const words = [h("p.muted.small", {}, t("app")), h("h1", {}, me ? t("hello", { name: me.name }) : t("hello.plain"))];
  const settings = { type: "button", id: "settings", "aria-label": t("settings"), onclick: () => open("settings") };
  return h("header.head", {}, h("div", {}, ...words), h("button.round", settings, icon("settings")));
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
function offline({ online, phone }, { t }) {
  if (!phone?.key) return [note("alert", t("plain.title"), t("plain.how"))];
  return online ? [] : [note("alert", t("offline.title"), t("offline.how"))];
}

/** @param {Parameters<typeof icon>[0]} shape @param {string} title @param {string} how */
export function note(shape, title, how) {
  return h("section.note", {}, icon(shape), h("div", {}, h("p.strong", {}, title), h("p.small", {}, how)));
}

/** @param {State} state @param {Acts} acts */
function code({ code: now, plain, phone }, { t, togglePlain }) {
  const small = plain || !phone?.key;
  const text = now && (small ? now.digits : now.text);
  const swap = { type: "button", id: "swap", onclick: togglePlain, "aria-pressed": String(small) };
  return h(
    "section.card.code",
    { "aria-label": t("code") },
    h("div.paper", {}, text ? qr(text, small ? t("code.digits") : t("code")) : null),
    h("div.life", { "aria-hidden": "true" }, h("span", { id: "life" })),
    h("p.digits", { id: "digits" }, now ? fours(now.digits) : ""),
    h("p.muted.small", {}, t("code.how")),
    phone?.key ? h("button.plain", swap, small ? t("code.signed") : t("code.blurred")) : null,
  );
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
function standing(state, acts) {
  const { t } = acts;
  const { me, online, nowMs } = state;
  if (!me) return state.phone?.key ? [h("section.card", {}, h("p.muted", {}, t("wallet.unknown")))] : [];
  const pending = me.points_pending ? t("wallet.pending", { points: integer(me.points_pending) }) : t("wallet.none_pending");
  const asOf = online ? t("wallet.as_of_now") : t("wallet.as_of", { time: clock(me.as_of_ms) });
  const owed = me.points_owed ? h("p.muted.small.whole", { id: "points-owed" }, t("wallet.owed", { points: integer(me.points_owed) })) : null;
  const wallet = h(
    "section.card.wallet",
    { "aria-label": t("wallet") },
    h("div", {}, h("p.muted.small", {}, t("wallet.points")), h("p.figure", { id: "points" }, integer(me.points_free))),
    h("div.end", {}, h("p.tier", {}, (state.language === "en" && me.tier_name_en) || me.tier_name || t(`tier.${me.tier}`) || t("tier.member")), h("p.muted.small", {}, pending), h("p.muted.small", {}, asOf)),
    owed,
  );
  return [wallet, ...tier(state, acts), last(me.last, nowMs, t)];
}

/** @param {any} bought @param {number} nowMs @param {import("./words.js").Words} t */
function last(bought, nowMs, t) {
  if (!bought) return h("section.card", {}, h("h2", {}, t("last")), h("p.muted", {}, t("last.none")));
  const goods = bought.lines.map((/** @type {any} */ line) =>
    h("li", {}, h("span.name", {}, line.name), h("span.muted", {}, `×${line.qty_milli / 1000}`)),
  );
  return h(
    "section.card",
    {},
    h("div.row", {}, h("h2", {}, t("last")), h("span.amount", {}, yuan(bought.total_fen))),
    h("p.muted.small", {}, `${day(bought.wall_ms, nowMs)} · ${bought.store_name}`),
    h("ul.goods", {}, ...goods),
  );
}

/**
 * A page with one thing to say.
 * @param {Parameters<typeof icon>[0]} shape @param {string} title @param {string} how
 * @param {...import("./dom.js").Child} more
 */
export function says(shape, title, how, ...more) {
  return h("section.says", {}, h("span.bubble", {}, icon(shape)), h("h1", {}, title), h("p.muted", {}, how), ...more);
}

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function refused(state, { t, retry }) {
  const { refusal } = state;
  const unknown = !refusal || refusal.code === "A108";
  const how = unknown ? t("refused.how") : typeset(refusal[state.language]);
  const again = h("button.primary", { type: "button", id: "retry", onclick: retry }, t("again"));
  return [says("alert", refusal ? t("refused.title") : t("offline.title"), refusal ? how : t("refused.offline"), again)];
}

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function rebind({ me }, { t, retry, keepPhone }) {
  const keep = h("button.primary", { type: "button", id: "keep-phone", onclick: keepPhone }, t("rebind.keep"));
  const swap = h("button", { type: "button", id: "rebind", onclick: retry }, t("rebind.yes"));
  const title = me ? t("rebind.title", { name: me.name }) : t("rebind.title.plain");
  return [says("alert", title, t("rebind.how"), h("div.buttons", {}, keep, swap))];
}
