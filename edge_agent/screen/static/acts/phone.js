// @ts-check
/** Finding a member by her phone number, taking her in, and raising her by a code sent to it. */

import { isBarcode, typeset } from "../format.js";
import { goOn, recognised, settle } from "./person.js";

/** @typedef {import("../state.js").Till} Till */

const PHONE_DIGITS = 11;

/** @param {Till} till @param {(line: object) => Promise<void>} add a line, when goods were scanned into the field */
export function phoneActs(till, add) {
  const { state, change, ask } = till;

  async function find() {
    const { sheet } = state;
    const phone = sheet?.typed.replace(/[\s-]/g, "") ?? "";
    if (!sheet || !phone || sheet.busy) return;
    if (phone.length !== PHONE_DIGITS && isBarcode(phone)) {
      change({ sheet: null }, "entry");
      return add({ barcode: phone });
    }
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const path = state.features.recruits ? "/v1/recruits" : "/v1/identify/phone";
    const body = state.features.recruits ? { phone, language: state.language } : { phone };
    const answer = await ask("POST", path, { ...body, ...till.here });
    if (!answer.ok) return change({ sheet: { ...sheet, busy: false, note: till.why(answer) } }, "number");
    if (answer.body.consent) {
      return change({ sheet: { ...sheet, step: "join", phone, asked: answer.body, busy: false, note: "" } }, "join-yes");
    }
    change({ sheet: null }, goOn(state));
    if (!state.features.recruits) settle(till, answer, true);
  }

  /** @param {boolean} given what she said to the text that is shown */
  async function say(given) {
    const { sheet } = state;
    if (sheet?.step !== "join" || sheet.busy) return;
    if (given && !state.clerk) return change({ sheet: { ...sheet, note: till.t("join.clerk") } }, "join-yes");
    change({ sheet: given ? { ...sheet, busy: true, note: "" } : null }, "entry");
    const consent = { text_version: sheet.asked.consent.text_version, given };
    const body = { phone: sheet.phone, language: state.language, consent, ...till.here };
    const answer = await ask("POST", "/v1/recruits", body);
    if (!given) return;
    if (!answer.ok) return change({ sheet: { ...sheet, busy: false, note: till.why(answer) } }, "join-yes");
    change({ sheet: null, joined: answer.body.outcome === "created" ? answer.body.member_id : "" }, state.link ? "link-done" : goOn(state));
    till.notice(typeset(answer.body[`text_${state.language}`]));
  }

  async function sendCode() {
    const { member, sheet } = state;
    if (!member || sheet?.busy) return;
    if (sheet) change({ sheet: { ...sheet, busy: true, note: "" } });
    const answer = await ask("POST", `/v1/members/${member.member_id}/sms`, { language: state.language, ...till.here });
    const note = answer.ok ? "" : till.why(answer);
    change({ sheet: { kind: "phone", step: "sms", typed: "", note, sent: answer.ok, busy: false } }, "code");
  }

  async function verify() {
    const { sheet, member } = state;
    if (!sheet || sheet.busy || !sheet.typed.trim()) return;
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const answer = await ask("POST", `/v1/members/${member.member_id}/sms/verify`, { code: sheet.typed.trim(), ...till.here });
    if (!answer.ok) return change({ sheet: { ...sheet, typed: "", busy: false, note: till.why(answer) } }, "code");
    change({ sheet: null }, goOn(state));
    recognised(till, answer.body, true);
    till.notice(typeset(till.t("sms.done")));
  }

  return {
    findPhone: find,
    join: () => say(true),
    decline: () => void say(false),
    verifyCode: verify,
    askSms: sendCode,
    askPhone: () => change({ sheet: { kind: "phone", step: "number", typed: "", note: "", busy: false } }, "number"),
    phoneKey: (/** @type {string} */ key) => {
      const { sheet } = state;
      if (!sheet) return;
      const typed = key === "back" ? sheet.typed.slice(0, -1) : sheet.typed + key;
      change({ sheet: { ...sheet, typed } }, sheet.step === "sms" ? "code" : "number");
    },
  };
}
