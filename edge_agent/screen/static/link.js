// @ts-check
/** The line to the box: one token, one socket that comes back by itself, one way to call. */

const RETRY_MS = 500;
const RETRY_MAX_MS = 8000;
const KEY_BYTES = 16;
const PAIRED = "paired";

/** Take the token out of the address, so that it is neither shown nor bookmarked. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token") ?? location.hash.slice(1);
  if (token) {
    sessionStorage.setItem("token", token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem("token") ?? localStorage.getItem(PAIRED) ?? "";
}

/** @param {string} token of a pairing: it outlives the browser, until the box takes it back */
export function keepToken(token) {
  localStorage.setItem(PAIRED, token);
}

/** Forget a token that the box no longer knows. */
export function dropToken() {
  sessionStorage.removeItem("token");
  localStorage.removeItem(PAIRED);
}

/** @returns {string} a name for one intended write; a page without TLS has no `randomUUID` */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A way to call the local API.
 * @param {string} token @param {() => string} operator the token of who is signed in, or nothing
 * @returns {(method: string, path: string, body?: object | null, key?: string) => Promise<import("./state.js").Answer>}
 */
export function caller(token, operator) {
  return async (method, path, body = null, key = newKey()) => {
    /** @type {Record<string, string>} */
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    if (operator()) headers["X-Operator"] = operator();
    if (method !== "GET") headers["Idempotency-Key"] = key;
    // The box's gate asks every write that may have a body for JSON.
    const sent = body || ["POST", "PUT"].includes(method) ? JSON.stringify(body ?? {}) : undefined;
    if (sent) headers["Content-Type"] = "application/json";
    try {
      const answer = await fetch(path, { method, headers, cache: "no-store", body: sent });
      const text = await answer.text();
      return { ok: answer.ok, status: answer.status, body: text ? JSON.parse(text) : null };
    } catch {
      return { ok: false, status: 0, body: null };
    }
  };
}

/**
 * Listen to the box's events for good.
 * @param {string} token
 * @param {string} lane whose events; empty where the box has but one
 * @param {(event: any) => void} onEvent
 * @param {(up: boolean) => void} onState
 */
export function listen(token, lane, onEvent, onState) {
  let wait = RETRY_MS;
  // What was heard last: who comes back gets what happened meanwhile, or a reset.
  let heard = 0;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const offered = ["regulars.v1", `bearer.${token}`];
    const asked = new URLSearchParams({ ...(lane ? { lane } : {}), ...(heard ? { after: String(heard) } : {}) }).toString();
    const socket = new WebSocket(`${scheme}//${location.host}/v1/events${asked && `?${asked}`}`, offered);
    socket.onopen = () => {
      wait = RETRY_MS;
      onState(true);
    };
    socket.onmessage = (message) => {
      const event = JSON.parse(message.data);
      heard = Math.max(heard, event.event_no);
      onEvent(event);
    };
    socket.onclose = () => {
      onState(false);
      setTimeout(connect, wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, RETRY_MAX_MS);
    };
  };
  connect();
}
