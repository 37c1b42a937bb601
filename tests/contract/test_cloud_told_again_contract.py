"""A till's sale that reaches the cloud as two receipts is booked once, over both kinds of store."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from cloud_broker.ports.fleet import NewDevice
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.points.walk import LedgerWalks
from retail_core.wire.codec import GENESIS_HASH, decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Event, Sale
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant, token_hash


class Shop:
    """A store with two boxes at one till, and a member who buys there."""

    def __init__(self, units: Units) -> None:
        self.units, self.clock = units, FakeCloudClock()
        self.tenant = new_tenant(units)
        self.box, self.person = new_box(units, self.tenant), Person()
        self.box.enrols(self.person)

    def sends(self, box: SimBox | None = None) -> list[str]:
        """Book a whole journal; return what was refused."""
        box = box or self.box
        frame = open_frame(Inbound(box.topic(), box.frame(), self.clock.now_ms()))
        assert isinstance(frame, OpenFrame)
        with self.units.begin(self.tenant) as unit:
            booked = Batch(unit, self.tenant, self.clock.now_ms()).book([frame], [])
        return [one.code for acked in booked.acked for one in acked.rejected]

    def waits(self) -> dict[str, int]:
        """What a person has to look at, by code."""
        with self.units.begin(self.tenant) as unit:
            found = unit.repair.standing(["L191", "L192"])
        return {one.code: one.count for one in found}

    def totals(self) -> list[int]:
        with self.units.begin(self.tenant) as unit:
            return [line.total_fen for line in unit.journal.ledger(self.box.store)]

    def points(self) -> int:
        with self.units.begin(self.tenant) as unit:
            found = unit.closing.balances([self.person.wallet])
        verified = LedgerWalks(self.units).verify(self.tenant, lambda done, total: None)
        assert (verified.total, verified.wrong) == (0, [])
        return found.get(f"member:{self.person.wallet}:free", 0)


@pytest.fixture
def shop(any_units: Units) -> Shop:
    return Shop(any_units)


def again(shop: Shop, first: Event, box: SimBox | None = None, **changes: Any) -> Event:
    """The same sale under a receipt of its own."""
    sale = decode_body(EventType.SALE, first.body)
    assert isinstance(sale, Sale)
    said = {name: getattr(sale, name) for name in ("lines", "tenders", "till_receipt_no")}
    return (box or shop.box).sells(shop.person, **said | {"receipt_id": fresh_id().bytes} | changes)


def test_the_second_is_refused_and_waits_for_a_person(shop: Shop) -> None:
    first = shop.box.sells(shop.person)
    shop.sends()
    twice = again(shop, first)
    assert shop.sends() == ["L191"]
    assert shop.sends() == ["L191"], "sent again it is what it was"
    assert (shop.totals(), shop.points()) == ([5_900], 59)
    bench, item = RepairBench(shop.units, shop.clock), UUID(bytes=twice.event_id)
    bench.replay(shop.tenant, item, who="li")
    assert (shop.totals(), shop.waits()) == ([5_900], {"L191": 1}), "trying again books nothing"
    bench.replay(shop.tenant, item, who="li", second=True)
    assert (shop.totals(), shop.points(), shop.waits()) == ([5_900, 5_900], 118, {})


def test_both_in_one_frame_and_from_another_box(shop: Shop) -> None:
    first = shop.box.sells(shop.person)
    again(shop, first)
    assert shop.sends() == ["L191"]
    spare = replace(shop.box, device=fresh_id(), events=[], hashes=[GENESIS_HASH])
    with shop.units.begin(shop.tenant) as unit:
        new = NewDevice(spare.device, spare.store, 2, token_hash(spare), f"$7$1${spare.device}$x")
        unit.fleet.add_device(new, WALL_MS)
    again(shop, first, spare)
    assert shop.sends(spare) == ["L191"]
    assert (shop.totals(), shop.points()) == ([5_900], 59)


def test_another_sale_under_the_number_is_booked_and_shown_once(shop: Shop) -> None:
    first = shop.box.sells(shop.person)
    shop.sends()
    for fen in (100, 200, 300):
        again(shop, first, tenders=(("cash", fen),))
    assert shop.sends() == []
    assert (len(shop.totals()), shop.waits()) == (4, {"L192": 1})


def test_what_was_taken_back_may_be_sold_again(shop: Shop) -> None:
    first = shop.box.sells(shop.person)
    shop.box.refunds(first, (1, 1_000), (2, 1_000), fen=5_900)
    second = again(shop, first)
    assert shop.sends() == [], "all of it in one frame"
    shop.box.refunds(second, (1, 1_000), (2, 1_000), fen=5_900)
    shop.sends()
    again(shop, first)
    assert shop.sends() == []
    assert (len(shop.totals()), shop.points(), shop.waits()) == (3, 59, {})


@pytest.mark.parametrize(
    "changes",
    [{"till_receipt_no": ""}, {"till_receipt_no": "77"}, {"business_date": 20_261_119}],
)
def test_without_the_number_or_on_another_day_it_is_another(
    shop: Shop, changes: dict[str, Any]
) -> None:
    first = shop.box.sells(shop.person, **changes)
    shop.sends()
    again(shop, first, till_receipt_no="", business_date=20_261_118)
    assert shop.sends() == []
    assert len(shop.totals()) == 2
