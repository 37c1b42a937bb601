"""Whether the box may write to a till: only while what it computes agrees with what is printed.

Whoever injects, appends or shows asks here before every write. The answer comes from memory; what
it hangs on is on disk before `judge` returns.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.domain.agreement import (
    DAYS_KEPT,
    MS_PER_MINUTE,
    DayCount,
    Example,
    Override,
    TillTrust,
)
from edge_agent.ports.agreement_store import AgreementStore
from edge_agent.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.fusion.agreement import (
    Bars,
    Channel,
    Score,
    Standing,
    after_receipt,
    score_of,
    with_bars,
)
from retail_core.fusion.compare import Difference
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

__all__ = ["Channel", "Permit", "Verdict", "WritePermit"]

OVERRIDE_MINUTES_MAX = 240
# Of one receipt: its first differences say what is wrong with it.
EXAMPLES_PER_RECEIPT = 5


@dataclass(frozen=True, slots=True)
class Permit:
    """The answer: `reason` says why not; `score` in thousandths over `seen` receipts.

    `overridden` is True while a technician's word stands for the score.
    """

    allowed: bool
    reason: FaultCode | None
    score: int
    seen: int
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One receipt compared; `ahead`: its basket was known before it was paid."""

    till: UUID
    ahead: bool
    differences: tuple[Difference, ...]
    business_date: int | None = None

    @property
    def agreed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


# Hears of a till before and after a change.
Listener = Callable[[UUID, TillTrust, TillTrust], None]


class WritePermit:
    """One score a till; safe to call from any thread. `bars` names the tills that are compared."""

    def __init__(
        self,
        store: AgreementStore,
        clock: Clock,
        tally: FaultTally,
        bars: Mapping[UUID, Bars],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tally = tally
        self.bars = bars
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        held = store.load()
        self._held = {till: _judged(held.get(till, TillTrust()), one) for till, one in bars.items()}

    def listen(self, listener: Listener) -> None:
        """Call `listener` after each change of a till, on the thread that made it."""
        self._listeners.append(listener)

    def may(self, till: UUID, channel: Channel) -> Permit:
        """Answer whether something may be written to a till now; what is switched off never."""
        trust = self._held.get(till)
        if trust is None:
            return Permit(allowed=False, reason=FaultCode.TILL_NOT_COMPARED, score=0, seen=0)
        score = score_of(trust.record, channel)
        said = self._said(trust, channel)
        if said is not None:
            open_to = said.allow and channel in self.bars[till].bars
            reason = None if open_to else FaultCode.TILL_WRITE_OFF
            return Permit(open_to, reason, score.permille, score.seen, overridden=True)
        reason = self._reason(till, trust, channel)
        return Permit(reason is None, reason, score.permille, score.seen)

    def tills(self) -> tuple[UUID, ...]:
        """Return the tills that are compared."""
        return tuple(self._held)

    def trust(self, till: UUID) -> TillTrust:
        """Return what is known of a till; Fault API_NOT_FOUND."""
        trust = self._held.get(till)
        if trust is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"till {till}")
        return trust

    def score(self, till: UUID) -> Score:
        """Return a till's score over all receipts of the window."""
        return score_of(self.trust(till).record)

    def examples(self, till: UUID) -> tuple[Example, ...]:
        """Return the last differences of a till, newest first."""
        return self._store.examples(till)

    def overrides(self, till: UUID) -> tuple[Override, ...]:
        """Return the technicians' words that hold now."""
        now = self._clock.now()
        return tuple(one for one in self.trust(till).overrides if one.holds(now))

    def minutes_left(self, till: UUID, channel: Channel) -> int:
        """Return for how many more minutes a technician's word holds, 0 when there is none."""
        said = self._said(self.trust(till), channel)
        if said is None:
            return 0
        past_ms = self._clock.now().mono_ms - said.since.mono_ms
        return max(0, said.minutes - past_ms // MS_PER_MINUTE)

    def lost(self) -> frozenset[UUID]:
        """Return the tills that lost what they had earned, in one channel or more."""
        return frozenset(
            till
            for till, trust in tuple(self._held.items())
            if any(trust.record.standing(channel) is Standing.LOST for channel in Channel)
        )

    def noted(self) -> tuple[Fault, ...]:
        """Return what is to be said of the tills: that one lost what it had earned."""
        return (Fault(FaultCode.TILL_AGREEMENT_LOST),) if self.lost() else ()

    def judge(self, verdict: Verdict) -> TillTrust:
        """Count a compared receipt; what follows from it holds when this returns."""
        at, bars = self._clock.now(), self.bars[verdict.till]
        shown = verdict.differences[:EXAMPLES_PER_RECEIPT]
        examples = [Example(verdict.till, at.wall_ms, one) for one in shown]

        def counted(trust: TillTrust) -> TillTrust:
            record = after_receipt(trust.record, bars, agreed=verdict.agreed, ahead=verdict.ahead)
            kinds = dict(trust.kinds)
            for kind in {one.kind.value for one in verdict.differences}:
                kinds[kind] = kinds.get(kind, 0) + 1
            days = _with_day(trust.days, verdict)
            return replace(trust, record=record, kinds=kinds, days=days)

        return self._change(verdict.till, counted, examples)

    def override(
        self, till: UUID, channel: Channel, operator: UUID, *, allow: bool, minutes: int
    ) -> TillTrust:
        """Let a technician's word count for a while; `minutes` 0 takes it back.

        Raises Fault API_NOT_FOUND, TILL_OVERRIDE_INVALID.
        """
        if not 0 <= minutes <= OVERRIDE_MINUTES_MAX:
            raise Fault(FaultCode.TILL_OVERRIDE_INVALID, limit=OVERRIDE_MINUTES_MAX)
        said = Override(channel, allow, minutes, operator, self._clock.now())

        def overridden(trust: TillTrust) -> TillTrust:
            others = (one for one in trust.overrides if one.channel is not channel)
            return replace(trust, overrides=(*others, said))

        try:
            return self._change(till, overridden)
        except Fault:
            if allow:  # nobody would know who opened it
                self._unsaid(till, said)
            raise

    def told(self, till: UUID) -> None:
        """Note that HQ was told how a till stands."""
        with self._lock:
            trust = self.trust(till)
            self._held[till] = replace(trust, told=trust.record.seen)
            self._store.keep(till, self._held[till])

    # ---- inside ---------------------------------------------------------------------------------

    def _change(
        self, till: UUID, change: Callable[[TillTrust], TillTrust], examples: Sequence[Example] = ()
    ) -> TillTrust:
        with self._lock:
            before = self.trust(till)
            after = change(before)
            # In memory first: a disk that is full must not keep a permit alive.
            self._held[till] = after
            self._store.keep(till, after, examples)
        if _lost(before, after):
            self._tally.count(FaultCode.TILL_AGREEMENT_LOST)
        for listener in self._listeners:
            listener(till, before, after)
        return after

    def _unsaid(self, till: UUID, said: Override) -> None:
        with self._lock:
            trust = self.trust(till)
            kept = tuple(one for one in trust.overrides if one is not said)
            self._held[till] = replace(trust, overrides=kept)

    def _said(self, trust: TillTrust, channel: Channel) -> Override | None:
        said = next((one for one in trust.overrides if one.channel is channel), None)
        return said if said is not None and said.holds(self._clock.now()) else None

    def _reason(self, till: UUID, trust: TillTrust, channel: Channel) -> FaultCode | None:
        if channel not in self.bars[till].bars:
            return FaultCode.TILL_WRITE_OFF
        match trust.record.standing(channel):
            case Standing.EARNED:
                return None
            case Standing.LOST:
                return FaultCode.TILL_AGREEMENT_LOST
            case Standing.YOUNG:
                return FaultCode.TILL_SHADOW_YOUNG


def _judged(trust: TillTrust, bars: Bars) -> TillTrust:
    return replace(trust, record=with_bars(trust.record, bars))


def _lost(before: TillTrust, after: TillTrust) -> bool:
    return any(
        after.record.standing(channel) is Standing.LOST
        and before.record.standing(channel) is Standing.EARNED
        for channel in Channel
    )


def _with_day(days: tuple[DayCount, ...], verdict: Verdict) -> tuple[DayCount, ...]:
    day, last = verdict.business_date or 0, days[-1] if days else None
    if last is None or last.day != day:
        days, last = (*days, DayCount(day, 0, 0)), DayCount(day, 0, 0)
    counted = DayCount(day, last.seen + 1, last.agreed + verdict.agreed)
    return (*days[:-1], counted)[-DAYS_KEPT:]
