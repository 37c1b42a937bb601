// @ts-check
/** The right half: what is bought, line by line, and what it comes to. */

import { h, icon } from "../dom.js";
import { integer, named, quantity, typeset, yuan } from "../format.js";
import { due, sells } from "../state.js";
import { saleDone, tapped } from "./done.js";
import { redeem } from "./redeem.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Say} Say */

/** @param {State} state @param {any} acts @returns {(HTMLElement | null)[]} */
export function goods(state, acts) {
  const head = sells(state) ? entryRow(state, acts) : null;
  if (state.sale) return [head, saleDone(state, acts)];
  if (state.tapped) return tapped(state, acts);
  if (!state.basket || !state.basket.lines.length) return [head, empty(state, acts)];
  return [head, lines(state, acts), note(state, acts), sum(state, acts), acts.own() ? redeem(state, acts) : null];
}

/** @param {State} state @param {any} acts the field that scanners and fingers type into */
function entryRow(state, acts) {
  const { t } = acts;
  const field = h("input", {
    id: "entry",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "200",
    value: state.entry,
    placeholder: t("entry"),
    "aria-label": t("entry"),
    oninput: (event) => acts.typeEntry(/** @type {HTMLInputElement} */ (event.target).value),
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void acts.submit();
  };
  const rung = state.basket?.basket_id && state.basket.lines.length > 0;
  const park = rung ? t("park") : t("park.take", { count: state.parked });
  return h(
    "form.entry",
    { onsubmit: submit },
    h("button.quiet", { type: "button", id: "entry-pad", "aria-label": t("entry.pad"), title: t("entry.pad"), onclick: acts.askBarcode }, icon("scan")),
    field,
    rung || state.parked ? h("button", { type: "button", id: "park", onclick: () => void acts.park() }, park, h("kbd", {}, "F6")) : null,
    rung ? h("button.quiet", { type: "button", id: "void", "aria-label": t("void"), title: `${t("void")} · Ctrl Del`, onclick: acts.askVoid }, icon("bin")) : null,
  );
}

/** @param {State} state @param {any} acts */
function empty(state, { t, askClerk }) {
  const { features, clerk } = state;
  if (features.baskets && !clerk) {
    const enter = h("button", { type: "button", id: "clerk-enter", onclick: askClerk }, t("clerk.enter"), h("kbd", {}, "F10"));
    return h("div.empty", {}, icon("basket"), h("p.title", {}, t("basket.empty")), h("p.muted", {}, t("basket.clerk.how")), enter);
  }
  const [title, how] = clerk ? [t("basket.ready"), t("basket.ready.how")] : [t("basket.empty"), t("basket.empty.how")];
  return h("div.empty", {}, icon(clerk ? "scan" : "basket"), h("p.title", {}, title), h("p.muted", {}, how));
}

/** @param {State} state @param {any} acts */
function lines(state, acts) {
  const { t } = acts;
  const rows = state.basket.lines.flatMap((/** @type {any} */ line) => lineRows(line, state, acts));
  rows.push(...extras(state, t));
  return h(
    "div.scroll",
    { id: "lines", tabindex: acts.own() ? "-1" : "0", role: "region", "aria-label": t("basket.title") },
    h("table", {}, tableHead(t), h("tbody", {}, ...rows)),
  );
}

/** @param {Say} t */
export function tableHead(t) {
  return h(
    "thead",
    {},
    h(
      "tr",
      {},
      h("th", { scope: "col" }, t("basket.title")),
      h("th.qty", { scope: "col" }, t("basket.qty")),
      h("th.amount", { scope: "col" }, t("basket.amount")),
    ),
  );
}

/** @param {State} state @param {Say} t goods that are given on top */
function extras({ basket, language }, t) {
  return (basket.gifts ?? []).map((/** @type {any} */ gift) => h("tr.item.given", {}, h("td", {}, h("span.name", {}, t("basket.gift", { name: named(gift, language) }))), h("td.qty", {}, String(gift.units)), h("td.amount", {}, yuan(0))));
}

/** @param {any} line @param {State} state @param {any} acts */
function lineRows(line, state, acts) {
  const chosen = acts.own() && state.selected === line.line;
  const offers = line.offers.map((/** @type {any} */ off, /** @type {number} */ at) => offer(nameOf(off, state), off.fen_off, at === line.offers.length - 1));
  if (!acts.own()) return [heard(item(line), line, state, acts), ...offers];
  if (chosen) for (const row of offers) row.classList.add("chosen");
  return [chooseable(line, chosen, acts), ...offers, ...(chosen ? [tools(line, acts)] : [])];
}

/** @param {HTMLElement} row @param {any} line @param {State} state @param {any} acts a line of an old till that only one tap knows */
function heard(row, line, state, { t }) {
  const tap = state.basket.taps?.find((/** @type {any} */ one) => one.line === line.line);
  if (tap?.confidence === "seen") row.querySelector(".name")?.append(h("span.muted", { title: t("basket.unsure_how") }, ` ${t("basket.unsure")}`));
  return row;
}

/** @param {any} line */
export function item(line) {
  return h(
    "tr.item",
    {},
    h("td", {}, h("span.name", { title: line.name }, line.name)),
    h("td.qty", {}, quantity(line.qty_milli)),
    h("td.amount", {}, yuan(line.shelf_fen)),
  );
}

/** @param {any} line @param {boolean} chosen @param {any} acts a line that a finger or an arrow key opens */
function chooseable(line, chosen, { select }) {
  const toggle = () => select(chosen ? null : line.line);
  const name = h("button.line", { type: "button", id: `line-${line.line}`, "aria-expanded": String(chosen), title: line.name, onclick: toggle }, h("span.name", {}, line.name));
  return h(
    chosen ? "tr.item.chosen" : "tr.item",
    {},
    h("td", {}, name),
    h("td.qty", { onclick: toggle }, quantity(line.qty_milli)),
    h("td.amount", { onclick: toggle }, yuan(line.shelf_fen)),
  );
}

/** @param {any} off @param {State} state @returns {string} an offer's name, or the coupon's whose part it is */
export function nameOf(off, { basket, language }) {
  return named(off.offer_id === basket.coupon?.rule ? basket.coupon : off, language);
}

/** @param {string} name @param {number} fenOff @param {boolean} last */
function offer(name, fenOff, last) {
  const branch = h("span.branch", { "aria-hidden": "true" }, last ? "└" : "├");
  return h("tr.offer", {}, h("td", {}, branch, name), h("td", {}), h("td.amount", {}, yuan(-fenOff)));
}

/** @param {any} line @param {any} acts */
function tools(line, acts) {
  const { t } = acts;
  const button = (/** @type {string} */ name, /** @type {Parameters<typeof icon>[0]} */ shape, /** @type {string} */ key, /** @type {() => void} */ act) =>
    h("button", { type: "button", id: `${name}-${line.line}`, "aria-label": `${t(`line.${name}`)} ${key}`, onclick: act }, icon(shape), h("kbd", {}, key));
  const row = h(
    "div.tools",
    {},
    button("less", "less", "−", () => void acts.count(-1)),
    h("button.count", { type: "button", id: `quantity-${line.line}`, title: t("line.quantity"), onclick: acts.askQuantity }, `× ${quantity(line.qty_milli)}`, h("kbd", {}, "Enter")),
    button("more", "add", "+", () => void acts.count(1)),
    button("remove", "bin", "Del", acts.remove),
  );
  return h("tr.tools-row", {}, h("td", { colspan: "3" }, row));
}

/** @param {State} state @param {any} acts */
function note(state, { t }) {
  const { basket, language } = state;
  const moved = basket.price_changed_fen;
  if (moved) return h("p.note", { role: "status" }, icon("link"), t("basket.moved", { old: yuan(basket.total_fen - moved), new: yuan(basket.total_fen) }));
  if (state.repriced !== null) return h("p.note", { role: "status" }, icon("link"), t("basket.repriced", { amount: yuan(state.repriced) }));
  const told = basket.refused ?? basket.fallback;
  if (told) return h("p.note", {}, icon("link"), typeset(told[language]));
  if (basket.status === "incumbent" && basket.gap_fen > 0) {
    return h("p.note", {}, icon("link"), t("basket.incumbent", { amount: yuan(basket.gap_fen) }));
  }
  return null;
}

/** @param {State} state @param {any} acts */
function sum(state, acts) {
  const { t } = acts;
  const { basket } = state;
  const units = basket.lines.reduce((/** @type {number} */ n, /** @type {any} */ line) => n + unitsOf(line.qty_milli), 0);
  const count = t("basket.count", { lines: basket.lines.length, units });
  const points = basket.redeem?.points_fen > 0 ? ` · ${t("basket.by_points", { amount: yuan(basket.redeem.points_fen) })}` : "";
  const why = h("button.plain", { type: "button", id: "why", onclick: acts.openWhy, "aria-haspopup": "dialog" }, t("basket.why"), h("kbd", {}, "?"));
  return h(
    "div.sum",
    {},
    h(
      "div.side",
      {},
      h("span.muted.small", {}, `${count}${points}`),
      h(
        "div.gains",
        {},
        basket.saved_fen > 0 ? h("span.saved.strong", { id: "saved" }, `${t("basket.saved")} ${yuan(basket.saved_fen)}`) : null,
        basket.points_earned > 0 ? h("span", {}, t("basket.earn", { points: integer(basket.points_earned) })) : null,
        why,
      ),
    ),
    h("div.due", {}, h("span.muted", {}, t("basket.due")), h("span.number", { id: "due" }, yuan(due(basket)))),
  );
}

/** @param {number} milli weighed goods count as one */
export function unitsOf(milli) {
  return milli % 1000 === 0 ? milli / 1000 : 1;
}
