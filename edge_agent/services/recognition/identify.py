"""Who stands at this counter? Face, code and card race under one deadline; the surest wins."""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Literal

import structlog

from edge_agent.ports.nfc import CardTap
from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.lookup import StillAskingError
from edge_agent.recognition.race import Finding, Race, now_ms
from edge_agent.services.recognition.readers import Lane, Reader, ReaderLoop
from retail_core import limits
from retail_core.errors import Fault
from retail_core.identity.assurance import Assurance, Factor, assurance_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

log = structlog.get_logger("identify")

Outcome = Literal["member", "ask", "unknown", "none"]

DEADLINE_MS_MAX = 10_000
# Who looks for codes without being asked leaves the processor to others between two frames.
IDLE_PACE_MS = 150
# A code or card shown just before the clerk asked is the answer to the question.
UNASKED_FRESH_MS = 3_000
# How many may wait for their turn. Each waits on a thread of the box, and those are what sells:
# a till that gives up early and asks again would take one after the other.
WAITING_MAX = 2
# How long the cloud may take over a code or card that came without a race.
LOOKUP_S = 0.4

_CARDS = frozenset({Factor.SUN_CARD, Factor.CARD_UID})
# Somebody showed something that is ours in form, and it was not accepted.
_CREDENTIAL_REFUSED = frozenset(
    {
        FaultCode.QR_EXPIRED,
        FaultCode.QR_REPLAYED,
        FaultCode.QR_SIGNATURE,
        FaultCode.QR_KEY_UNKNOWN,
        FaultCode.QR_CLOCK_UNKNOWN,
        FaultCode.QR_DIGITS_UNKNOWN,
        FaultCode.QR_DIGITS_WRONG,
        FaultCode.NFC_CARD_UNKNOWN,
        FaultCode.NFC_CARD_FOREIGN,
        FaultCode.NFC_MAC,
        FaultCode.NFC_COUNTER_REPLAYED,
        FaultCode.NFC_UID_RANDOM,
        FaultCode.NFC_TAG_SIGNATURE,
    }
)


@dataclass(frozen=True, slots=True)
class Identification:
    """Who was recognised, how surely, how fast, and what stood in the way.

    `frame_to_member_ms`: from the frame that completed the vote, the frame with the code, or the
    card's detection, to the member's data at hand. `first_usable_ms`: from the first frame that
    passed the gates. `repeated`: nothing here that was not told a moment ago. `walked_up`: by her
    face, and nobody had asked.
    """

    outcome: Outcome
    assurance: Assurance = Assurance.NONE
    factor: Factor | None = None
    member: HeldMember | None = None
    reasons: tuple[FaultCode, ...] = ()
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    total_ms: float = 0.0
    frame_to_member_ms: float | None = None
    first_usable_ms: float | None = None
    at_ms: float = 0.0
    repeated: bool = False
    walked_up: bool = False

    @property
    def in_budget(self) -> bool | None:
        """Whether the member was at hand within the budget; None when nobody was recognised."""
        taken_ms = self.frame_to_member_ms
        return None if taken_ms is None else taken_ms <= limits.IDENTIFY_BUDGET_MS


class Identify:
    """Recognition at one counter; calls from any thread, one race at a time."""

    def __init__(self, lane: Lane, tally: FaultTally) -> None:
        self._lane = lane
        self._readers = lane.readers()
        self._tally = tally
        self._pool = ThreadPoolExecutor(max(1, len(self._readers)), thread_name_prefix="identify")
        self._turn = Lock()
        self._running: dict[Reader, Future[None]] = {}
        self._last: Race | None = None
        self._state = Lock()
        self._waiting = 0
        self._race: Race | None = None
        self._unasked: Identification | None = None
        self._stopped = False

    @property
    def factors(self) -> tuple[Reader, ...]:
        """The readers this counter has for whoever asks."""
        return tuple(name for name in self._readers if name != "walk_up")

    def identify(
        self, factors: Collection[Reader] = (), deadline_ms: int = limits.IDENTIFY_HARD_MS
    ) -> Identification:
        """Race the readers asked for (all when none is named); never raises for what they see."""
        chosen = tuple(dict.fromkeys(factors)) or self.factors
        began_ms, within_ms = now_ms(), min(max(deadline_ms, 1), DEADLINE_MS_MAX)
        if not self._has_turn(within_ms):
            return self._busy(began_ms)
        try:
            early = self._take_unasked(chosen)
            if early is not None:
                return early
            left_ms = max(1.0, within_ms - (now_ms() - began_ms))
            return self._run_race(chosen, left_ms, asked=True)
        finally:
            self._turn.release()

    def glance(self, factors: Collection[Reader], deadline_ms: int) -> Identification | None:
        """Look without being asked; None when somebody asks meanwhile or is being served.

        A sure finding is kept for a moment: who asks next gets it.
        """
        if self._waiting or not self._turn.acquire(blocking=False):
            return None
        try:
            result = self._run_race(tuple(factors), deadline_ms, asked=False)
            if "walk_up" not in factors or result.factor is not Factor.FACE_VOTE:
                return self._keep(result)
            # Who asked meanwhile gets an answer of her own.
            return None if self._is_awaited() else replace(result, walked_up=True)
        finally:
            self._turn.release()

    def code(self, text: str | bytes) -> Identification:
        """Check a member code that a hand scanner read."""
        began_ms = now_ms()
        payload = text if isinstance(text, bytes) else text.encode()

        def check() -> Finding:
            return self._lane.codes.check(payload, began_ms, within_s=LOOKUP_S)

        return self._single(check, began_ms, FaultCode.QR_KEY_UNKNOWN)

    def page(self, code: str) -> Identification:
        """Check the code that the member's page signed when she checked in at this lane."""
        began_ms = now_ms()

        def check() -> Finding:
            found = self._lane.codes.check(code.encode(), began_ms, within_s=LOOKUP_S)
            # Digits are known to three: no page sends them, and no one else may.
            if found.factor is not Factor.MEMBER_CODE:
                raise Fault(FaultCode.QR_FOREIGN)
            return replace(found, factor=Factor.PHONE_PAGE)

        return self._single(check, began_ms, FaultCode.QR_KEY_UNKNOWN)

    def tap(self, tap: CardTap) -> Identification | None:
        """Check a card that was tapped unasked; None when a race under way takes it over."""
        cards, began_ms = self._lane.cards, now_ms()
        if cards is None:
            return None
        with self._state:
            if self._race is not None and self._race.asked:
                cards.carry(tap)
                return None

        def check() -> Finding:
            return cards.check(tap, tap.detected_mono_ms, within_s=LOOKUP_S)

        return self._keep(self._single(check, began_ms, FaultCode.NFC_CARD_UNKNOWN))

    def stop(self) -> None:
        """End the race under way and the threads; safe to call twice."""
        with self._state:
            self._stopped = True
            if self._race is not None:
                self._race.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._lane.lookup.stop()

    # ---- inside ---------------------------------------------------------------------------------

    def _is_awaited(self) -> bool:
        """Tell whether somebody asks and waits for a turn."""
        return self._waiting > 0

    def _busy(self, began_ms: float) -> Identification:
        """Answer a till that could not wait until another of its lane was served."""
        now, code = now_ms(), FaultCode.CHECKIN_LANE_BUSY
        self._tally.count(code)
        return Identification("none", reasons=(code,), total_ms=now - began_ms, at_ms=now)

    def _has_turn(self, within_ms: float) -> bool:
        """Wait for the race under way; one that nobody asked for steps aside.

        False when the time is over, and at once where as many as may wait do so already.
        """
        with self._state:
            if self._waiting >= WAITING_MAX:
                return False
            self._waiting += 1
            if self._race is not None and not self._race.asked:
                self._race.cancel()
        try:
            return self._turn.acquire(timeout=within_ms / 1000)
        finally:
            with self._state:
                self._waiting -= 1

    def _take_unasked(self, chosen: tuple[Reader, ...]) -> Identification | None:
        with self._state:
            early = self._unasked
            if early is not None and now_ms() - early.at_ms > UNASKED_FRESH_MS:
                early = self._unasked = None
            if early is None or _reader_of(early.factor) not in chosen:
                return None
            self._unasked = None
            return early

    def _keep(self, result: Identification) -> Identification:
        # A digit code was shown on purpose, like the better ones; a face was only passing by.
        if result.assurance >= Assurance.HIGH or result.factor is Factor.DIGIT_CODE:
            with self._state:
                self._unasked = result
        return result

    def _run_race(
        self, chosen: tuple[Reader, ...], deadline_ms: float, *, asked: bool
    ) -> Identification:
        began_ms = now_ms()
        # Readers of the race before have seen that it is over, or see it within a slice; one that
        # hangs in its device is left out, and costs the others no more than half of their time.
        wait(self._running.values(), timeout=deadline_ms / 2000)
        late = self._late(chosen)
        if late is not None:
            return late
        hurried = asked or not {"face", "walk_up"}.isdisjoint(chosen)
        pace_ms = 0 if hurried else IDLE_PACE_MS
        left_ms = max(1.0, deadline_ms - (now_ms() - began_ms))
        with self._entered(Race(left_ms, asked=asked, pace_ms=pace_ms)) as race:
            if "face" in chosen and "face" not in self._readers:
                race.refuse(FaultCode.FACE_DISABLED, news=False)
            free = self._free(chosen, race)
            with self._state:
                # Whoever asked, or stopped, before this race could be seen has it cancelled here.
                if self._stopped or (self._waiting and not race.asked):
                    return Identification("none", at_ms=race.began_ms, repeated=True)
                for name in free:
                    self._running[name] = self._pool.submit(_run, self._readers[name], race)
            # A code in the very frames that show the face is seen, however late its thread began.
            finding = race.judge(len(free), {"qr"} & set(free))
            return self._result(race, finding)

    def _free(self, chosen: tuple[Reader, ...], race: Race) -> tuple[Reader, ...]:
        """Return the readers that can run; one still at the race before is told of."""
        free: list[Reader] = []
        for name in chosen:
            running = self._running.get(name)
            if running is not None and not running.done():
                hung = FaultCode.NFC_READER_GONE if name == "nfc" else FaultCode.CAMERA_STALLED
                race.refuse(hung, news=False)
            elif name in self._readers:
                free.append(name)
        return tuple(free)

    def _late(self, chosen: tuple[Reader, ...]) -> Identification | None:
        """Return a proof that was read in the moment its race ended, while it is fresh."""
        late = None if self._last is None else self._last.take_late()
        if late is None or now_ms() - late.seen_ms > UNASKED_FRESH_MS:
            return None
        if _reader_of(late.factor) not in chosen:
            return None
        try:
            late.admit()
        except Fault as fault:
            self._tally.count(fault.code)
            return None
        return _recognised(late, late.seen_ms)

    @contextmanager
    def _entered(self, race: Race) -> Iterator[Race]:
        with self._state:
            self._race = race
        try:
            yield race
        finally:
            with self._state:
                self._race, self._last = None, race

    def _result(self, race: Race, finding: Finding | None) -> Identification:
        seen = race.seen
        gate = () if seen.gate is None or finding is not None else (seen.gate,)
        for code in (*(code for code, news in seen.reasons.items() if news), *gate):
            self._tally.count(code)
        if finding is not None:
            known = _recognised(finding, race.began_ms)
            return replace(known, reasons=tuple(seen.reasons), stage_ms=dict(seen.stage_ms))
        now = now_ms()
        partly = Factor.FACE_FRAME if _partly(race) else None
        return Identification(
            _outcome(race),
            Assurance.NONE if partly is None else assurance_of(partly),
            partly,
            reasons=tuple(dict.fromkeys((*seen.reasons, *gate))),
            stage_ms=dict(seen.stage_ms),
            total_ms=now - race.began_ms,
            at_ms=now,
            repeated=not any(seen.reasons.values()) and seen.vote is None,
        )

    def _single(
        self, check: Callable[[], Finding], began_ms: float, unanswered: FaultCode
    ) -> Identification:
        try:
            finding = check()
            finding.admit()
        except StillAskingError:
            code = unanswered
        except Fault as fault:
            code = fault.code
        else:
            return _recognised(finding, began_ms)
        self._tally.count(code)
        now = now_ms()
        return Identification("unknown", reasons=(code,), total_ms=now - began_ms, at_ms=now)


def vouched(held: HeldMember | None, factor: Factor) -> Identification:
    """Return the result of a factor that no reader checked: a phone number, an operator."""
    now = now_ms()
    if held is None:
        return Identification("unknown", at_ms=now)
    return Identification("member", assurance_of(factor), factor, held, at_ms=now)


def _reader_of(factor: Factor | None) -> Reader:
    return "nfc" if factor in _CARDS else "qr"


def _run(loop: ReaderLoop, race: Race) -> None:
    try:
        loop.run(race)
    except Exception as error:  # noqa: BLE001 - a bug in one reader must not end the others' race
        # Nor may it look like an empty counter.
        race.refuse(FaultCode.API_INTERNAL)
        log.warning("reader_broke", reader=type(loop).__name__, error=type(error).__name__)
    finally:
        race.finished()


def _recognised(finding: Finding, began_ms: float) -> Identification:
    now = now_ms()
    return Identification(
        "member",
        finding.assurance,
        finding.factor,
        finding.held,
        total_ms=now - began_ms,
        frame_to_member_ms=now - finding.seen_ms,
        first_usable_ms=now - finding.first_ms,
        at_ms=now,
    )


def _partly(race: Race) -> bool:
    """Tell whether a frame was accepted and the vote was not done: a hint, and nobody is named."""
    seen = race.seen
    return not seen.suspicious and seen.vote is not None and bool(seen.vote.accepts)


def _outcome(race: Race) -> Outcome:
    seen = race.seen
    if seen.suspicious or (seen.vote is not None and seen.vote.candidates):
        return "ask"
    if seen.vote is not None or seen.reasons.keys() & _CREDENTIAL_REFUSED:
        return "unknown"
    return "none"
