// @ts-check
/** The customer's own display: a greeting, what is saved, the points; nothing about habits or money held. */

import { h, icon } from "../dom.js";
import { integer, typeset, yuan } from "../format.js";
import { due } from "../state.js";
import { coaching, turning } from "./coach.js";

/** @typedef {import("../state.js").State} State */

const LINES_SHOWN = 6;

/** @param {State} state @param {any} acts @returns {(HTMLElement | null)[]} */
export function customer(state, acts) {
  if (state.coach) return [h("div.facing", {}, ...coaching(state, acts).filter((node) => node?.className !== "buttons"))];
  if (state.challenge?.outcome === "running") return [h("div.facing", {}, ...turning(state, acts).filter((node) => node?.className !== "buttons"))];
  if (state.consent) return [consent(state, acts)];
  if (state.sale) return [thanks(state, acts)];
  return [h("div.facing", {}, greeting(state, acts), state.basket?.lines.length ? paying(state, acts) : null)];
}

/** @param {State} state @param {any} acts */
function greeting({ member, basket }, { t }) {
  const title = member ? t("customer.hello", { name: member.name }) : t("customer.welcome");
  const ways = [["face", t("idle.face")], ["code", t("idle.code")], ["card", t("idle.card")]];
  if (member || basket?.lines.length) return h("header", {}, h("h1", {}, title));
  const shown = ways.map(([name, words]) => h("li", {}, icon(/** @type {"face"} */ (name)), h("span", {}, words)));
  return h("header.open", {}, h("h1", {}, title), h("p.muted", {}, t("customer.how")), h("ul.ways-across", {}, ...shown));
}

/** @param {State} state @param {any} acts */
function paying({ basket }, { t }) {
  const last = basket.lines.slice(-LINES_SHOWN);
  const rows = last.map((/** @type {any} */ line) => h("li", {}, h("span", {}, line.name), h("span", {}, yuan(line.net_fen))));
  const hidden = basket.lines.length - last.length;
  return h(
    "div.paying",
    {},
    h("ul.figures", {}, hidden > 0 ? h("li.muted", {}, h("span", {}, t("customer.more", { count: hidden }))) : null, ...rows),
    h(
      "div.owed",
      {},
      basket.saved_fen > 0 ? h("p.saved.strong", { id: "customer-saved" }, `${t("customer.saved")} ${yuan(basket.saved_fen)}`) : null,
      basket.points_earned > 0 ? h("p", {}, t("basket.earn", { points: integer(basket.points_earned) })) : null,
      h("p.muted", {}, t("basket.due")),
      h("b", { id: "customer-due" }, yuan(due(basket))),
    ),
  );
}

/** @param {State} state @param {any} acts */
function thanks({ sale }, { t }) {
  const change = sale.change_fen > 0 ? t("sale.change", { given: yuan(sale.given_fen) }) : "";
  return h(
    "div.facing.thanks",
    {},
    icon("check"),
    h("h1", {}, t("customer.thanks")),
    sale.saved_fen > 0 ? h("p.saved.strong", {}, `${t("customer.saved")} ${yuan(sale.saved_fen)}`) : null,
    sale.member ? h("p", {}, t("sale.points", { points: integer(sale.points_earned) })) : null,
    change ? h("p", {}, change) : null,
  );
}

/** @param {State} state @param {any} acts what she agrees to, in her own sight */
function consent({ consent: asked, language }, { t }) {
  return h("div.facing.consent-shown", {}, h("h1", {}, asked.kind === "membership" ? t("join.title") : t(`face.ask.${asked.kind}`)), h("p", { id: "consent" }, typeset(asked[`text_${language}`] ?? "")), h("p.muted", {}, t("customer.say")));
}
