/** Keyboard: arrows on the wall and in tables, `/` for the filter; and the detail of a tile. */

const STEP = { ArrowLeft: -1, ArrowRight: 1 };
const ROW = { ArrowUp: -1, ArrowDown: 1 };

/** Listens once for the whole page, so that swapped parts need nothing. */
export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = event.target instanceof HTMLElement ? event.target : document.body;
    const typing = at.matches("input, select, textarea");
    if (event.key === "Escape") leaveMenu(at);
    else if (event.key === "/" && !typing) focusFilter(event);
    else if (event.key in STEP && at.matches(".tile")) stepTile(event, at, STEP[event.key]);
    else if (event.key in ROW && at.matches(".tile")) stepRow(event, at, ROW[event.key]);
    else if (event.key in ROW && !typing) stepTable(event, at, ROW[event.key]);
  });
  for (const name of ["focusin", "pointerover"]) document.addEventListener(name, showDetail);
  document.addEventListener("focusin", keepOneStop);
  document.addEventListener("click", closeMenus);
  document.addEventListener("focusin", closeMenus);
  document.body.addEventListener("htmx:after:swap", oneStop);
  oneStop();
}

/** A menu that is left closes behind one. @param {Event} event */
function closeMenus(event) {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  }
}

/** Back to the menu's own name. @param {HTMLElement} at */
function leaveMenu(at) {
  const menu = at.closest(".menu[open]");
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary")?.focus();
}

/** A dense wall is one stop for Tab, not a thousand: new tiles are left out, one always stays in. */
function oneStop() {
  for (const tile of document.querySelectorAll(".groups--dense .tile:not([tabindex])")) {
    tile.setAttribute("tabindex", "-1");
  }
  if (!document.querySelector('.groups--dense .tile[tabindex="0"]')) {
    document.querySelector(".groups--dense .tile")?.setAttribute("tabindex", "0");
  }
}

/** The stop is wherever the keyboard was last. @param {Event} event */
function keepOneStop(event) {
  const at = event.target;
  if (!(at instanceof Element) || !at.matches(".groups--dense .tile")) return;
  for (const tile of document.querySelectorAll('.groups--dense .tile[tabindex="0"]')) {
    tile.setAttribute("tabindex", "-1");
  }
  at.setAttribute("tabindex", "0");
}

/** @param {KeyboardEvent} event */
function focusFilter(event) {
  const field = document.querySelector("input[type=search]");
  if (!(field instanceof HTMLInputElement)) return;
  event.preventDefault();
  field.focus();
  field.select();
}

/** @returns {HTMLElement[]} */
function tiles() {
  return [...document.querySelectorAll("a.tile")].filter((tile) => tile.checkVisibility());
}

/** In the order in which they are seen: the worst first within a group. @param {HTMLElement} at @param {number} by */
function beside(at, by) {
  const groups = [...document.querySelectorAll(".group:not([hidden])")];
  const seen = groups.flatMap((group) =>
    [...group.querySelectorAll("a.tile")]
      .filter((tile) => tile.checkVisibility())
      .map((tile) => ({ tile, order: Number(getComputedStyle(tile).order) }))
      .sort((one, other) => one.order - other.order)
      .map(({ tile }) => tile),
  );
  return seen[seen.indexOf(at) + by];
}

/** @param {KeyboardEvent} event @param {HTMLElement} at @param {number} by */
function stepTile(event, at, by) {
  move(event, beside(at, by));
}

/** The nearest tile in the next row up or down. @param {KeyboardEvent} event
 * @param {HTMLElement} at @param {number} by */
function stepRow(event, at, by) {
  const here = at.getBoundingClientRect();
  let best;
  let least = Infinity;
  for (const tile of tiles()) {
    const there = tile.getBoundingClientRect();
    const down = (there.top - here.top) * by;
    const distance = down * 1_000 + Math.abs(there.left - here.left);
    if (down > 1 && distance < least) [best, least] = [tile, distance];
  }
  move(event, best);
}

/** From row to row in one column; into the table from outside. @param {KeyboardEvent} event
 * @param {HTMLElement} at @param {number} by */
function stepTable(event, at, by) {
  const rows = [...document.querySelectorAll(".rows > tbody > tr")];
  const row = at.closest(".rows > tbody > tr");
  if (!row) {
    if (by > 0 && at === document.body) move(event, rows[0]?.querySelector("summary, a, button"));
    return;
  }
  const next = rows[rows.indexOf(row) + by];
  if (next) move(event, stops(next)[stops(row).indexOf(at)] ?? stops(next)[0]);
}

/** @param {Element} row @returns {HTMLElement[]} */
function stops(row) {
  return [...row.querySelectorAll("summary, a, button, input:not([type=hidden])")];
}

/** @param {KeyboardEvent} event @param {Element | null | undefined} to */
function move(event, to) {
  if (!(to instanceof HTMLElement)) return;
  event.preventDefault();
  to.focus();
}

/** Says in one fixed place what a dense tile stands for. @param {Event} event */
function showDetail(event) {
  const place = document.getElementById("wall-detail");
  const tile = event.target instanceof Element ? event.target.closest(".groups--dense .tile") : null;
  if (!place || !tile) return;
  place.textContent = tile.ariaLabel ?? "";
}
