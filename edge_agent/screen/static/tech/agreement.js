// @ts-check
/** How far the box agrees with each till, what it may write there, and where they differ. */

import { h, mark } from "../dom.js";
import { exact } from "../format.js";

const AGAIN_MS = 5_000;
const DAYS = 14;
const BAR_PX = 36;
const MINUTES = 30;

export const texts = {
  zh: {
    "agreement.none": "没有要核对的收银机",
    "agreement.lead": "盒子把每一单自己算一遍,和打印的小票比;一致够久,才会往收银机里写。",
    "agreement.score": "得分 {score}‰,最近 {seen} 张里 {agreed} 张一致",
    "agreement.inject": "代打会员号",
    "agreement.append": "小票加印",
    "agreement.display": "客显问候",
    "agreement.allowed": "可以写",
    "agreement.refused": "不写",
    "agreement.bar": "得分 {score}‰,门槛 {bar}‰,核对 {seen} 张",
    "agreement.off": "已关闭",
    "agreement.word": "技术员说了算,还有 {minutes} 分钟",
    "agreement.allow": "临时放行 {minutes} 分钟",
    "agreement.forbid": "禁止 {minutes} 分钟",
    "agreement.back": "收回",
    "agreement.days": "最近几天一致的比例",
    "agreement.examples": "最近的不一致",
    "agreement.well": "没有不一致",
    "agreement.computed": "算出",
    "agreement.printed": "打印",
    "agreement.price": "价格",
    "agreement.quantity": "数量",
    "agreement.missing": "没打印",
    "agreement.extra": "没扫到",
    "agreement.unknown": "未知商品",
    "agreement.total": "合计",
    "agreement.unread": "读不出",
  },
  en: {
    "agreement.none": "No till is compared here",
    "agreement.lead": "The box computes each sale and compares it with the printed receipt. It writes to a till only once both have agreed for long enough.",
    "agreement.score": "Score {score}‰: {agreed} of the last {seen} receipts agree",
    "agreement.inject": "Type the member",
    "agreement.append": "Append to receipts",
    "agreement.display": "Greet on the display",
    "agreement.allowed": "May write",
    "agreement.refused": "Writes nothing",
    "agreement.bar": "score {score}‰, bar {bar}‰, {seen} compared",
    "agreement.off": "switched off",
    "agreement.word": "a technician's word, for {minutes} more minutes",
    "agreement.allow": "Allow for {minutes} min",
    "agreement.forbid": "Forbid for {minutes} min",
    "agreement.back": "Take back",
    "agreement.days": "Share that agreed, last days",
    "agreement.examples": "Last differences",
    "agreement.well": "Nothing differed",
    "agreement.computed": "computed",
    "agreement.printed": "printed",
    "agreement.price": "Price",
    "agreement.quantity": "Quantity",
    "agreement.missing": "Not printed",
    "agreement.extra": "Not scanned",
    "agreement.unknown": "Unknown article",
    "agreement.total": "Total",
    "agreement.unread": "Not readable",
  },
};

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  let shown = "";
  const refresh = async () => {
    const answer = await desk.ask("GET", "/v1/tech/agreement");
    if (!answer.ok) return desk.notice(desk.why(answer));
    const now = JSON.stringify(answer.body);
    if (now === shown || !place.isConnected) return;
    shown = now;
    place.replaceChildren(...page(answer.body.tills, desk, refresh));
  };
  void refresh();
  const timer = setInterval(() => void refresh(), AGAIN_MS);
  return () => clearInterval(timer);
}

/** @param {any[]} tills @param {import("./tech.js").Desk} desk @param {() => Promise<void>} refresh */
function page(tills, desk, refresh) {
  if (!tills.length) return [h("p.empty", {}, desk.t("agreement.none"))];
  return [h("p.muted", {}, desk.t("agreement.lead")), ...tills.map((till) => card(till, desk, refresh))];
}

/** @param {any} till @param {import("./tech.js").Desk} desk @param {() => Promise<void>} refresh */
function card(till, desk, refresh) {
  const { t } = desk;
  return h(
    "section.card",
    { "aria-label": till.name },
    h("div.row", {}, h("h2", {}, till.name), h("p", {}, t("agreement.score", till)), days(till.days.slice(-DAYS), t)),
    ...till.channels.map((/** @type {any} */ one) => channel(till, one, desk, refresh)),
    h("h3", {}, t("agreement.examples")),
    till.examples.length ? h("ul", {}, ...till.examples.map((/** @type {any} */ one) => h("li", {}, words(one, t)))) : h("p.muted", {}, t("agreement.well")),
  );
}

/** @param {any} till @param {any} one @param {import("./tech.js").Desk} desk @param {() => Promise<void>} refresh */
function channel(till, one, desk, refresh) {
  const { t, language } = desk;
  const say = async (/** @type {boolean} */ allow, /** @type {number} */ minutes) => {
    const body = { channel: one.channel, allow, minutes };
    const answer = await desk.ask("POST", `/v1/tech/agreement/${till.till}/overrides`, body);
    if (!answer.ok) desk.notice(desk.why(answer));
    await refresh();
  };
  const button = (/** @type {string} */ key, /** @type {boolean} */ allow, minutes = MINUTES) =>
    h("button", { type: "button", id: `${key}-${one.channel}-${till.till}`, onclick: () => void say(allow, minutes) }, t(`agreement.${key}`, { minutes: MINUTES }));
  const how = one.bar ? t("agreement.bar", one) : t("agreement.off");
  const word = one.overridden ? ` · ${t("agreement.word", { minutes: one.minutes_left })}` : "";
  const why = one.reason ? h("p.muted.small", {}, `${one.reason.code} ${one.reason[language]}`) : null;
  const said = `${t(`agreement.${one.channel}`)}: ${t(one.allowed ? "agreement.allowed" : "agreement.refused")}`;
  return h(
    "div.channel",
    { id: `channel-${one.channel}-${till.till}` },
    mark(one.allowed ? "ok" : "unknown"),
    h("div", {}, h("p", {}, h("strong", {}, said), ` ${how}${word}`), why),
    one.overridden ? button("back", false, 0) : button(one.allowed ? "forbid" : "allow", !one.allowed),
  );
}

/** @param {any[]} last @param {import("./tech.js").Say} t */
function days(last, t) {
  if (!last.length) return null;
  const share = (/** @type {any} */ day) => (day.seen ? day.agreed / day.seen : 0);
  const said = last.map((day) => `${day.day} ${Math.floor(100 * share(day))} %`).join(", ");
  const bars = last.map((day) => {
    const bar = h("span", { title: `${day.day}: ${day.agreed}/${day.seen}` });
    bar.style.height = `${Math.max(2, Math.round(BAR_PX * share(day)))}px`;
    return bar;
  });
  return h("p.bars", { role: "img", "aria-label": `${t("agreement.days")}: ${said}` }, ...bars);
}

/** @param {any} one @param {import("./tech.js").Say} t */
function words(one, t) {
  const yuan = (/** @type {number} */ fen) => (fen / 100).toFixed(2);
  const parts = [exact(one.at_ms), t(`agreement.${one.kind}`), one.name];
  if (one.computed_fen !== null) parts.push(`${t("agreement.computed")} ${yuan(one.computed_fen)}`);
  if (one.printed_fen !== null) parts.push(`${t("agreement.printed")} ${yuan(one.printed_fen)}`);
  return parts.filter(Boolean).join(" · ");
}
