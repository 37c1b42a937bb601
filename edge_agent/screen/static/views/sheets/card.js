// @ts-check
/** A card for the member who stands there: the number on it, typed or scanned. */

import { asking } from "./phone.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function card(state, acts) {
  const { t } = acts;
  const how = t("card.how", { name: state.member?.name ?? "" });
  const asked = { id: "card-number", title: t("card.ask"), label: t("card.label"), how, submit: t("card.give"), act: acts.giveCard };
  return asking(state, acts, { ...asked, press: acts.cardKey, digits: "34" });
}
