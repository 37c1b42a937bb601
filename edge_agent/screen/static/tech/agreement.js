// @ts-check
/** The tab `agreement`. */

import { h } from "../dom.js";

export const texts = {
  zh: { "agreement.none": "还没有可以看的" },
  en: { "agreement.none": "Nothing to see yet" },
};

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  place.append(h("p.empty", {}, desk.t("agreement.none")));
}
