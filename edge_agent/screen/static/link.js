// @ts-check
/** The line to the box: one token, one socket that comes back by itself, one way to call. */

const RETRY_MS = 500;
const RETRY_MAX_MS = 8000;

/** Take the token out of the address, so that it is neither shown nor bookmarked. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token") ?? location.hash.slice(1);
  if (token) {
    sessionStorage.setItem("token", token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem("token") ?? "";
}

/**
 * Call the local API.
 * @param {string} token @param {string} path @param {object | null} body null means GET
 * @returns {Promise<{ok: boolean, status: number, body: any}>} status 0: no answer
 */
export async function call(token, path, body = null) {
  /** @type {RequestInit} */
  const request = { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" };
  if (body) {
    request.method = "POST";
    request.body = JSON.stringify(body);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  try {
    const answer = await fetch(path, request);
    return { ok: answer.ok, status: answer.status, body: await answer.json() };
  } catch {
    return { ok: false, status: 0, body: null };
  }
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
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const offered = ["regulars.v1", `bearer.${token}`];
    const asked = lane ? `?${new URLSearchParams({ lane })}` : "";
    const socket = new WebSocket(`${scheme}//${location.host}/v1/events${asked}`, offered);
    socket.onopen = () => {
      wait = RETRY_MS;
      onState(true);
    };
    socket.onmessage = (message) => onEvent(JSON.parse(message.data));
    socket.onclose = () => {
      onState(false);
      setTimeout(connect, wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, RETRY_MAX_MS);
    };
  };
  connect();
}
