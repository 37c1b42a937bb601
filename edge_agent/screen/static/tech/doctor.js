// @ts-check
/** What the till sends, what was understood of it, and what not. */

import { h } from "../dom.js";

export const texts = {
  zh: { "doctor.state": "线路" },
  en: { "doctor.state": "Line" },
};

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  void desk.tills().then((tills) => {
    if (!tills.length) return place.append(h("p.empty", {}, desk.t("tills.none")));
    for (const one of tills) place.append(h("p", {}, `${one.name}: ${desk.t("doctor.state")} ${one.state}`));
  });
}
