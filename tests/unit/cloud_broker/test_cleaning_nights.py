"""When cleaning runs, what it decides anew, and whose word holds."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from cloud_broker.adapters.order_pile import order_pile
from cloud_broker.ports.cleaning import RULES, SeenActor, SeenOn, Sign, Verdicts, Wanted
from cloud_broker.services.insight.cleaning import DECIDE_DAYS, LOOK_DAYS, Cleaning
from retail_core.errors import Fault
from retail_core.insight.cleaning.limits import DAY_MS
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_cleaning import FakeCleaningShelf

TENANT = UUID(int=1)
NOON_MS = 1_795_060_800_000  # noon in Shanghai
TODAY = datetime.fromtimestamp(NOON_MS / 1000, UTC).date()
HOUR_MS = 3_600_000


def rush(name: str, ago: int) -> list[SeenOn]:
    """Return seven orders of one buyer within an hour, so many days ago."""
    at_ms = NOON_MS - ago * DAY_MS
    return [
        SeenOn(
            SeenOrder(f"{name}{nth}", "web", name, at_ms + nth * 60_000, 100 + nth, (("s", 1),)),
            TODAY - timedelta(days=ago),
        )
        for nth in range(7)
    ]


def bot(subject: str, ago: int) -> SeenActor:
    day = TODAY - timedelta(days=ago)
    event = SeenEvent("e", subject, NOON_MS - ago * DAY_MS, "curl/8")
    return SeenActor(subject, "web", (event,), (day,))


def cleaning(*orders: SeenOn, now_ms: int = NOON_MS) -> tuple[Cleaning, FakeCleaningShelf]:
    clock = FakeCloudClock(now_ms)
    shelf = FakeCleaningShelf(clock, list(orders))
    return Cleaning(shelf, clock, order_pile), shelf


def test_it_runs_once_a_night_over_the_day_that_is_whole() -> None:
    work, shelf = cleaning(*rush("a", 1), now_ms=NOON_MS - 10 * HOUR_MS)  # two in the morning
    assert [work.nightly(TENANT) for _ in range(3)] == [1, 0, 0]
    assert [one.as_of for one in shelf.runs] == [TODAY - timedelta(days=1)]
    # Another process of the same cloud sees that it was done.
    assert Cleaning(shelf, shelf.clock, order_pile).nightly(TENANT) == 0
    shelf.clock.advance(10 * HOUR_MS)
    assert work.nightly(TENANT) == 0
    shelf.clock.advance(14 * HOUR_MS)
    assert work.nightly(TENANT) == 1
    assert len(shelf.runs) == 2


def test_the_first_run_decides_on_all_and_a_night_on_the_last_months() -> None:
    work, shelf = cleaning(*rush("old", 300), *rush("new", 3))
    first = work.run(TENANT, who="test")
    assert (first.raised, first.decided_from) == (14, TODAY - timedelta(days=300))
    night = work.run(TENANT, who="test")
    assert (night.raised, night.lifted, night.orders) == (0, 0, 7)
    assert night.decided_from == TODAY - timedelta(days=DECIDE_DAYS - 1)
    # Old ones are gone, and no night looks at them: what was decided stays.
    shelf.orders = rush("new", 3)
    assert work.run(TENANT, who="test").lifted == 0
    assert work.run(TENANT, who="test", whole=True).lifted == 7
    assert LOOK_DAYS > DECIDE_DAYS


def test_no_more_orders_are_looked_at_than_there_is_room_for() -> None:
    work, shelf = cleaning(*rush("old", 30), *rush("new", 3))
    few = Cleaning(shelf, shelf.clock, order_pile, orders_max=7)
    assert few.run(TENANT, who="test").orders == 7
    assert work.run(TENANT, who="test").orders == 14


def test_a_rule_that_changed_decides_anew_and_says_so() -> None:
    work, shelf = cleaning(*rush("a", 3))
    old = Sign("order", "a0", "velocity", 9, 1_000, {}, "web", (TODAY - timedelta(days=3),))
    shelf.end_run(TENANT, Verdicts([old], (), "", {}), work.run(TENANT, who="test"))
    shelf.held = {
        key: one for key, one in shelf.held.items() if one.sign.subject != "a0" or one.sign == old
    }
    shelf._add(old, RULES)
    run = work.run(TENANT, who="test")
    assert (run.raised, run.lifted) == (1, 1)
    (held,) = [one for one in work.rulings(TENANT, Wanted()) if one.sign.subject == "a0"]
    assert held.sign.version == 1


def test_a_persons_word_holds_over_every_rule() -> None:
    work, _ = cleaning(*rush("a", 3))
    work.run(TENANT, who="test")
    first = work.rulings(TENANT, Wanted())[0]
    work.lift(TENANT, first.decision, who="li", why="  our   company ")
    assert work.ruling(TENANT, first.decision).lifted_why == "our company"
    assert work.run(TENANT, who="test", whole=True).raised == 0
    with pytest.raises(Fault) as caught:
        work.lift(TENANT, UUID(int=9), who="li", why="x")
    assert caught.value.code is FaultCode.CLEANING_UNKNOWN
    with pytest.raises(Fault) as caught:
        work.run(TENANT, date(2999, 1, 1), who="test")
    assert caught.value.code is FaultCode.METRICS_DAY


def test_a_visitor_is_judged_by_all_she_does_and_left_alone_while_she_is_away() -> None:
    work, shelf = cleaning(*rush("a", 3))
    shelf.actors = [bot("b1", 80), bot("b2", 3)]
    assert work.run(TENANT, who="test").actors == 2
    said = {one.sign.subject for one in work.rulings(TENANT, Wanted(rule="bot_agent"))}
    assert said == {"b1", "b2"}  # the first run looks at all there is
    shelf.actors = []
    assert work.run(TENANT, who="test").lifted == 0
    # She is there again and gives no sign any more.
    day = (TODAY,)
    shelf.actors = [SeenActor("b2", "web", (SeenEvent("e", "b2", NOON_MS, "Safari"),), day)]
    assert work.run(TENANT, who="test").lifted == 1


def test_many_signs_are_entered_span_by_span_and_come_to_the_same() -> None:
    every = [one for ago in (3, 9, 20, 41, 60) for one in rush(f"d{ago}-", ago)]
    whole, shelf = cleaning(*every)
    one_go = whole.run(TENANT, who="test")
    _, other = cleaning(*every)
    few = Cleaning(other, other.clock, order_pile, signs_at_once=8)
    shelf.actors = other.actors = [bot("b1", 3)]
    assert few.run(TENANT, who="test").raised == one_go.raised + 1 == 36
    whole.run(TENANT, who="test", whole=True)
    said = [{one.sign.key for one in each.held.values()} for each in (shelf, other)]
    assert said[0] == said[1]
    # What is no longer said is lifted in whichever span it lies, days without any sign too.
    other.orders = rush("d3-", 3)
    again = few.run(TENANT, who="test", whole=True)
    assert (again.raised, again.lifted) == (0, 28)
    assert len(other.runs) == 2
