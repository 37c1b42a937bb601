// @ts-check
/** Pressing a key that was kept: the screen hears it as any other, and what a browser does by itself is done here. */

/** @typedef {{key: string, ctrlKey: boolean, shiftKey: boolean}} Pressed */

const STEPS = ["button:not([disabled])", "input:not([disabled])", "[tabindex]"];

/** @param {Pressed} pressed */
export function press({ key, ctrlKey, shiftKey }) {
  const heard = new KeyboardEvent("keydown", { key, ctrlKey, shiftKey, bubbles: true, cancelable: true });
  const untaken = (document.activeElement ?? document.body).dispatchEvent(heard);
  if (untaken && !ctrlKey) byItself(key, shiftKey);
}

/** @param {string} key @param {boolean} back */
function byItself(key, back) {
  const stands = document.activeElement;
  if (key === "Tab") walk(back ? -1 : 1);
  else if (stands instanceof HTMLInputElement && stands.type === "range") slide(stands, key);
  else if (stands instanceof HTMLInputElement) type(stands, key);
  else if (stands instanceof HTMLElement && (key === "Enter" || key === " ")) stands.click();
}

/** @param {number} by to the control before or after, within the sheet where there is one */
function walk(by) {
  const within = document.querySelector("dialog[open]") ?? document;
  const all = /** @type {HTMLElement[]} */ (Array.from(within.querySelectorAll(STEPS.join())));
  const stops = all.filter((one) => one.tabIndex >= 0 && one.getClientRects().length);
  const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : stops.length - 1) : (at + by + stops.length) % stops.length;
  stops[next]?.focus();
}

/** @param {HTMLInputElement} slider @param {string} key */
function slide(slider, key) {
  if (key === "ArrowRight" || key === "ArrowUp") slider.stepUp();
  else if (key === "ArrowLeft" || key === "ArrowDown") slider.stepDown();
  else if (key === "Home" || key === "End") slider.value = key === "Home" ? slider.min : slider.max;
  else return;
  for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, { bubbles: true }));
}

/** @param {HTMLInputElement} field @param {string} key */
function type(field, key) {
  if (key === "Enter") return field.form?.requestSubmit();
  const [from, to] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  if (key.length === 1) {
    if (field.maxLength < 0 || field.value.length - (to - from) < field.maxLength) replace(field, key, from, to);
  } else if (key === "Backspace") replace(field, "", from === to ? Math.max(0, from - 1) : from, to);
  else if (key === "Delete") replace(field, "", from, from === to ? Math.min(field.value.length, to + 1) : to);
  else move(field, key, from, to);
}

/** @param {HTMLInputElement} field @param {string} text @param {number} from @param {number} to */
function replace(field, text, from, to) {
  if (!text && from === to) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {HTMLInputElement} field @param {string} key @param {number} from @param {number} to */
function move(field, key, from, to) {
  /** @type {Record<string, number>} */
  const ends = { Home: 0, End: field.value.length, ArrowLeft: from === to ? Math.max(0, from - 1) : from, ArrowRight: from === to ? to + 1 : to };
  if (key in ends) field.setSelectionRange(ends[key], ends[key]);
}
