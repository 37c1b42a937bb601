// @ts-check
/** How figures, times and names are written; amounts arrive in fen, quantities in thousandths. */

const MINUS = "−";
/** @type {Record<string, string>} */
const WIDE = { ",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "?": "\uff1f" };

/** @param {number} fen @returns {string} ¥1,234.50 */
export function yuan(fen) {
  const whole = Math.trunc(Math.abs(fen) / 100).toString();
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const cents = (Math.abs(fen) % 100).toString().padStart(2, "0");
  return `${fen < 0 ? MINUS : ""}¥${grouped}.${cents}`;
}

/** @param {number} points @returns {string} 2,340 */
export function integer(points) {
  return points.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** @param {number} milli @returns {string} 1, 2, 0.385 */
export function quantity(milli) {
  return (milli / 1000).toString();
}

/** @param {number} wallMs @returns {string} 09:12 */
export function clock(wallMs) {
  const when = new Date(wallMs);
  return `${pad(when.getHours())}:${pad(when.getMinutes())}`;
}

/**
 * A day as people say it: the time when it is today, else month and day.
 * @param {number} wallMs @param {number} nowMs @returns {string}
 */
export function day(wallMs, nowMs) {
  const when = new Date(wallMs);
  const now = new Date(nowMs);
  if (when.toDateString() === now.toDateString()) return clock(wallMs);
  const short = `${pad(when.getMonth() + 1)}-${pad(when.getDate())}`;
  return when.getFullYear() === now.getFullYear() ? short : `${when.getFullYear()}-${short}`;
}

/** @param {number} wallMs @returns {string} exact, for the hover */
export function exact(wallMs) {
  return new Date(wallMs).toLocaleString();
}

/**
 * Punctuation between Chinese characters takes the width of one.
 * @param {string} text @returns {string}
 */
export function typeset(text) {
  return text.replace(/(?<=[\u4e00-\u9fff])[,;:?]/g, (mark) => WIDE[mark] ?? mark);
}

/** @param {number} value */
function pad(value) {
  return value.toString().padStart(2, "0");
}
