// @ts-check
/** The page's texts and how figures, days and times are written. */

const WIDE = { ",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "?": "\uff1f" };

/** @typedef {(key: string, values?: Record<string, string | number>) => string} Words */

/** @returns {"zh" | "en"} the browser's language; Chinese unless it speaks none */
export function language() {
  const asked = new URLSearchParams(location.search).get("lang");
  const first = asked ?? navigator.languages[0] ?? "zh";
  return first.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** @param {"zh" | "en"} spoken @returns {Promise<Words>} */
export async function words(spoken) {
  const texts = await (await fetch(`/m/static/text/${spoken}.json`)).json();
  return (key, values = {}) => {
    const said = (/** @type {string} */ name) => String(values[name] ?? "");
    // English has one word for one: "{n?visit:visits}".
    const text = typeset(texts[key] ?? "").replace(/\{(\w+)\?(\w+):(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name, /** @type {string} */ one, /** @type {string} */ many) => (said(name) === "1" ? one : many));
    return text.replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => said(name));
  };
}

/** @param {string} text Chinese punctuation takes the width of a character @returns {string} */
export function typeset(text) {
  return text.replace(/(?<=[\u4e00-\u9fff」])[,;:?]/g, (mark) => WIDE[/** @type {keyof typeof WIDE} */ (mark)]);
}

/** @param {number} points @returns {string} 2,340 */
export function integer(points) {
  return points.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** @param {number} fen @returns {string} ¥1,234.50 */
export function yuan(fen) {
  const cents = (Math.abs(fen) % 100).toString().padStart(2, "0");
  return `${fen < 0 ? "−" : ""}¥${integer(Math.trunc(Math.abs(fen) / 100))}.${cents}`;
}

/** @param {number} ms @returns {string} 09:12 */
export function clock(ms) {
  const when = new Date(ms);
  return `${two(when.getHours())}:${two(when.getMinutes())}`;
}

/** @param {number} ms @param {number} now @returns {string} the time when it is today, else the day */
export function day(ms, now) {
  const when = new Date(ms);
  const today = new Date(now);
  if (when.toDateString() === today.toDateString()) return clock(ms);
  const short = `${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return when.getFullYear() === today.getFullYear() ? short : `${when.getFullYear()}-${short}`;
}

/** @param {string} digits @returns {string} in fours, so that they can be read out */
export function fours(digits) {
  return digits.replace(/(\d{4})(?=\d)/g, "$1 ");
}

/** @param {number} value */
function two(value) {
  return value.toString().padStart(2, "0");
}

/**
 * @param {{name: string, name_en?: string}} of a rule, or what it gives @param {string} language
 * @returns {string} what pages of this language call it
 */
export function named(of, language) {
  return (language === "en" && of.name_en) || of.name;
}
