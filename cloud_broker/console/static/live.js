/** Says whether the wall is live, and goes to the sign-in page when the session has ended. */

const RETRY_MS = 3_000;
const UNAUTHORISED = 401;

/** Watches the one stream of the page. */
export function watchStream() {
  const stream = document.getElementById("stream");
  const sign = document.getElementById("live");
  if (!stream || !sign) return;
  const say = (/** @type {"live" | "wait" | "off"} */ state) => {
    const text = sign.querySelector("span");
    const words = sign.dataset[state] ?? "";
    sign.className = `live live--${state === "live" ? "on" : state}`;
    if (text && text.textContent !== words) text.textContent = words;
  };
  const leave = () => location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  let begun = false;
  stream.addEventListener("htmx:sse:after:connection", (event) => {
    begun = true;
    say(detail(event).connection?.status === UNAUTHORISED ? "off" : "live");
  });
  stream.addEventListener("htmx:sse:error", (event) => {
    if (detail(event).status === UNAUTHORISED) leave();
    say("wait");
  });
  stream.addEventListener("htmx:sse:close", () => say("off"));
  stream.addEventListener("signed-out", leave);
  // The extension reconnects a stream that has begun; the very first try is ours to repeat.
  stream.addEventListener("htmx:error", () => {
    say("wait");
    if (!begun) setTimeout(() => stream.dispatchEvent(new CustomEvent("again")), RETRY_MS);
  });
}

/** @param {Event} event @returns {{status?: number, connection?: {status?: number}}} */
function detail(event) {
  return event instanceof CustomEvent ? event.detail : {};
}
