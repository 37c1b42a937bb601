// @ts-check
/** What this phone keeps, in IndexedDB: its key (which cannot be read out), and the last view. */

import { hex } from "./bytes.js";

const NAME = "regulars-member";
const TABLE = "kept";

/**
 * @typedef {object} Phone who this phone speaks for
 * @property {string} tenantId
 * @property {string} memberId
 * @property {string} keyId empty when the browser cannot sign
 * @property {CryptoKey | null} key
 * @property {CryptoKey} digits
 */

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode @param {(table: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>} when it is on disk
 */
async function within(mode, act) {
  const base = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = base.transaction(TABLE, mode);
      const asked = act(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    base.close();
  }
}

/** @typedef {"phone" | "view" | "growth" | "offset" | "invite" | "browser" | "agreeing"} Name */

/** @param {Name} name @returns {Promise<any>} undefined when there is none */
export function kept(name) {
  return within("readonly", (table) => table.get(name));
}

/** @param {Name} name @param {unknown} value */
export function keep(name, value) {
  return within("readwrite", (table) => table.put(value, name));
}

/** @param {Name} name */
export function drop(name) {
  return within("readwrite", (table) => table.delete(name));
}

/** Forget whom this phone spoke for; that it is the same browser stays known. */
export async function forget() {
  for (const name of /** @type {Name[]} */ (["phone", "view", "growth", "offset", "invite", "agreeing"])) await drop(name);
}

/** @returns {Promise<string>} a number of this browser's own: nobody is her own friend on it */
export async function browserNumber() {
  const known = await kept("browser");
  if (known) return known;
  const made = hex(crypto.getRandomValues(new Uint8Array(16)));
  await keep("browser", made);
  return made;
}
