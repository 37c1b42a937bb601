// @ts-check
/** A new terminal: the code to read out, then who asks, with the digits to compare. */

import { h } from "../../dom.js";
import { frame, row, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function pair(state, acts) {
  const { t } = acts;
  const { code, asking, note } = /** @type {any} */ (state.sheet);
  if (!asking) {
    return frame(t("pair.open"), acts, [said(note), h("p", {}, t("pair.read")), h("p.code-shown", { id: "pairing-code" }, code), h("p.muted.small", {}, t("pair.wait"))]);
  }
  const facts = [row(t("pair.name"), asking.name), row(t("pair.kind"), t(`pair.kind.${asking.kind}`)), row(t("pair.origin"), asking.origin ?? "—"), row(t("pair.address"), asking.address)];
  return frame(t("pair.open"), acts, [said(note), h("p", {}, t("pair.compare")), h("p.code-shown", { id: "pairing-check" }, asking.check), h("ul.figures", {}, ...facts)], [
    h("button", { type: "button", id: "pair-no", onclick: acts.closePairing }, t("pair.no"), h("kbd", {}, "Esc")),
    h("button.primary", { type: "button", id: "pair-yes", onclick: () => void acts.confirmPairing() }, t("pair.yes")),
  ]);
}
