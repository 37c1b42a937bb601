"""The till's software that asks for a member: `GetMemInfo`, as ruipos publishes it; no I/O.

A call that comes again with the same `seq` gets the same answer, and its member is noted once. The
published numbers of errors are not known to us: 0 is success, ours are 1 (nobody), 2 (a call that
cannot be read) and 3 (a `seq` used for another call).
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from uuid import UUID

from edge_agent.domain.member_view import MemberView
from edge_agent.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.limits import SOFTWARE_ANSWERS_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

COMMAND = "GetMemInfo"
OK, NOBODY, UNREADABLE, REUSED = 0, 1, 2, 3
_MEMCODE_MAX = 64
_SEQ_MAX = 64
_FULL_PRICE = 100
_MS_PER_S = 1_000

Found = Callable[[str], MemberView]
"""Finds a member by what the till has of her; raises the Fault that says why not."""


@dataclass(frozen=True, slots=True)
class _Asked:
    seq: str
    memcode: str


class RuiposDesk:
    """Answers one till; safe to call from several threads."""

    def __init__(self, find: Found, clock: Clock, zone: tzinfo, tally: FaultTally) -> None:
        self._find = find
        self._clock = clock
        self._zone = zone
        self._tally = tally
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()

    def answer(self, body: bytes) -> bytes:
        """Return the answer to a call, always JSON."""
        asked = _read(body)
        if asked is None:
            self._tally.count(FaultCode.FRAMED_REQUEST_UNREADABLE)
            return _said(UNREADABLE, "", "cmd, seq, memcode")
        digest = sha256(asked.memcode.encode()).digest()
        with self._lock:
            held = self._answers.get(asked.seq)
            if held is None:
                answered, again = self._answered(asked)
                if again:
                    self._keep(asked.seq, (digest, answered))
                return answered
        if held[0] == digest:
            return held[1]
        fault = Fault(FaultCode.SOFTWARE_SEQ_REUSED)
        self._tally.count(fault.code)
        return _said(REUSED, asked.seq, fault.text())

    # ---- inside ---------------------------------------------------------------------------------

    def _answered(self, asked: _Asked) -> tuple[bytes, bool]:
        """Return the answer, and whether the same call is to get it again."""
        try:
            view = self._find(asked.memcode)
        except Fault as fault:
            self._tally.count(fault.code)
            return _said(NOBODY, asked.seq, fault.text()), not fault.spec.retryable
        return _said(OK, asked.seq, "", [self._item(asked, view)]), True

    def _item(self, asked: _Asked, view: MemberView) -> dict[str, object]:
        now = self._clock.now().wall_ms // _MS_PER_S
        shown = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
        return {
            "memtypename": view.tier,
            "memcode": asked.memcode,
            "name": view.name,
            "mobile": view.phone_masked,
            "points": view.points_free + view.pending_local_points,
            "balance": 0,
            "discount": _FULL_PRICE,
            "uptime": f"{shown:%Y-%m-%d %H:%M:%S}",
            "cards": [],
        }

    def _keep(self, seq: str, answered: tuple[bytes, bytes]) -> None:
        self._answers[seq] = answered
        while len(self._answers) > SOFTWARE_ANSWERS_MAX:
            self._answers.popitem(last=False)


def _read(body: bytes) -> _Asked | None:
    """Return what is asked, None when it cannot be read."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("cmd") != COMMAND:
        return None
    seq, memcode = said.get("seq"), said.get("memcode")
    if not isinstance(seq, str) or not isinstance(memcode, str):
        return None
    try:
        # Said back as it came: a till may compare the letters.
        UUID(seq)
    except ValueError:
        return None
    memcode = memcode.strip()
    # Half a character has no bytes: what it is could neither be hashed nor looked for.
    readable = 0 < len(memcode) <= _MEMCODE_MAX and len(seq) <= _SEQ_MAX and memcode.isprintable()
    return _Asked(seq, memcode) if readable else None


def _said(code: int, seq: str, msg: str, items: list[dict[str, object]] | None = None) -> bytes:
    said = {"code": code, "seq": seq, "msg": msg, "items": items or []}
    return json.dumps(said, ensure_ascii=False).encode()
