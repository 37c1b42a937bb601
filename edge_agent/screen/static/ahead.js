// @ts-check
/** Keys that run ahead of the screen: what is pressed while the box is asked is kept, and pressed once its answer stands there. */

import { press } from "./press.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./press.js").Pressed} Pressed */

const KEPT_MAX = 200;
const SLOW_MS = 1_500;
const PATIENCE_MS = 20_000;
// A scanner sends the rest of a code at once; a hand that pauses longer looks at what stands there.
const SCAN_MS = 300;
const MODIFIERS = ["Shift", "Control", "Alt", "Meta", "CapsLock", "NumLock", "Dead", "Process", "Unidentified"];
// A text that the customer has to hear first: no Enter that was pressed before it stood there is her word.
const TO_BE_READ = ["join", "ask"];

/**
 * @param {State} state
 * @param {{refusals: () => number, slow: (waits: boolean) => void}} told how often the box said no; whether a clerk waits long
 */
export function keysAhead(state, told) {
  let waits = 0;
  let slow = 0;
  /** @type {Pressed[]} */
  const kept = [];
  /** @type {Pressed[]} scanned behind an article that nobody knows: they wait until its price is said */
  const scanned = [];
  let unfinished = 0;

  /** @param {KeyboardEvent} event @returns {boolean} whether the key waits for what was asked before it */
  function keeps(event) {
    const { key, ctrlKey, shiftKey, metaKey, repeat } = event;
    if (!event.isTrusted || MODIFIERS.includes(key) || metaKey || (ctrlKey && key !== "Delete")) return false;
    if (!waits) return unfinished > 0 && endsScan({ key, ctrlKey, shiftKey });
    // A key that is held down means one; only what moves or deletes goes on.
    if (!(repeat && key === "Enter") && kept.length < KEPT_MAX) kept.push({ key, ctrlKey, shiftKey });
    if (!slow) slow = setTimeout(() => told.slow(true), SLOW_MS);
    return true;
  }

  /** @param {Pressed} pressed @returns {boolean} whether it belongs to a scan that began before the sheet stood there */
  function endsScan(pressed) {
    clearTimeout(unfinished);
    unfinished = 0;
    if (pressed.key.length > 1 && pressed.key !== "Enter") return false;
    scanned.push(pressed);
    if (pressed.key !== "Enter") unfinished = setTimeout(() => (unfinished = 0), SCAN_MS);
    return true;
  }

  /**
   * Keep the keys while an act waits for the box.
   * @param {() => unknown} act @param {boolean} goesOn whether the next keys belong to the basket whatever the answer is
   * @returns {Promise<void>}
   */
  async function during(act, goesOn) {
    const [refused, note] = [told.refusals(), state.sheet?.note];
    waits += 1;
    let answered = true;
    try {
      answered = await patiently(act());
    } finally {
      waits -= 1;
      // Nobody knows any more what stands there when the box comes to itself.
      if (!answered) kept.length = 0;
      sort(goesOn, told.refusals() > refused || Boolean(state.sheet?.note && state.sheet.note !== note));
      goOn();
    }
  }

  /** @param {boolean} goesOn @param {boolean} surprised what stands there is not what the keys counted on */
  function sort(goesOn, surprised) {
    const { sheet } = state;
    if (sheet && (goesOn || sheet.kind === "price")) {
      const last = kept[kept.length - 1];
      scanned.push(...kept.splice(0));
      if (last && last.key !== "Enter") unfinished = setTimeout(() => (unfinished = 0), SCAN_MS);
    } else if (TO_BE_READ.includes(sheet?.step ?? "") || (surprised && !goesOn)) kept.length = 0;
  }

  /** Press what was kept, unless the box is asked again. */
  function goOn() {
    if (waits) return;
    clearTimeout(slow);
    if (slow) told.slow(false);
    slow = 0;
    if (!state.sheet) kept.unshift(...scanned.splice(0));
    for (let next = kept.shift(); next; next = waits ? undefined : kept.shift()) press(next);
  }

  return { keeps, during, goOn };
}

/** @param {unknown} asked @returns {Promise<boolean>} whether it was answered: a box that hangs does not hold the keys for good */
function patiently(asked) {
  /** @type {number | undefined} */
  let timer;
  const enough = new Promise((done) => {
    timer = setTimeout(() => done(false), PATIENCE_MS);
  });
  const answered = Promise.resolve(asked).then(() => true);
  return Promise.race([answered, enough]).finally(() => clearTimeout(timer));
}
