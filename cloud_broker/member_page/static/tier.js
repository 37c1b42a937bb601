// @ts-check
/** Her tier with the account of it, her coupons and gifts; her birthday and personal offers. */

import { call } from "./cloud.js";
import { h } from "./dom.js";
import { failed } from "./settings.js";
import { keep } from "./store.js";
import { named, typeset, yuan } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const LUNAR_DAYS = 30;
const SOLAR_DAYS = 31;

/** @param {State} state @param {Acts} acts */
export function tierActs(state, acts) {
  return {
    setPersonal: (/** @type {boolean} */ on) => setPersonal(on, state, acts),
    setBirthday: () => setBirthday(state, acts),
  };
}

/** Ask how her tier stands; without an answer the last one stays. @param {State} state @param {Acts} acts */
export async function askTier(state, acts) {
  if (!state.phone?.key) return;
  const answer = await call(state.phone, "GET", "/v1/member/growth");
  if (!answer.ok) return;
  await keep("growth", answer.body);
  acts.change({ growth: answer.body });
}

/** @param {string} path @param {object} content @param {string} done @param {State} state @param {Acts} acts */
async function put(path, content, done, state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "PUT", path, content);
  if (answer.ok) {
    await keep("growth", answer.body);
    acts.change({ growth: answer.body });
  }
  acts.notice(answer.ok ? acts.t(done) : failed(answer, state, acts));
}

/** One more word on this purpose, and shops are told. @param {boolean} on @param {State} state @param {Acts} acts */
async function setPersonal(on, state, acts) {
  if (!state.phone) return;
  const said = { kind: "personalise", given: on, language: state.language };
  const answer = await call(state.phone, "POST", "/v1/member/consents", said);
  if (answer.ok) {
    acts.change({ consents: answer.body });
    await askTier(state, acts);
  }
  acts.notice(answer.ok ? acts.t("personal.done") : failed(answer, state, acts));
}

/** @param {State} state @param {Acts} acts */
async function setBirthday(state, acts) {
  const value = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (document.getElementById(id)).value;
  const [calendar, leap] = value("birth-calendar").split("-");
  const said = { calendar, month: Number(value("birth-month")), day: Number(value("birth-day")), leap: Boolean(leap) };
  const birthday = said.month && said.day ? said : null;
  await put("/v1/member/birthday", { birthday }, birthday ? "birthday.done" : "birthday.forgotten", state, acts);
}

/** What the home view shows. @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function tier(state, acts) {
  const { growth, language } = state;
  if (!growth) return [];
  return [growth.tier && account(growth.tier, language, acts), coupons(growth, language, acts)];
}

/** @param {any} held @param {"zh"|"en"} language @param {Acts} acts */
function account(held, language, { t }) {
  const ahead = held.next;
  const name = (language === "en" && held.next_name_en) || held.next_name;
  return h(
    "section.card.tier-account",
    { id: "tier", "aria-label": t("tier.why") },
    h("h2", {}, t("tier.why")),
    ahead?.fen ? bar("tier-fen", t("tier.spent", { yuan: yuan(held.spend_fen), name }), held.spend_fen, ahead.fen) : null,
    ahead?.visits ? bar("tier-visits", t("tier.visited", { count: String(held.visits), name }), held.visits, ahead.visits) : null,
    h("p.small", { id: "tier-text" }, typeset(language === "zh" ? held.text_zh : held.text_en)),
  );
}

/** @param {string} id @param {string} label @param {number} has @param {number} lacks */
function bar(id, label, has, lacks) {
  const meter = h("progress", { id, max: String(has + lacks), value: String(has), "aria-label": label });
  return h("div.tier-bar", {}, h("p.muted.small", {}, label), meter);
}

/** @param {any} growth @param {"zh"|"en"} language @param {Acts} acts */
function coupons({ coupons: held, gifts }, language, { t }) {
  if (!held.length && !gifts.length) return null;
  const row = (/** @type {any} */ one) =>
    h("li", {}, h("span.name", {}, named(one, language)), h("span.muted", {}, t("coupon.until", { day: one.last_day })));
  return h(
    "section.card",
    { "aria-label": t("coupons") },
    held.length ? h("h2", {}, t("coupons")) : null,
    held.length ? h("ul.goods", { id: "coupons" }, ...held.map(row)) : null,
    gifts.length ? h("h2", {}, t("gifts")) : null,
    gifts.length ? h("ul.goods", { id: "gifts" }, ...gifts.map(row)) : null,
  );
}

/** What the settings show. @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function ownWords(state, acts) {
  const { growth, online, phone } = state;
  if (!growth || !phone?.key) return [];
  return [birthday(growth.birthday, !online, acts), personal(growth.personal, !online, acts)];
}

/** @param {any} said @param {boolean} off @param {Acts} acts */
function birthday(said, off, { t, setBirthday: save }) {
  const kind = said ? said.calendar + (said.leap ? "-leap" : "") : "solar";
  const days = kind === "solar" ? SOLAR_DAYS : LUNAR_DAYS;
  return h(
    "section.card",
    { "aria-label": t("birthday") },
    h("h2", {}, t("birthday")),
    h("p.muted.small", {}, t("birthday.how")),
    h(
      "div.buttons",
      {},
      select("birth-calendar", t("birthday.calendar"), [["solar", t("birthday.solar")], ["lunar", t("birthday.lunar")], ["lunar-leap", t("birthday.leap")]], kind),
      select("birth-month", t("birthday.month"), numbers(12), String(said?.month ?? 0)),
      select("birth-day", t("birthday.day"), numbers(Math.max(days, SOLAR_DAYS)), String(said?.day ?? 0)),
      h("button", { type: "button", id: "birthday-save", disabled: off, onclick: save }, t("save")),
    ),
  );
}

/** @param {number} last @returns {string[][]} */
function numbers(last) {
  return Array.from({ length: last + 1 }, (_, at) => [String(at), at ? String(at) : "–"]);
}

/** @param {string} id @param {string} label @param {string[][]} choices @param {string} chosen */
function select(id, label, choices, chosen) {
  const options = choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("select", { id, "aria-label": label }, ...options);
}

/** @param {boolean} on @param {boolean} off @param {Acts} acts */
function personal(on, off, { t, setPersonal }) {
  const act = { type: "button", id: "personal", role: "switch", "aria-checked": String(on), disabled: off, onclick: () => setPersonal(!on) };
  return h(
    "section.card",
    { "aria-label": t("personal") },
    h("div.row", {}, h("h2", {}, t("personal")), h(on ? "span.chip.on" : "span.chip", {}, t(on ? "personal.on" : "personal.off"))),
    h("p.muted.small", {}, t("personal.how")),
    h("button", act, t(on ? "personal.turn_off" : "personal.turn_on")),
  );
}
