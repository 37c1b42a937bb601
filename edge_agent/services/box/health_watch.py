"""Looks at the box now and then: figures, findings, issues, and what mends some by itself."""

from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from edge_agent.ports.clock import Clock
from edge_agent.services.box.fixups import FixupDesk
from edge_agent.services.box.trial_sale import Tried
from retail_core.errors import Fault
from retail_core.fleet.checks import BY_CODE, Look, TillSeen, findings
from retail_core.fleet.issues import Key, Watched, advance, standing
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals, IssueTold

TRIAL_EVERY_MS = 180_000
HOUR_MS = 3_600_000


class HourCount:
    """How much a counter that only grows has grown within an hour."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque()

    def grown(self, now_ms: int, count: int) -> int:
        """Note the counter; return how much it grew in the last hour."""
        if self._seen and count < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now_ms, count))
        while self._seen[0][0] < now_ms - HOUR_MS:
            self._seen.popleft()
        return count - self._seen[0][1]


class HealthWatch:
    """Safe to ask from any thread; `turn` belongs to one."""

    def __init__(  # noqa: PLR0913 -- what there is to look at
        self,
        clock: Clock,
        tally: FaultTally,
        figures: Callable[[], BoxVitals],
        devices: Callable[[], Mapping[str, str]],
        trial: Callable[[], Tried],
        desk: FixupDesk | None = None,
        tills: Callable[[], Mapping[str, TillSeen]] = dict,
        faces_off: Callable[[], FaultCode | None] = lambda: None,
        journal_fault: Callable[[], Fault | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._tally = tally
        self._figures = figures
        self._devices = devices
        self._trial = trial
        self._tills = tills
        self._faces_off = faces_off
        self._journal_fault = journal_fault
        self.desk = desk or FixupDesk(clock)
        self._held: dict[Key, Watched] = {}
        self._vitals = BoxVitals()
        self._tried: tuple[int, Tried] | None = None

    @property
    def vitals(self) -> BoxVitals:
        """The figures of the last look."""
        return self._vitals

    def issues(self) -> tuple[IssueTold, ...]:
        """Return what stands, the oldest first, with wall times of the clock as it is now."""
        now = self._clock.now()
        return tuple(
            IssueTold(
                one.code.value,
                one.finding.subject,
                max(0, now.wall_ms - (now.mono_ms - one.first_ms)),
                dict(one.finding.fields),
            )
            for one in standing(self._held)
        )

    def turn(self) -> None:
        """Look once, and try what may mend what stands."""
        now_ms = self._clock.now().mono_ms
        tried = self._trial_at(now_ms)
        vitals = msgspec.structs.replace(
            self._figures(),
            priced=int(tried.priced),
            booked=int(tried.booked),
            journal_ms=tried.journal_ms,
        )
        keys = frozenset(one.key for one in standing(self._held))
        look = Look(vitals, self._devices(), keys, self._tills(), self._faces_off())
        found = findings(look)
        self._vitals = vitals
        self._held = advance(self._held, found, BY_CODE, now_ms)
        now_standing = standing(self._held)
        for one in now_standing:
            if one.key not in keys:
                self._tally.count(one.code)
        self.desk.by_itself(frozenset(one.code for one in now_standing))

    def _trial_at(self, now_ms: int) -> Tried:
        """Return the last trial, or a new one where it is old or something was refused since."""
        last, refused = self._tried, self._journal_fault() is not None
        if refused or last is None or now_ms - last[0] >= TRIAL_EVERY_MS or not last[1].booked:
            self._tried = last = (now_ms, self._trial())
        return last[1]
