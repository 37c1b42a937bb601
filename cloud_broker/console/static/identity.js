/** Keyboard in the queue of pairs: arrows or J and K move, L links, N says two, Z leaves it. */

const STEP = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };
const PAIR = ".likeness";

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const at = event.target instanceof HTMLElement ? event.target : document.body;
  if (at.matches("input, select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const pair = at.closest(PAIR);
  if (key in STEP && (pair || at === document.body)) move(event, pair, STEP[key]);
  else if (pair) act(event, pair, key);
});

/** To the next pair, or the first. @param {Event} event @param {Element|null} pair @param {number} step */
function move(event, pair, step) {
  const every = [...document.querySelectorAll(PAIR)];
  const next = pair ? every[every.indexOf(pair) + step] : every[0];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  event.stopPropagation();
  for (const one of every) one.setAttribute("tabindex", one === next ? "0" : "-1");
  next.focus();
}

/** What a key stands for in this pair. @param {Event} event @param {Element} pair @param {string} key */
function act(event, pair, key) {
  const form = pair.querySelector(`form[data-act="${CSS.escape(key)}"]`);
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  form.requestSubmit();
}
