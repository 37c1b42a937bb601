// @ts-check
/** What the till screen knows at a moment; every view is a function of it. */

/**
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Say
 * @typedef {{ok: boolean, status: number, body: any}} Answer status 0: the box did not answer
 * @typedef {Record<string, any> & {kind: string}} Sheet what lies over the screen, by its kind
 */

/**
 * @typedef {object} State
 * @property {"idle"|"armed"|"member"|"ask"|"unknown"|"none"} person who stands there
 * @property {any} member the member view, with `factor` and `allowed` of the recognition
 * @property {any} more what is asked for beside it: {recommendations, tasks}
 * @property {any[]} reasons why nobody was recognised: {code, zh, en}
 * @property {any} challenge the turn of the head under way, or how it ended
 * @property {any} coach what the customer is told while her face is enrolled
 * @property {any} basket the last quote, or this screen's own basket (`basket_id`)
 * @property {number | null} repriced what the same goods cost a moment ago, in fen
 * @property {number | null} selected the line whose tools are open
 * @property {string} entry what was typed into the field for bar codes
 * @property {number} parked how many baskets are put aside
 * @property {any} sale the sale just done, with `change_fen` and `claim` where this screen did it
 * @property {any} tapped the printed receipt just read
 * @property {any} health the box's health
 * @property {Sheet | null} sheet
 * @property {any} consent what the customer is asked to agree to, on her own display
 * @property {string} joined who was taken in at this screen just now
 * @property {import("./link_code.js").LinkShown | null} link for a member's phone, over everything
 * @property {Clerk | null} clerk who is signed in at this screen
 * @property {boolean} training nothing is booked
 * @property {Features} features what this box can do
 * @property {number} nowMs
 * @property {"zh"|"en"} language
 */

/** @typedef {{id: string, name: string, number: string, role: string, token: string}} Clerk */

/** @typedef {Record<"operators"|"pairing"|"baskets"|"receipts"|"refunds"|"claims"|"recruits"|"cards"|"faces"|"sms"|"recommendations"|"tasks"|"gifts"|"training", boolean>} Features */

/**
 * What the acts work with.
 * @typedef {object} Till
 * @property {State} state
 * @property {(changes: Partial<State>, focus?: string) => void} change
 * @property {Say} t
 * @property {(text: string, stay?: boolean) => void} notice
 * @property {(answer: Answer) => string} why the box's own words for a refusal
 * @property {(method: string, path: string, body?: object | null, key?: string) => Promise<Answer>} ask
 * @property {(name: string, ms: number, act: () => void) => void} later one timer a name
 * @property {Record<string, string>} here the lane, where a box has several
 * @property {(path: string, query?: Record<string, string>) => string} at a path, asked for this lane
 */

/** @type {Record<keyof Features, string>} the path that a feature lives at */
const PATHS = {
  operators: "/v1/operators",
  pairing: "/v1/pairing/confirm",
  baskets: "/v1/baskets",
  receipts: "/v1/receipts",
  refunds: "/v1/refunds",
  claims: "/v1/receipts/{receipt_id}/claim-link",
  recruits: "/v1/recruits",
  cards: "/v1/enrolments/{member_id}/card",
  faces: "/v1/members/{member_id}/consents/ask",
  sms: "/v1/members/{member_id}/sms",
  recommendations: "/v1/members/{member_id}/recommendations",
  tasks: "/v1/members/{member_id}/tasks",
  gifts: "/v1/gifts/{gift_id}/hand-over",
  training: "/v1/training",
};

/** @param {any} document the box's own description of its API @returns {Features} */
export function featuresOf(document) {
  const known = document?.paths ?? {};
  return /** @type {Features} */ (Object.fromEntries(Object.entries(PATHS).map(([name, path]) => [name, path in known])));
}

/** @param {"zh"|"en"} language @returns {State} */
export function begun(language) {
  return {
    person: "idle",
    member: null,
    more: {},
    reasons: [],
    challenge: null,
    coach: null,
    basket: null,
    repriced: null,
    selected: null,
    entry: "",
    parked: 0,
    sale: null,
    tapped: null,
    health: null,
    sheet: null,
    consent: null,
    joined: "",
    link: null,
    clerk: null,
    training: false,
    features: featuresOf(null),
    nowMs: Date.now(),
    language,
  };
}

/** @param {State} state whether the clerk rings up here, and not at a till beside it */
export function sells(state) {
  return state.features.baskets && state.clerk !== null;
}

/** @param {State} state whether the cloud is out of reach */
export function offline(state) {
  return Boolean(state.health) && state.health.devices.cloud !== "ok";
}

/** @param {any} basket what is still to be paid @returns {number} fen */
export function due(basket) {
  return basket.due_fen ?? basket.total_fen;
}
