"""What happens at the counters, for whoever acts on it in a thread of his own."""

import queue
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from retail_core import limits


class Heard(NamedTuple):
    """One event of a till as it was told to the screens."""

    kind: str
    till: UUID
    told: Mapping[str, object]


class Hearing:
    """Takes events of some kinds and some tills; never makes the teller wait."""

    def __init__(self, kinds: frozenset[str], tills: frozenset[UUID]) -> None:
        self._kinds = kinds
        self._tills = tills
        self._waiting: queue.Queue[Heard] = queue.Queue(limits.COUNTER_EVENT_QUEUE_MAX)

    def hear(self, kind: str, told: Mapping[str, object], _lane: str | None = None) -> None:
        """Queue an event that is for us; one too many is dropped: the next says more."""
        if kind not in self._kinds:
            return
        till = _till(told.get("till"))
        if till in self._tills:
            # Several threads tell: asking first whether there is room would fail the one that lost.
            with suppress(queue.Full):
                self._waiting.put_nowait(Heard(kind, till, told))

    @property
    def holds(self) -> int:
        """How many events wait."""
        return self._waiting.qsize()

    def next(self, timeout_s: float) -> Heard | None:
        """Return the oldest event that waits, or None when none came in time."""
        try:
            return self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return None


def member_of(told: Mapping[str, object]) -> Mapping[str, object] | None:
    """Return the member an event shows, if it shows one."""
    member = told.get("member")
    return member if isinstance(member, Mapping) else None


def _till(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        return UUID(int=0)
