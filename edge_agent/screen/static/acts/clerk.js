// @ts-check
/** Who works at this screen: signing in by PIN, handing over, locking, practising. */

import { inTurn } from "./basket.js";

/** @typedef {import("../state.js").Till} Till */

const KEPT = "clerk";

/** @returns {import("../state.js").Clerk | null} who was signed in before the page was loaded again */
export function keptClerk() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Till} till @param {() => Promise<void>} comeBack to a basket left open */
export function clerkActs(till, comeBack) {
  const { state, change } = till;

  async function signIn() {
    const { sheet } = state;
    if (sheet?.kind !== "clerk" || sheet.busy) return;
    if (!sheet.number) return change({ sheet: { ...sheet, field: "number" } }, "clerk-number");
    if (!sheet.pin) return change({ sheet: { ...sheet, field: "pin" } }, "clerk-pin");
    change({ sheet: { ...sheet, busy: true } });
    const answer = await till.ask("POST", "/v1/operators/login", { number: sheet.number, pin: sheet.pin });
    if (!answer.ok) {
      return change({ sheet: { ...sheet, busy: false, pin: "", field: "pin", note: till.why(answer) } }, "clerk-pin");
    }
    const { operator, operator_token } = answer.body;
    await enter({ id: operator.operator_id, name: operator.name, number: operator.number, role: operator.role, token: operator_token });
  }

  /** @param {import("../state.js").Clerk} clerk */
  async function enter(clerk) {
    sessionStorage.setItem(KEPT, JSON.stringify(clerk));
    change({ clerk, sheet: null }, "entry");
    await comeBack();
  }

  return {
    signIn,
    askClerk: () => (state.clerk ? change({ sheet: { kind: "shift" } }, "shift-lock") : openClerk(till)),
    lock: () => lock(till),
    swap: () => {
      lock(till);
      openClerk(till);
    },
    // After what was scanned before it, and before what is scanned after it: a basket is one thing or the other.
    train: () => inTurn(() => train(till)),
    pickClerk: (/** @type {string} */ number) => state.sheet && change({ sheet: { ...state.sheet, number, field: "pin" } }, "clerk-pin"),
    clerkField: (/** @type {"number"|"pin"} */ field) => void (state.sheet && (state.sheet.field = field)),
    typeClerk: (/** @type {"number"|"pin"} */ field, /** @type {string} */ text) => void (state.sheet && (state.sheet[field] = text)),
    clerkKey: (/** @type {string} */ key) => {
      const { sheet } = state;
      if (!sheet) return;
      const text = key === "back" ? sheet[sheet.field].slice(0, -1) : sheet[sheet.field] + key;
      change({ sheet: { ...sheet, [sheet.field]: text } }, `clerk-${sheet.field}`);
    },
  };
}

/** @param {Till} till @param {string} note why it is asked for */
export function openClerk(till, note = "") {
  till.change({ sheet: { kind: "clerk", number: "", pin: "", field: "number", note, busy: false, people: [] } }, "clerk-number");
  if (till.state.features.operators) void nameClerks(till);
}

/** @param {Till} till show who may sign in, so that a finger need not type a number */
async function nameClerks(till) {
  const answer = await till.ask("GET", "/v1/operators");
  const { sheet } = till.state;
  if (answer.ok && sheet?.kind === "clerk") till.change({ sheet: { ...sheet, people: answer.body.operators } });
}

/** @param {Till} till nobody sells here until somebody signs in */
export function lock(till) {
  if (till.state.features.operators) void till.ask("POST", "/v1/operators/logout");
  sessionStorage.removeItem(KEPT);
  till.change({ clerk: null, sheet: null, selected: null }, "clerk");
}

/** @param {Till} till between customers only: a basket is one thing or the other */
async function train(till) {
  const { state } = till;
  till.change({ sheet: null }, "entry");
  if (state.basket?.basket_id) return till.notice(till.t("training.busy"));
  const answer = await till.ask("PUT", "/v1/training", { on: !state.training, ...till.here });
  if (answer.ok) till.change({ training: answer.body.on });
  else till.notice(till.why(answer));
}
