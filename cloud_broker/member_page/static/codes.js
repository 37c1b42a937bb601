// @ts-check
/** The two codes of a member's phone: the signed one for a QR, the digits for when that fails. */

import { base45, joined, unhex, utf8 } from "./bytes.js";

/** Both codes change together, on the clock's half minutes. */
export const STEP_S = 30;
/** A shown code is good for two steps, so that one scanned at the last moment still counts. */
const LIFE_S = 2 * STEP_S;
const DIGIT_VERSION = "8";
const NINE_DIGITS = 10n ** 9n;

/** @returns {Promise<boolean>} whether this browser can keep an Ed25519 key */
export async function canSign() {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

/** @returns {Promise<{key: CryptoKey, publicKey: Uint8Array<ArrayBuffer>}>} a key that cannot leave the browser */
export async function newKey() {
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
  return { key: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

/** @param {string} secret hex @returns {Promise<CryptoKey>} the digit code's secret, not to be read back */
export function digitKey(secret) {
  return crypto.subtle.importKey("raw", unhex(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/**
 * The signed code: `M1:` and Base45 of version, key id, time, life, nonce and the signature.
 * @param {CryptoKey} key @param {string} keyId hex @param {number} nowS the cloud's clock
 * @returns {Promise<string>}
 */
export async function memberCode(key, keyId, nowS) {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint32(0, Math.floor(nowS));
  head.setUint8(4, LIFE_S);
  const nonce = crypto.getRandomValues(new Uint8Array(8));
  const signed = joined(Uint8Array.of(1), unhex(keyId), new Uint8Array(head.buffer), nonce);
  const signature = await crypto.subtle.sign("Ed25519", key, joined(utf8("regulars-m1"), signed));
  return "M1:" + base45(joined(signed, new Uint8Array(signature)));
}

/**
 * Twenty digits: version, the member's reference, nine digits of RFC 6238, a Luhn digit.
 * @param {CryptoKey} secret @param {string} memberId @param {number} nowS @returns {Promise<string>}
 */
export async function digitCode(secret, memberId, nowS) {
  const named = await crypto.subtle.digest("SHA-256", joined(utf8("regulars-d1"), unhex(memberId)));
  const reference = new DataView(named).getBigUint64(0) % NINE_DIGITS;
  const step = new DataView(new ArrayBuffer(8));
  step.setBigUint64(0, BigInt(Math.floor(nowS / STEP_S)));
  const mac = new DataView(await crypto.subtle.sign("HMAC", secret, step.buffer));
  const value = BigInt(mac.getUint32(mac.getUint8(mac.byteLength - 1) & 0xf) & 0x7fffffff) % NINE_DIGITS;
  const body = DIGIT_VERSION + nine(reference) + nine(value);
  return body + luhn(body);
}

/** @param {bigint} value */
function nine(value) {
  return value.toString().padStart(9, "0");
}

/** @param {string} digits @returns {string} the digit that makes them a valid Luhn number */
function luhn(digits) {
  let total = 0;
  for (let place = 0; place < digits.length; place++) {
    const value = Number(digits[digits.length - 1 - place]) * (place % 2 === 0 ? 2 : 1);
    total += value > 9 ? value - 9 : value;
  }
  return String((10 - (total % 10)) % 10);
}
