// @ts-check
/** The technician's pages: one shell, one module a tab, each with its own words. */

import { h } from "../dom.js";
import { typeset } from "../format.js";
import { caller, takeToken } from "../link.js";
import { pairingView } from "../pairing.js";
import * as agreement from "./agreement.js";
import * as devices from "./devices.js";
import * as doctor from "./doctor.js";
import * as health from "./health.js";
import * as learn from "./learn.js";
import { signIn } from "./sign_in.js";
import { texts as shell } from "./words.js";

/**
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Say
 * @typedef {{till: string, name: string, kind: string, state: string, profile: string}} Till
 * @typedef {object} Desk what a tab is given
 * @property {Say} t
 * @property {"zh"|"en"} language
 * @property {string} token for a socket's `bearer.` subprotocol
 * @property {(method: string, path: string, body?: object | null) => Promise<import("../state.js").Answer>} ask
 *   calls the box; asks who is there until somebody is who may, or nobody wants to
 * @property {(answer: import("../state.js").Answer) => string} why an answer that is no
 * @property {(text: string) => void} notice
 * @property {() => Promise<Till[]>} tills
 * @typedef {object} Tab
 * @property {{zh: Record<string, string>, en: Record<string, string>}} texts
 * @property {(place: HTMLElement, desk: Desk) => void | (() => void)} open fills the place; what it
 *   returns is called when the tab is left
 */

const NOTICE_MS = 6_000;
// Nobody signed in; a clerk did; one who may not mend this.
const SIGN_IN = ["A116", "A190", "H145"];
/** @type {Record<string, Tab>} */
const TABS = { doctor, learn, agreement, devices, health };

const address = new URLSearchParams(location.search);
/** @type {"zh"|"en"} */
const language = address.get("lang") === "en" ? "en" : "zh";
const token = takeToken();
const words = Object.assign({}, shell[language], ...Object.values(TABS).map((tab) => tab.texts[language]));
let operator = sessionStorage.getItem("technician") ?? "";
const call = caller(token, () => operator);
/** @type {void | (() => void)} */
let close = undefined;
let hiding = 0;

/** @type {Say} */
function t(key, values = {}) {
  const text = typeset(words[key] ?? key);
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => String(values[name] ?? ""));
}

/** @type {Desk} */
const desk = { t, language, token, ask, why, notice, tills };

/** @type {Desk["ask"]} */
async function ask(method, path, body = null) {
  let answer = await call(method, path, body);
  while (SIGN_IN.includes(answer.body?.code)) {
    const found = await signIn(desk, call, operator ? why(answer) : "");
    if (!found) break;
    operator = found;
    sessionStorage.setItem("technician", operator);
    answer = await call(method, path, body);
  }
  return answer;
}

/** @type {Desk["why"]} */
function why(answer) {
  return answer.body?.[language] ? `${answer.body.code} ${typeset(answer.body[language])}` : t("box.gone");
}

/** @type {Desk["notice"]} */
function notice(text) {
  const place = at("notice");
  place.textContent = text;
  place.hidden = !text;
  clearTimeout(hiding);
  hiding = setTimeout(() => (place.hidden = true), NOTICE_MS);
}

/** @type {Desk["tills"]} */
async function tills() {
  const answer = await call("GET", "/v1/tech/tills");
  if (!answer.ok) notice(why(answer));
  return answer.ok ? answer.body.tills : [];
}

/** @param {string} id */
function at(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} name */
function show(name) {
  close?.();
  for (const button of at("tabs").children) {
    const chosen = button.id === `tab-${name}`;
    button.setAttribute("aria-selected", String(chosen));
    button.setAttribute("tabindex", chosen ? "0" : "-1");
  }
  const place = at("place");
  place.replaceChildren();
  place.setAttribute("aria-labelledby", `tab-${name}`);
  close = /** @type {Tab} */ (TABS[name]).open(place, desk);
}

/** @param {KeyboardEvent} event arrows walk the tabs, as in any list of tabs */
function walk(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const names = Object.keys(TABS);
  const now = names.findIndex((name) => at(`tab-${name}`).getAttribute("aria-selected") === "true");
  const next = /** @type {string} */ (names[(now + step + names.length) % names.length]);
  go(next);
  at(`tab-${next}`).focus();
}

/** @param {string} name of a tab; it stands in the query, because a token comes behind `#` */
function go(name) {
  address.set("tab", name);
  history.replaceState(null, "", `${location.pathname}?${address}`);
  show(name);
}

async function begin() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("tech.title");
  at("title").textContent = t("tech.heading");
  if (!token) {
    const asked = { t, language, kind: /** @type {"screen"} */ ("screen"), name: t("tech.terminal"), lane: "" };
    at("place").replaceChildren(pairingView(asked, call));
    return;
  }
  for (const name of Object.keys(TABS)) {
    at("tabs").append(h("button.tab", { id: `tab-${name}`, role: "tab", "aria-controls": "place", onclick: () => go(name) }, t(`tab.${name}`)));
  }
  at("tabs").addEventListener("keydown", (event) => walk(/** @type {KeyboardEvent} */ (event)));
  const asked = address.get("tab") ?? "";
  show(asked in TABS ? asked : "doctor");
  const health = await call("GET", "/v1/health");
  if (health.ok) at("where").textContent = `${health.body.store_name} · ${health.body.version ?? ""}`.replace(/ · $/, "");
}

void begin();
