"""Campaign budgets over both kinds of store: endowed by the bundle in force, spread over boxes."""

from typing import Any

import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.rights.budget_placing import LOOK_MS, BudgetPlacing
from retail_core.loyalty import lease_books
from retail_core.loyalty.campaigns import budget_right
from retail_core.pricing.rules.offers import TierPrice
from retail_core.pricing.rules.ruleset import Campaign, Restriction, RuleBundle
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import SimBox
from tests.fakes.cloud_rules import FixedRules
from tests.plugins.cloud import new_box, new_tenant


class Chain:
    def __init__(self, units: Units) -> None:
        self.units = units
        self.tenant = new_tenant(units)
        self.clock = FakeCloudClock()
        self.rules = FixedRules()
        self.placing = BudgetPlacing(units, self.clock, self.rules)
        self.right = budget_right(self.tenant, "spring", "uses")

    def box(self, name: str) -> SimBox:
        box = new_box(self.units, self.tenant, name)
        box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(name.encode())))
        self.upload(box)
        return box

    def upload(self, box: SimBox) -> None:
        inbound = Inbound(box.topic(), box.frame(1), self.clock.now_ms())
        Ingest(self.units, self.clock, FaultTally()).book([inbound])

    def look(self, uses: int, **rules: Any) -> int:
        campaigns = (Campaign(id="spring", uses=uses),)
        self.rules.bundle = RuleBundle(version=1, campaigns=campaigns, **rules)
        self.clock.advance(LOOK_MS)
        return self.placing.run(self.tenant)

    def stands(self, *boxes: SimBox) -> tuple[int, ...]:
        """What is free, and what each box holds."""
        with self.units.begin(self.tenant) as unit:
            book = unit.leases.books([self.right])[self.right]
        return book.free, *(lease_books.lent_to(book, box.device) for box in boxes)

    def recalls(self, box: SimBox) -> int:
        with self.units.begin(self.tenant) as unit:
            rows = unit.feed.since(box.store, 0, 1_000)
        return sum(row.change.kind == "lease.recalled" for row in rows)


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def test_a_budget_is_spread_over_the_boxes_and_a_reserve_stays(chain: Chain) -> None:
    one, two = chain.box("徐汇店"), chain.box("浦东店")
    assert chain.look(100) == 2
    assert chain.stands(one, two) == (20, 40, 40)
    assert chain.look(100) == 0
    assert chain.stands(one, two) == (20, 40, 40)


def test_without_campaigns_or_boxes_nothing_is_lent(chain: Chain) -> None:
    assert chain.placing.run(chain.tenant) == 0
    assert chain.look(100) == 0
    assert chain.stands() == (100,)


def test_a_budget_follows_the_bundle_but_never_takes_what_is_lent(chain: Chain) -> None:
    box = chain.box("徐汇店")
    chain.look(100)
    assert chain.stands(box) == (20, 80)
    chain.look(150)
    assert chain.stands(box) == (70, 80)
    chain.look(10)
    assert chain.stands(box) == (0, 80)
    chain.look(90)
    assert chain.stands(box) == (10, 80)


def test_fewer_pieces_than_boxes_go_to_some_of_them(chain: Chain) -> None:
    boxes = [chain.box(f"{number} 店") for number in range(4)]
    assert chain.look(3) == 3
    assert sorted(chain.stands(*boxes)) == [0, 0, 1, 1, 1]


def test_a_new_shop_gets_its_part_of_what_another_gives_back(chain: Chain) -> None:
    first = chain.box("徐汇店")
    chain.look(1_000)
    later = [chain.box(f"{number} 店") for number in range(4)]
    chain.look(1_000)
    chain.look(1_000)
    assert chain.recalls(first) == 1
    with chain.units.begin(chain.tenant) as unit:
        book = unit.leases.books([chain.right])[chain.right]
    (key,) = [key for key in book.leases if key.device == first.device]
    said = LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, 5)
    first.journal(EventType.LEASE_RETURNED, encode_body(said))
    chain.upload(first)
    chain.look(1_000)
    free, *held = chain.stands(first, *later)
    assert free + sum(held) == 995
    assert min(held) > 79


def test_a_store_without_any_rule_of_the_campaign_is_lent_nothing(chain: Chain) -> None:
    one, two = chain.box("徐汇店"), chain.box("机场店")
    offers = (TierPrice(id="gold", name="金卡价", campaign="spring", permille=900),)
    assert chain.look(100, offers=offers) == 2
    assert chain.stands(one, two) == (20, 40, 40)
    shut = {"restrictions": (Restriction(stores=frozenset({"机场店"}), off=frozenset({"gold"})),)}
    chain.look(100, offers=offers, **shut)
    chain.look(100, offers=offers, **shut)
    assert (chain.recalls(one), chain.recalls(two)) == (0, 1)
    with chain.units.begin(chain.tenant) as unit:
        book = unit.leases.books([chain.right])[chain.right]
    (key,) = [key for key in book.leases if key.device == two.device]
    said = LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, 0)
    two.journal(EventType.LEASE_RETURNED, encode_body(said))
    chain.upload(two)
    for _ in range(2):
        chain.look(100, offers=offers, **shut)
    free, here, there = chain.stands(one, two)
    assert (free + here, there) == (100, 0)
