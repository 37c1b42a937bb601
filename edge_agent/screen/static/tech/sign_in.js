// @ts-check
/** Who is there: asked only when a step changes something. */

import { h } from "../dom.js";

/**
 * @param {import("./tech.js").Desk} desk
 * @param {(method: string, path: string, body?: object | null) => Promise<import("../state.js").Answer>} call
 * @param {string} reason why whoever is signed in is not enough, "" when nobody is
 * @returns {Promise<string>} the operator's token, or "" when nobody signed in
 */
export function signIn(desk, call, reason) {
  const { t } = desk;
  const sheet = /** @type {HTMLDialogElement} */ (document.getElementById("sign-in"));
  const number = /** @type {HTMLInputElement} */ (h("input", { id: "sign-number", autocomplete: "off", inputmode: "numeric", required: true }));
  const pin = /** @type {HTMLInputElement} */ (h("input", { id: "sign-pin", type: "password", autocomplete: "off", inputmode: "numeric", required: true }));
  const said = h("p.note", { role: "alert" }, reason);
  return new Promise((done) => {
    const end = (/** @type {string} */ token) => {
      sheet.close();
      done(token);
    };
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const answer = await call("POST", "/v1/operators/login", { number: number.value, pin: pin.value });
      if (answer.ok) return end(answer.body.operator_token);
      pin.value = "";
      said.textContent = desk.why(answer);
    };
    sheet.replaceChildren(
      h(
        "form.sheet",
        { onsubmit: (event) => void submit(event) },
        h("h2", { id: "sign-in-title" }, t("sign.title")),
        h("p.muted", {}, t("sign.how")),
        h("label", {}, t("sign.number"), number),
        h("label", {}, t("sign.pin"), pin),
        said,
        h("div.buttons", {}, h("button", { type: "button", onclick: () => end("") }, t("sign.cancel")), h("button.primary", { type: "submit" }, t("sign.in"))),
      ),
    );
    // Not `close`: of a sheet just left that comes later, when this one may stand already.
    sheet.oncancel = () => done("");
    sheet.showModal();
  });
}
