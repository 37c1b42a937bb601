// @ts-check
/** A screen without a token asks for one with the code that a manager reads to it. */

import { h } from "./dom.js";
import { typeset } from "./format.js";
import { keepToken } from "./link.js";

/** @typedef {import("./state.js").Say} Say */
/** @typedef {import("./state.js").Answer} Answer */

/**
 * @param {{t: Say, language: "zh"|"en", kind: "screen"|"display", name: string, lane: string}} asked
 * @param {(method: string, path: string, body?: object | null) => Promise<Answer>} call
 * @returns {HTMLElement}
 */
export function pairingView(asked, call) {
  const { t } = asked;
  const said = h("p.note", { role: "status", hidden: true });
  const field = /** @type {HTMLInputElement} */ (h("input", { id: "pair-code", autocomplete: "off", maxlength: "12", spellcheck: "false", placeholder: "7K3D-9QXM" }));
  const tell = (/** @type {string} */ text) => {
    said.textContent = text;
    said.hidden = !text;
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { code: field.value.trim(), name: asked.name, kind: asked.kind, ...(asked.lane ? { lane: asked.lane } : {}) };
    const answer = await call("POST", "/v1/pair", body);
    if (!answer.ok) return tell(answer.body ? typeset(answer.body[asked.language]) : t("link.lost"));
    tell(t("pair.check", { digits: answer.body.check }));
    await waitFor(answer.body, call, tell, t("pair.refused"));
  };
  return h(
    "form.field.pairing",
    { onsubmit: (event) => void submit(event) },
    h("h1", {}, t("pair.title")),
    h("label.muted", { for: "pair-code" }, t("pair.how")),
    field,
    said,
    h("div.buttons", {}, h("button.primary", { type: "submit" }, t("pair.ask"), h("kbd", {}, "Enter"))),
  );
}

/**
 * Ask until somebody has said yes; then begin anew with the token.
 * @param {{claim: string, poll_ms: number, expires_s: number}} asking
 * @param {(method: string, path: string, body?: object | null) => Promise<Answer>} call
 * @param {(text: string) => void} tell @param {string} refused
 */
async function waitFor(asking, call, tell, refused) {
  const until = Date.now() + asking.expires_s * 1000;
  while (Date.now() < until) {
    await new Promise((done) => setTimeout(done, asking.poll_ms));
    const answer = await call("POST", "/v1/pair/claim", { claim: asking.claim });
    if (answer.ok && answer.body.state === "paired") {
      keepToken(answer.body.token);
      location.reload();
      return;
    }
    if (answer.status >= 400) break;
  }
  tell(refused);
}
