// @ts-check
/** What is plugged in, by which name the box knows it, and giving it one. */

import { h } from "../dom.js";

const EVERY_MS = 3_000;

export const texts = {
  zh: {
    "devices.claims": "已登记",
    "devices.noClaims": "还没有登记设备",
    "devices.others": "插着、没有登记",
    "devices.noOthers": "没有别的设备",
    "devices.wanted": "{who} 要用 {name},还没有登记",
    "devices.ok": "可以用",
    "devices.present": "插着 {seconds} 秒",
    "devices.flapping": "反复断开",
    "devices.absent": "断开 {seconds} 秒",
    "devices.how.serial": "凭序列号",
    "devices.how.handshake": "凭听到的",
    "devices.how.operator": "凭插口",
    "devices.usedBy": "{who} 在用",
    "devices.unused": "没有人用",
    "devices.failures": "连续 {count} 次打不开",
    "devices.new": "新插的",
    "devices.name": "名字(小写字母、数字和 -)",
    "devices.bySocket": "以后只认这个插口,线不许换",
    "devices.mayProbe": "允许写一句问询来辨认",
    "devices.claim": "登记",
    "devices.release": "放开",
    "devices.releaseHow": "放开 {name}?它的程序会停下来",
    "devices.listen": "听一听",
    "devices.heard.none": "听不出来是什么",
    "devices.heard.till": "是收银机在打印",
    "devices.heard.printer": "是打印机",
    "devices.heard.display": "是客显的数据",
    "devices.heard.scanner": "是扫码枪",
    "devices.heard.framed": "是带帧的收银机协议",
    "devices.done": "已登记 {name}",
    "devices.released": "已放开 {name}",
  },
  en: {
    "devices.claims": "Claimed",
    "devices.noClaims": "No device has been claimed",
    "devices.others": "Plugged in, nobody's",
    "devices.noOthers": "No other device",
    "devices.wanted": "{who} wants {name}, which is not claimed",
    "devices.ok": "Ready",
    "devices.present": "Plugged in for {seconds} s",
    "devices.flapping": "Keeps dropping out",
    "devices.absent": "Gone for {seconds} s",
    "devices.how.serial": "Known by its serial number",
    "devices.how.handshake": "Known by what it says",
    "devices.how.operator": "Known by its socket",
    "devices.usedBy": "Used by {who}",
    "devices.unused": "Nobody uses it",
    "devices.failures": "Could not be opened {count} times in a row",
    "devices.new": "New",
    "devices.name": "Name (small letters, digits and -)",
    "devices.bySocket": "From now on the socket decides: cables stay where they are",
    "devices.mayProbe": "One question may be written to hear what it is",
    "devices.claim": "Claim",
    "devices.release": "Release",
    "devices.releaseHow": "Release {name}? What uses it will stop",
    "devices.listen": "Listen",
    "devices.heard.none": "Cannot be told from what it says",
    "devices.heard.till": "A till that prints",
    "devices.heard.printer": "A printer",
    "devices.heard.display": "What a customer display is sent",
    "devices.heard.scanner": "A scanner",
    "devices.heard.framed": "A till that speaks in frames",
    "devices.done": "Claimed {name}",
    "devices.released": "Released {name}",
  },
};

/**
 * @typedef {{path: string, by_id: string, kind: string, title: string, model: string, serial: string, socket: string, unknown: boolean}} Device
 * @typedef {{name: string, presence: string, presence_s: number, how: string | null, device: Device | null, rivals: string[],
 *   used_by: string | null, failures: number, trouble: {code: string, zh: string, en: string} | null}} Claim
 */

/** @type {import("./tech.js").Tab["open"]} */
export function open(place, desk) {
  let last = "";
  const look = async () => {
    const answer = await desk.ask("GET", "/v1/tech/devices");
    if (!answer.ok) return desk.notice(desk.why(answer));
    // Drawn anew only when something changed: whoever types a name must not lose it.
    const now = JSON.stringify(answer.body).replace(/"presence_s":\d+/g, "");
    if (now === last) return;
    last = now;
    draw(place, desk, answer.body, look);
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return () => clearInterval(timer);
}

/**
 * @param {HTMLElement} place
 * @param {import("./tech.js").Desk} desk
 * @param {{claims: Claim[], devices: Device[], wanted: Record<string, string>}} found
 * @param {() => Promise<void>} again
 */
function draw(place, desk, found, again) {
  const { t } = desk;
  place.replaceChildren(
    h("h2", {}, t("devices.claims")),
    ...Object.entries(found.wanted).map(([name, who]) => h("p.note", {}, t("devices.wanted", { name, who }))),
    found.claims.length ? h("ul.plain", {}, ...found.claims.map((one) => claimed(one, desk, again))) : h("p.empty", {}, t("devices.noClaims")),
    h("h2", {}, t("devices.others")),
    found.devices.length
      ? h("ul.plain", {}, ...found.devices.map((one) => other(one, desk, again, Object.keys(found.wanted)[0] ?? "")))
      : h("p.empty", {}, t("devices.noOthers")),
  );
}

/**
 * @param {Claim} one
 * @param {import("./tech.js").Desk} desk
 * @param {() => Promise<void>} again
 */
function claimed(one, desk, again) {
  const { t } = desk;
  const release = async () => {
    if (!confirm(t("devices.releaseHow", { name: one.name }))) return;
    const answer = await desk.ask("DELETE", `/v1/tech/devices/claims/${one.name}`);
    desk.notice(answer.ok ? t("devices.released", { name: one.name }) : desk.why(answer));
    await again();
  };
  const where = one.device ? one.device.path : one.rivals.join(" · ") || "—";
  return h(
    "li.card",
    {},
    h("h3", {}, one.name),
    h("p", {}, one.trouble ? `${one.trouble.code} ${one.trouble[desk.language]}` : t("devices.ok")),
    h("p.muted", {}, [where, one.how && t(`devices.how.${one.how}`), t(`devices.${one.presence}`, { seconds: one.presence_s })].filter(Boolean).join(" · ")),
    h("p.muted", {}, one.used_by ? t("devices.usedBy", { who: one.used_by }) : t("devices.unused")),
    one.failures > 0 && h("p.muted", {}, t("devices.failures", { count: one.failures })),
    h("div.buttons", {}, h("button", { type: "button", onclick: () => void release() }, t("devices.release"))),
  );
}

/**
 * @param {Device} one
 * @param {import("./tech.js").Desk} desk
 * @param {() => Promise<void>} again
 * @param {string} proposed a name the configuration asks for
 */
function other(one, desk, again, proposed) {
  const { t } = desk;
  const name = /** @type {HTMLInputElement} */ (h("input", { autocomplete: "off", pattern: "[a-z0-9][a-z0-9\\-]{0,31}", required: true, value: one.unknown ? proposed : "" }));
  const socket = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  const probe = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  const claim = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { name: name.value, device: one.path, by_socket: socket.checked, may_probe: probe.checked };
    const answer = await desk.ask("POST", "/v1/tech/devices/claims", body);
    desk.notice(answer.ok ? t("devices.done", { name: name.value }) : desk.why(answer));
    await again();
  };
  const listen = async () => {
    const answer = await desk.ask("POST", "/v1/tech/devices/identify", { device: one.path, listen_ms: 3000 });
    desk.notice(answer.ok ? t(`devices.heard.${answer.body.voice ?? "none"}`) : desk.why(answer));
  };
  const isLine = one.kind === "line" || one.kind === "printer";
  return h(
    "li.card",
    {},
    h("h3", {}, one.unknown ? `${one.path} · ${t("devices.new")}` : one.path),
    h("p.muted", {}, [one.title, one.model, one.serial, one.socket].filter(Boolean).join(" · ")),
    isLine &&
      h(
        "form",
        { onsubmit: (event) => void claim(event) },
        h("label", {}, t("devices.name"), name),
        h("label.tick", {}, socket, t("devices.bySocket")),
        h("label.tick", {}, probe, t("devices.mayProbe")),
        h("div.buttons", {}, h("button", { type: "button", onclick: () => void listen() }, t("devices.listen")), h("button.primary", { type: "submit" }, t("devices.claim"))),
      ),
  );
}
