"""The box's side of releases: fetched, switched to when nobody is served, proved by real sales.

Each step is on disk in the slots' own state before the next, so that a cut anywhere leaves what was
good to start from. What HQ wants is asked for by the fleet's thread; the work is a thread's own.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import structlog

from edge_agent.ports.clock import Clock
from edge_agent.ports.documents import Documents
from edge_agent.ports.journal import Record
from edge_agent.ports.updates import ReleaseSource, SlotShelf
from edge_agent.services.box.update_parts import (
    KEPT_AS,
    MINUTES_AN_HOUR,
    BasketHold,
    Kept,
    Surroundings,
    UpdateStatus,
    kept,
    window_said,
)
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet import slots as moves
from retail_core.fleet.checks import BY_CODE
from retail_core.fleet.issues import Severity
from retail_core.fleet.rollout import BoxStage
from retail_core.fleet.slots import NAMES, Refusal, Slots, Stage
from retail_core.fleet.update_trial import Trial, Verdict, Wait, Window, judge, waits_for
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import ReleaseWish, UpdateTold
from retail_core.wire.kinds import EventType

REST_S_FIRST, REST_S_MAX = 5.0, 15 * 60.0
ROOM = 1.1
_MB = 1_000_000
_MS_PER_S = 1_000
SALES = frozenset({EventType.SALE.value})
FOR_GOOD = frozenset({FaultCode.RELEASE_NOT_OURS, FaultCode.RELEASE_WRONG})
log = structlog.get_logger("updates")


class UpdateKeeper:
    """`turn` belongs to one thread; `take`, `told`, `booked` and `status` to any."""

    def __init__(
        self,
        shelf: SlotShelf,
        source: ReleaseSource,
        documents: Documents,
        clock: Clock,
        around: Surroundings,
    ) -> None:
        self._shelf = shelf
        self._source = source
        self._documents = documents
        self._clock = clock
        self._around = around
        self._lock = threading.RLock()
        self._held = kept(documents)
        self._stopping = threading.Event()
        self._hold = BasketHold()
        self._waits = Wait.NOTHING
        self._code = ""
        self._refused = 0
        self._got = self._size = 0
        self._rest_s, self._not_before_s = REST_S_FIRST, 0.0
        self._breaks_seen = around.breaks()
        self._sold = 0
        self._well_since_ms = clock.now().mono_ms
        self._stopped_since_ms: int | None = None
        self._up_told = self._ended = False
        self._said: UpdateTold | None = None
        self.news: Callable[[], None] = _nothing

    # ---- what HQ wants and hears ----------------------------------------------------------------

    def take(self, wish: ReleaseWish | None) -> None:
        """Take what is wanted; on disk when this returns."""
        with self._lock:
            if wish == self._held.wish:
                return
            if wish is None or self._held.wish is None or wish.number != self._held.wish.number:
                self._refused, self._code, self._not_before_s = 0, "", 0.0
            self._keep(msgspec.structs.replace(self._held, wish=wish))

    def told(self) -> UpdateTold:
        """Return what this box says of its releases."""
        status = self.status()
        return UpdateTold(
            *(status.number, status.version, status.wanted_number, status.stage, status.code),
            *(status.sales, status.breaks, status.waits),
        )

    def booked(self, records: Sequence[Record]) -> None:
        """Count the sales that are on disk."""
        sold = sum(one.draft.type in SALES for one in records)
        if sold:
            with self._lock:
                self._sold += sold

    def status(self) -> UpdateStatus:
        """Return what runs and why."""
        with self._lock:
            slots, held = self._shelf.read(), self._held
            running, proved = slots.slot(self._around.runs), slots.slot(slots.active)
            wish, factory = held.wish, self._around.factory
            found = UpdateStatus(
                version=running.version or factory,
                number=running.number,
                slot=self._around.runs or "factory",
                proved_version=proved.version or factory,
            )
            if wish is None:
                return found
            stage, code = self._stage(slots, wish)
            sold = held.sales + self._sold if held.tried == wish.number else 0
            trying = stage is BoxStage.TRYING
            return replace(
                found,
                wanted_version=wish.version,
                wanted_number=wish.number,
                stage=stage.value,
                waits=self._waits.value,
                holder=self._holder() if self._waits is Wait.BASKET else "",
                code=code,
                sales=sold,
                sales_needed=wish.sales,
                breaks=held.breaks if held.tried == wish.number else 0,
                well_s=self._well_ms() // _MS_PER_S if trying else 0,
                well_needed_s=wish.well_s,
                fetched=self._got,
                size=self._size,
                window=window_said(wish),
            )

    # ---- what is done ---------------------------------------------------------------------------

    def turn(self) -> None:
        """Do the next step; a Fault of the line or the index is raised, and tried again later."""
        if self._ended:
            return
        slots = self._shelf.read()
        wish = self._held.wish
        if slots.trying is not None and slots.trying == self._around.runs:
            self._tend_trial(slots, wish)
        elif slots.trying is not None:
            self._end()  # switched to, and still the old program
        elif wish is None:
            self._forget(slots)
        elif wish.back:
            self._back(slots, wish)
        elif time.monotonic() >= self._not_before_s:
            self._toward(slots, wish)
        told = self.told()
        if told != self._said:
            self._said = told
            self.news()

    def stop(self) -> None:
        """Leave off fetching; what came is kept."""
        self._stopping.set()

    def ending(self, *, asked: bool) -> None:
        """Note that the program ends; one that worked and was asked to end has come up."""
        with self._lock:
            slots = self._shelf.read()
            if asked and self._up_told and slots.trying == self._around.runs:
                self._shelf.write(moves.came_up(slots))
            self._count()

    def _tend_trial(self, slots: Slots, wish: ReleaseWish | None) -> None:
        trial = slots.slot(self._around.runs)
        with self._lock:
            self._count()
            if self._around.ready():
                self._up_told = True
            else:
                self._well_since_ms = self._clock.now().mono_ms
            facts = Trial(self._held.sales, self._held.breaks, self._well_ms(), self._stopped_ms())
        if wish is not None and wish.back and wish.number == trial.number:
            self._leave(slots, FaultCode.RELEASE_CALLED_BACK.value)
            return
        needed, well_s = (1, 0) if wish is None else (wish.sales, wish.well_s)
        verdict, code = judge(facts, needed, well_s * _MS_PER_S)
        if verdict is Verdict.FAILED:
            self._leave(slots, code)
        elif verdict is Verdict.PROVED:
            self._shelf.write(moves.proved(slots))
            log.info("release_proved", number=trial.number, sales=facts.sales)
        elif self._up_told and slots.starts and facts.well_ms >= well_s * _MS_PER_S:
            self._shelf.write(moves.came_up(slots))

    def _leave(self, slots: Slots, code: str) -> None:
        """Go back to what has proved itself."""
        log.warning("release_left", code=code)
        self._shelf.write(moves.back(slots, code))
        self._end()

    def _back(self, slots: Slots, wish: ReleaseWish) -> None:
        if slots.number != wish.number:
            self._forget(slots)
        elif moves.can_go_back(slots):
            self._waits = self._basket_wait(wish)
            if self._waits is Wait.NOTHING:
                self._leave(slots, FaultCode.RELEASE_CALLED_BACK.value)

    def _toward(self, slots: Slots, wish: ReleaseWish) -> None:
        if wish.number in {slots.number, self._refused}:
            return
        ready = next((one for one in NAMES if slots.slot(one).stage is Stage.READY), None)
        if ready is not None and slots.slot(ready).number == wish.number:
            self._switch(slots, wish)
            return
        if moves.refusal(slots, wish.number) is Refusal.WAS_BAD:
            return
        try:
            self._fill(slots, wish)
        except Fault as fault:
            self._code = fault.code.value
            if fault.code in FOR_GOOD:
                self._refused = wish.number
            self._not_before_s = time.monotonic() + self._rest_s
            self._rest_s = min(2 * self._rest_s, REST_S_MAX)
            raise
        self._rest_s = REST_S_FIRST

    def _fill(self, slots: Slots, wish: ReleaseWish) -> None:
        """Fetch a release and unpack it into the spare slot; again from the start after a cut."""
        shelf, source = self._shelf, self._source
        release = source.release(wish.number)
        withdrawn = wish.number < slots.number and not source.offered(slots.number)
        if moves.refusal(slots, wish.number, withdrawn=withdrawn) is not None:
            self._refused, self._code = wish.number, FaultCode.RELEASE_OLDER.value
            return
        parts = release.for_platform(self._around.platform)
        sizes = [source.size(one) for one in parts]
        self._size, self._got, self._code = sum(sizes), 0, ""
        slots = moves.fill(slots, release.number, release.version)
        name = next(one for one in NAMES if slots.slot(one).stage is Stage.FILLING)
        shelf.write(slots)
        shelf.clear(name)
        need = int(ROOM * (self._size + sum(one.unpacked for one in parts)))
        if shelf.free_bytes() < need:
            free_mb = shelf.free_bytes() // _MB
            raise Fault(FaultCode.RELEASE_NO_ROOM, need_mb=need // _MB, free_mb=free_mb)
        for part, size in zip(parts, sizes, strict=True):
            packed = shelf.downloads / part.path.rpartition("/")[2]
            if not source.fetch(part, packed, self._stop_fetching):
                return
            self._got += size
            shelf.unpack(name, part, packed)
        shelf.write(moves.filled(slots, shelf.digest(name)))
        shelf.tidy()
        log.info("release_ready", number=release.number, version=release.version)

    def _stop_fetching(self) -> bool:
        return self._stopping.is_set()

    def _switch(self, slots: Slots, wish: ReleaseWish) -> None:
        window = Window(wish.window_from, wish.window_to)
        rested_ms = self._hold.rested_ms(self._around.baskets(), self._clock.now().mono_ms)
        hold_ms = wish.hold_s * _MS_PER_S
        self._waits = waits_for(window, self._minute(), rested_ms, hold_ms)
        if self._waits is not Wait.NOTHING:
            return
        with self._lock:
            before = self._cannot_sell()
            self._keep(Kept(self._held.wish, wish.number, 0, 0, before))
            self._sold = 0
        self._shelf.write(moves.switch(slots))
        log.info("release_switch", number=wish.number)
        self._end()

    def _forget(self, slots: Slots) -> None:
        """Let go of what nobody wants any more."""
        self._waits = Wait.NOTHING
        after = moves.emptied(slots)
        if after != slots:
            self._shelf.write(after)
            self._shelf.tidy()

    def _end(self) -> None:
        self._ended = True
        self._around.restart()

    # ---- looking --------------------------------------------------------------------------------

    def _stage(self, slots: Slots, wish: ReleaseWish) -> tuple[BoxStage, str]:
        """Return how far this box is with the release that is wanted, and its fault."""
        lies = next(
            (slots.slot(one) for one in NAMES if slots.slot(one).number == wish.number), None
        )
        if wish.number == slots.number:
            return BoxStage.PROVED, ""
        if wish.number in slots.bad:
            return BoxStage.FAILED, "" if lies is None else lies.code
        if wish.number == self._refused:
            return BoxStage.REFUSED, self._code
        if lies is not None and lies.stage is Stage.TRYING:
            return BoxStage.TRYING, ""
        if lies is not None and lies.stage is Stage.READY:
            return BoxStage.READY, ""
        return BoxStage.FETCHING, self._code

    def _count(self) -> None:
        """Put the trial's sales and breaks on disk, where there are new ones."""
        breaks = self._around.breaks()
        grown, sold = breaks - self._breaks_seen, self._sold
        self._breaks_seen, self._sold = breaks, 0
        if (grown or sold) and self._held.tried and self._on_trial():
            held = self._held
            counted = (held.sales + sold, held.breaks + grown)
            self._keep(Kept(held.wish, held.tried, *counted, held.stopped_before))

    def _on_trial(self) -> bool:
        return self._shelf.read().trying == self._around.runs

    def _well_ms(self) -> int:
        return self._clock.now().mono_ms - self._well_since_ms

    def _stopped_ms(self) -> int:
        """Return for how long this release has kept the shop from selling."""
        now_ms = self._clock.now().mono_ms
        if self._held.stopped_before or not self._cannot_sell():
            self._stopped_since_ms = None
            return 0
        if self._stopped_since_ms is None:
            self._stopped_since_ms = now_ms
        return max(1, now_ms - self._stopped_since_ms)

    def _cannot_sell(self) -> bool:
        return any(
            BY_CODE[FaultCode(one.code)].severity is Severity.STOPS for one in self._around.issues()
        )

    def _basket_wait(self, wish: ReleaseWish) -> Wait:
        rested_ms = self._hold.rested_ms(self._around.baskets(), self._clock.now().mono_ms)
        return waits_for(Window(), None, rested_ms, wish.hold_s * _MS_PER_S)

    def _holder(self) -> str:
        """Return whose basket it is that is waited for."""
        open_now = self._around.baskets()
        tills = dict.fromkeys(self._around.tills.get(one.till, one.lane) for one in open_now)
        return ", ".join(tills)

    def _minute(self) -> int | None:
        """Return the minute of the store's day; None without a clock."""
        now = self._clock.now()
        if now.quality is TimeQuality.UNKNOWN:
            return None
        there = datetime.fromtimestamp(now.wall_ms / _MS_PER_S, UTC).astimezone(
            ZoneInfo(self._around.zone)
        )
        return there.hour * MINUTES_AN_HOUR + there.minute

    def _keep(self, held: Kept) -> None:
        if held != self._held:
            self._documents.put(KEPT_AS, msgspec.to_builtins(held))
            self._held = held


def _nothing() -> None:
    """Stand in where nobody wants to know."""
