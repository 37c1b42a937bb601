// @ts-check
/** What lies over the screen: one sheet at a time, by its kind. */

import { amount, barcode, coupons, parked, price, voiding } from "./sheets/baskets.js";
import { call } from "./sheets/call.js";
import { card } from "./sheets/card.js";
import { clerk, shift } from "./sheets/clerk.js";
import { face } from "./sheets/face.js";
import { help } from "./sheets/help.js";
import { pair } from "./sheets/pair.js";
import { pay } from "./sheets/pay.js";
import { phone } from "./sheets/phone.js";
import { refund } from "./sheets/refund.js";
import { tier } from "./sheets/tier.js";
import { why } from "./sheets/why.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../dom.js").Child} Child */

/** @type {Record<string, (state: State, acts: any) => Child[]>} */
const SHEETS = { why, pair, pay, parked, void: voiding, quantity: amount, barcode, price, coupons, clerk, shift, tier, help, phone, refund, card, face, call };

/** @param {State} state @param {any} acts @returns {Child[]} */
export function sheet(state, acts) {
  return state.sheet ? SHEETS[state.sheet.kind](state, acts) : [];
}
