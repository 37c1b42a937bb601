"""Keeps the box's idea of the time honest: asks the cloud where nobody else tells, and remembers.

What is remembered over a restart is only what somebody vouched for: a clock that a person set to
another century must not make every true time look too early.
"""

from collections.abc import Callable
from typing import Protocol

from edge_agent.ports.clock import Clock, IdSource
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.signed_time import NONCE_BYTES, ToldTime, open_time
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

ASK_EVERY_MS = 6 * 60 * 60 * 1_000
ASK_UNKNOWN_MS = 30_000
KEEP_EVERY_MS = 10 * 60 * 1_000


class TellableClock(Clock, Protocol):
    """A clock that can be told the time for as long as this boot lasts."""

    def tell(self, told: ToldTime) -> None:
        """Take a time that somebody vouched for."""
        ...

    def vouched_ms(self) -> int | None:
        """Return the present time where somebody vouches for it."""
        ...


class TimeKeeper:
    """Looks after the clock now and then; `keep` writes a vouched time down."""

    def __init__(  # noqa: PLR0913 -- whom it asks, whom it believes, what it tells
        self,
        clock: TellableClock,
        ids: IdSource,
        tally: FaultTally,
        ask: Callable[[bytes], bytes],
        device: bytes,
        public_key: bytes,
        keep: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._ask = ask
        self._device = device
        self._public_key = public_key
        self._keep = keep
        self._asked_ms: int | None = None
        self._kept_ms: int | None = None

    def turn(self) -> None:
        """Ask where it is due, and write down what is known."""
        now = self._clock.now()
        if now.quality != TimeQuality.SYNCED and self._is_due(now.mono_ms, now.quality):
            self._asked_ms = now.mono_ms
            self._ask_once()
        self._write_down()

    def _is_due(self, mono_ms: int, quality: TimeQuality) -> bool:
        if self._asked_ms is None:
            return True
        every_ms = ASK_UNKNOWN_MS if quality == TimeQuality.UNKNOWN else ASK_EVERY_MS
        return mono_ms - self._asked_ms >= every_ms

    def _ask_once(self) -> None:
        nonce = self._ids.random_bytes(NONCE_BYTES)
        sent_ms = self._clock.now().mono_ms
        try:
            answer = self._ask(nonce)
            got_ms = self._clock.now().mono_ms
            told = open_time(answer, (nonce, self._device), sent_ms, got_ms, self._public_key)
        except Fault as fault:
            if fault.code == FaultCode.SYNC_TIME_REFUSED:
                self._tally.count(fault.code)
            else:  # the line was away: the next turn of an unknown clock asks again
                self._asked_ms = None
            return
        self._clock.tell(told)

    def _write_down(self) -> None:
        mono_ms, wall_ms = self._clock.now().mono_ms, self._clock.vouched_ms()
        due = self._kept_ms is None or mono_ms - self._kept_ms >= KEEP_EVERY_MS
        if wall_ms is not None and due:
            self._keep(wall_ms)
            self._kept_ms = mono_ms
