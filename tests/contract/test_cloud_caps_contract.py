"""A store's caps of a day over both kinds of store: who counts, who is lent what, what moves."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.rights.cap_placing import LOOK_MS, TOLD_AGAIN_MS
from retail_core.loyalty import lease_books
from retail_core.loyalty.cap_sharing import COUNTS_ALONE, cap_right
from retail_core.wire.messages import Sale
from tests.factories.cap_store import DAY_MS, RULE, CapStore, CapTill
from tests.fakes.cloud_box import WALL_MS

Opened = Callable[[int], CapStore]


@pytest.fixture
def opened(any_units: Units) -> Opened:
    return lambda cap: CapStore(any_units, cap)


def sharing(opened: Opened, cap: int) -> tuple[CapStore, CapTill, CapTill]:
    """Two boxes that share their store's caps from today on."""
    store = opened(cap)
    one, two = store.join(COUNTS_ALONE), store.join()
    store.settle()
    store.next_day()
    return store, one, two


def test_a_box_alone_counts_by_itself_with_the_line_cut(opened: Opened) -> None:
    store = opened(3)
    till = store.join(COUNTS_ALONE)
    till.line = False
    assert till.sell(2)
    till.reboot()
    assert not till.desk.admitted()
    assert till.sell(1)
    assert not till.sell(1), "three is the cap"
    store.next_day()
    assert till.sell(3)


def test_an_empty_card_waits_for_one_word_and_then_counts_alone_for_good(opened: Opened) -> None:
    store = opened(3)
    till = store.join()
    assert not till.sell(1), "somebody else may be selling of the same cap"
    store.settle(rounds=1, later_ms=LOOK_MS)
    assert till.desk.admitted()
    till.line = False
    till.reboot()
    assert till.sell(3)


def test_a_second_box_sells_from_the_next_day_on(opened: Opened) -> None:
    store = opened(4)
    one = store.join(COUNTS_ALONE)
    assert one.sell(1)
    two = store.join()
    store.settle()
    assert (one.left(), two.left()) == (3, 0), "today is the first box's alone"
    store.next_day()
    assert (one.left(), two.left()) == (2, 2)
    assert one.sell(2)
    assert two.sell(2)
    assert not one.sell(1)
    assert not two.sell(1)


def test_while_the_first_box_is_cut_nothing_is_lent_to_the_second(opened: Opened) -> None:
    store = opened(4)
    one = store.join(COUNTS_ALONE)
    one.line = False
    two = store.join()
    store.settle()
    store.next_day()
    assert one.sell(4), "it has not heard of the other"
    assert two.left() == 0


def test_a_box_that_is_cut_sells_its_part_of_a_week_of_days(opened: Opened) -> None:
    store, one, two = sharing(opened, 4)
    store.settle()
    two.line = False
    for _ in range(7):
        store.next_day()
        assert two.left() == 2
    store.next_day()
    assert two.left() == 0
    assert one.left() == 0, "its word of before does not reach so far"
    store.settle()
    assert one.left() == 2, "the other's half is the other's, heard of or not"


def test_what_one_does_not_sell_moves_to_the_other(opened: Opened) -> None:
    store, one, two = sharing(opened, 10)
    assert one.sell(5)
    assert not one.sell(1)
    store.settle(later_ms=LOOK_MS)
    assert one.left() + two.left() == 5
    assert one.left() >= 2, "two was asked back and got its half"
    assert one.sell(one.left())
    assert two.sell(two.left())
    assert store.sold[store.today] == 10


def test_a_lowered_cap_is_asked_back_first(opened: Opened) -> None:
    store, one, two = sharing(opened, 10)
    assert one.sell(1)
    store.limit(4)
    store.settle(later_ms=LOOK_MS)
    assert one.left() + two.left() == 3


def test_goods_that_come_back_give_the_use_back(opened: Opened) -> None:
    store, one, two = sharing(opened, 2)
    assert one.sell(1)
    assert two.sell(1)
    one.upload()
    sold = one.sim.events[-1]
    sale = msgspec.msgpack.decode(sold.body, type=Sale)
    one.sim.refunds(sold, (1, 1_000), fen=sale.lines[0].net_fen)
    store.settle(later_ms=LOOK_MS)
    assert book_free_and_held(store) == 1


def test_the_box_that_stays_counts_alone_again_after_the_days_that_were_lent(
    opened: Opened,
) -> None:
    store, one, two = sharing(opened, 4)
    store.settle()
    with store.units.begin(store.tenant) as unit:
        unit.enrolments.retire(two.sim.device, WALL_MS + DAY_MS)
    store.tills.remove(two)
    store.settle()
    assert one.left() == 2, "what the other was lent of today is not known to be unsold"
    one.line = False
    for _ in range(8):
        store.next_day()
    one.reboot()
    assert one.sell(4)


def test_a_card_set_back_is_reminded_of_the_day_it_agreed_to(opened: Opened) -> None:
    store, one, _two = sharing(opened, 4)
    set_back = replace(one.book.load(), caps=COUNTS_ALONE)
    one.book.change(one.book.load(), set_back)(None)
    one.reboot()
    assert one.left() == 4, "its card is of before the second box came"
    store.settle()
    assert one.left() <= 2
    assert one.desk.shares_caps(store.today)


def book_free_and_held(store: CapStore) -> int:
    """What is not used of today's cap."""
    right = cap_right(store.tenant, store.tills[0].sim.store, RULE, store.today)
    with store.units.begin(store.tenant) as unit:
        book = unit.leases.books([right])[right]
    held = sum(lease_books.lent_to(book, till.sim.device) for till in store.tills)
    return book.free + held


def test_nobody_is_told_all_the_time(opened: Opened) -> None:
    store = opened(4)
    one = store.join(COUNTS_ALONE)
    one.line = False
    store.join().upload()
    one.line = False
    told = [store.look() for _ in range(4)]
    assert told == [1, 0, 0, 0]
    assert store.look(later_ms=TOLD_AGAIN_MS) == 1
