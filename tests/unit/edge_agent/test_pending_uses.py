"""How often limited rules were used: the cloud's count, and what this box sold since."""

from random import Random
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.ports.journal import Draft
from edge_agent.ports.replica import HeldMember
from edge_agent.services.counter.pending_uses import LOOKED_BACK, PendingUses
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.standing import RuleUse
from tests.factories.shop_floor import make_id, make_record, make_uses_gone
from tests.factories.wire import AT, bare_sale, refund
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

HER, TODAY = UUID(int=1), 20261122


class Shop:
    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.replica = FakeReplica()
        self.online = True
        self.uses = PendingUses(self.journal, lambda: self.online, self.replica.uses_back)
        self.receipts = 0

    def sells(self, times: int = 1, *, day: int = TODAY, member: UUID | None = HER) -> bytes:
        self.receipts += 1
        receipt = UUID(int=self.receipts).bytes
        sale = msgspec.structs.replace(
            bare_sale(lines=1), receipt_id=receipt, business_date=day, uses=(("sun1", times),)
        )
        draft = Draft(make_id(), EventType.SALE, AT, encode_body(sale), member=member)
        self.uses.recorded(self.journal.append([draft]))
        return receipt

    def takes_back(
        self, receipt: bytes, times: int = 1, *, day: int = TODAY, member: UUID | None = HER
    ) -> None:
        body = msgspec.structs.replace(
            refund(), receipt_id=receipt, uses=(("sun1", times),), uses_on=day
        )
        draft = Draft(make_id(), EventType.REFUND, AT, encode_body(body), member=member)
        self.uses.recorded(self.journal.append([draft]))

    def hears(self, receipt: bytes, times: int, *, day: int = TODAY, ver: int = 1) -> None:
        """Take what the cloud tells of a receipt, wherever it came back."""
        epoch, pos = self.replica.feed_position()
        change = make_uses_gone(pos + 1, receipt, ver, times, day=day)
        self.replica.apply_changes(feed_epoch=epoch or 1, pos=pos + 1, changes=[change])

    def used(self) -> int:
        return self.uses.of(None, TODAY).store.today.get("sun1", 0)

    def held(self, ever: int = 0, today: int = 0, on: int = TODAY, *posted: bytes) -> HeldMember:
        record = msgspec.structs.replace(
            make_record(),
            used=(RuleUse("sun1", ever, today),) if ever else (),
            used_on=on,
            posted_receipts=posted,
        )
        return HeldMember(HER, 1, record)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_adds_what_this_box_sold_and_the_cloud_has_not_told(shop: Shop) -> None:
    shop.sells(2)
    shop.sells(day=TODAY - 1)
    shop.sells(5, member=UUID(int=2))
    found = shop.uses.of(shop.held(ever=10, today=3), TODAY)
    assert found.known
    assert (found.member.ever, found.member.today) == ({"sun1": 13}, {"sun1": 5})
    assert found.store.today == {"sun1": 7}


def test_nothing_is_counted_twice(shop: Shop) -> None:
    first = shop.sells()
    shop.sells()
    assert shop.uses.of(shop.held(1, 1, TODAY, first), TODAY).member.today == {"sun1": 2}
    shop.uses.reflected([HER])  # a record that came before the acknowledgement
    assert shop.uses.of(shop.held(), TODAY).member.today == {"sun1": 2}
    shop.uses.acked([(1, 2)])
    assert shop.uses.of(shop.held(), TODAY).member.today == {"sun1": 2}
    shop.uses.reflected([HER])
    found = shop.uses.of(shop.held(ever=2, today=2), TODAY)
    assert (found.member.today, found.store.today) == ({"sun1": 2}, {"sun1": 2})


def test_yesterdays_uses_are_not_todays_and_offline_nobody_can_tell(shop: Shop) -> None:
    yesterday = shop.held(4, 4, TODAY - 1)
    assert shop.uses.of(yesterday, TODAY).member.today == {}
    shop.online = False
    assert not shop.uses.of(yesterday, TODAY).known
    assert shop.uses.of(shop.held(4, 4), TODAY).known
    assert not shop.uses.of(shop.held(4, 4), None).known
    assert shop.uses.of(None, TODAY).known


def test_a_restart_counts_what_the_journal_keeps(shop: Shop) -> None:
    shop.sells(3)
    again = PendingUses(shop.journal, lambda: True, shop.replica.uses_back)
    assert again.of(shop.held(), TODAY).member.today == {"sun1": 3}


def test_what_lies_too_far_back_counts_no_more(shop: Shop) -> None:
    old = shop.sells(5, day=TODAY)
    for _ in range(LOOKED_BACK):
        shop.sells()
    assert shop.used() == LOOKED_BACK
    shop.hears(old, 5)
    assert shop.used() == LOOKED_BACK


def test_what_came_back_was_never_used(shop: Shop) -> None:
    first = shop.sells(2)
    shop.sells()
    shop.takes_back(first, 2)
    found = shop.uses.of(shop.held(), TODAY)
    assert (found.member.ever, found.member.today) == ({"sun1": 1}, {"sun1": 1})
    assert found.store.today == {"sun1": 1}
    again = PendingUses(shop.journal, lambda: True, shop.replica.uses_back)
    assert again.of(shop.held(), TODAY) == found


def test_offline_a_sale_the_cloud_told_of_can_come_back_here(shop: Shop) -> None:
    shop.online = False
    shop.takes_back(make_id().bytes, 2)  # another shop's, of today
    shop.takes_back(make_id().bytes, day=TODAY - 1)
    shop.takes_back(make_id().bytes, day=0)  # who claimed it later did not use its rules
    found = shop.uses.of(shop.held(ever=7, today=3), TODAY)
    assert (found.member.ever, found.member.today) == ({"sun1": 4}, {"sun1": 1})
    assert found.store.today == {}


def test_a_refund_is_taken_off_once(shop: Shop) -> None:
    sold = shop.sells(2)
    shop.takes_back(sold, 2)
    shop.uses.acked([(1, 1)])
    shop.uses.reflected([HER])  # a record from before the refund: what it holds is not known
    assert shop.uses.of(shop.held(2, 2), TODAY).member.today == {"sun1": 2}
    shop.uses.acked([(2, 2)])
    shop.uses.all_reflected()
    assert shop.uses.of(shop.held(), TODAY).member.today == {}
    shop.uses = PendingUses(shop.journal, lambda: True, shop.replica.uses_back)
    shop.uses.acked([(1, 2)])
    assert shop.uses.of(shop.held(0, 0, TODAY, sold), TODAY).member.today == {}


def test_a_basket_of_yesterday_is_not_measured_by_todays_uses(shop: Shop) -> None:
    assert not shop.uses.of(shop.held(4, 4), TODAY - 1).known


def test_what_another_shop_took_back_was_not_used_here(shop: Shop) -> None:
    first = shop.sells(2, member=None)
    shop.sells(member=None)
    shop.hears(first, 2)
    assert shop.used() == 1
    shop.hears(first, 2)  # told again
    shop.hears(make_id().bytes, 5)  # the receipt of another box of this store
    shop.hears(shop.sells(day=TODAY - 1), 1, day=TODAY - 1)
    assert shop.used() == 1
    assert PendingUses(shop.journal, lambda: True, shop.replica.uses_back).of(
        None, TODAY
    ).store.today == {"sun1": 1}


def test_goods_that_two_shops_took_back_give_their_use_back_once(shop: Shop) -> None:
    first = shop.sells(member=None)
    shop.sells(member=None)
    shop.takes_back(first, member=None)
    shop.hears(first, 1)
    assert shop.used() == 1


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=8),
    st.randoms(use_true_random=False),
)
def test_never_less_is_counted_than_is_used_and_in_the_end_just_that(
    sold: list[int], backs: list[tuple[int, bool, bool]], order: Random
) -> None:
    """One use comes back here or elsewhere; the cloud books it unless nothing is left to return."""
    shop, told = Shop(), list[tuple[bytes, int, int]]()
    receipts = [shop.sells(times, member=None) for times in sold]
    gone = [0] * len(sold)
    for which, here, heard in backs:
        if which >= len(sold) or gone[which] == sold[which]:
            continue
        gone[which] += 1
        if here:
            shop.takes_back(receipts[which], member=None)
        told.append((receipts[which], gone[which], gone[which]))
        if heard:
            shop.hears(*told[-1][:2], ver=told[-1][2])
        assert shop.used() >= sum(sold) - sum(gone)
    order.shuffle(told)
    for receipt, times, ver in told:
        shop.hears(receipt, times, ver=ver)
    assert shop.used() == sum(sold) - sum(gone)
