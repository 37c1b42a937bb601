"""How often limited rules were used: the cloud's count, and what this box sold since."""

from uuid import UUID

import msgspec
import pytest

from edge_agent.ports.journal import Draft
from edge_agent.ports.replica import HeldMember
from edge_agent.services.pending_uses import PendingUses
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.standing import RuleUse
from tests.factories.shop_floor import make_id, make_record
from tests.factories.wire import AT, bare_sale
from tests.fakes.journal import FakeJournal

HER, TODAY = UUID(int=1), 20261122


class Shop:
    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.online = True
        self.uses = PendingUses(self.journal, lambda: self.online)
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
    again = PendingUses(shop.journal, lambda: True)
    assert again.of(shop.held(), TODAY).member.today == {"sun1": 3}
