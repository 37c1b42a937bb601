// @ts-check
/** Checking in at a counter: its tag opened this page, one tap says who stands there. */

import { call, nowMs } from "./cloud.js";
import { memberCode } from "./codes.js";
import { h, icon } from "./dom.js";
import { failed } from "./settings.js";
import { says } from "./views.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */
/** @typedef {{store: string, lane: string}} Lane */

const ADDRESS = /^\/m\/lane\/([0-9a-f-]{36})\/([0-9a-f-]{36})\/?$/;
const ASK_EVERY_MS = 300;
const ANSWER_MS = 8_000;
const LOOK_AGAIN_MS = 4_000;

/** @returns {Lane | null} the lane whose tag opened the page */
export function laneAsked() {
  const found = ADDRESS.exec(location.pathname);
  return found && { store: found[1], lane: found[2] };
}

/** @param {Lane} lane @param {State} state @param {Acts} acts */
export async function beginLane(lane, state, acts) {
  Object.assign(acts, {
    checkIn: () => checkIn(lane, state, acts),
    leaveLane: () => {
      history.replaceState(null, "", "/m/");
      acts.change({ view: "home", lane: null });
    },
  });
  if (!state.phone?.key) return;
  acts.change({ view: "lane", lane: { step: "looking" } });
  await look(lane, state, acts);
}

/** Ask whether the counter is there; she stands before one that is not, so it is asked again. @param {Lane} lane @param {State} state @param {Acts} acts */
async function look(lane, state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "GET", `/v1/member/lanes/${lane.store}/${lane.lane}`);
  if (state.view !== "lane") return;
  if (answer.ok && answer.body.online) return acts.change({ lane: { step: "asking", ...answer.body } });
  const said = answer.ok ? acts.t("lane.store_offline") : why(answer, state, acts);
  if (state.lane.why !== said) acts.change({ lane: { step: "failed", why: said } });
  if (answer.ok || answer.status === 0) setTimeout(() => state.view === "lane" && void look(lane, state, acts), LOOK_AGAIN_MS);
}

/** @param {Lane} lane @param {State} state @param {Acts} acts */
async function checkIn(lane, state, acts) {
  const { phone } = state;
  if (!phone?.key) return;
  acts.change({ lane: { ...state.lane, step: "sending" } });
  const code = await memberCode(phone.key, phone.keyId, nowMs() / 1000);
  const answer = await call(phone, "POST", "/v1/member/checkins", { ...lane, code });
  if (!answer.ok) {
    acts.change({ lane: { ...state.lane, step: "failed", why: why(answer, state, acts) } });
    return;
  }
  acts.change({ lane: { ...state.lane, step: "sent", number: answer.body.number } });
  await follow(answer.body.checkin_id, state, acts);
}

/** Ask until the counter has answered. @param {string} id @param {State} state @param {Acts} acts */
async function follow(id, state, acts) {
  const until = Date.now() + ANSWER_MS;
  while (Date.now() < until && state.view === "lane" && state.phone) {
    const answer = await call(state.phone, "GET", `/v1/member/checkins/${id}`);
    const outcome = answer.ok ? answer.body.outcome : "";
    if (outcome === "shown") return acts.change({ lane: { ...state.lane, step: "shown" } });
    if (outcome) return acts.change({ lane: { ...state.lane, step: "failed", why: acts.t(`lane.${outcome}`) || acts.t("lane.silent") } });
    await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
  }
  if (state.view === "lane") acts.change({ lane: { ...state.lane, step: "failed", why: acts.t("lane.silent") } });
}

/** @param {import("./cloud.js").Answer} answer @param {State} state @param {Acts} acts */
function why(answer, state, acts) {
  return answer.status === 0 ? acts.t("lane.offline") : failed(answer, state, acts);
}

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function laneView({ lane }, acts) {
  const { t, checkIn: act, leaveLane } = acts;
  const code = h("button", { type: "button", id: "show-code", onclick: leaveLane }, t("lane.show_code"));
  const place = lane.store_name ? `${lane.store_name} · ${lane.lane_name}` : "";
  if (lane.step === "failed") return [says("alert", t("lane.failed"), lane.why, h("div.buttons", {}, showFirst(code)))];
  if (lane.step === "looking") return [says("counter", t("lane.looking"), "")];
  if (lane.step === "asking" || lane.step === "sending") {
    const go = { type: "button", id: "check-in", disabled: lane.step === "sending", onclick: act };
    const buttons = h("div.buttons", {}, h("button.primary", go, t("lane.here")), code);
    return [says("counter", t("lane.ask"), t("lane.how"), h("p.place", { id: "place" }, place), buttons)];
  }
  const done = lane.step === "shown";
  const number = h("div.number", {}, h("p.muted.small", {}, t("lane.number")), h("p.figure", { id: "number" }, lane.number));
  const state = h("p.status", { id: "lane-state" }, done ? icon("check") : null, t(done ? "lane.shown" : "lane.sent"));
  return [says(done ? "check" : "counter", place, t("lane.number.how"), number, state, h("div.buttons", {}, code))];
}

/** @param {HTMLElement} button */
function showFirst(button) {
  button.classList.add("primary");
  return button;
}
