"""How long a caller waits: after its deadline nothing begins that books something.

The caller says `X-Deadline-Ms`; a call that says nothing has the default of its address. Whoever
answers first decides: either the call has begun to book and its end is told by its idempotency key,
or it is given up and never begins.
"""

import re
import threading
import time
from collections.abc import Mapping
from typing import Final

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

HEADER: Final = "X-Deadline-Ms"
DEFAULT_MS: Final = 10_000
MAX_MS: Final = 120_000
# What waits for a person before a camera or a card, or reads the whole journal.
PATIENT_MS: Final[Mapping[str, int]] = {
    "/v1/identify": 15_000,
    "/v1/identify/turn": 60_000,
    "/v1/ledger": 60_000,
    "/face": 60_000,
    "/card": 30_000,
    "/export": 60_000,
    "/diag": 60_000,
}
# What remains for the answer itself when a slow part uses the rest up.
MARGIN_MS: Final = 50
_SHAPE: Final = re.compile(r"[1-9][0-9]{0,5}")


class Deadline:
    """One call's time; safe to ask from the loop and from the thread that does the work."""

    def __init__(self, budget_ms: int) -> None:
        self.budget_ms = budget_ms
        self._ends_s = time.monotonic() + budget_ms / 1_000
        self._lock = threading.Lock()
        self._begun = False
        self._over = False

    def left_s(self) -> float:
        """Return the seconds left, never below zero."""
        return max(0.0, self._ends_s - time.monotonic())

    def share_ms(self, wanted_ms: int) -> int:
        """Return how long a slow part may take: what it wants, within what is left."""
        return max(1, min(wanted_ms, int(self.left_s() * 1_000) - MARGIN_MS))

    def begin(self) -> None:
        """Begin to book; raises Fault API_TOO_LATE once the call was given up."""
        with self._lock:
            if self._over or not self.left_s():
                self._over = True
                raise self.too_late()
            self._begun = True

    def follow(self) -> None:
        """Wait behind a call with the same key, which may be booking what this one asks."""
        with self._lock:
            self._begun = True

    def give_up(self) -> Fault:
        """Return what to answer in time: that nothing was booked, or that it is under way."""
        with self._lock:
            self._over = True
            return self.still_running() if self._begun else self.too_late()

    def too_late(self) -> Fault:
        """Return the fault of a call that did nothing."""
        return Fault(FaultCode.API_TOO_LATE, deadline_ms=self.budget_ms)

    def still_running(self) -> Fault:
        """Return the fault of a call whose end is not known yet."""
        return Fault(FaultCode.API_STILL_RUNNING, deadline_ms=self.budget_ms)


def default_ms(path: str) -> int:
    """Return how long a call to an address takes at most when its caller says nothing."""
    named = PATIENT_MS.get(path)
    return named or PATIENT_MS.get(path[path.rfind("/") :], DEFAULT_MS)


def deadline_of(given: str | None, path: str) -> Deadline:
    """Read the header; raises Fault API_BODY_INVALID when it is no number of milliseconds."""
    if given is None:
        return Deadline(default_ms(path))
    if not _SHAPE.fullmatch(given) or int(given) > MAX_MS:
        raise Fault(FaultCode.API_BODY_INVALID, detail=f"{HEADER}: 1 to {MAX_MS}")
    return Deadline(int(given))
