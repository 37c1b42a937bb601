// @ts-check
/** The two halves and the bar, each a pure function from the state to nodes. */

import { h, icon, mark, outline } from "./dom.js";
import { clock, day, exact, integer, quantity, typeset, yuan } from "./format.js";

/**
 * @typedef {object} State
 * @property {"idle"|"armed"|"member"|"ask"|"unknown"|"none"} person who stands there
 * @property {any} member the member view, with `factor` and `assurance` of the recognition
 * @property {any[]} reasons why nobody was recognised: {code, zh, en}
 * @property {any} challenge the turn of the head under way, or how it ended
 * @property {any} coach what the customer is told while her face is enrolled
 * @property {any} basket the last quote
 * @property {number | null} repriced what the same goods cost a moment ago, in fen
 * @property {boolean} why whether the reasons for the price are shown
 * @property {any} sale the sale just done
 * @property {any} tapped the printed receipt just read
 * @property {any} health the box's health
 * @property {boolean} asking whether the phone field is open
 * @property {string} typed what was typed into it
 * @property {import("./link_code.js").LinkShown | null} link for a member's phone, over everything
 * @property {number} nowMs
 * @property {"zh"|"en"} language
 */

/**
 * @typedef {object} Acts
 * @property {(key: string, values?: Record<string, string | number>) => string} t
 * @property {() => void} identify
 * @property {() => void} askPhone
 * @property {() => void} cancelPhone
 * @property {(text: string) => void} type
 * @property {() => void} findPhone
 * @property {() => void} next
 * @property {() => void} turn
 * @property {() => void} cancelTurn
 * @property {() => void} endCoach
 * @property {() => void} toggleWhy
 * @property {() => void} closeLink
 */

const LONG_NAME = 12;
const LAST_LINES = 2;

// ---- the person -----------------------------------------------------------------------------

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function person(state, acts) {
  if (state.coach) return coaching(state, acts);
  if (state.challenge?.outcome === "running") return turning(state, acts);
  if (state.person === "member" && state.member) return memberView(state, acts);
  const views = { idle, armed, ask, unknown, none, member: idle };
  return [...views[state.person](state, acts), ...identifyControls(state, acts)];
}

/** @param {State} state @param {Acts} acts */
function idle(state, acts) {
  const { t } = acts;
  const ways = [way("face", "camera", state, t), way("code", "qr", state, t), way("card", "nfc", state, t)];
  return [
    h("h1", {}, t("idle.title")),
    h("ul.ways", {}, ...ways),
    h("p.muted", {}, t("idle.skip")),
  ];
}

/**
 * @param {"face"|"code"|"card"} name @param {string} device @param {State} state @param {Acts["t"]} t
 */
function way(name, device, state, t) {
  const condition = state.health?.devices?.[name === "face" ? "face" : device] ?? state.health?.devices?.[device];
  const off = condition === "off";
  const gone = condition === "gone" || condition === "stalled";
  const how = off ? t("idle.off") : gone ? t("idle.gone") : t(`idle.${name}.how`);
  return h(
    off || gone ? "li.way.off" : "li.way",
    {},
    icon(name),
    h("span.name", {}, t(`idle.${name}`)),
    h("span.muted", {}, how),
  );
}

/** @param {State} _state @param {Acts} acts */
function armed(_state, { t }) {
  return [hint("face", t("armed.title"), t("armed.how")), h("div.clock-line", { "aria-hidden": "true" })];
}

/** @param {State} state @param {Acts} acts */
function ask(state, { t }) {
  const spoof = state.reasons.some((reason) => reason.code === "R107");
  const close = state.reasons.length === 0;
  const how = spoof || close ? t("ask.code") : t("ask.face");
  return [hint(spoof || close ? "code" : "face", t("ask.title"), how), reasons(state)];
}

/** @param {State} state @param {Acts} acts */
function unknown(state, { t }) {
  return [hint("question", t("unknown.title"), t("unknown.how"), true), reasons(state)];
}

/** @param {State} state @param {Acts} acts */
function none(state, { t }) {
  return [hint("question", t("none.title"), t("none.how"), true), reasons(state)];
}

/**
 * The customer's part of the screen: a face, what to do, how far it is.
 * @param {string} sign what the outline shows @param {string} title @param {number} done 0..1
 * @param {string} how
 */
function stage(sign, title, done, how = "") {
  return h(
    "div.stage",
    {},
    outline(sign),
    h("h1", {}, title),
    h("progress", { max: "1", value: done.toFixed(2), "aria-label": title }),
    how ? h("p.muted", {}, how) : null,
  );
}

/** @param {State} state @param {Acts} acts */
function turning(state, { t, cancelTurn }) {
  const { challenge, language } = state;
  return [
    stage(challenge.prompt, typeset(challenge[language]), challenge.progress, t("turn.how")),
    h(
      "div.buttons",
      {},
      h("button", { type: "button", id: "cancel-turn", onclick: cancelTurn }, t("turn.cancel"), h("kbd", {}, "Esc")),
    ),
  ];
}

/** @param {State} state @param {Acts} acts */
function coaching(state, { t, endCoach }) {
  const { coach, language } = state;
  const hint = coach[`hint_${language}`] ?? "";
  const { accepted, wanted } = coach;
  if (!coach.done) {
    const dots = Array.from({ length: wanted }, (_, at) => h(at < accepted ? "span.taken" : "span", {}));
    return [
      h("div.stage", {}, outline(coach.ok ? "passed" : "straight"), h("h1", {}, typeset(hint))),
      h("div.dots", { role: "img", "aria-label": t("coach.count", { accepted, wanted }) }, ...dots),
      h("p.muted", {}, t("coach.how")),
    ];
  }
  const title = accepted === 0 ? t("coach.none") : coach.enough ? t("coach.enough") : t("coach.few");
  return [
    h("div.stage", {}, outline(accepted ? "passed" : "failed"), h("h1", {}, title)),
    h("p.muted", {}, t("coach.count", { accepted, wanted })),
    accepted ? null : h("p", {}, typeset(hint)),
    coach.lookalike ? h("p.warning", {}, icon("link"), h("span", {}, typeset(coach.lookalike[language]))) : null,
    h("div.buttons", {}, h("button.primary", { type: "button", id: "end-coach", onclick: endCoach }, t("coach.end"), h("kbd", {}, "Esc"))),
  ];
}

/** @param {Parameters<typeof icon>[0]} shape @param {string} title @param {string} how @param {boolean} quiet */
function hint(shape, title, how, quiet = false) {
  const words = h("div", {}, h("h1", {}, title), h("p.muted", {}, how));
  return h(quiet ? "div.hint.quiet" : "div.hint", {}, icon(shape), words);
}

/** @param {State} state */
function reasons(state) {
  if (!state.reasons.length) return null;
  const lines = state.reasons.map((reason) => h("li", {}, typeset(reason[state.language])));
  return h("ul.reasons", {}, ...lines);
}

/** @param {State} state @param {Acts} acts */
function identifyControls(state, acts) {
  if (state.asking) return [phoneField(state, acts)];
  const { t } = acts;
  const label = ["ask", "unknown", "none"].includes(state.person) ? t("again") : t("identify");
  return [
    h(
      "div.buttons",
      {},
      h("button.primary", { type: "button", id: "identify", onclick: acts.identify }, label, h("kbd", {}, "F2")),
      h("button", { type: "button", id: "phone", onclick: acts.askPhone }, t("phone"), h("kbd", {}, "F4")),
    ),
  ];
}

/** @param {State} state @param {Acts} acts */
function phoneField(state, acts) {
  const { t } = acts;
  const input = h("input", {
    id: "number",
    type: "tel",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: "20",
    value: state.typed,
    "aria-label": t("phone.label"),
    oninput: (event) => acts.type(/** @type {HTMLInputElement} */ (event.target).value),
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    acts.findPhone();
  };
  return h(
    "form.asking",
    { onsubmit: submit },
    h("label.muted.small", { for: "number" }, t("phone.label")),
    input,
    h(
      "div.buttons",
      {},
      h("button.primary", { type: "submit" }, t("phone.find"), h("kbd", {}, "Enter")),
      h("button", { type: "button", onclick: acts.cancelPhone }, t("phone.cancel"), h("kbd", {}, "Esc")),
    ),
  );
}

/** @param {State} state @param {Acts} acts */
function memberView(state, acts) {
  const { t } = acts;
  const { member } = state;
  const who = member.name.length > LONG_NAME ? "div.who.long" : "div.who";
  const masked = member.factor === "phone_number" && member.points_free === null;
  return [
    h(
      who,
      {},
      h("h1", { title: member.name }, member.name),
      member.tier_name ? h("span.tier", {}, member.tier_name) : null,
      h("span.phone.muted.small", {}, member.phone_masked),
    ),
    member.number === null || member.number === undefined ? null : number(member.number, t),
    wallet(state, acts),
    member.tags.length ? h("ul.tags", {}, ...member.tags.map((/** @type {string} */ tag) => h("li", { title: tag }, tag))) : null,
    h(
      "dl.facts",
      {},
      masked ? null : h("dt", {}, t("last")),
      masked ? null : lastVisit(state, acts),
      h("dt", {}, t(`factor.${member.factor ?? "staff_override"}`)),
      h("dd.muted", {}, mayNow(member, t)),
    ),
    turned(state),
    h(
      "div.buttons",
      {},
      member.challenge
        ? h("button.primary", { type: "button", id: "turn", onclick: acts.turn }, t("turn.ask"), h("kbd", {}, "F3"))
        : null,
      h("button", { type: "button", id: "next", onclick: acts.next }, t("next"), h("kbd", {}, "Esc")),
    ),
  ];
}

/** @param {State} state how the turn of the head ended, beside who stands there */
function turned({ challenge, language }) {
  if (!challenge || challenge.outcome === "running") return null;
  if (challenge.outcome === "passed") return h("p.confirmed", {}, icon("check"), h("span", {}, challenge[language]));
  return h("p.warning", {}, icon("question"), h("span", {}, typeset(challenge.reason?.[language] ?? challenge[language])));
}

/**
 * What she may do, by the box's policy table.
 * @param {any} member @param {Acts["t"]} t
 */
function mayNow(member, t) {
  const allowed = member.allowed ?? [];
  if (allowed.includes("redeem_points")) return t("assurance.high");
  if (allowed.includes("earn")) return t("assurance.low");
  if (!member.challenge) return t("assurance.hint");
  const amount = yuan(member.challenge.above_fen);
  return member.challenge.above_fen ? t("assurance.turn_above", { amount }) : t("assurance.turn");
}

/** @param {number} shown her phone shows the same @param {Acts["t"]} t */
function number(shown, t) {
  return h("p.check-in", { id: "check-in" }, h("span.number", {}, String(shown)), h("span", {}, t("checkin.same")));
}

/** @param {State} state @param {Acts} acts */
function wallet(state, { t }) {
  const { member, health } = state;
  if (member.points_free === null) {
    return h("p.muted", {}, `${t("points")} · ${t("points.hidden")}`);
  }
  const offline = health && health.devices.cloud !== "ok";
  const asOf = Math.min(member.as_of_ms, health?.cloud_seen_ms ?? member.as_of_ms);
  return h(
    "div.wallet",
    {},
    h("p.figure", {}, h("span.number", {}, integer(member.points_free)), h("span.muted", {}, t("points"))),
    member.pending_local_points
      ? h("p.muted.small", {}, t("points.local", { points: integer(member.pending_local_points) }))
      : null,
    member.points_pending
      ? h("p.muted.small", {}, t("points.pending", { points: integer(member.points_pending) }))
      : null,
    offline
      ? h(
          "p.small.muted",
          { title: exact(asOf) },
          `${t("points.as_of", { time: clock(asOf) })} · ${t("points.as_of.how")}`,
        )
      : null,
  );
}

/** @param {State} state @param {Acts} acts */
function lastVisit(state, { t }) {
  const last = state.member.last_purchase;
  if (!last) return h("dd.muted", {}, t("last.none"));
  const named = last.lines
    .slice(0, LAST_LINES)
    .map((/** @type {any} */ line) => `${line.name} ×${quantity(line.qty_milli)}`);
  if (last.lines.length > LAST_LINES) named.push(t("last.more", { count: last.lines.length }));
  const words = [day(last.wall_ms, state.nowMs), last.store_name, ...named].filter(Boolean).join(" · ");
  return h("dd.clamp", { title: `${exact(last.wall_ms)} · ${yuan(last.total_fen)}` }, words);
}

// ---- the goods ------------------------------------------------------------------------------

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function goods(state, acts) {
  if (state.sale) return [saleDone(state, acts)];
  if (state.tapped) return tapped(state, acts);
  if (!state.basket) return [empty(acts)];
  if (state.why) return [why(state, acts), sum(state, acts)];
  return [lines(state.basket, acts.t), note(state, acts), sum(state, acts)];
}

/** @param {Acts} acts */
function empty({ t }) {
  return h(
    "div.empty",
    {},
    icon("basket"),
    h("p.title", {}, t("basket.empty")),
    h("p.muted", {}, t("basket.empty.how")),
  );
}

/** @param {any} basket @param {Acts["t"]} t */
function lines(basket, t) {
  const rows = basket.lines.flatMap((/** @type {any} */ line) => [item(line), ...line.offers.map(offer)]);
  return h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": t("basket.title") },
    h("table", {}, head(t), h("tbody", {}, ...rows)),
  );
}

/** @param {Acts["t"]} t */
function head(t) {
  const names = h(
    "tr",
    {},
    h("th", { scope: "col" }, t("basket.title")),
    h("th.qty", { scope: "col" }, t("basket.qty")),
    h("th.amount", { scope: "col" }, t("basket.amount")),
  );
  return h("thead", {}, names);
}

/** @param {any} line */
function item(line) {
  const name = h("td", {}, h("span.name", { title: line.name }, line.name));
  return h(
    "tr.item",
    {},
    name,
    h("td.qty", {}, quantity(line.qty_milli)),
    h("td.amount", {}, yuan(line.shelf_fen)),
  );
}

/** @param {any} off */
function offer(off) {
  return h("tr.offer", {}, h("td", {}, off.name), h("td", {}), h("td.amount", {}, yuan(-off.fen_off)));
}

/** @param {State} state @param {Acts} acts */
function note(state, { t }) {
  const { basket } = state;
  if (state.repriced !== null) return h("p.note", {}, t("basket.repriced", { amount: yuan(state.repriced) }));
  if (basket.status === "incumbent" && basket.gap_fen > 0) {
    return h("p.note", {}, t("basket.incumbent", { amount: yuan(basket.gap_fen) }));
  }
  return null;
}

/** @param {State} state @param {Acts} acts */
function sum(state, acts) {
  const { t } = acts;
  const { basket } = state;
  const units = basket.lines.reduce((/** @type {number} */ n, /** @type {any} */ line) => n + unitsOf(line.qty_milli), 0);
  const count = t("basket.count", { lines: basket.lines.length, units });
  return h(
    "div.sum",
    {},
    h(
      "div.side",
      {},
      h("span.muted.small", {}, count),
      h(
        "div.gains",
        {},
        basket.saved_fen > 0 ? h("span.saved.strong", { id: "saved" }, `${t("basket.saved")} ${yuan(basket.saved_fen)}`) : null,
        basket.points_earned > 0 ? h("span", {}, t("basket.earn", { points: integer(basket.points_earned) })) : null,
        h("button.plain", { type: "button", id: "why", onclick: acts.toggleWhy, "aria-expanded": String(state.why) }, state.why ? t("why.close") : t("basket.why")),
      ),
    ),
    h("div.due", {}, h("span.muted", {}, t("basket.due")), h("span.number", { id: "due" }, yuan(basket.total_fen))),
  );
}

/** @param {number} milli weighed goods count as one */
function unitsOf(milli) {
  return milli % 1000 === 0 ? milli / 1000 : 1;
}

/** @param {State} state @param {Acts} acts */
function why(state, { t }) {
  const { basket } = state;
  const used = basket.applied.map((/** @type {any} */ one) =>
    h("li", {}, h("span", {}, one.name), h("span.saved", {}, yuan(-one.fen_off))),
  );
  const unused = basket.rejected.map((/** @type {any} */ one) =>
    h("li", {}, h("span", {}, one.name), h("span.muted.small", {}, t(`reason.${one.reason}`))),
  );
  return h(
    "div.why",
    {},
    h("section", {}, h("h2", {}, t("why.applied")), used.length ? h("ul", {}, ...used) : h("p.muted", {}, t("why.none"))),
    unused.length ? h("section", {}, h("h2", {}, t("why.rejected")), h("ul", {}, ...unused)) : null,
  );
}

/** @param {State} state @param {Acts} acts */
function saleDone(state, { t }) {
  const { sale } = state;
  const offline = state.health && state.health.devices.cloud !== "ok";
  const gains = [
    sale.saved_fen > 0 ? h("span.saved.strong", {}, `${t("sale.saved")} ${yuan(sale.saved_fen)}`) : null,
    sale.member
      ? h("span", {}, `${sale.member.name} · ${t("sale.points", { points: integer(sale.points_earned) })}`)
      : h("span.muted", {}, t("sale.guest")),
  ];
  return h(
    "div.done",
    {},
    icon("check"),
    h("p.muted", {}, `${t("sale.done")} · ${t("sale.paid")}`),
    h("p.number", { id: "paid" }, yuan(sale.total_fen)),
    h("p.pair", {}, ...gains),
    h("p.muted.small", {}, `${t("sale.stored", { seq: integer(sale.seq) })}${offline ? ` · ${t("sale.later")}` : ""}`),
  );
}

/** @param {State} state @param {Acts} acts */
function tapped(state, { t }) {
  const { tapped: receipt } = state;
  const booked = receipt.fault
    ? `${t("tapped.fault")} · ${typeset(receipt.fault[state.language])}`
    : receipt.member_name
      ? `${t("tapped.member", { name: receipt.member_name })} · ${t("sale.points", { points: integer(receipt.points_earned) })}`
      : t("tapped.guest");
  const table = h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": t("tapped.title") },
    h("table", {}, head(t), h("tbody", {}, ...receipt.lines.map(item))),
  );
  return [
    h(
      "div.head",
      {},
      h("h2", {}, `${t("tapped.title")} · ${t("tapped.from", { till: receipt.till_name })}`),
      h("p.muted", {}, booked),
    ),
    table,
    receipt.unmapped.length ? h("p.note", {}, t("tapped.unmapped", { count: receipt.unmapped.length })) : null,
    h(
      "div.sum",
      {},
      h("span.muted.small", {}, t("tapped.price")),
      h("div.due", {}, h("span.muted", {}, t("sale.paid")), h("span.number", { id: "paid" }, receipt.total_fen === null ? "—" : yuan(receipt.total_fen))),
    ),
  ];
}

// ---- the box --------------------------------------------------------------------------------

const DEVICES = ["camera", "qr", "nfc", "till_tap"];
/** @type {Record<string, "ok"|"degraded"|"cannot"|"unknown">} */
const DEVICE_MARKS = { ok: "ok", starting: "unknown", stalled: "degraded", gone: "cannot", off: "unknown" };
/** @type {Record<string, "ok"|"degraded"|"cannot"|"unknown">} */
const STATE_MARKS = { ok: "ok", degraded: "degraded", cannot: "cannot", gone: "cannot" };

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function bar(state, { t }) {
  const { health } = state;
  if (!health) return [sign("unknown", t("state.unknown"), "")];
  const online = health.devices.cloud === "ok";
  const outbox = health.outbox_depth ? t("outbox", { count: health.outbox_depth }) : t("outbox.none");
  const fitted = DEVICES.filter((name) => health.devices[name] && health.devices[name] !== "off");
  return [
    sign(STATE_MARKS[health.state] ?? "unknown", t(`state.${health.state}`), "", "strong"),
    cloudSign(online, t),
    h("span.muted", {}, outbox),
    ...fitted.map((name) => deviceSign(name, health.devices[name], t)),
    h("span.push.muted", {}, health.store_name),
  ];
}

/** @param {boolean} online @param {Acts["t"]} t */
function cloudSign(online, t) {
  const made = sign(online ? "ok" : "degraded", online ? t("cloud.ok") : t("cloud.gone"), "");
  if (!online) made.title = t("cloud.gone.how");
  return made;
}

/** @param {string} name @param {string} condition @param {Acts["t"]} t */
function deviceSign(name, condition, t) {
  const word = condition === "ok" ? "" : t(`device.${condition}`);
  const made = sign(DEVICE_MARKS[condition] ?? "unknown", t(`device.${name}`), word);
  made.title = `${t(`device.${name}`)} · ${t(`device.${condition}`)}`;
  made.setAttribute("aria-label", made.title);
  return made;
}

/** @param {"ok"|"degraded"|"cannot"|"unknown"} shape @param {string} text @param {string} word @param {string} weight */
function sign(shape, text, word, weight = "") {
  const label = weight ? h(`span.${weight}`, {}, text) : text;
  return h("span.sign", {}, mark(shape), label, word ? h("span.word", {}, word) : null);
}
