/** The wall: takes in batches of changed tiles, and shows what the filter asks for.
 *
 * A tile that changes gets two attributes, and nothing moves in the document: the style sheet draws
 * its mark, puts the worst first and hides what the filter leaves out.
 */

const STATES = ["ok", "degraded", "cannot", "gone", "never"];

/** Listens to the stream and to the filter; nothing where there is no wall. */
export function watchWall() {
  const stream = document.getElementById("stream");
  const form = document.getElementById("wall-filter");
  if (!stream || !(form instanceof HTMLFormElement)) return;
  stream.addEventListener("tiles", (event) => {
    if (event instanceof CustomEvent) take(JSON.parse(event.detail.data));
  });
  read(form);
  form.addEventListener("input", () => {
    keep(form);
    show(form);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  // What was swapped in knows of no filter; without one there is nothing to say to 1,200 tiles.
  document.body.addEventListener("htmx:after:swap", () => {
    if (narrows(form)) show(form);
  });
  show(form);
}

/** @param {{figures: Record<string, number>, tiles: [string, string, string][]}} batch */
function take(batch) {
  for (const [id, state, words] of batch.tiles) {
    const tile = document.getElementById(`tile-${id}`);
    if (!tile) continue;
    if (!tile.classList.contains(`tile--${state}`)) {
      tile.className = tile.classList.contains("tile--out") ? `tile tile--${state} tile--out` : `tile tile--${state}`;
    }
    if (tile.ariaLabel !== words) tile.ariaLabel = words;
  }
  for (const [state, count] of Object.entries(batch.figures)) {
    const figure = document.getElementById(`figure-${state}`);
    const shown = figure?.querySelector(".big");
    const said = count.toLocaleString("en");
    if (!figure || !shown || shown.textContent === said) continue;
    shown.textContent = said;
    figure.classList.toggle("figure--zero", count === 0);
  }
}

/** Shows what the form asks for. @param {HTMLFormElement} form */
function show(form) {
  const wall = document.getElementById("wall-groups");
  if (!wall) return;
  const asked = new FormData(form);
  const states = asked.getAll("state");
  const region = String(asked.get("region"));
  const wanted = String(asked.get("q")).trim().toLowerCase();
  wall.dataset.hide = STATES.filter((state) => !states.includes(state)).join(" ");
  for (const group of wall.querySelectorAll(".group")) {
    let found = false;
    for (const tile of group.querySelectorAll(".tile")) {
      const fits = wanted === "" || name(tile).includes(wanted);
      tile.classList.toggle("tile--out", !fits);
      found ||= fits;
    }
    const there = region === "" || group.getAttribute("data-region") === region;
    group.toggleAttribute("hidden", !found || !there);
  }
}

/** Whether the filter leaves anything out. @param {HTMLFormElement} form */
function narrows(form) {
  const asked = new FormData(form);
  const whole = asked.getAll("state").length === STATES.length;
  return !whole || asked.get("region") !== "" || String(asked.get("q")).trim() !== "";
}

/** A tile's name, which its words begin with. @param {Element} tile */
function name(tile) {
  const words = tile.ariaLabel ?? tile.querySelector(".tile__name")?.textContent ?? "";
  return words.split(" · ")[0].toLowerCase();
}

/** Puts the filter into the address, so that a wall can be opened as it was. @param {HTMLFormElement} form */
function keep(form) {
  const asked = new FormData(form);
  const address = new URL(location.href);
  const states = asked.getAll("state").map(String);
  set(address, "state", states.length === STATES.length ? "" : states.join(",") || "-");
  set(address, "region", String(asked.get("region")));
  set(address, "q", String(asked.get("q")));
  history.replaceState(history.state, "", address);
}

/** @param {URL} address @param {string} key @param {string} value */
function set(address, key, value) {
  if (value) address.searchParams.set(key, value);
  else address.searchParams.delete(key);
}

/** Fills the form from the address. @param {HTMLFormElement} form */
function read(form) {
  const asked = new URL(location.href).searchParams;
  const states = asked.get("state")?.split(",");
  for (const box of form.querySelectorAll("input[name=state]")) {
    if (states && box instanceof HTMLInputElement) box.checked = states.includes(box.value);
  }
  for (const key of ["region", "q"]) {
    const field = form.elements.namedItem(key);
    const value = asked.get(key);
    if (value && (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) field.value = value;
  }
}
