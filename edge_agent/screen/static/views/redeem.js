// @ts-check
/** The last row: how many points are used, which coupons, and the way to the payment. */

import { h, icon } from "../dom.js";
import { integer, typeset, yuan } from "../format.js";

/** @typedef {import("../state.js").State} State */

/** @param {State} state @param {any} acts @returns {HTMLElement} */
export function redeem(state, acts) {
  const { t } = acts;
  const coupons = state.basket.redeem?.coupons ?? [];
  const usable = coupons.filter((/** @type {any} */ one) => one.usable || one.chosen).length;
  const chosen = coupons.filter((/** @type {any} */ one) => one.chosen).length;
  const label = chosen ? t("redeem.coupons.chosen", { chosen, usable }) : t("redeem.coupons", { usable });
  return h(
    "div.settle",
    {},
    slider(state, acts),
    elsewhere(state, t),
    coupons.length ? h("button", { type: "button", id: "choose-coupons", onclick: acts.openCoupons }, icon("coupon"), label) : null,
    h("button.primary.large", { type: "button", id: "pay", onclick: acts.pay }, t("pay"), h("kbd", {}, "F9")),
  );
}

/** @param {State} state @param {any} acts */
function slider(state, acts) {
  const { t } = acts;
  const { redeem: asked } = state.basket;
  const closed = shut(state, t);
  if (closed) return h("p.redeem.shut", { id: "redeem-shut" }, icon("lock"), h("span", {}, closed));
  const told = (/** @type {number} */ points) => (points ? t("redeem.points", { points: integer(points), amount: yuan(points * (asked.fen_per_point ?? 1)) }) : t("redeem.none", { points: integer(asked.points_max) }));
  const shown = h("output", { for: "redeem" }, told(asked.points_chosen));
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "redeem",
      type: "range",
      min: "0",
      max: String(asked.points_max),
      step: String(asked.points_step),
      value: String(asked.points_chosen),
      "aria-label": t("redeem"),
      "aria-valuetext": told(asked.points_chosen),
    })
  );
  const hold = () => acts.hold(true);
  const fill = () => input.style.setProperty("--filled", `${(100 * Number(input.value)) / Math.max(1, asked.points_max)}%`);
  input.addEventListener("input", () => {
    fill();
    shown.textContent = told(Number(input.value));
    input.setAttribute("aria-valuetext", told(Number(input.value)));
  });
  input.addEventListener("pointerdown", hold);
  input.addEventListener("change", () => acts.redeem(Number(input.value)));
  for (const end of ["pointerup", "pointercancel"]) input.addEventListener(end, () => acts.hold(false));
  fill();
  return h("div.redeem", {}, h("label", { for: "redeem" }, t("redeem"), h("kbd", {}, "F7")), shown, input);
}

/** @param {State} state @param {import("../state.js").Say} t what lies in other stores and is being fetched */
function elsewhere(state, t) {
  const { state: stands, points_coming: coming, points_dark: dark } = state.basket.redeem?.elsewhere ?? { state: "none" };
  if (stands === "none") return null;
  const key = stands === "dark" && !dark ? "none" : stands;
  if (key === "none") return null;
  return h("p.elsewhere", { id: "redeem-elsewhere", role: "status" }, t(`redeem.elsewhere.${key}`, { coming: integer(coming ?? 0), dark: integer(dark ?? 0) }));
}

/** @param {State} state @param {import("../state.js").Say} t why points cannot be used now, or nothing */
function shut(state, t) {
  const { basket, member, language } = state;
  if (!basket.member_id) return t("redeem.nobody");
  if (basket.redeem.refused) return typeset(basket.redeem.refused[language]);
  if (member?.allowed && !member.allowed.includes("redeem_points")) return t("redeem.low");
  return basket.redeem.points_max > 0 ? "" : t("redeem.too_few");
}
