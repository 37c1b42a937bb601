// @ts-check
/** Finding a member by her phone number, taking her in, and raising her by a code sent to it. */

import { isBarcode, typeset } from "../format.js";
import { recognised, settle } from "./person.js";

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
    const answer = await ask("POST", "/v1/identify/phone", { phone, ...till.here });
    if (!answer.ok) return change({ sheet: { ...sheet, busy: false, note: till.why(answer) } }, "number");
    if (answer.body.outcome === "member" || !state.features.recruits) {
      change({ sheet: null }, "next");
      return settle(till, answer, true);
    }
    change({ sheet: { ...sheet, step: "join", phone, name: "", busy: false, note: "" } }, "join-yes");
  }

  async function join() {
    const { sheet } = state;
    if (!sheet || sheet.busy) return;
    if (!state.clerk) return change({ sheet: { ...sheet, note: till.t("join.clerk") } }, "join-yes");
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const body = { phone: sheet.phone, language: state.language, consents: { membership: true }, ...till.here };
    const answer = await ask("POST", "/v1/recruits", body);
    if (!answer.ok) return change({ sheet: { ...sheet, busy: false, note: till.why(answer) } }, "join-yes");
    if (answer.body.outcome) recognised(till, answer.body, true);
    change({ sheet: { ...sheet, step: "joined", busy: false, joined: answer.body } }, "sheet-done");
  }

  async function sendCode() {
    const { member } = state;
    if (!member) return;
    const answer = await ask("POST", `/v1/members/${member.member_id}/sms`, till.here);
    const note = answer.ok ? "" : till.why(answer);
    change({ sheet: { kind: "phone", step: "sms", typed: "", note, sent: answer.ok, busy: false } }, "code");
  }

  async function verify() {
    const { sheet, member } = state;
    if (!sheet || sheet.busy || !sheet.typed.trim()) return;
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const answer = await ask("POST", `/v1/members/${member.member_id}/sms/verify`, { code: sheet.typed.trim(), ...till.here });
    if (!answer.ok) return change({ sheet: { ...sheet, typed: "", busy: false, note: till.why(answer) } }, "code");
    change({ sheet: null }, "next");
    if (answer.body?.outcome) recognised(till, answer.body, true);
    till.notice(typeset(till.t("sms.done")));
  }

  return {
    findPhone: find,
    join,
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
