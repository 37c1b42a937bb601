// @ts-check
/** The box itself: what is wrong, who mends it, what may be tried, its figures, what to take along. */

import { h, mark } from "../dom.js";
import { drawn } from "../link_code.js";
import * as release from "./release.js";

const AGAIN_MS = 5_000;
const MINUTE_MS = 60_000;
const MARKS = /** @type {const} */ ({ stops: "cannot", hinders: "degraded", warns: "degraded" });
/** Figures as people read them; others of the box are for programs. @type {[string, string][]} */
const FIGURES = [
  ["temperature_c", " °C"],
  ["disk_free_percent", " %"],
  ["memory_free_percent", " %"],
  ["card_life_percent", " %"],
  ["queue_depth", ""],
  ["journal_ms", " ms"],
  ["clock_off_ms", " ms"],
  ["usb_resets_hour", ""],
  ["camera_stalls_hour", ""],
  ["reader_resets_hour", ""],
  ["certificate_days", ""],
  ["faces", ""],
];

export const texts = {
  zh: {
    ...release.texts.zh,
    "health.lead": "盒子每 15 秒看自己一遍,每 3 分钟试卖一单。",
    "health.issues": "哪里不好,谁能修",
    "health.well": "没有发现问题",
    "health.since": "{minutes} 分钟前开始",
    "health.stops": "停业",
    "health.hinders": "缺东西",
    "health.warns": "预警",
    "health.clerk": "店员能修",
    "health.technician": "技术员修",
    "health.hq": "总部修",
    "health.figures": "数字",
    "health.temperature_c": "温度",
    "health.disk_free_percent": "磁盘剩余",
    "health.memory_free_percent": "内存剩余",
    "health.card_life_percent": "存储卡已用寿命",
    "health.queue_depth": "等着上传",
    "health.journal_ms": "账本写一次",
    "health.clock_off_ms": "钟差",
    "health.usb_resets_hour": "USB 断开,一小时",
    "health.camera_stalls_hour": "摄像头卡住,一小时",
    "health.reader_resets_hour": "读卡器重连,一小时",
    "health.certificate_days": "证书剩余天数",
    "health.faces": "本店人脸",
    "health.unknown": "说不出",
    "health.fixups": "能试的办法",
    "health.try": "试一下",
    "health.dry": "试算",
    "health.would": "会动:{touches}",
    "health.tried": "做了:{touches}",
    "health.alone": "盒子自己也会试",
    "health.against": "对 {codes}",
    "health.last": "试过的",
    "health.none": "还没试过",
    "health.box": "盒子自己",
    "health.done": "成了",
    "health.take": "带走",
    "health.diag": "下载诊断包",
    "health.diagHow": "一个压缩包,里面没有会员、电话、密钥和口令。",
    "health.diagBusy": "正在收集…",
    "health.diagDone": "诊断包已下载",
    "health.code": "断网时拍这个码发给总部",
    "health.summary": "盒子的要点",
  },
  en: {
    ...release.texts.en,
    "health.lead": "Every 15 s the box looks at itself, and every 3 minutes it tries a sale.",
    "health.issues": "What is wrong, and who mends it",
    "health.well": "Nothing wrong was found",
    "health.since": "began {minutes} min ago",
    "health.stops": "stops the shop",
    "health.hinders": "something is missing",
    "health.warns": "a warning",
    "health.clerk": "a clerk mends it",
    "health.technician": "a technician mends it",
    "health.hq": "HQ mends it",
    "health.figures": "Figures",
    "health.temperature_c": "temperature",
    "health.disk_free_percent": "disk free",
    "health.memory_free_percent": "memory free",
    "health.card_life_percent": "card life used",
    "health.queue_depth": "waits to be sent",
    "health.journal_ms": "one write",
    "health.clock_off_ms": "clock is off",
    "health.usb_resets_hour": "USB drops an hour",
    "health.camera_stalls_hour": "camera stalls an hour",
    "health.reader_resets_hour": "reader resets an hour",
    "health.certificate_days": "days of certificate",
    "health.faces": "faces held",
    "health.unknown": "not told",
    "health.fixups": "What may be tried",
    "health.try": "Try it",
    "health.dry": "Dry run",
    "health.would": "Would touch: {touches}",
    "health.tried": "Done: {touches}",
    "health.alone": "the box tries it too",
    "health.against": "against {codes}",
    "health.last": "What was tried",
    "health.none": "Nothing yet",
    "health.box": "the box itself",
    "health.done": "done",
    "health.take": "To take along",
    "health.diag": "Download diagnostics",
    "health.diagHow": "One archive, without members, phones, keys or passwords.",
    "health.diagBusy": "Collecting…",
    "health.diagDone": "Diagnostics downloaded",
    "health.code": "Without a line, send HQ a photo of this code",
    "health.summary": "The box in short",
  },
};

/**
 * @typedef {{code: string, subject: string, severity: "stops"|"hinders"|"warns", mender: string, since_ms: number, zh: string, en: string}} Issue
 * @typedef {{name: string, codes: string[], zh: string, en: string, alone: boolean}} Fixup
 * @typedef {{name: string, at_ms: number, by: string, trouble: string, touches: string}} Done
 * @typedef {{issues: Issue[], vitals: Record<string, number|null>, fixups: Fixup[], done: Done[]}} Body
 */

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  let last = "";
  const body = h("div", { id: "health-body" });
  const take = takeAlong(desk);
  const runs = h("div", { id: "health-release" });
  place.replaceChildren(h("p.muted", {}, desk.t("health.lead")), body, runs, take.card);
  const look = async () => {
    const answer = await desk.ask("GET", "/v1/tech/health");
    if (!answer.ok) return desk.notice(desk.why(answer));
    await release.draw(runs, desk);
    const now = JSON.stringify(answer.body);
    if (now === last || !place.isConnected) return;
    last = now;
    body.replaceChildren(...page(answer.body, desk, look));
    await take.draw();
  };
  void look();
  const timer = setInterval(() => void look(), AGAIN_MS);
  return () => clearInterval(timer);
}

/** @param {Body} found @param {import("./tech.js").Desk} desk @param {() => Promise<void>} again */
function page(found, desk, again) {
  const { t } = desk;
  const wrong = new Set(found.issues.map((one) => one.code));
  const helps = (/** @type {Fixup} */ one) => one.codes.some((code) => wrong.has(code));
  const fixups = [...found.fixups].sort((one, other) => Number(helps(other)) - Number(helps(one)));
  return [
    h(
      "section.card",
      { "aria-label": t("health.issues") },
      h("h2", {}, t("health.issues")),
      h("div.jobs", { id: "health-issues" }, ...(found.issues.length ? found.issues.map((one) => issue(one, desk)) : [h("p.row", {}, mark("ok"), t("health.well"))])),
    ),
    h("section.card", { "aria-label": t("health.figures") }, h("h2", {}, t("health.figures")), h("div.figures", { id: "health-figures" }, ...FIGURES.map(([name, unit]) => figure(found.vitals[name] ?? null, name, unit, t)))),
    h(
      "section.card",
      { "aria-label": t("health.fixups") },
      h("h2", {}, t("health.fixups")),
      ...fixups.map((one) => fixup(one, helps(one), desk, again)),
      h("h3", {}, t("health.last")),
      found.done.length ? h("ul.jobs", { id: "health-done" }, ...found.done.slice(-5).reverse().map((one) => done(one, found.fixups, desk))) : h("p.muted", {}, t("health.none")),
    ),
  ];
}

/** @param {Issue} one @param {import("./tech.js").Desk} desk */
function issue(one, desk) {
  const { t, language } = desk;
  const minutes = Math.max(0, Math.round((Date.now() - one.since_ms) / MINUTE_MS));
  const about = [t(`health.${one.severity}`), t(`health.${one.mender}`), t("health.since", { minutes })].join(" · ");
  return h("div.channel", {}, mark(MARKS[one.severity]), h("div", {}, h("p.strong", {}, one[language]), h("p.muted.small", {}, about)), h("span.muted.small", {}, one.code));
}

/** @param {number | null} value @param {string} name @param {string} unit @param {import("./tech.js").Say} t */
function figure(value, name, unit, t) {
  return h("p.figure", {}, h("b", {}, value === null ? "—" : `${value}${unit}`), h("span", {}, value === null ? `${t(`health.${name}`)} · ${t("health.unknown")}` : t(`health.${name}`)));
}

/** @param {Fixup} one @param {boolean} helps @param {import("./tech.js").Desk} desk @param {() => Promise<void>} again */
function fixup(one, helps, desk, again) {
  const { t, language } = desk;
  const run = async (/** @type {boolean} */ dry) => {
    const answer = await desk.ask("POST", `/v1/tech/health/fixups/${one.name}`, { dry });
    const said = answer.ok ? t(dry ? "health.would" : "health.tried", { touches: answer.body.touches }) : desk.why(answer);
    desk.notice(said);
    await again();
  };
  const button = (/** @type {string} */ key, /** @type {boolean} */ dry) =>
    h(helps && !dry ? "button.primary" : "button", { type: "button", id: `${key}-${one.name}`, "aria-label": `${t(`health.${key}`)}: ${one[language]}`, onclick: () => void run(dry) }, t(`health.${key}`));
  const about = [t("health.against", { codes: one.codes.join(" ") }), one.alone && t("health.alone")].filter(Boolean).join(" · ");
  return h("div.channel", {}, mark(helps ? "degraded" : "unknown"), h("div", {}, h("p", {}, one[language]), h("p.muted.small", {}, about)), h("div.buttons", {}, button("dry", true), button("try", false)));
}

/** @param {Done} one @param {Fixup[]} fixups @param {import("./tech.js").Desk} desk */
function done(one, fixups, desk) {
  const { t, language } = desk;
  const name = fixups.find((known) => known.name === one.name)?.[language] ?? one.name;
  const by = one.by === "box" ? t("health.box") : one.by;
  return h("li", {}, [new Date(one.at_ms).toLocaleString(), name, by, one.trouble || t("health.done"), one.touches].filter(Boolean).join(" · "));
}

/** @param {import("./tech.js").Desk} desk */
function takeAlong(desk) {
  const { t } = desk;
  const button = h("button", { type: "button", id: "health-diag", onclick: () => void fetchDiag() }, t("health.diag"));
  const code = h("div", { id: "health-code" });
  const fetchDiag = async () => {
    button.textContent = t("health.diagBusy");
    const headers = { Authorization: `Bearer ${desk.token}`, "Content-Type": "application/json" };
    const answer = await fetch("/v1/tech/diag", { method: "POST", headers, body: "{}" });
    button.textContent = t("health.diag");
    if (!answer.ok) return desk.notice(desk.why({ ok: false, status: answer.status, body: await answer.json() }));
    const link = /** @type {HTMLAnchorElement} */ (h("a", { href: URL.createObjectURL(await answer.blob()), download: "regulars-diag.tar.gz" }));
    link.click();
    URL.revokeObjectURL(link.href);
    desk.notice(t("health.diagDone"));
  };
  const draw = async () => {
    const answer = await desk.ask("GET", "/v1/tech/diag/summary");
    if (answer.ok) code.replaceChildren(drawn(answer.body.rows, t("health.summary")));
  };
  const words = h("div", {}, h("p", {}, t("health.diagHow")), h("div.buttons", {}, button), h("p.muted.small", {}, t("health.code")));
  const card = h("section.card", { "aria-label": t("health.take") }, h("h2", {}, t("health.take")), h("div.take", {}, words, code));
  return { card, draw };
}
