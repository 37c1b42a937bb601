"""The box's side of a release, step by step, with every way it may go wrong."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.domain.basket import CounterBasket
from edge_agent.ports.journal import Draft, Record
from edge_agent.services.box.update_parts import Surroundings
from edge_agent.services.box.updates import UpdateKeeper
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet import slots as moves
from retail_core.fleet.release import Part, Release
from retail_core.fleet.slots import STARTS_MAX, Stage
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import ReleaseWish
from retail_core.wire.health import IssueTold
from retail_core.wire.kinds import EventType
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.updates import FakeReleaseSource, FakeSlotShelf

PLATFORM = "linux-aarch64-cp311"
TILL = UUID(int=9)
AT_NIGHT = ReleaseWish(2, "1.2", sales=3, well_s=60, window_from=120, window_to=300, hold_s=600)
WISH = ReleaseWish(2, "1.2", sales=3, well_s=60, hold_s=600)


class Box:
    """A box whose program is started again and again; `runs` is the slot it was started from."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.documents = FakeDocuments()
        self.shelf = FakeSlotShelf(folder)
        self.source = FakeReleaseSource()
        for number in (1, 2, 3):
            part = Part(f"parts/agent-{number}.tar.zst", "agent", PLATFORM, 100)
            self.source.content[part.path] = f"tree{number}".encode()
            self.source.offers[number] = Release(number, f"1.{number}", (part,))
        self.breaks = 0
        self.ready = True
        self.issues: list[IssueTold] = []
        self.baskets: list[CounterBasket] = []
        self.restarts = 0
        self.runs = ""
        self.start()

    def start(self) -> None:
        """Start as the starter would."""
        slots, self.runs = moves.boot(self.shelf.read())
        self.shelf.write(slots)
        self.breaks = 0
        around = Surroundings(
            breaks=lambda: self.breaks,
            ready=lambda: self.ready,
            issues=lambda: self.issues,
            baskets=lambda: self.baskets,
            restart=self._restart,
            zone="Asia/Shanghai",
            platform=PLATFORM,
            runs=self.runs,
            factory="0.1.0",
            tills={TILL: "1号收银台"},
        )
        self.keeper = UpdateKeeper(self.shelf, self.source, self.documents, self.clock, around)

    def _restart(self) -> None:
        self.restarts += 1

    def turns(self, wish: ReleaseWish | None = WISH, count: int = 1) -> None:
        """Take HQ's word and do steps; start again when the program ended itself."""
        for _ in range(count):
            self.keeper.take(wish)
            before = self.restarts
            self.keeper.turn()
            if self.restarts > before:
                self.start()

    def sell(self, count: int = 1) -> None:
        draft = Draft(UUID(int=1), EventType.SALE, self.clock.now(), b"")
        self.keeper.booked([Record(1, draft, b"", b"", acked=False)] * count)

    def stage(self) -> tuple[str, str]:
        told = self.keeper.told()
        return told.stage, told.code

    def on_trial(self) -> "Box":
        self.turns(count=3)
        assert self.stage() == ("trying", "")
        return self

    def proved(self) -> "Box":
        self.on_trial()
        self.sell(3)
        self.clock.advance(60_000)
        self.turns()
        assert self.stage() == ("proved", "")
        return self


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_fetched_switched_to_sold_with_and_kept(box: Box) -> None:
    box.turns()
    assert (box.stage(), box.restarts) == (("ready", ""), 0)
    box.turns()
    assert (box.stage(), box.restarts, box.runs) == (("trying", ""), 1, "a")
    box.sell(2)
    box.clock.advance(60_000)
    box.turns()
    assert box.stage()[0] == "trying", "well for long enough, but one sale short"
    box.sell()
    box.turns()
    told = box.keeper.told()
    assert (told.stage, told.running, told.version, told.sales) == ("proved", 2, "1.2", 3)
    box.start()
    assert box.runs == "a"


def test_what_breaks_while_selling_is_left_at_once(box: Box) -> None:
    box.on_trial()
    box.sell(5)
    box.breaks = 2
    box.turns()
    assert (box.stage(), box.runs) == (("failed", "F245"), "")
    box.turns(count=3)
    assert (box.stage(), box.restarts) == (("failed", "F245"), 2), "never installed again"


def test_breaks_are_counted_over_a_restart(box: Box) -> None:
    box.on_trial()
    box.breaks = 1
    box.turns()
    box.keeper.ending(asked=True)
    box.start()
    box.breaks = 1
    box.turns()
    assert box.stage() == ("failed", "F245")


def test_a_shop_that_cannot_sell_any_more_goes_back(box: Box) -> None:
    box.on_trial()
    box.issues = [IssueTold(FaultCode.HEALTH_CANNOT_BOOK.value, "", 0, {})]
    box.turns()
    assert box.stage()[0] == "trying"
    box.clock.advance(120_000)
    box.turns()
    assert box.stage() == ("failed", FaultCode.RELEASE_STOPS_SHOP.value)


def test_what_stood_before_is_not_the_releases_fault(box: Box) -> None:
    box.issues = [IssueTold(FaultCode.HEALTH_CANNOT_BOOK.value, "", 0, {})]
    box.on_trial()
    box.turns()
    box.clock.advance(600_000)
    box.turns()
    assert box.stage()[0] == "trying"


def test_a_release_that_never_comes_up_is_left_by_the_starter(box: Box) -> None:
    box.on_trial()
    for _ in range(STARTS_MAX):
        box.start()
    assert box.runs == ""
    box.turns()
    assert box.stage() == ("failed", FaultCode.RELEASE_STARTS.value)


def test_asked_to_end_before_it_worked_counts_as_a_start(box: Box) -> None:
    box.ready = False
    box.on_trial()
    for _ in range(STARTS_MAX):
        box.turns()
        box.keeper.ending(asked=True)
        box.start()
    assert box.runs == "", "systemd asks a program to end that never gets ready"


def test_a_shop_that_closes_every_evening_keeps_its_trial(box: Box) -> None:
    box.on_trial()
    for _ in range(3 * STARTS_MAX):
        box.turns()
        box.keeper.ending(asked=True)
        box.start()
    assert box.runs == "a"


def test_it_waits_for_its_hours(box: Box) -> None:
    box.turns(AT_NIGHT, count=3)
    status = box.keeper.status()
    assert (status.stage, status.waits, status.window) == ("ready", "window", "02:00-05:00")
    box.clock.advance(15 * 3_600_000)
    box.turns(AT_NIGHT)
    assert box.stage()[0] == "trying"


def test_without_a_clock_it_waits_for_one(box: Box) -> None:
    box.turns(AT_NIGHT)
    box.clock.quality = TimeQuality.UNKNOWN
    box.turns(AT_NIGHT)
    assert box.keeper.status().waits == "clock"


def test_an_open_basket_holds_it_and_one_left_lying_only_so_long(box: Box) -> None:
    basket = CounterBasket(UUID(int=1), "a", TILL, box.clock.now(), None)
    box.turns()
    box.baskets = [basket]
    box.turns()
    status = box.keeper.status()
    assert (status.waits, status.holder) == ("basket", "1号收银台")
    box.clock.advance(599_000)
    box.baskets = [replace(basket, rev=2)]
    box.turns()
    box.clock.advance(599_000)
    box.turns()
    assert box.stage()[0] == "ready"
    box.clock.advance(1_000)
    box.turns()
    assert box.stage()[0] == "trying"


def test_hq_calls_a_trial_back(box: Box) -> None:
    box.on_trial()
    box.turns(ReleaseWish(2, "1.2", back=True))
    assert (box.stage(), box.runs) == (("failed", FaultCode.RELEASE_CALLED_BACK.value), "")


def test_hq_calls_a_proved_release_back_one_step(box: Box) -> None:
    box.proved()
    box.turns(ReleaseWish(2, "1.2", back=True))
    assert box.runs == ""
    told = box.keeper.told()
    assert (told.stage, told.code, told.running) == ("failed", "F259", 0)
    box.turns(ReleaseWish(2, "1.2", back=True), count=2)
    assert box.restarts == 2


def test_an_older_one_only_where_ours_was_withdrawn(box: Box) -> None:
    box.proved()
    older = ReleaseWish(1, "1.1", sales=1)
    box.turns(older)
    assert box.stage() == ("refused", FaultCode.RELEASE_OLDER.value)
    del box.source.offers[2]
    box.turns(None)
    box.turns(older, count=2)
    assert box.stage()[0] == "trying"


def test_no_longer_wanted_it_is_let_go_before_the_switch(box: Box) -> None:
    box.turns()
    box.turns(None)
    slots = box.shelf.read()
    assert (slots.a.stage, box.keeper.told().number) == (Stage.EMPTY, 0)


def test_a_cut_while_fetching_begins_the_slot_anew(box: Box) -> None:
    box.keeper.stop()
    box.turns()
    assert box.shelf.read().a.stage is Stage.FILLING
    box.start()
    box.turns()
    assert box.stage() == ("ready", "")


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        (Fault(FaultCode.SYNC_LINK_DOWN), "fetching"),
        (Fault(FaultCode.RELEASE_UNTRUSTED, what="x"), "fetching"),
        (Fault(FaultCode.RELEASE_NOT_OURS, platform="x"), "refused"),
    ],
)
def test_what_stands_in_the_way_is_told_and_tried_again_later(
    box: Box, fault: Fault, stage: str
) -> None:
    box.source.fault = fault
    with pytest.raises(Fault):
        box.turns()
    box.turns()
    assert (box.stage(), box.source.asked) == ((stage, fault.code.value), 1)


def test_without_room_nothing_is_fetched(box: Box) -> None:
    box.shelf.room = 10
    with pytest.raises(Fault) as caught:
        box.turns()
    assert caught.value.code is FaultCode.RELEASE_NO_ROOM


def test_hq_hears_of_each_step_once(box: Box) -> None:
    heard: list[str] = []
    box.keeper.news = lambda: heard.append(box.keeper.told().stage)
    box.turns(AT_NIGHT, count=5)
    assert heard == ["ready", "ready"], "in place, and then what it waits for"


def test_a_document_nobody_can_read_is_no_wish(box: Box) -> None:
    box.documents.put("update", {"wish": "nonsense"})
    box.start()
    assert box.keeper.told().number == 0
