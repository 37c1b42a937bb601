// @ts-check
/** Building nodes without markup in strings: nothing a name contains can become an element. */

/**
 * @typedef {Node | string | null | false} Child
 * @typedef {Record<string, string | boolean | ((event: Event) => void)>} Attributes
 */

/**
 * @param {string} tag a tag with classes: `div.card.wide`
 * @param {Attributes} attributes `onclick` and its like take functions
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

const SHAPES = {
  face: ["M9 4H6a2 2 0 0 0-2 2v3M15 4h3a2 2 0 0 1 2 2v3M9 20H6a2 2 0 0 1-2-2v-3M15 20h3a2 2 0 0 0 2-2v-3", "M9 10v.5M15 10v.5M9 14.5c1.8 1.5 4.2 1.5 6 0"],
  code: ["M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4z", "M14 14h2.5v2.5H14zM18.5 18.5H20V20M14 20h1M20 14v1"],
  card: ["M3 6.5h13a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H3z", "M3 10h14.5M20 8.5c1.3 2 1.3 5 0 7"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c1.2-4 4-5.5 7.5-5.5s6.3 1.5 7.5 5.5"],
  question: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.8v.2"],
  receipt: ["M6 3.5h12v17l-2-1.5-2 1.5-2-1.5-2 1.5-2-1.5-2 1.5z", "M9 8.5h6M9 12.5h6"],
  check: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8 12.3l2.7 2.7 5.3-5.8"],
  link: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7.5v5.5M12 16.3v.2"],
  gift: ["M4 11h16v9H4zM3 7.5h18V11H3zM12 7.5V20", "M12 7.5C9 7.5 7.5 6.3 7.5 5S9.5 3 10.5 4.2 12 7.5 12 7.5s.5-2 1.5-3.3S16.5 3.5 16.5 5 15 7.5 12 7.5z"],
  cake: ["M4 20v-6.5A1.5 1.5 0 0 1 5.5 12h13a1.5 1.5 0 0 1 1.5 1.5V20zM3 20h18", "M4 16c2 0 2 1.2 4 1.2S10 16 12 16s2 1.2 4 1.2 2-1.2 4-1.2M12 12V8.5M12 5.5v.2"],
  coupon: ["M3 7h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4z", "M14 7v2M14 11v2M14 15v2"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  star: ["M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z"],
  add: ["M12 5v14M5 12h14"],
  less: ["M5 12h14"],
  bin: ["M5 7h14M10 4h4M7 7l.8 13h8.4L17 7M10.5 11v5M13.5 11v5"],
  back: ["M9 7L4 12l5 5M4.5 12H15a5 5 0 0 1 0 8"],
  close: ["M6 6l12 12M18 6L6 18"],
  scan: ["M4 8V5h3M20 8V5h-3M4 16v3h3M20 16v3h-3", "M7 9v6M10 9v6M13.5 9v6M17 9v6"],
  basket: ["M4 9h16l-1.6 9.2a2 2 0 0 1-2 1.8H7.6a2 2 0 0 1-2-1.8z", "M8.5 9l2.5-5M15.5 9L13 4"],
};

/** @param {keyof typeof SHAPES} name @returns {SVGElement} a line icon in the text's colour */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of SHAPES[name]) svg.append(path(d));
  return svg;
}

const HEAD = "M50 8c19 0 32 15 32 36 0 24-15 48-32 48S18 68 18 44C18 23 31 8 50 8z";
const SIGNS = {
  straight: "M38 44v.5M62 44v.5M50 50v9M41 72c5 4 13 4 18 0",
  left: "M30 44v.5M50 44v.5M38 50l-5 9h6M32 72c5 4 11 4 15 0M2 50h12M2 50l6-6M2 50l6 6",
  right: "M50 44v.5M70 44v.5M62 50l5 9h-6M53 72c4 4 10 4 15 0M98 50H86M98 50l-6-6M98 50l-6 6",
  back: "M38 44v.5M62 44v.5M50 50v9M41 72c5 4 13 4 18 0",
  passed: "M34 52l11 11 22-25",
  failed: "M38 38l24 24M62 38L38 62",
};

/**
 * An outline of a face as in a mirror: who is told to turn to her left sees it turn to the left.
 * @param {string} sign @returns {SVGElement}
 */
export function outline(sign) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("class", `outline outline-${sign}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(path(HEAD), path(SIGNS[/** @type {keyof typeof SIGNS} */ (sign)] ?? SIGNS.straight));
  return svg;
}

const MARKS = {
  ok: "M5 0a5 5 0 1 1 0 10A5 5 0 0 1 5 0z",
  degraded: "M5 .5L10 9.5H0z",
  cannot: "M1 1h8v8H1z",
  unknown: "M5 0a5 5 0 1 1 0 10A5 5 0 0 1 5 0zM5 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
};

/** @param {"ok"|"degraded"|"cannot"|"unknown"} state a mark whose shape says the state too */
export function mark(state) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("class", `mark mark-${state}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(path(MARKS[state]));
  return svg;
}

/** @param {string} d */
function path(d) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "path");
  node.setAttribute("d", d);
  return node;
}
