// @ts-check
/** The tab `devices`. */

import { h } from "../dom.js";

export const texts = {
  zh: { "devices.none": "还没有可以看的" },
  en: { "devices.none": "Nothing to see yet" },
};

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  place.append(h("p.empty", {}, desk.t("devices.none")));
}
