// @ts-check
/** The keys: named ones do what the help sheet says, digits fall into the field for bar codes. */

import { TENDERS } from "./acts/pay.js";

/** @typedef {import("./state.js").State} State */

/** @param {State} state @param {any} acts */
export function listenToKeys(state, acts) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.altKey && event.key !== "F4")) return;
    const taken = acts.keeps(event) || named(event, state, acts) || (state.sheet ? inSheet(event, state, acts) : atBasket(event, state, acts));
    if (taken) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event @param {State} state @param {any} acts @returns {boolean} */
function named(event, state, acts) {
  /** @type {Record<string, () => void>} */
  const keys = {
    F1: acts.help,
    F2: acts.identify,
    F3: acts.askPhone,
    F4: () => (state.member?.challenge ? acts.turn() : document.getElementById("sms")?.click()),
    F5: acts.askCard,
    F6: () => void acts.park(),
    F7: () => (document.getElementById("redeem") ?? document.getElementById("choose-coupons"))?.focus(),
    F8: () => void acts.refund(),
    F9: () => void acts.pay(),
    F10: acts.askClerk,
    F11: acts.askFace,
    Escape: acts.leave,
  };
  // Over a sheet only its own keys count, so that nothing changes beneath what is read.
  const held = state.sheet && event.key !== "Escape" && !(event.key === "F9" && state.sheet.kind === "pay");
  if (event.ctrlKey && event.key.toLowerCase() === "b" && !state.sheet) {
    document.getElementById("call-0")?.click();
    return true;
  }
  if (!(event.key in keys)) return false;
  if (event.key === "F9" && state.sheet?.kind === "pay") document.getElementById("pay-commit")?.click();
  else if (!held) keys[event.key]();
  return true;
}

/** @param {KeyboardEvent} event @param {State} state @param {any} acts */
function inSheet(event, state, acts) {
  const tender = event.key === "Enter" ? undefined : TENDERS[event.key.toLowerCase()];
  if (state.sheet?.kind === "pay" && tender && !event.ctrlKey) {
    void acts.tender(tender);
    return true;
  }
  if (state.sheet?.kind === "void" && event.key === "Delete" && event.ctrlKey) {
    void acts.voidBasket();
    return true;
  }
  if (state.sheet?.kind === "why" && event.key === "?") {
    acts.closeSheet();
    return true;
  }
  if (state.sheet?.kind === "refund" && state.sheet.step === "lines" && refundKey(event, acts)) return true;
  if (["ArrowDown", "ArrowUp"].includes(event.key)) {
    return step(event.key === "ArrowDown" ? 1 : -1);
  }
  return false;
}

/** @param {KeyboardEvent} event @param {any} acts goods that come back are counted, and paid out, by the keys that sold them */
function refundKey({ key, ctrlKey }, acts) {
  const way = key === "Enter" || ctrlKey ? undefined : TENDERS[key.toLowerCase()];
  if (way) void acts.payBack(way);
  else if (key === "+" || key === "-") {
    const row = document.activeElement?.closest(".take-back");
    /** @type {HTMLElement | null | undefined} */ (row?.querySelector(`[id^="refund-${key === "+" ? "more" : "less"}"]`))?.click();
  } else return false;
  return true;
}

/** @param {number} by move between the rows of a sheet */
function step(by) {
  const rows = /** @type {HTMLElement[]} */ (Array.from(document.querySelectorAll("#sheet .choice:not([disabled]), #sheet .take-back button:not([disabled]):last-of-type")));
  const stands = document.activeElement;
  const at = rows.findIndex((row) => row === stands || (row.matches(".take-back *") && row.parentElement?.contains(stands)));
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
  return rows.length > 0;
}

/** @param {KeyboardEvent} event @param {State} state @param {any} acts */
function atBasket(event, state, acts) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("entry"));
  const { target, key } = event;
  const typing = target instanceof HTMLInputElement && target.type !== "range";
  if (typing && target !== field) return false;
  if (key === "?" && state.basket && !field?.value) {
    acts.openWhy();
    return true;
  }
  if (!field || !acts.own) return false;
  if (!field.value && lineKey(event, state, acts)) return true;
  // A scanner types wherever the focus is: its digits belong to the field. A field that got the focus back from
  // a closed dialog may have it without a caret, and would take nothing: the first digit sets it anew.
  if (!(typing && field.value) && key.length === 1 && /[0-9A-Za-z]/.test(key) && !event.ctrlKey && !event.metaKey) {
    field.blur();
    field.focus();
  }
  return false;
}

/** @param {KeyboardEvent} event @param {State} state @param {any} acts keys that work on a line */
function lineKey(event, state, acts) {
  const { key } = event;
  const onSlider = event.target instanceof HTMLInputElement && event.target.type === "range";
  if (onSlider || !acts.own()) return false;
  if (key === "Delete" && event.ctrlKey) acts.askVoid();
  else if (key === "ArrowDown" || key === "ArrowUp") acts.walk(key === "ArrowDown" ? 1 : -1);
  else if (key === "+" || key === "-") void acts.count(key === "+" ? 1 : -1);
  else if (key === "Delete") void acts.remove();
  else if (key === "Enter" && state.selected !== null && document.activeElement?.id === `line-${state.selected}`) acts.askQuantity();
  else return false;
  return true;
}
