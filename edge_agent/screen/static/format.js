// @ts-check
/** How figures, times and names are written; amounts arrive in fen, quantities in thousandths. */

const MINUS = "−";
const NOW_S = 10;
const MINUTE_S = 60;
const DAY_MS = 86_400_000;
/** @type {Record<string, string>} */
const WIDE = { ",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "?": "\uff1f" };

/** @param {number} fen @returns {string} ¥1,234.50 */
export function yuan(fen) {
  const whole = Math.trunc(Math.abs(fen) / 100).toString();
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const cents = (Math.abs(fen) % 100).toString().padStart(2, "0");
  return `${fen < 0 ? MINUS : ""}¥${grouped}.${cents}`;
}

/**
 * @param {{tier_name: string, tier_name_en?: string}} of who or what names a tier @param {string} language
 * @returns {string} what pages of this language call it
 */
export function tierName(of, language) {
  return (language === "en" && of.tier_name_en) || of.tier_name;
}

/**
 * @param {{name: string, name_en?: string}} of a rule, or what it gives @param {string} language
 * @returns {string} what pages of this language call it
 */
export function named(of, language) {
  return (language === "en" && of.name_en) || of.name;
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

/**
 * How long ago, roughly enough not to flicker.
 * @param {number} wallMs @param {number} nowMs @param {import("./state.js").Say} t @returns {string}
 */
export function ago(wallMs, nowMs, t) {
  const seconds = Math.max(0, Math.round((nowMs - wallMs) / 1000));
  if (seconds < NOW_S) return t("ago.now");
  if (seconds < MINUTE_S) return t("ago.seconds", { count: seconds - (seconds % NOW_S) });
  const minutes = Math.floor(seconds / MINUTE_S);
  return minutes < MINUTE_S ? t("ago.minutes", { count: minutes }) : clock(wallMs);
}

/** @param {number} numbered a day as 20261101 @returns {string} 2026-11-01 */
export function dateOf(numbered) {
  const text = numbered.toString();
  return text.length === 8 ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : new Date(numbered * DAY_MS).toISOString().slice(0, 10);
}

/** @param {number} wallMs @returns {string} 2026-11-23 14:05:09, whatever the browser's language is */
export function exact(wallMs) {
  return new Date(wallMs).toLocaleString("sv-SE");
}

/**
 * Punctuation beside Chinese characters takes the width of one; an English sentence keeps its own around a Chinese name.
 * @param {string} text @returns {string}
 */
export function typeset(text) {
  if (document.documentElement.lang === "en") return text;
  return text.replace(/(?<=[\u4e00-\u9fff])[,;:?]|[,;:?](?=[\u4e00-\u9fff])/g, (mark) => WIDE[mark] ?? mark);
}

/** @param {string} text an amount as typed @returns {number | null} fen */
export function fenOf(text) {
  const parts = /^(\d{1,8})(?:\.(\d{0,2}))?$/.exec(text.trim());
  return parts ? Number(parts[1]) * 100 + Number((parts[2] ?? "").padEnd(2, "0")) : null;
}

/**
 * Whether digits are a bar code with a right check digit: no phone number and no amount is one.
 * @param {string} text @returns {boolean}
 */
export function isBarcode(text) {
  if (!/^(\d{8}|\d{12,14})$/.test(text)) return false;
  const digits = Array.from(text, Number).reverse();
  return digits.reduce((sum, digit, at) => sum + digit * (at % 2 ? 3 : 1), 0) % 10 === 0;
}

/** @param {number} value */
function pad(value) {
  return value.toString().padStart(2, "0");
}
