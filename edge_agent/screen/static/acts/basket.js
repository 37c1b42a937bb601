// @ts-check
/** What the clerk rings up at this screen. */

import { isBarcode } from "../format.js";
import { sells } from "../state.js";
import { openClerk } from "./clerk.js";

/** @typedef {import("../state.js").Till} Till */

const ONE = 1_000;
const REDEEM_PAUSE_MS = 200;
const UNKNOWN_ARTICLE = "P104";

/** @param {Till} till @param {(text: string) => Promise<void>} readCode of a member */
export function basketActs(till, readCode) {
  const { state, change, ask } = till;
  const own = () => Boolean(sells(state) && state.basket?.basket_id);

  /** @param {string} method @param {string} path @param {object | null} body @param {string} [focus] */
  async function alter(method, path, body, focus) {
    const answer = await ask(method, till.at(`/v1/baskets/${state.basket.basket_id}${path}`), body);
    if (answer.ok) takeBasket(till, answer.body, focus);
    else till.notice(till.why(answer));
    return answer;
  }

  /** @param {number} line @param {number} qty_milli */
  async function setNow(line, qty_milli) {
    if (!own()) return;
    const last = qty_milli === 0;
    await alter("PUT", `/lines/${line}`, { qty_milli }, last ? "entry" : undefined);
    if (last) change({ selected: null }, "entry");
  }

  /** @param {number} line @param {number} qty_milli */
  const setQuantity = (line, qty_milli) => inTurn(() => setNow(line, qty_milli));

  async function submit() {
    const typed = state.entry.trim();
    if (!typed) return;
    change({ entry: "" });
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById("entry"));
    if (field) field.value = "";
    const counted = /^(\d{1,3})[*×xX](.+)$/.exec(typed);
    const text = counted ? counted[2] : typed;
    const bare = text.replace(/\s/g, "");
    if (DIGIT_CODE.test(bare)) return readCode(bare);
    if (isMemberCode(text)) return readCode(text);
    await add(till, { barcode: text }, counted ? Number(counted[1]) : 1);
  }

  /** @param {number} step to the line before or after */
  function walk(step) {
    const lines = state.basket?.lines ?? [];
    if (!own() || !lines.length) return;
    const at = lines.findIndex((/** @type {any} */ one) => one.line === state.selected);
    const next = at < 0 ? (step > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, at + step));
    select(lines[next].line);
  }

  /** @param {number | null} line */
  function select(line) {
    change({ selected: line }, line === null ? "entry" : `line-${line}`);
    // Its tools stand beneath it; where both do not fit, the line itself is what has to be seen.
    for (const name of ["more", "line"]) document.getElementById(`${name}-${line}`)?.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {number} by how many more, counted from what stands there once its turn has come
   * @param {number | null} chosen when the key was pressed, whatever was chosen since; null for the last line
   */
  async function count(by, chosen) {
    const lines = state.basket?.lines ?? [];
    if (!own() || !lines.length) return;
    const line = lines.find((/** @type {any} */ one) => one.line === chosen) ?? (chosen === null && lines[lines.length - 1]);
    if (!line) return;
    await setNow(line.line, Math.max(0, line.qty_milli + by * ONE));
  }

  /** @type {number | null} points on the slider that the box has not heard of */
  let slid = null;

  /** @param {number} points moved on the slider; sent when it rests */
  function redeem(points) {
    state.basket.redeem.points_chosen = points;
    slid = points;
    till.later("redeem", REDEEM_PAUSE_MS, () => void settleSlider());
  }

  async function tellPoints() {
    const points = slid;
    slid = null;
    if (points !== null && own()) await chooseRights(till, points, chosenCoupons(state.basket));
  }

  const settleSlider = () => inTurn(tellPoints);

  /** @param {string} id */
  async function toggle(id) {
    if (!own()) return;
    const chosen = chosenCoupons(state.basket);
    const after = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
    await chooseRights(till, state.basket.redeem.points_chosen, after);
  }

  return {
    own,
    submit,
    walk,
    select,
    count: (/** @type {number} */ by) => {
      const chosen = state.selected;
      return inTurn(() => count(by, chosen));
    },
    redeem,
    settleSlider,
    toggleCoupon: (/** @type {string} */ id) => inTurn(() => toggle(id)),
    setQuantity,
    add: (/** @type {object} */ line) => add(till, line, 1),
    typeEntry: (/** @type {string} */ text) => void (state.entry = text),
    remove: () => (state.selected === null ? undefined : setQuantity(state.selected, 0)),
    askVoid: () => own() && change({ sheet: { kind: "void" } }, "sheet-keep"),
    askQuantity: () => state.selected !== null && change({ sheet: { kind: "quantity", line: state.selected, typed: "" } }, "quantity"),
    voidBasket: async () => {
      const answer = await ask("DELETE", till.at(`/v1/baskets/${state.basket.basket_id}`));
      if (answer.ok) change({ basket: null, sheet: null, selected: null, repriced: null }, "entry");
      else change({ sheet: null }, "entry");
      if (!answer.ok) till.notice(till.why(answer));
    },
    park: () => inTurn(() => park(till)),
    resume: (/** @type {string} */ id) => resume(till, id),
    comeBack: () => inTurn(() => comeBack(till)),
  };
}

// A phone shows it in groups; no goods have so many digits.
const DIGIT_CODE = /^8\d{19}$/;

/** @param {string} text a code of a member, and not of goods: it has letters or is far too long */
function isMemberCode(text) {
  return text.length > 20 && !isBarcode(text);
}

/** @param {any} basket @returns {string[]} */
function chosenCoupons(basket) {
  return basket.redeem.coupons.filter((/** @type {any} */ one) => one.chosen).map((/** @type {any} */ one) => one.id);
}

/**
 * Show what the box says of this screen's basket; an older word is passed over.
 * @param {Till} till @param {any} next @param {string} [focus]
 */
export function takeBasket(till, next, focus) {
  const { state } = till;
  const before = state.basket;
  if (before?.basket_id === next.basket_id && (next.rev ?? 0) < (before?.rev ?? 0)) return;
  const gone = !next.lines.some((/** @type {any} */ line) => line.line === state.selected);
  till.change({ basket: next, sale: null, tapped: null, ...(gone ? { selected: null } : {}) }, focus);
}

/** @type {Promise<void>} a scanner is faster than the box: one thing after the other */
let busy = Promise.resolve();

/** @param {() => Promise<void>} act done when what was begun before is over @returns {Promise<void>} */
export function inTurn(act) {
  busy = busy.then(act, act);
  return busy;
}

/** @param {Till} till @param {object} line as `LineAsked` @param {number} qty @returns {Promise<void>} */
function add(till, line, qty) {
  return inTurn(() => addNow(till, line, qty));
}

/** @param {Till} till @param {object} line @param {number} qty */
async function addNow(till, line, qty) {
  const { state, ask } = till;
  if (!sells(state)) return openClerk(till);
  if (!state.basket?.basket_id && !(await open(till))) return;
  const answer = await ask("POST", till.at(`/v1/baskets/${state.basket.basket_id}/lines`), { lines: [{ ...line, qty }] });
  if (answer.ok) return takeBasket(till, answer.body, "entry");
  const { barcode } = /** @type {any} */ (line);
  if (answer.body?.code === UNKNOWN_ARTICLE && barcode) till.change({ sheet: { kind: "price", barcode, name: "", price: "", qty } }, "price-amount");
  else till.notice(till.why(answer));
}

/** @param {Till} till @returns {Promise<boolean>} */
async function open(till) {
  const { state, ask } = till;
  const member = state.person === "member" && state.member ? { member_id: state.member.member_id } : {};
  const answer = await ask("POST", till.at("/v1/baskets"), { ...member, training: state.training });
  if (answer.ok) till.change({ basket: answer.body, sale: null, tapped: null });
  else till.notice(till.why(answer));
  return answer.ok;
}

/** @param {Till} till @param {string | null} member_id */
export async function attach(till, member_id) {
  const { basket } = till.state;
  const path = till.at(`/v1/baskets/${basket.basket_id}/member`);
  const answer = member_id ? await till.ask("PUT", path, { member_id }) : await till.ask("DELETE", path);
  if (answer.ok) takeBasket(till, answer.body);
  else till.notice(till.why(answer));
}

/** @param {Till} till @param {number} points @param {string[]} coupons */
async function chooseRights(till, points, coupons) {
  const { basket } = till.state;
  if (!basket?.basket_id) return;
  const answer = await till.ask("PUT", till.at(`/v1/baskets/${basket.basket_id}/redeem`), { points, coupons });
  if (answer.ok) return takeBasket(till, answer.body);
  till.notice(till.why(answer));
  await askAgain(till);
}

/** Ask what this screen's basket comes to now. @param {Till} till */
export async function askAgain(till) {
  const answer = await till.ask("GET", till.at(`/v1/baskets/${till.state.basket.basket_id}`));
  if (answer.ok && till.state.basket?.basket_id === answer.body.basket_id) takeBasket(till, answer.body);
}

/** @param {Till} till */
async function park(till) {
  const { state, change, ask } = till;
  if (!state.basket?.basket_id || !state.basket.lines.length) return openParked(till);
  const answer = await ask("POST", till.at(`/v1/baskets/${state.basket.basket_id}/park`), state.member ? { name: state.member.name } : {});
  if (!answer.ok) return till.notice(till.why(answer));
  change({ basket: null, selected: null, person: "idle", member: null, more: {}, parked: state.parked + 1 }, "entry");
  till.notice(till.t("park.done"));
}

/** @param {Till} till */
async function openParked(till) {
  if (!sells(till.state)) return;
  const rows = await listed(till, "parked");
  if (rows) till.change({ parked: rows.length, sheet: { kind: "parked", rows } }, rows.length ? "parked-0" : "sheet-close");
}

/** @param {Till} till @param {"open"|"parked"} state @returns {Promise<any[] | null>} */
async function listed(till, state) {
  const answer = await till.ask("GET", till.at("/v1/baskets", { state }));
  if (answer.ok) return answer.body.baskets;
  till.notice(till.why(answer));
  return null;
}

/** @param {Till} till @param {string} id */
async function resume(till, id) {
  const answer = await till.ask("POST", till.at(`/v1/baskets/${id}/resume`));
  if (!answer.ok) return till.notice(till.why(answer));
  // It says how to take back what has just been taken back.
  till.notice("");
  till.change({ basket: answer.body, sheet: null, selected: null, parked: Math.max(0, till.state.parked - 1), sale: null }, "entry");
  await showMember(till, answer.body.member_id);
}

/** @param {Till} till @param {string | null | undefined} member_id of a basket that is taken up again */
export async function showMember(till, member_id) {
  if (!member_id || till.state.member?.member_id === member_id) return;
  const found = await till.ask("GET", till.at(`/v1/members/${member_id}`));
  if (found.ok) till.change({ person: "member", member: found.body });
}

/** @param {Till} till after a sign-in or a reload: what is parked, and the clerk's own open basket */
async function comeBack(till) {
  const { state } = till;
  if (!sells(state)) return;
  const [parked, open] = [await listed(till, "parked"), await listed(till, "open")];
  if (parked) till.change({ parked: parked.length });
  const mine = (open ?? []).filter((one) => one.operator === state.clerk?.id && one.lines).pop();
  if (!mine || state.basket?.basket_id) return;
  const answer = await till.ask("GET", till.at(`/v1/baskets/${mine.basket_id}`));
  if (!answer.ok || answer.body.state !== "open") return;
  till.change({ basket: answer.body }, "entry");
  await showMember(till, answer.body.member_id);
}
