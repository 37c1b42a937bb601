// @ts-check
/** A manager lets a new terminal in: the code is read out, the four digits are compared, yes. */

/** @typedef {import("../state.js").Till} Till */

const LOOK_MS = 1_500;

/** @param {Till} till */
export function pairActs(till) {
  const { state, change, ask } = till;

  async function open() {
    const answer = await ask("POST", "/v1/pairing");
    if (!answer.ok) {
      change({ sheet: null }, "entry");
      return till.notice(till.why(answer));
    }
    change({ sheet: { kind: "pair", code: answer.body.code, asking: null, note: "" } }, "sheet-close");
    till.later("pairing", LOOK_MS, () => void look());
  }

  async function look() {
    if (state.sheet?.kind !== "pair") return;
    const answer = await ask("GET", "/v1/pairing");
    const { sheet } = state;
    if (sheet?.kind !== "pair") return;
    const over = answer.ok && answer.body.state === "closed";
    const asking = answer.ok ? answer.body.asking : sheet.asking;
    const came = asking && !sheet.asking;
    const note = over ? till.t("pair.over") : answer.ok ? "" : till.why(answer);
    change({ sheet: { ...sheet, asking, note } }, came ? "pair-no" : undefined);
    if (!over) till.later("pairing", LOOK_MS, () => void look());
  }

  async function confirm() {
    const { sheet } = state;
    if (sheet?.kind !== "pair" || !sheet.asking) return;
    const answer = await ask("POST", "/v1/pairing/confirm", { request_id: sheet.asking.request_id });
    if (!answer.ok) return change({ sheet: { ...sheet, note: till.why(answer) } });
    change({ sheet: null }, "entry");
    till.notice(till.t("pair.done", { name: sheet.asking.name }));
  }

  return {
    openPairing: open,
    confirmPairing: confirm,
    closePairing: () => {
      change({ sheet: null }, "entry");
      void ask("DELETE", "/v1/pairing");
    },
  };
}
