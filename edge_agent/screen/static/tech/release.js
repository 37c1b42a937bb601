// @ts-check
/** Which release runs on the box, which one is wanted, and what it waits for. */

import { h, mark } from "../dom.js";

const MARKS = /** @type {const} */ ({ failed: "cannot", refused: "cannot", trying: "degraded", ready: "degraded", fetching: "degraded" });

export const texts = {
  zh: {
    "release.title": "版本",
    "release.runs": "在跑 {version}",
    "release.off": "这台盒子不收更新",
    "release.wanted": "总部要换成 {version}",
    "release.held": "还没轮到",
    "release.fetching": "正在下载",
    "release.ready": "已装好,等着换",
    "release.trying": "试用中:真卖 {sales} / {needed} 单,程序出错 {breaks} 次",
    "release.proved": "已确认",
    "release.failed": "失败,已退回上一版",
    "release.refused": "拒收",
    "release.clock": "等盒子知道时间",
    "release.window": "等到 {window}",
    "release.basket": "等 {holder} 的购物篮",
  },
  en: {
    "release.title": "Release",
    "release.runs": "runs {version}",
    "release.off": "this box takes no releases",
    "release.wanted": "HQ wants {version}",
    "release.held": "not its turn yet",
    "release.fetching": "being fetched",
    "release.ready": "in place, waits to be switched to",
    "release.trying": "on trial: {sales} of {needed} real sales, the program broke {breaks} times",
    "release.proved": "has proved itself",
    "release.failed": "failed; the box went back to the one before",
    "release.refused": "refused",
    "release.clock": "waits until the box knows the time",
    "release.window": "waits for {window}",
    "release.basket": "waits for the basket at {holder}",
  },
};

/**
 * @typedef {{managed: boolean, version: string, wanted_version: string, wanted_number: number, stage: string, waits: string, holder: string, window: string, code: string, zh: string, en: string, sales: number, sales_needed: number, breaks: number}} Told
 */

/** @param {HTMLElement} place @param {import("./tech.js").Desk} desk */
export async function draw(place, desk) {
  const answer = await desk.ask("GET", "/v1/tech/update");
  if (!answer.ok || !place.isConnected) return;
  place.replaceChildren(card(answer.body, desk));
}

/** @param {Told} told @param {import("./tech.js").Desk} desk */
function card(told, desk) {
  const { t } = desk;
  const rows = [h("p.row", {}, mark("ok"), t("release.runs", { version: told.version }))];
  if (!told.managed) rows.push(h("p.muted", {}, t("release.off")));
  if (told.wanted_number) rows.push(wanted(told, desk));
  return h("section.card", { "aria-label": t("release.title") }, h("h2", {}, t("release.title")), ...rows);
}

/** @param {Told} told @param {import("./tech.js").Desk} desk */
function wanted(told, desk) {
  const { t, language } = desk;
  const stage = t(`release.${told.stage}`, { sales: told.sales, needed: told.sales_needed, breaks: told.breaks });
  const waits = told.waits && t(`release.${told.waits}`, { window: told.window, holder: told.holder });
  const lines = [t("release.wanted", { version: told.wanted_version }), stage, waits].filter(Boolean).join(" · ");
  const kind = MARKS[/** @type {keyof typeof MARKS} */ (told.stage)] ?? "ok";
  return h("div.channel", {}, mark(kind), h("div", {}, h("p", {}, lines), told.code ? h("p.muted.small", {}, told[language]) : ""), h("span.muted.small", {}, told.code));
}
