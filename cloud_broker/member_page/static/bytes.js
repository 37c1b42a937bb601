// @ts-check
/** Bytes as text, the ways this page needs. */

const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** @param {Uint8Array} bytes @returns {string} lower-case hex */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text hex, dashes of a UUID are passed over @returns {Uint8Array<ArrayBuffer>} */
export function unhex(text) {
  const plain = text.replaceAll("-", "");
  const bytes = new Uint8Array(plain.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(plain.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} its UTF-8 */
export function utf8(text) {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** @param {...Uint8Array} parts @returns {Uint8Array<ArrayBuffer>} one after the other */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} bytes of even length @returns {string} Base45 of RFC 9285 */
export function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = bytes[at] * 256 + bytes[at + 1];
    text += BASE45[pair % 45] + BASE45[Math.floor(pair / 45) % 45] + BASE45[Math.floor(pair / 2025)];
  }
  return text;
}
