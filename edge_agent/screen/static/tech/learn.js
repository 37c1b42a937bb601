// @ts-check
/** The tab `learn`. */

import { h } from "../dom.js";

export const texts = {
  zh: { "learn.none": "还没有可以看的" },
  en: { "learn.none": "Nothing to see yet" },
};

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  place.append(h("p.empty", {}, desk.t("learn.none")));
}
