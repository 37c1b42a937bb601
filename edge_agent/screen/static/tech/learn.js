// @ts-check
/** Teaching the box a till: receipts come in while the shop sells, a person looks and corrects. */

import { h } from "../dom.js";

const EVERY_MS = 2_000;
const FEW = 5;
const SUMS = ["due", "total", "subtotal", "discount", "rounding", "saved", "extra", "tax", "tender", "change", "count", "note"];

export const texts = {
  zh: {
    "learn.how": "正常卖货,盒子在旁边收小票。5 到 20 张就够,最好有优惠、退货、找零。样张只在内存里,不离开盒子。",
    "learn.begin": "开始收样张",
    "learn.end": "结束并忘掉",
    "learn.taken": "已收 {count} 张,最多 {most} 张",
    "learn.few": "再多几张更可靠",
    "learn.without": "现在的配置读得懂 {count} 张",
    "learn.name": "配置的名字(小写字母、数字和 -)",
    "learn.title": "给人看的名字",
    "learn.learn": "学一学",
    "learn.reads": "学会后读得懂 {count} / {all} 张",
    "learn.sample": "样张 {name}",
    "learn.unread": "读不懂",
    "learn.total": "合计 {amount}",
    "learn.proof": "凭什么",
    "learn.proven": "金额证实",
    "learn.guessed": "推测,请看一看",
    "learn.profile": "要写下的配置",
    "learn.correct": "这个词的意思",
    "learn.asLearned": "照学到的",
    "learn.save": "写下配置",
    "learn.replace": "换掉同名的配置?",
    "learn.saved": "已写下 {name}。请总部把这台收银机的机型改成它,重启后生效",
    "learn.role.article": "商品",
    "learn.role.heading": "表头",
    "learn.role.rule": "分隔线",
    "learn.role.number": "小票号",
    "learn.role.due": "应收",
    "learn.role.total": "合计",
    "learn.role.subtotal": "小计",
    "learn.role.discount": "优惠",
    "learn.role.rounding": "抹零",
    "learn.role.saved": "已优惠(说明)",
    "learn.role.extra": "加收",
    "learn.role.tax": "税",
    "learn.role.tender": "付款",
    "learn.role.change": "找零",
    "learn.role.count": "件数",
    "learn.role.note": "不算钱",
    "learn.role.refund": "退货标题",
    "learn.role.reprint": "补打标题",
    "learn.role.void": "作废标题",
    "learn.role.none": "没有用到",
  },
  en: {
    "learn.how": "Sell as always, the box takes receipts beside you. 5 to 20 are enough, with a discount, a refund and change among them. Samples stay in memory and on this box.",
    "learn.begin": "Take samples",
    "learn.end": "End and forget",
    "learn.taken": "{count} taken, {most} at most",
    "learn.few": "A few more make it surer",
    "learn.without": "{count} are read by the profile in use",
    "learn.name": "Name of the profile (small letters, digits and -)",
    "learn.title": "Title for people",
    "learn.learn": "Learn",
    "learn.reads": "Once learned, {count} of {all} are read",
    "learn.sample": "Sample {name}",
    "learn.unread": "Not read",
    "learn.total": "Total {amount}",
    "learn.proof": "Why it may be believed",
    "learn.proven": "Proven by sums",
    "learn.guessed": "A guess, please look",
    "learn.profile": "The profile",
    "learn.correct": "What this word means",
    "learn.asLearned": "As learned",
    "learn.save": "Write the profile",
    "learn.replace": "Replace the profile of that name?",
    "learn.saved": "Wrote {name}. Let headquarters name it for this till; it counts after a restart",
    "learn.role.article": "Article",
    "learn.role.heading": "Heading",
    "learn.role.rule": "Rule",
    "learn.role.number": "Receipt number",
    "learn.role.due": "Due",
    "learn.role.total": "Total",
    "learn.role.subtotal": "Subtotal",
    "learn.role.discount": "Discount",
    "learn.role.rounding": "Rounding",
    "learn.role.saved": "Saved (for information)",
    "learn.role.extra": "Extra charge",
    "learn.role.tax": "Tax",
    "learn.role.tender": "Payment",
    "learn.role.change": "Change",
    "learn.role.count": "Pieces",
    "learn.role.note": "No money",
    "learn.role.refund": "Refund title",
    "learn.role.reprint": "Copy title",
    "learn.role.void": "Void title",
    "learn.role.none": "Not used",
  },
};

/**
 * @typedef {{text: string, role: string, label: string}} Printed
 * @typedef {{name: string, kind: string, reads: boolean, fault: string | null, total_fen: number | null, printed: Printed[]}} Read
 * @typedef {{profile: string, samples: Read[], findings: {what: string, value: string, proof: string, samples: number}[]}} Taught
 */

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  const lesson = new Lesson(place, desk);
  void lesson.begin();
  return () => lesson.leave();
}

class Lesson {
  /** @param {HTMLElement} place @param {import("./tech.js").Desk} desk */
  constructor(place, desk) {
    this.desk = desk;
    this.left = false;
    this.till = "";
    this.timer = 0;
    /** @type {Record<string, string>} */
    this.corrections = {};
    this.choice = h("div.row");
    this.taken = h("div.card", { id: "learn-taken", "aria-live": "polite" });
    this.result = h("div", { id: "learn-result" });
    this.name = field("learn-name", "shop-till-1");
    this.title = field("learn-title", "");
    place.append(h("p.small.muted", {}, desk.t("learn.how")), this.choice, this.taken, this.result);
    this.taken.hidden = true;
  }

  async begin() {
    const { desk } = this;
    const tills = await desk.tills();
    if (this.left) return;
    if (!tills.length) return this.choice.replaceChildren(h("p.empty", {}, desk.t("tills.none")));
    const list = /** @type {HTMLSelectElement} */ (
      h("select", { id: "learn-till", onchange: () => this.turnTo(list.value) }, ...tills.map((one) => h("option", { value: one.till }, one.name)))
    );
    const start = h("button.primary", { id: "learn-begin", onclick: () => this.collect() }, desk.t("learn.begin"));
    this.choice.replaceChildren(h("label", {}, desk.t("tills.choose"), list), start);
    this.turnTo(list.value);
  }

  /** @param {string} till */
  turnTo(till) {
    this.till = till;
    this.corrections = {};
    this.result.replaceChildren();
    this.taken.hidden = true;
    void this.look();
  }

  leave() {
    this.left = true;
    clearTimeout(this.timer);
  }

  async collect() {
    this.corrections = {};
    this.result.replaceChildren();
    await this.told(await this.desk.ask("POST", this.path("samples"), {}));
    this.wait();
  }

  async forget() {
    clearTimeout(this.timer);
    await this.desk.ask("DELETE", this.path("samples"));
    this.taken.hidden = true;
    this.result.replaceChildren();
  }

  wait() {
    clearTimeout(this.timer);
    if (!this.left) this.timer = setTimeout(() => void this.look(), EVERY_MS);
  }

  async look() {
    const till = this.till;
    const answer = await this.desk.ask("GET", this.path("samples"));
    if (this.left || till !== this.till) return;
    if (!answer.ok) return void (this.taken.hidden = true);
    this.told(answer);
    this.wait();
  }

  /** @param {import("../state.js").Answer} answer */
  told(answer) {
    const { desk } = this;
    if (!answer.ok) return desk.notice(desk.why(answer));
    const { samples, most } = answer.body;
    const read = samples.filter((/** @type {{fault: string | null, kind: string}} */ one) => !one.fault && one.kind !== "other").length;
    const begun = this.taken.hidden;
    this.taken.hidden = false;
    if (begun) this.form();
    const said = /** @type {HTMLElement} */ (this.taken.firstElementChild);
    said.replaceChildren(
      h("h2", {}, desk.t("learn.taken", { count: samples.length, most })),
      h("p.muted", {}, desk.t("learn.without", { count: read })),
      ...(samples.length < FEW ? [h("p.note", {}, desk.t("learn.few"))] : []),
    );
  }

  form() {
    const { desk } = this;
    this.taken.replaceChildren(
      h("div"),
      h("div.row", {}, h("label", {}, desk.t("learn.name"), this.name), h("label", {}, desk.t("learn.title"), this.title)),
      h(
        "div.buttons",
        {},
        h("button.primary", { id: "learn-learn", onclick: () => this.learn() }, desk.t("learn.learn")),
        h("button", { id: "learn-end", onclick: () => this.forget() }, desk.t("learn.end")),
      ),
    );
  }

  async learn() {
    const answer = await this.desk.ask("POST", this.path("learn"), this.wish());
    if (this.left) return;
    if (!answer.ok) return this.desk.notice(this.desk.why(answer));
    this.show(answer.body);
  }

  async save(force = false) {
    const { desk } = this;
    const answer = await desk.ask("PUT", this.path("profile"), { ...this.wish(), force });
    if (answer.ok) return desk.notice(desk.t("learn.saved", { name: this.name.value }));
    if (answer.body?.code === "T123" && !force && confirm(desk.t("learn.replace"))) return this.save(true);
    desk.notice(desk.why(answer));
  }

  wish() {
    return { name: this.name.value, title: this.title.value || this.name.value, corrections: this.corrections };
  }

  /** @param {Taught} taught */
  show(taught) {
    const { desk } = this;
    const good = taught.samples.filter((one) => one.reads).length;
    this.result.replaceChildren(
      h("h2", { id: "learn-reads" }, desk.t("learn.reads", { count: good, all: taught.samples.length })),
      ...taught.samples.map((one, at) => this.sample(one, at === 0 || !one.reads)),
      h("div.card", {}, h("h3", {}, desk.t("learn.proof")), ...taught.findings.map((one) => this.finding(one))),
      h("div.card", {}, h("h3", {}, desk.t("learn.profile")), h("pre", { id: "learn-profile" }, taught.profile)),
      h("div.buttons", {}, h("button.primary", { id: "learn-save", onclick: () => this.save() }, desk.t("learn.save"))),
    );
  }

  /** @param {Read} read @param {boolean} unfolded */
  sample(read, unfolded) {
    const { desk } = this;
    const amount = read.total_fen === null ? "" : desk.t("learn.total", { amount: (read.total_fen / 100).toFixed(2) });
    const said = read.reads ? amount : `${desk.t("learn.unread")} ${read.fault ?? ""}`;
    return h(
      "details.card",
      { open: unfolded },
      h("summary", {}, `${desk.t("learn.sample", { name: read.name })} · ${said}`),
      h("table", {}, h("tbody", {}, ...read.printed.map((line) => this.line(line)))),
    );
  }

  /** @param {Printed} line */
  line(line) {
    const { desk } = this;
    const known = `learn.role.${line.role || "none"}`;
    const meaning = line.label && !["article", "number", "rule"].includes(line.role) ? this.chooser(line) : h("span.muted.small", {}, desk.t(known));
    return h("tr", {}, h("td", {}, h("code", {}, line.text)), h("td", {}, meaning));
  }

  /** @param {Printed} line */
  chooser(line) {
    const { desk } = this;
    const word = line.label.replace(/[\s:：]+$/, "");
    const chosen = this.corrections[word];
    const learned = `${desk.t("learn.asLearned")}: ${desk.t(`learn.role.${line.role || "none"}`)}`;
    const list = /** @type {HTMLSelectElement} */ (
      h(
        "select",
        { "aria-label": `${desk.t("learn.correct")}: ${word}`, onchange: () => this.correct(word, list.value) },
        h("option", { value: "" }, learned),
        ...SUMS.map((one) => h("option", { value: one, selected: one === chosen }, desk.t(`learn.role.${one}`))),
      )
    );
    return list;
  }

  /** @param {string} word @param {string} meaning "" takes the correction back */
  correct(word, meaning) {
    if (meaning) this.corrections[word] = meaning;
    else delete this.corrections[word];
    void this.learn();
  }

  /** @param {Taught["findings"][number]} found */
  finding(found) {
    const { desk } = this;
    const sure = desk.t(found.proof === "proven" ? "learn.proven" : "learn.guessed");
    return h(found.proof === "proven" ? "p" : "p.note", {}, `${sure} (${found.samples}) · ${found.what}: ${found.value}`);
  }

  /** @param {string} what */
  path(what) {
    return `/v1/tech/tills/${this.till}/${what}`;
  }
}

/** @param {string} id @param {string} value */
function field(id, value) {
  return /** @type {HTMLInputElement} */ (h("input", { id, value, maxlength: "60", autocomplete: "off" }));
}
