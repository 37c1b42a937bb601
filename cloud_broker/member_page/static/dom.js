// @ts-check
/** Nodes without markup in strings: nothing a name contains can become an element. */

import qrcode from "/m/static/vendor/qrcode.mjs";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4;

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
  settings: "M4 7h9m5 0h2M4 17h3m5 0h8M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9.5 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  back: "M15 5l-7 7 7 7",
  phone: "M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2",
  counter: "M4 10h16l-1.2-5H5.2zM5 10v9h14v-9M9 19v-5h6v5",
  check: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.3l2.7 2.7 5.3-5.8",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-2.5 0-4.5-.8-4.5-2.4S9.7 2.5 12 7zM12 7c2.5 0 4.5-.8 4.5-2.4S14.3 2.5 12 7z",
  friend: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.5 2.7-5.5 6-5.5s6 2 6 5.5M18 8v6M15 11h6",
  alert: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.5v5.5M12 16.3v.2",
};

/** @param {keyof typeof SHAPES} name @returns {SVGElement} a line icon in the text's colour */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path(SHAPES[name]));
  return svg;
}

/**
 * A code as a drawing; dark on white whatever the page's colours, because scanners expect it so.
 * @param {string} text digits, the letters of Base45, or a link @param {string} label @returns {SVGElement}
 */
export function qr(text, label) {
  const code = qrcode(0, "M");
  const mode = /^\d+$/.test(text) ? "Numeric" : /^[0-9A-Z $%*+\-./:]*$/.test(text) ? "Alphanumeric" : "Byte";
  code.addData(text, mode);
  code.make();
  const count = code.getModuleCount();
  let squares = "";
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) squares += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  const svg = document.createElementNS(SVG, "svg");
  const side = count + 2 * QUIET;
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.append(path(squares));
  return svg;
}

/** @param {string} d */
function path(d) {
  const node = document.createElementNS(SVG, "path");
  node.setAttribute("d", d);
  return node;
}
