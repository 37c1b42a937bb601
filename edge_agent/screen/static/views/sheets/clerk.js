// @ts-check
/** Who works here: number and PIN, and what a signed-in clerk may do about it. */

import { h, icon } from "../../dom.js";
import { frame, pad, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function clerk(state, acts) {
  const { t } = acts;
  const { sheet } = state;
  const field = (/** @type {"number"|"pin"} */ name, /** @type {string} */ type) =>
    h(
      "div.field",
      {},
      h("label", { for: `clerk-${name}` }, t(`clerk.${name}`)),
      h("input", {
        id: `clerk-${name}`,
        type,
        inputmode: "numeric",
        autocomplete: "off",
        maxlength: "32",
        value: sheet?.[name] ?? "",
        onfocus: () => acts.clerkField(name),
        oninput: (event) => acts.typeClerk(name, /** @type {HTMLInputElement} */ (event.target).value),
      }),
    );
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void acts.signIn();
  };
  const people = (sheet?.people ?? []).map((/** @type {any} */ one) =>
    h("button", { type: "button", "aria-pressed": String(one.number === sheet?.number), onclick: () => acts.pickClerk(one.number) }, one.name),
  );
  const names = people.length ? h("div.notes", { role: "group", "aria-label": t("clerk.title") }, ...people) : null;
  const form = h("form", { id: "clerk-form", onsubmit: submit }, names, field("number", "text"), field("pin", "password"), h("p.muted.small", {}, t("clerk.how")));
  const go = h("button.primary", { type: "submit", form: "clerk-form", disabled: Boolean(sheet?.busy) }, sheet?.busy ? t("clerk.busy") : t("clerk.in"), h("kbd", {}, "Enter"));
  return frame(t("clerk.title"), acts, [said(sheet?.note ?? ""), h("div.sign-in", {}, form, pad(t, acts.clerkKey))], [go]);
}

/** @param {State} state @param {any} acts */
export function shift(state, acts) {
  const { t } = acts;
  const training = state.training ? t("training.end") : t("training.begin");
  const row = (/** @type {string} */ id, /** @type {Parameters<typeof icon>[0]} */ shape, /** @type {string} */ name, /** @type {string} */ how, /** @type {() => void} */ act) =>
    h("li", {}, h("button.choice", { type: "button", id, onclick: act }, icon(shape), h("span", {}, h("b", {}, name), h("span.muted.small", {}, how))));
  return frame(t("shift.title", { name: state.clerk?.name ?? "" }), acts, [
    h(
      "ul.choices",
      {},
      row("shift-lock", "lock", t("shift.lock"), t("shift.lock.how"), acts.lock),
      row("shift-swap", "person", t("shift.swap"), t("shift.swap.how"), acts.swap),
      state.features.training ? row("shift-training", "star", training, t("training.how"), () => void acts.train()) : null,
      state.features.pairing && state.clerk?.role === "manager" ? row("shift-pair", "link", t("pair.open"), t("pair.open.how"), () => void acts.openPairing()) : null,
      state.features.refunds ? row("shift-refund", "back", t("refund.title"), t("shift.refund.how"), () => void acts.refund()) : null,
    ),
  ]);
}
