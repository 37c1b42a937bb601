/** Keeps "3 minutes ago" true, by the server's clock: a wall display's own clock may be anything. */

const JUST_NOW_MS = 2_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAYS_MAX = 30;

/**
 * Writes how long ago a moment was; null when the date says more.
 * @param {number} passed milliseconds
 * @param {Record<string, string>} words texts with `{n}`
 * @returns {string | null}
 */
export function ago(passed, words) {
  if (passed < JUST_NOW_MS) return words.now;
  const [unit, size] =
    passed < MINUTE_MS ? ["seconds", 1_000]
    : passed < HOUR_MS ? ["minutes", MINUTE_MS]
    : passed < DAY_MS ? ["hours", HOUR_MS]
    : ["days", DAY_MS];
  if (unit === "days" && passed >= DAYS_MAX * DAY_MS) return null;
  return words[unit].replace("{n}", String(Math.floor(passed / Number(size))));
}

/** Rewrites every moment on the page each second, and at once when new ones arrive. */
export function keepTimesTrue() {
  const { now, ago: texts } = document.body.dataset;
  if (!now || !texts) return;
  const words = JSON.parse(texts);
  const ahead = Number(now) - performance.now();
  const write = () => {
    for (const moment of document.querySelectorAll("time[data-ms]")) {
      const text = ago(ahead + performance.now() - Number(moment.getAttribute("data-ms")), words);
      if (text !== null && moment.textContent !== text) moment.textContent = text;
    }
  };
  setInterval(write, 1_000);
  document.body.addEventListener("htmx:after:swap", write);
}
