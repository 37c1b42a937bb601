// @ts-check
/** What a till sends, what was understood of it, and what not; persons in it have stand-ins. */

import { h, mark } from "../dom.js";
import { yuan } from "../format.js";

export const texts = {
  zh: {
    "doctor.start": "开始听",
    "doctor.stop": "停止",
    "doctor.save": "存成录制文件",
    "doctor.how": "听的时候收银机照常打印。姓名、电话、卡号、付款码在盒子里就换成了同样长的替身,看到的和录下的都不是真的。",
    "doctor.idle": "选一台收银机,开始听,然后在它上面卖一单",
    "doctor.bytes": "收到字节",
    "doctor.rate": "字节/秒",
    "doctor.unknown": "不认识",
    "doctor.jobs": "小票",
    "doctor.agreement": "对账分数",
    "doctor.appended": "加印",
    "doctor.wrong": "哪里不对,怎么办",
    "doctor.well": "没有发现问题",
    "doctor.try.speeds": "试试这些波特率:{speeds}(现在是 {now})",
    "doctor.try.seven": "试试 7 个数据位、偶校验",
    "doctor.understood": "看懂了什么",
    "doctor.none": "还没有一张小票",
    "doctor.live": "逐行看字节",
    "doctor.hex": "十六进制",
    "doctor.lines": "{count} 行",
    "doctor.misfit": "配置不合这张小票:不用配置能读出 {count} 行,合计 {total}。到“学小票”重新学一遍,或把 profile 改成 generic-auto",
    "doctor.state.ok": "线路通",
    "doctor.state.starting": "正在打开",
    "doctor.state.gone": "线路断了",
    "doctor.kind.sale": "销售",
    "doctor.kind.refund": "退货",
    "doctor.kind.void": "作废",
    "doctor.kind.exchange": "换货",
    "doctor.kind.reprint": "重印",
    "doctor.kind.other": "不是销售",
    "doctor.lost": "和盒子的连接断了",
  },
  en: {
    "doctor.start": "Listen",
    "doctor.stop": "Stop",
    "doctor.save": "Save the recording",
    "doctor.how": "The till prints as ever while you listen. Names, phones, cards and payment codes got stand-ins of the same length inside the box: what you see and save is not the real thing.",
    "doctor.idle": "Choose a till, listen, then ring up a sale on it",
    "doctor.bytes": "bytes",
    "doctor.rate": "bytes a second",
    "doctor.unknown": "not known",
    "doctor.jobs": "receipts",
    "doctor.agreement": "agreement",
    "doctor.appended": "slips added",
    "doctor.wrong": "What is wrong, and what helps",
    "doctor.well": "Nothing wrong was found",
    "doctor.try.speeds": "Try these speeds: {speeds} (now {now})",
    "doctor.try.seven": "Try 7 data bits with even parity",
    "doctor.understood": "What was understood",
    "doctor.none": "No receipt yet",
    "doctor.live": "Bytes, line by line",
    "doctor.hex": "hexadecimal",
    "doctor.lines": "{count} lines",
    "doctor.misfit": "The profile does not fit: without it {count} lines and total {total} are read. Teach the till again, or set its profile to generic-auto",
    "doctor.state.ok": "line is up",
    "doctor.state.starting": "opening",
    "doctor.state.gone": "line is down",
    "doctor.kind.sale": "sale",
    "doctor.kind.refund": "refund",
    "doctor.kind.void": "void",
    "doctor.kind.exchange": "exchange",
    "doctor.kind.reprint": "reprint",
    "doctor.kind.other": "no sale",
    "doctor.lost": "The box is out of reach",
  },
};

const LINES_SHOWN = 200;
const JOBS_SHOWN = 12;
const BLOCKS_KEPT = 50_000;
/** @type {Record<string, "ok"|"degraded"|"cannot">} */
const MARKS = { ok: "ok", starting: "degraded", gone: "cannot" };

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  const { t, language } = desk;
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {string[]} */
  let blocks = [];
  /** @type {import("./tech.js").Till[]} */
  let tills = [];
  let hex = false;
  const chosen = /** @type {HTMLSelectElement} */ (h("select", { id: "doctor-till", "aria-label": t("tills.choose") }));
  const button = h("button.primary", { id: "doctor-listen", onclick: () => (socket ? stop() : start()) }, t("doctor.start"));
  const save = /** @type {HTMLButtonElement} */ (h("button", { id: "doctor-save", disabled: true, onclick: () => keep() }, t("doctor.save")));
  const state = h("p.row", { id: "doctor-state", role: "status" });
  const figures = h("div.figures", { id: "doctor-figures" });
  const wrong = h("ul.faults", { id: "doctor-faults" });
  const jobs = h("ol.jobs", { id: "doctor-jobs" });
  const lines = h("ol.bytes.live", { id: "doctor-lines", tabindex: "0", "aria-label": t("doctor.live") });
  const asHex = h("button", { "aria-pressed": "false", onclick: () => turn() }, t("doctor.hex"));
  const heard = h(
    "div.heard",
    { hidden: true },
    h("div.beside", {}, h("section.card", {}, h("h2", {}, t("doctor.wrong")), figures, wrong), h("section.card", {}, h("h2", {}, t("doctor.understood")), jobs)),
    h("section.card", {}, h("div.row", {}, h("h2", {}, t("doctor.live")), asHex), lines),
  );
  const idle = h("p.empty", {}, t("doctor.idle"));

  function turn() {
    hex = !hex;
    asHex.setAttribute("aria-pressed", String(hex));
    lines.classList.toggle("as-hex", hex);
  }

  function start() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const opened = new WebSocket(`${scheme}//${location.host}/v1/tech/tills/${chosen.value}/watch`, ["regulars.v1", `bearer.${desk.token}`]);
    socket = opened;
    blocks = [];
    jobs.replaceChildren(h("li.muted", {}, t("doctor.none")));
    lines.replaceChildren();
    idle.hidden = true;
    heard.hidden = false;
    button.textContent = t("doctor.stop");
    chosen.disabled = true;
    opened.onmessage = (message) => took(JSON.parse(message.data));
    opened.onclose = () => {
      if (socket === opened) {
        desk.notice(t("doctor.lost"));
        stop();
      }
    };
  }

  function stop() {
    const closing = socket;
    socket = null;
    closing?.close();
    chosen.disabled = false;
    button.textContent = t("doctor.start");
  }

  /** @param {any} told */
  function took(told) {
    if (told.type === "block" && blocks.length < BLOCKS_KEPT) {
      blocks.push(JSON.stringify({ at_ms: told.at_ms, data: told.data }));
      save.disabled = false;
    } else if (told.type === "line") shown(told.parts);
    else if (told.type === "job") understood(told);
    else if (told.type === "state") stands(told.state);
    else if (told.type === "report") reported(told);
  }

  /** @param {{kind: string, hex: string, text: string, zh: string, en: string}[]} parts */
  function shown(parts) {
    const said = parts.map((part) => h(`span.part.${part.kind}`, { title: `${part[language]} · ${part.hex}` }, h("span.as-text", {}, part.text), h("span.as-bytes", {}, part.hex)));
    const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 40;
    lines.append(h("li", {}, ...said));
    while (lines.childElementCount > LINES_SHOWN) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  /** @param {any} job */
  function understood(job) {
    if (jobs.firstElementChild?.classList.contains("muted")) jobs.replaceChildren();
    const total = job.total_fen === null ? "" : yuan(job.total_fen);
    const why = job.fault ? h("span.note", {}, `${job.fault.code} ${job.fault[language]}`) : null;
    const bare = job.without_profile ? h("span.note", {}, t("doctor.misfit", { count: job.without_profile.lines, total: yuan(job.without_profile.total_fen) })) : null;
    const sign = mark(job.fault ? "degraded" : "ok");
    jobs.prepend(h("li.row", {}, sign, h("span.strong", {}, t(`doctor.kind.${job.kind}`)), h("span", {}, t("doctor.lines", { count: job.lines })), h("span.strong", {}, total), why, bare));
    while (jobs.childElementCount > JOBS_SHOWN) jobs.lastElementChild?.remove();
  }

  /** @param {string} now */
  function stands(now) {
    state.replaceChildren(mark(MARKS[now] ?? "unknown"), h("span", {}, t(`doctor.state.${now}`)));
  }

  /** @param {any} report */
  function reported(report) {
    stands(report.state);
    const count = Object.values(report.jobs).reduce((sum, one) => sum + Number(one), 0);
    const figure = (/** @type {string} */ name, /** @type {string | number} */ value) => h("p.figure", {}, h("b", {}, String(value)), h("span", {}, t(`doctor.${name}`)));
    figures.replaceChildren(
      figure("bytes", report.bytes),
      figure("rate", report.bytes_per_s),
      figure("unknown", report.unknown_bytes),
      figure("jobs", count),
      figure("agreement", `${(report.agreement.score / 10).toFixed(1)}%`),
      figure("appended", report.appended.printed ?? 0),
    );
    const faults = report.faults.map((/** @type {any} */ one) => h("li", {}, h("code", {}, one.code), ` ${one[language]}`));
    if (report.try_speeds.length) faults.push(h("li.strong", {}, t("doctor.try.speeds", { speeds: report.try_speeds.join(", "), now: report.line.baud_rate })));
    if (report.try_seven_bits) faults.push(h("li.strong", {}, t("doctor.try.seven")));
    wrong.replaceChildren(...(faults.length ? faults : [h("li.muted", {}, t("doctor.well"))]));
  }

  function keep() {
    const till = tills.find((one) => one.till === chosen.value);
    const head = JSON.stringify({ format: "regulars-till-recording", version: 1, profile: till?.profile ?? "" });
    const address = URL.createObjectURL(new Blob([[head, ...blocks, ""].join("\n")], { type: "application/x-ndjson" }));
    const link = /** @type {HTMLAnchorElement} */ (h("a", { href: address, download: `till-${till?.profile ?? "unknown"}.jsonl` }));
    link.click();
    URL.revokeObjectURL(address);
  }

  void desk.tills().then((found) => {
    tills = found;
    if (!tills.length) return place.append(h("p.empty", {}, t("tills.none")));
    chosen.append(...tills.map((one) => h("option", { value: one.till }, `${one.name} · ${one.profile}`)));
    stands(/** @type {import("./tech.js").Till} */ (tills[0]).state);
    place.append(h("div.row.doctor-head", {}, chosen, button, save, state), h("p.muted.small", {}, t("doctor.how")), idle, heard);
  });
  return stop;
}
