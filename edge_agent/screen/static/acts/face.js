// @ts-check
/** What a member agrees to about her face, at the till: asked word for word, given, taken back, and then taken. */

import { typeset } from "../format.js";

/** @typedef {import("../state.js").Till} Till */

const LOCAL = "face.local";
const GUARDIAN = "face.minor_guardian";
const WALK_UP = "face.walk_up";
const PICTURES = 3;

/** @param {Till} till */
export function faceActs(till) {
  const { state, change, ask } = till;

  async function open() {
    const { features, clerk, member } = state;
    if (!features.faces || !clerk || !member || masked(state)) return;
    change({ sheet: { kind: "face", step: "overview", member: member.member_id, note: "", busy: true } }, "sheet-close");
    await learn("");
  }

  /** @param {string} note what has just been done, or why it was not @param {boolean} [good] */
  async function learn(note, good = true) {
    const { sheet } = state;
    if (sheet?.kind !== "face") return;
    const answer = await ask("GET", `/v1/members/${sheet.member}/consents`);
    if (state.sheet?.kind !== "face") return;
    const known = answer.ok ? { ...answer.body, loaded: true } : {};
    change({ sheet: { ...sheet, ...known, step: "overview", note: answer.ok ? note : till.why(answer), good: good && answer.ok, busy: false } }, "face-first");
  }

  /** @param {string} asking the kind of consent whose text she is shown, on her own display too */
  async function show(asking) {
    const sheet = mine();
    if (!sheet) return;
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const answer = await ask("POST", `/v1/members/${sheet.member}/consents/ask`, { kind: asking, ...till.here });
    if (!answer.ok) return change({ sheet: { ...sheet, step: "overview", busy: false, note: till.why(answer), good: false } }, "face-first");
    change({ sheet: { ...sheet, step: "ask", asking, text: answer.body, busy: false, note: "" } }, "face-yes");
  }

  /** @param {string} kind @param {boolean} given */
  function say(kind, given) {
    const { sheet } = state;
    const old = { is_14_or_older: sheet?.old ?? declared(sheet) };
    return ask("POST", `/v1/members/${sheet?.member}/consents`, { kind, given, language: state.language, ...old, ...till.here });
  }

  /** @param {boolean} given what she said to the text that is shown */
  async function answer(given) {
    const sheet = mine();
    if (!sheet || sheet.step !== "ask" || sheet.busy) return;
    const { asking } = sheet;
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const said = await say(asking, given);
    if (!said.ok) return change({ sheet: { ...sheet, busy: false, note: till.why(said) } }, "face-yes");
    const next = { ...sheet, busy: false, standing: given ? [...sheet.standing, asking] : sheet.standing };
    change({ sheet: next });
    if (asking === GUARDIAN && given) return show(LOCAL);
    if (asking === LOCAL && given && sheet.offered.includes(WALK_UP)) return show(WALK_UP);
    const agreed = next.standing.includes(LOCAL);
    if (agreed && !sheet.face_held) return take();
    return learn(till.t(given ? "face.given" : "face.refused"));
  }

  /** @param {string} kind take a word back: what rested on it is gone when the box has answered */
  async function takeBack(kind) {
    const sheet = mine();
    if (!sheet || sheet.busy) return;
    change({ sheet: { ...sheet, busy: true, note: "" } });
    const said = await say(kind, false);
    change({ sheet: { ...sheet, busy: false } });
    return learn(said.ok ? till.t(kind === LOCAL ? "face.gone" : "face.walk_up.gone") : till.why(said), said.ok);
  }

  async function take() {
    const sheet = mine();
    if (!sheet || sheet.busy) return;
    change({ sheet: null });
    const answer = await ask("POST", `/v1/enrolments/${sheet.member}/face`, { from_camera: PICTURES, ...till.here });
    if (!answer.ok) till.notice(till.why(answer));
  }

  /** The sheet, while the member it is about still stands here. */
  function mine() {
    const { sheet, member } = state;
    if (sheet?.kind !== "face") return null;
    if (member?.member_id === sheet.member) return sheet;
    change({ sheet: null });
    till.notice(typeset(till.t("face.other")));
    return null;
  }

  return {
    askFace: open,
    faceAgree: (/** @type {string} */ kind) => {
      const sheet = mine();
      if (!sheet) return;
      if (kind === LOCAL && declared(sheet) !== true && !sheet.standing.includes(GUARDIAN)) return change({ sheet: { ...sheet, step: "age", note: "" } }, "face-first");
      return show(kind);
    },
    faceAge: (/** @type {boolean} */ old) => {
      const sheet = mine();
      if (!sheet) return;
      change({ sheet: { ...sheet, old } });
      return show(old ? LOCAL : GUARDIAN);
    },
    faceAnswer: answer,
    faceTakeBack: (/** @type {string} */ kind) => {
      const sheet = mine();
      if (!sheet) return;
      if (kind === LOCAL && sheet.step !== "sure") return change({ sheet: { ...sheet, step: "sure", note: "" } }, "sheet-close");
      return takeBack(kind);
    },
    faceOverview: () => state.sheet && change({ sheet: { ...state.sheet, step: "overview", note: "" } }, "face-first"),
    faceTake: take,
  };
}

/** @param {import("../state.js").State} state whether she only said a number: nobody knows yet that it is hers */
export function masked({ member, joined }) {
  return veiled(member) && joined !== member.member_id;
}

/** @param {any} member whether the box shows no more of her than her number; of a basket taken back nobody is known by more */
export function veiled(member) {
  return (member.factor ?? "phone_number") === "phone_number" && member.points_free === null;
}

/** @param {any} sheet what she said of her age when she last spoke of faces; null: never asked */
function declared(sheet) {
  const said = (sheet?.words ?? []).filter((/** @type {any} */ word) => word.given && word.age).pop();
  return said ? said.age === "14+" : null;
}
