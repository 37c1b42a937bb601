// @ts-check
/** The way to the cloud: each request signed by the phone's key, and the cloud's time learnt. */

import { hex, utf8 } from "./bytes.js";
import { keep, kept } from "./store.js";

/** @typedef {import("./store.js").Phone} Phone */
/** @typedef {{ok: boolean, status: number, body: any}} Answer status 0: no answer came */

const CLOCK = "A119";
const TIMEOUT_MS = 8_000;
let offsetMs = 0;

/** Read the offset that was learnt before; a phone may open the page without a network. */
export async function recallTime() {
  offsetMs = (await kept("offset")) ?? 0;
}

/** @returns {number} the cloud's clock in milliseconds, as well as this phone knows it */
export function nowMs() {
  return Date.now() + offsetMs;
}

/** @param {number} cloudMs @param {number} sentMs this phone's clock when it asked */
function learn(cloudMs, sentMs) {
  const got = Date.now();
  // The answer was written somewhere between the two: half the way is the best guess.
  offsetMs = Math.round(cloudMs - (sentMs + got) / 2);
  void keep("offset", offsetMs);
}

/**
 * @param {string} path @param {RequestInit} request @returns {Promise<Answer>}
 */
async function asked(path, request) {
  const sent = Date.now();
  try {
    const answer = await fetch(path, {
      ...request,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await answer.json();
    const cloudMs = Number(body.now_ms ?? body.fields?.now_ms);
    if (Number.isFinite(cloudMs)) learn(cloudMs, sent);
    return { ok: answer.ok, status: answer.status, body };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}

/** @param {string} code @param {Uint8Array | null} publicKey @returns {Promise<Answer>} */
export function claim(code, publicKey) {
  const body = JSON.stringify({ claim_code: code, public_key: publicKey && hex(publicKey) });
  return asked("/v1/member/claim", { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

/**
 * Ask something as nobody yet. @param {string} method @param {string} path
 * @param {Record<string, unknown>} content @param {Uint8Array | null} [publicKey] of a key that is to be hers
 * @returns {Promise<Answer>}
 */
export function plainly(method, path, content, publicKey) {
  const said = publicKey === undefined ? content : { ...content, public_key: publicKey && hex(publicKey) };
  return asked(path, { method, body: JSON.stringify(said), headers: { "Content-Type": "application/json" } });
}

/** @param {string} token a shared link's @returns {Promise<Answer>} who shared it */
export function fromWhom(token) {
  return asked(`/v1/member/links/${token}`, { method: "GET" });
}

/**
 * Ask something as the member. A clock that is off is put right and asked again, once.
 * @param {Phone} phone @param {string} method @param {string} path @param {object | null} content
 * @returns {Promise<Answer>}
 */
export async function call(phone, method, path, content = null) {
  const first = await signedCall(phone, method, path, content);
  return first.body?.code === CLOCK ? signedCall(phone, method, path, content) : first;
}

/** @param {Phone} phone @param {string} method @param {string} path @param {object | null} content */
async function signedCall(phone, method, path, content) {
  if (!phone.key) return { ok: false, status: 0, body: null };
  const body = content ? JSON.stringify(content) : "";
  const time = Math.round(nowMs()).toString();
  const nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(body))));
  const words = utf8(["regulars-p1", method, path, time, nonce, digest].join("\n"));
  const signature = hex(new Uint8Array(await crypto.subtle.sign("Ed25519", phone.key, words)));
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Phone ${phone.tenantId}.${phone.keyId}.${time}.${nonce}.${signature}` };
  if (content) headers["Content-Type"] = "application/json";
  return asked(path, { method, headers, ...(content ? { body } : {}) });
}

