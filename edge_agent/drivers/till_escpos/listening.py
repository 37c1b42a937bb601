"""Somebody listens to a tapped till: what came, decoded, with stand-ins for whoever stands in it.

The tap only drops what it sees into a bounded queue; everything else is done by who takes from it.
No byte leaves here as it came: blocks and lines are redacted, receipts are told by their figures.
"""

import queue
import time
from base64 import b64encode
from typing import Any

from edge_agent.domain.tap_seen import TapSeen
from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.till_escpos.beside_profile import BesideProfile
from edge_agent.drivers.till_escpos.examine import Examiner, decoded
from edge_agent.drivers.till_escpos.frames import Command, Control, Token, Tokenizer
from edge_agent.drivers.till_escpos.redact import Redactor
from edge_agent.ports.till_tap import TillTap
from retail_core.texts.faults import FAULTS, FaultCode

SEEN_MAX = 2_048
REPORT_MS = 1_000
STILL_MS = 400
_LINE_TOKENS_MAX = 200
_ENDS = frozenset({b"\x1bd", b"\x1bJ", b"\x1dV", b"\x1bi", b"\x1bm"})


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Listening:
    """One listener; `take` is called by one thread, again and again, until `close`."""

    def __init__(self, tap: TillTap, profile: TillProfile, key: bytes) -> None:
        self._seen: queue.Queue[TapSeen] = queue.Queue(SEEN_MAX)
        self._examiner = Examiner(profile.line)
        self._beside = BesideProfile(profile)
        self._redactor = Redactor(key)
        self._tokenizer = Tokenizer()
        self._line: list[Token] = []
        self._began_ms = self._last_ms = _mono_ms()
        self._reported_ms = 0
        self._missed = 0
        self._state = tap.state()
        self._end = tap.watch(self._see)

    def close(self) -> None:
        """Listen no more; safe to call twice."""
        self._end()
        self._end = lambda: None

    def take(self, timeout_ms: int) -> list[dict[str, Any]]:
        """Return what came since; waits for the first thing at most this long."""
        told: list[dict[str, Any]] = []
        try:
            seen: TapSeen | None = self._seen.get(timeout=timeout_ms / 1000)
        except queue.Empty:
            seen = None
        while seen is not None:
            told += self._told(seen)
            try:
                seen = self._seen.get_nowait()
            except queue.Empty:
                break
        now_ms = _mono_ms()
        if self._redactor.waits and now_ms - self._last_ms >= STILL_MS:
            told += self._blocks(self._redactor.pause())
        if now_ms - self._reported_ms >= REPORT_MS:
            self._reported_ms = now_ms
            told.append(self._report(now_ms))
        return told

    # ---- called by the tap ----------------------------------------------------------------------

    def _see(self, seen: TapSeen) -> None:
        try:
            self._seen.put_nowait(seen)
        except queue.Full:
            self._missed += 1

    # ---- inside ---------------------------------------------------------------------------------

    def _told(self, seen: TapSeen) -> list[dict[str, Any]]:
        if seen.kind == "state":
            self._state = seen.state
            return [{"type": "state", "state": seen.state}]
        if seen.kind == "job" and seen.receipt is not None:
            self._examiner.job(seen.receipt)
            told = _job(seen.receipt) | {"without_profile": self._beside.instead(seen.receipt)}
            return [*self._blocks(self._redactor.pause()), told]
        self._last_ms = _mono_ms()
        self._examiner.saw(seen.data, seen.mono_ms)
        self._beside.saw(seen.data, seen.mono_ms)
        return self._blocks(self._redactor.feed(seen.data, seen.mono_ms - self._began_ms))

    def _blocks(self, blocks: list[tuple[int, bytes]]) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        for at_ms, data in blocks:
            told.append({"type": "block", "at_ms": max(0, at_ms), "data": b64encode(data).decode()})
            for token in self._tokenizer.feed(data):
                self._line.append(token)
                if _ends_line(token) or len(self._line) >= _LINE_TOKENS_MAX:
                    told.append({"type": "line", "at_ms": at_ms, "parts": decoded(self._line)})
                    self._line = []
        return told

    def _report(self, now_ms: int) -> dict[str, Any]:
        figures = self._examiner.report(now_ms)
        faults = [_said(code) for code in self._examiner.faults()]
        report = {"type": "report", "state": self._state, "missed": self._missed}
        return report | figures | {"faults": faults}


def _ends_line(token: Token) -> bool:
    if isinstance(token, Control):
        return token.raw in {b"\n", b"\x0c"}
    return isinstance(token, Command) and token.code in _ENDS


def _job(receipt: TappedReceipt) -> dict[str, Any]:
    """Return what was understood of a job, without a name or a number of it."""
    return {
        "type": "job",
        "kind": receipt.kind,
        "lines": len(receipt.lines),
        "total_fen": receipt.total_fen,
        "numbered": bool(receipt.receipt_no),
        "drawer": receipt.drawer,
        "raster": receipt.raster,
        "fault": _said(receipt.fault) if receipt.fault else None,
    }


def _said(code: FaultCode) -> dict[str, str]:
    return {"code": code.value, "zh": FAULTS[code].zh, "en": FAULTS[code].en}
