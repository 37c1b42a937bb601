/** Sorts, filters and saves any table of a page; without a script it is what the server sent. */

const FILTER_FROM = 8;
const ARROW = { ascending: "descending", descending: "ascending" };
const NUMBER = /^[^\d-]*(-?[\d,]*\.?\d+)[^\d]*$/;
const FORMULA = /^[=+\-@\t\r]/;
// What a reader chose of each table, by the page and the table's place on it: a swap keeps it.
/** @type {Map<string, {column: number, way: string, text: string}>} */
const chosen = new Map();
/** @type {[string, number] | null} */
let focused = null;

/** Enhances the tables of the page, and those that a swap brings. */
export function watchTables() {
  const texts = document.body.dataset.tables;
  if (!texts) return;
  const words = JSON.parse(texts);
  const enhanceAll = () => {
    document.querySelectorAll("main table:not(td table)").forEach((table, at) => {
      if (table instanceof HTMLTableElement && isPlain(table)) enhance(table, `${location.pathname} ${at}`, words);
    });
    if (focused) sorterOf(...focused)?.focus();
    focused = null;
  };
  document.body.addEventListener("htmx:before:swap", () => {
    const at = document.activeElement;
    if (at instanceof HTMLElement && at.matches(".sorter")) focused = [at.dataset.table ?? "", Number(at.dataset.column)];
  });
  document.body.addEventListener("htmx:after:swap", enhanceAll);
  enhanceAll();
}

/** Whether every row has one cell for every column. @param {HTMLTableElement} table */
function isPlain(table) {
  const heads = table.tHead?.rows[0]?.cells.length;
  if (!heads || table.tHead?.rows.length !== 1 || table.tBodies.length !== 1) return false;
  const rows = [...table.tBodies[0].rows];
  return rows.length > 1 && rows.every((row) => row.cells.length === heads && !row.querySelector(":scope > [colspan]"));
}

/**
 * Gives a table what it lacks and shows it as it was chosen.
 * @param {HTMLTableElement} table @param {string} key @param {Record<string, string>} words
 */
function enhance(table, key, words) {
  const state = chosen.get(key) ?? { column: -1, way: "", text: "" };
  chosen.set(key, state);
  [...(table.tHead?.rows[0].cells ?? [])].forEach((head, column) => {
    const name = head.textContent?.trim();
    if (!name || head.querySelector("button, input, a")) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "sorter", title: words.sort });
    Object.assign(button.dataset, { table: key, column: String(column) });
    button.append(...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      Object.assign(state, { column, way: state.column === column ? ARROW[state.way] : "ascending" });
      sort(table, state);
    });
  });
  addTools(table, state, words);
  sort(table, state);
  filter(table, state, words);
}

/** @param {string} key @param {number} column @returns {HTMLElement | null} */
function sorterOf(key, column) {
  return document.querySelector(`.sorter[data-table="${CSS.escape(key)}"][data-column="${column}"]`);
}

/** @param {HTMLTableElement} table @param {{column: number, way: string}} state */
function sort(table, state) {
  [...(table.tHead?.rows[0].cells ?? [])].forEach((head, column) => {
    if (column === state.column) head.setAttribute("aria-sort", state.way);
    else head.removeAttribute("aria-sort");
  });
  if (state.column < 0) return;
  const body = table.tBodies[0];
  const said = [...body.rows].map((row) => ({ row, value: valueOf(row.cells[state.column]) }));
  const order = comparing(said.map((one) => one.value));
  const sign = state.way === "ascending" ? 1 : -1;
  // What says nothing stands last either way.
  said.sort((a, b) => Number(!a.value) - Number(!b.value) || sign * order(a.value, b.value));
  if (said.some((one, at) => one.row !== body.rows[at])) body.append(...said.map((one) => one.row));
}

/** Numbers as numbers where all of a column are, everything else as people look it up. @param {string[]} values */
function comparing(values) {
  const numeric = values.every((value) => !value || NUMBER.test(value));
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  return numeric
    ? (/** @type {string} */ a, /** @type {string} */ b) => numberOf(a) - numberOf(b)
    : collator.compare;
}

/** @param {string} text */
function numberOf(text) {
  return Number(NUMBER.exec(text)?.[1].replaceAll(",", "") ?? 0);
}

/** What a cell stands for: a moment is its date, a choice what is chosen. @param {HTMLTableCellElement} cell */
function valueOf(cell) {
  const moment = cell.querySelector("time[datetime]")?.getAttribute("datetime");
  const field = cell.querySelector("input:not([type=hidden]), select");
  const typed = field && "value" in field ? String(field.value) : "";
  return cell.dataset.value ?? moment ?? ((cell.textContent ?? "").trim() || typed);
}

/** The search field, the count and the file, where the page has none of its own for this table. */
/** @param {HTMLTableElement} table @param {{text: string}} state @param {Record<string, string>} words */
function addTools(table, state, words) {
  const place = table.closest(".scroll") ?? table;
  const room = place.parentElement;
  const tools = toolsOf(table) ?? document.createElement("div");
  if (tools.isConnected || !room) return;
  tools.className = "table-tools";
  if (table.tBodies[0].rows.length >= FILTER_FROM && !room.querySelector('input[type="search"]')) {
    const field = document.createElement("input");
    Object.assign(field, { type: "search", placeholder: words.filter, value: state.text });
    field.setAttribute("aria-label", words.filter);
    const count = document.createElement("span");
    count.className = "muted small";
    count.setAttribute("role", "status");
    field.addEventListener("input", () => {
      state.text = field.value;
      filter(table, state, words);
    });
    tools.append(field, count);
  }
  if (!room.querySelector('a[href*=".csv"]')) {
    const save = document.createElement("button");
    Object.assign(save, { type: "button", className: "quiet", textContent: "CSV", title: words.save });
    save.addEventListener("click", () => saveRows(table));
    tools.append(save);
  }
  if (tools.childElementCount) place.before(tools);
}

/** @param {HTMLTableElement} table @returns {Element | null} */
function toolsOf(table) {
  const before = (table.closest(".scroll") ?? table).previousElementSibling;
  return before?.matches(".table-tools") ? before : null;
}

/** @param {HTMLTableElement} table @param {{text: string}} state @param {Record<string, string>} words */
function filter(table, state, words) {
  const field = toolsOf(table)?.querySelector("input");
  if (!field) return;
  const wanted = state.text.trim().toLocaleLowerCase();
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) row.hidden = !row.textContent?.toLocaleLowerCase().includes(wanted);
  const count = field.nextElementSibling;
  const shown = rows.filter((row) => !row.hidden).length;
  if (count) count.textContent = wanted ? words.shown.replace("{n}", String(shown)).replace("{all}", String(rows.length)) : "";
}

/** Saves what is shown, as a table that no spreadsheet takes for formulas. @param {HTMLTableElement} table */
function saveRows(table) {
  const heads = [...(table.tHead?.rows[0].cells ?? [])];
  const columns = heads.flatMap((head, at) => (head.textContent?.trim() ? [at] : []));
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const lines = [heads, ...rows.map((row) => [...row.cells])].map((cells) =>
    columns.map((at) => quoted(textOf(cells[at]))).join(","),
  );
  const file = new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv" });
  const link = document.createElement("a");
  Object.assign(link, { href: URL.createObjectURL(file), download: `${document.title}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** @param {HTMLTableCellElement} cell */
function textOf(cell) {
  const moment = cell.querySelector("time[datetime]")?.getAttribute("datetime");
  return moment ?? valueOf(cell).replace(/\s+/g, " ");
}

/** @param {string} text */
function quoted(text) {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
