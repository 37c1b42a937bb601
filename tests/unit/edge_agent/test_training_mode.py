"""Lanes that practise: who may switch, what is remembered, when it is over."""

from uuid import UUID

import pytest

from edge_agent.services.counter.training import DOCUMENT, TrainingMode
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import SHOP
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.replica import FakeReplica

CLERK = UUID(int=1)
DAY_MS = 24 * 3_600_000


class Shop:
    """A box with two lanes."""

    def __init__(self, role: str = "clerk") -> None:
        self.documents, self.clock, self.role = FakeDocuments(), FakeClock(), role
        self.desk = PriceDesk(FakeReplica(), SHOP)
        self.mode = self.started()

    def started(self) -> TrainingMode:
        return TrainingMode(self.documents, self.desk, self.clock, role=self.role)

    def on(self, lane: str = "a", role: str = "clerk") -> None:
        self.mode.switch(lane, CLERK, role, on=True)


def test_a_lane_practises_until_it_is_switched_off() -> None:
    shop = Shop()
    shop.on()
    assert shop.mode.lanes() == ("a",)
    with pytest.raises(Fault) as caught:
        shop.mode.refuse("a")
    assert caught.value.code is FaultCode.TRAINING_ON
    shop.mode.refuse("b")
    since = shop.mode.at("a")
    shop.clock.advance(1_000)
    shop.on()
    assert shop.mode.at("a") == since, "on again is still the same lesson"
    assert shop.started().at("a") == since, "remembered over a restart"
    shop.mode.switch("a", CLERK, "clerk", on=False)
    assert shop.started().lanes() == ()


def test_it_is_over_with_the_business_day() -> None:
    shop = Shop()
    shop.on()
    shop.clock.advance(DAY_MS)
    shop.mode.refuse("a")
    assert shop.started().lanes() == ()


def test_a_lesson_of_an_unknown_day_is_over_with_the_first_known_one() -> None:
    shop = Shop()
    shop.clock.quality = TimeQuality.UNKNOWN
    shop.on()
    shop.clock.advance(3 * DAY_MS)
    assert shop.mode.lanes() == ("a",)
    shop.clock.quality = TimeQuality.SYNCED
    assert shop.mode.lanes() == ("a",)
    shop.clock.advance(DAY_MS)
    assert shop.started().lanes() == ()


def test_managers_only_where_it_says_so() -> None:
    shop = Shop("manager")
    with pytest.raises(Fault) as caught:
        shop.on()
    assert caught.value.code is FaultCode.TRAINING_ROLE
    shop.on(role="manager")
    assert shop.mode.lanes() == ("a",)


@pytest.mark.parametrize("document", [{"a": 1}, {"a": {"since_ms": "x"}}, {}])
def test_what_cannot_be_read_begins_no_lesson(document: dict[str, object]) -> None:
    shop = Shop()
    shop.documents.put(DOCUMENT, document)
    assert shop.started().lanes() == ()
