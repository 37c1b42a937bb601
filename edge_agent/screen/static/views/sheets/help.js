// @ts-check
/** The keys, so that nobody has to learn them by heart. */

import { h } from "../../dom.js";
import { frame } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @type {[string, string, (state: State) => boolean][]} */
const KEYS = [
  ["F1", "help", () => true],
  ["F2", "identify", () => true],
  ["F3", "phone", () => true],
  ["F4", "confirm", () => true],
  ["F5", "card", (state) => state.features.cards && state.clerk !== null],
  ["F6", "park", (state) => state.features.baskets],
  ["F7", "redeem", (state) => state.features.baskets],
  ["F8", "refund", (state) => state.features.refunds],
  ["F9", "pay", (state) => state.features.baskets],
  ["F10", "clerk", (state) => state.features.baskets],
  ["F11", "face", (state) => state.features.faces && state.clerk !== null],
  ["Ctrl B", "call", (state) => state.clerk !== null],
  ["0–9", "digits", (state) => state.features.baskets],
  ["3 *", "times", (state) => state.features.baskets],
  ["↑ ↓", "walk", (state) => state.features.baskets],
  ["+ −", "count", (state) => state.features.baskets],
  ["Del", "remove", (state) => state.features.baskets],
  ["Ctrl Del", "void", (state) => state.features.baskets],
  ["?", "why", () => true],
  ["Esc", "escape", () => true],
];

/** @param {State} state @param {any} acts */
export function help(state, acts) {
  const known = KEYS.filter(([, , here]) => here(state));
  const rows = known.flatMap(([key, name]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, acts.t(`key.${name}`))]);
  return frame(acts.t("help"), acts, [h("dl.keys", {}, ...rows)]);
}
