// @ts-check
/** Somebody followed a link: kept until this phone speaks for a member, then told to the cloud. */

import { call, fromWhom } from "./cloud.js";
import { failed } from "./settings.js";
import { browserNumber, drop, keep, kept } from "./store.js";
import { says } from "./views.js";

/** @typedef {import("./views.js").State} State */
/** @typedef {import("./views.js").Acts} Acts */

const ADDRESS = /^\/m\/s\/([A-Za-z0-9_-]{20,128})\/?$/;

/** Take the link out of the address and keep it. @returns {Promise<string>} "" when there is none */
export async function linkFollowed() {
  const found = ADDRESS.exec(location.pathname);
  if (!found) return "";
  history.replaceState(null, "", "/m/");
  await keep("invite", found[1]);
  return found[1];
}

/** Say who shared it to a phone that is nobody's yet. @param {string} token @param {Acts} acts */
export async function greetGuest(token, acts) {
  const answer = await fromWhom(token);
  acts.change({ view: "invited", from: answer.ok ? answer.body.from_name : "" });
}

/** Tell the cloud that a link brought this member here, once. @param {State} state @param {Acts} acts */
export async function tellInvited(state, acts) {
  const token = await kept("invite");
  if (!token || !state.phone?.key) return;
  const answer = await call(state.phone, "POST", "/v1/member/opened", { token, device: await browserNumber() });
  if (answer.status === 0 || answer.status >= 500) return;
  await drop("invite");
  acts.notice(answer.ok ? acts.t("invited.noted") : failed(answer, state, acts));
}

/** @param {State} state @param {Acts} acts @returns {HTMLElement[]} */
export function invitedView({ from }, { t }) {
  return [says("friend", from ? t("invited.title", { name: from }) : t("invited.title.plain"), t("invited.how"))];
}
