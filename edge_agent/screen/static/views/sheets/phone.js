// @ts-check
/** Finding or taking in a member by her phone number, in ten seconds. */

import { h } from "../../dom.js";
import { typeset } from "../../format.js";
import { offline } from "../../state.js";
import { frame, pad, said } from "./frame.js";

/** @typedef {import("../../state.js").State} State */

/** @param {State} state @param {any} acts */
export function phone(state, acts) {
  const steps = { number, join, sms };
  return steps[/** @type {keyof typeof steps} */ (state.sheet?.step ?? "number")](state, acts);
}

/** @param {State} state @param {any} acts */
function number(state, acts) {
  const { t } = acts;
  const title = state.features.recruits ? t("phone.join") : t("phone");
  const how = state.features.recruits ? t("phone.how") : t("phone.find.how");
  return asking(state, acts, { id: "number", title, label: t("phone.label"), how, submit: t("phone.find"), act: acts.findPhone, press: acts.phoneKey, digits: "20" });
}

/** @param {State} state @param {any} acts */
function sms(state, acts) {
  const { t } = acts;
  const how = state.sheet?.sent ? t("sms.how", { phone: state.member?.phone_masked ?? "" }) : t("sms.not_sent");
  // Where none was sent there is none to check: Enter asks for it again, until one was typed all the same.
  const act = () => (state.sheet?.sent || state.sheet?.typed.trim() ? acts.verifyCode() : acts.askSms());
  const submit = state.sheet?.sent ? t("sms.verify") : t("sms.again");
  return asking(state, acts, { id: "code", title: t("sms.ask"), label: t("sms.label"), how, submit, act, press: acts.phoneKey, digits: "8" });
}

/**
 * One field, one pad, one button.
 * @param {State} state @param {any} acts
 * @param {{id: string, title: string, label: string, how: string, submit: string, act: () => Promise<void>, press: (key: string) => void, digits: string}} asked
 */
export function asking({ sheet }, acts, asked) {
  const { t } = acts;
  const field = h("input", {
    id: asked.id,
    type: "tel",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: asked.digits,
    value: sheet?.typed ?? "",
    oninput: (event) => acts.typeSheet("typed", event),
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void asked.act();
  };
  const form = h("form.field", { id: "phone-form", onsubmit: submit }, h("label", { for: asked.id }, asked.label), field, h("p.muted.small", {}, asked.how));
  return frame(asked.title, acts, [said(sheet?.note ?? ""), h("div.sign-in", {}, form, pad(t, asked.press))], [
    h("button.primary", { type: "submit", form: "phone-form", disabled: Boolean(sheet?.busy) }, asked.submit, h("kbd", {}, "Enter")),
  ]);
}

/** @param {State} state @param {any} acts what she agrees to, word for word, before anything is kept */
function join(state, acts) {
  const { t } = acts;
  const { asked, note, busy } = /** @type {any} */ (state.sheet);
  const { language } = state;
  return frame(
    t("join.title"),
    acts,
    [
      said(note),
      h("p", {}, h("b", {}, asked.phone_masked), " · ", typeset(asked[`text_${language}`])),
      h("blockquote.consent", { id: "consent" }, typeset(asked.consent[`text_${language}`])),
      h("p.muted.small", {}, offline(state) ? t("join.offline") : t("join.shown")),
    ],
    [
      h("button", { type: "button", onclick: acts.decline }, t("join.no"), h("kbd", {}, "Esc")),
      h("button.primary", { type: "button", id: "join-yes", disabled: busy, onclick: () => void acts.join() }, t("join.yes"), h("kbd", {}, "Enter")),
    ],
  );
}
