// @ts-check
/** Giving the member who stands there a card of the house's, by the number printed on it. */

import { typeset } from "../format.js";
import { goOn } from "./person.js";

/** @typedef {import("../state.js").Till} Till */

const NUMBER = /^\d{4,28}$/;

/** @param {Till} till */
export function cardActs(till) {
  const { state, change, ask } = till;

  function open() {
    const { features, clerk, member } = state;
    if (!features.cards || !clerk || !member) return;
    change({ sheet: { kind: "card", member: member.member_id, typed: "", note: "", busy: false } }, "card-number");
  }

  async function give() {
    const { sheet } = state;
    const number = sheet?.typed.replace(/[\s-]/g, "") ?? "";
    if (!sheet || sheet.busy || !number) return;
    if (!NUMBER.test(number)) return change({ sheet: { ...sheet, note: till.t("card.wrong") } }, "card-number");
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const answer = await ask("POST", `/v1/enrolments/${sheet.member}/card`, { number, ...till.here });
    if (!answer.ok) return change({ sheet: { ...sheet, typed: "", busy: false, note: till.why(answer) } }, "card-number");
    change({ sheet: null }, goOn(state));
    till.notice(typeset(till.t("card.done", { number: number.slice(-4) })));
  }

  return {
    askCard: open,
    giveCard: give,
    cardKey: (/** @type {string} */ key) => {
      const { sheet } = state;
      if (!sheet) return;
      const typed = key === "back" ? sheet.typed.slice(0, -1) : sheet.typed + key;
      change({ sheet: { ...sheet, typed } }, "card-number");
    },
  };
}
