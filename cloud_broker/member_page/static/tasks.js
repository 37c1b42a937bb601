// @ts-check
/** Tasks with how far she is, and the links she shares: for a task, or to invite a friend. */

import { call } from "./cloud.js";
import { h, icon, qr } from "./dom.js";
import { failed } from "./settings.js";
import { browserNumber } from "./store.js";
import { note } from "./views.js";
import { integer, named, typeset, yuan } from "./words.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

/** @param {State} state @param {Acts} acts */
export function taskActs(state, acts) {
  return {
    openTasks: () => openTasks(state, acts),
    openInvite: () => openInvite(state, acts),
    share: (/** @type {string} */ about) => share(about, state, acts),
  };
}

/** Three ways on from the first view. @param {State} state @param {Acts} acts */
export function ways(state, { t, openTasks: tasks, openMall, openInvite: invite }) {
  if (!state.phone?.key) return null;
  /** @param {string} id @param {Parameters<typeof icon>[0]} shape @param {() => void} act */
  const way = (id, shape, act) => h("button.way", { type: "button", id, onclick: act }, icon(shape), h("span", {}, t(`${id}.way`)));
  return h("nav.ways", { "aria-label": t("ways") }, way("tasks", "check", tasks), way("mall", "gift", openMall), way("invite", "friend", invite));
}

/** @param {State} state @param {Acts} acts */
async function openTasks(state, acts) {
  acts.change({ view: "tasks", asking: "" });
  await load(state, acts);
}

/** @param {State} state @param {Acts} acts */
async function openInvite(state, acts) {
  acts.change({ view: "invite", link: "" });
  await load(state, acts);
  const about = state.tasks?.invitation?.id;
  const link = about && (await linkFor(about, state, acts));
  if (link) acts.change({ link });
}

/** @param {State} state @param {Acts} acts */
async function load(state, acts) {
  if (!state.phone) return;
  const answer = await call(state.phone, "GET", "/v1/member/tasks");
  if (answer.ok) acts.change({ tasks: answer.body, online: true });
  else acts.change({ online: answer.status !== 0 });
}

/** @param {string} about @param {State} state @param {Acts} acts @returns {Promise<string>} "" when there is none */
async function linkFor(about, state, acts) {
  if (!state.phone) return "";
  const answer = await call(state.phone, "POST", "/v1/member/links", { about, device: await browserNumber() });
  if (answer.ok) return location.origin + answer.body.path;
  acts.notice(failed(answer, state, acts));
  return "";
}

/** @param {string} about @param {State} state @param {Acts} acts */
async function share(about, state, acts) {
  const url = await linkFor(about, state, acts);
  if (!url) return;
  const text = acts.t("share.text");
  if (navigator.share) {
    await navigator.share({ title: acts.t("app"), text, url }).catch(() => {});
    return;
  }
  await navigator.clipboard.writeText(url).then(
    () => acts.notice(acts.t("share.copied")),
    () => acts.change({ view: "invite", link: url }),
  );
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function tasksView(state, acts) {
  const { t } = acts;
  const found = state.tasks?.tasks ?? [];
  return [
    back(acts, t("tasks")),
    state.online ? null : note("alert", t("offline.title"), t("growth.offline")),
    ...found.map((/** @type {any} */ task) => taskCard(task, state, acts)),
    state.tasks && !found.length ? h("p.muted", {}, t("tasks.none")) : null,
  ];
}

/** @param {Acts} acts @param {string} title */
export function back({ t, open }, title) {
  const home = { type: "button", id: "back", "aria-label": t("back"), onclick: () => open("home") };
  return h("header.head.sub", {}, h("button.round", home, icon("back")), h("h1", {}, title));
}

/** @param {any} task @param {State} state @param {Acts} acts */
function taskCard(task, state, acts) {
  const { t } = acts;
  const name = named(task, state.language);
  const streak = task.streak ? t("task.streak", { n: task.streak, reward: reward(task.streak_reward, state, acts) }) : "";
  return h(
    "section.card.task",
    { "data-task": task.id },
    h("div.row", {}, h("h3", {}, name), task.done ? h("span.chip.on", {}, t("task.done")) : h("span.chip", {}, t(`task.every.${task.every}`))),
    h("p.reward", {}, reward(task.reward, state, acts)),
    ...task.asks.map((/** @type {any} */ ask) => progress(ask, acts)),
    streak ? h("p.muted.small", {}, streak) : null,
    h("p.muted.small", {}, t(`task.${task.kind}.how`)),
    task.times ? h("p.muted.small", {}, t("task.times", { n: task.times })) : null,
    task.kind === "share" ? h("button", { type: "button", id: `share-${task.id}`, disabled: !state.online, onclick: () => acts.share(task.id) }, t("share")) : null,
  );
}

/** @param {any} given @param {State} state @param {Acts} acts @returns {string} what a reward is, in words */
export function reward(given, { language }, { t }) {
  const english = language === "en";
  const parts = [
    given.points ? t("reward.points", { n: integer(given.points) }) : "",
    given.coupon ? t("reward.coupon", { name: (english && given.coupon_en) || given.coupon }) : "",
    given.gift ? t("reward.gift", { name: (english && given.gift_en) || given.gift }) : "",
  ];
  return typeset(parts.filter(Boolean).join(" + "));
}

/** @param {any} ask @param {Acts} acts */
function progress(ask, { t }) {
  const has = Math.min(ask.has, ask.needs);
  const figure = (/** @type {number} */ n) => (ask.kind === "fen" ? yuan(n) : integer(n));
  const missing = ask.needs - has;
  const label = missing ? t(`task.missing.${ask.kind}`, { n: figure(missing) }) : t("task.reached");
  const bar = h("span", {});
  bar.style.transform = `scaleX(${has / ask.needs})`;
  return h(
    "div.progress",
    {},
    h("div.bar", { role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": String(ask.needs), "aria-valuenow": String(has) }, bar),
    h("div.row", {}, h("span.small", {}, label), h("span.muted.small", {}, `${figure(has)} / ${figure(ask.needs)}`)),
  );
}

/** @param {State} state @param {Acts} acts @returns {(HTMLElement | null)[]} */
export function inviteView(state, acts) {
  const { t } = acts;
  const rule = state.tasks?.invitation;
  const title = rule ? named(rule, state.language) : t("invite");
  if (state.tasks && !rule && !state.link) return [back(acts, t("invite")), h("p.muted", {}, t("invite.none"))];
  return [
    back(acts, title),
    state.online ? null : note("alert", t("offline.title"), t("growth.offline")),
    rule ? terms(rule, state, acts) : null,
    state.link ? code(state.link, rule, acts) : null,
  ];
}

/** @param {any} rule @param {State} state @param {Acts} acts */
function terms(rule, state, acts) {
  const { t } = acts;
  const friend = reward(rule.friend, state, acts);
  return h(
    "section.card",
    {},
    h("p.reward", {}, t("invite.you", { reward: reward(rule.inviter, state, acts) })),
    friend ? h("p.strong", {}, t("invite.friend", { reward: friend })) : null,
    h("p.muted.small", { id: "invite-when" }, when(rule, acts)),
    h("p.muted.small", { id: "invited" }, t("invite.count", { friends: rule.friends, rewarded: rule.rewarded })),
  );
}

/** @param {any} rule @param {Acts} acts */
function when(rule, { t }) {
  const amount = yuan(rule.least_fen);
  return rule.after_days ? t("invite.when", { amount, days: rule.after_days }) : t("invite.when_now", { amount });
}

/** @param {string} link @param {any} rule @param {Acts} acts */
function code(link, rule, { t, share: act }) {
  const go = { type: "button", id: "share-link", onclick: () => act(rule?.id ?? "") };
  return h("section.card.code", { "aria-label": t("invite.code") }, h("div.paper", {}, qr(link, t("invite.code"))), h("p.muted.small", {}, t("invite.how")), rule ? h("button.primary", go, t("share")) : null);
}
