"""A chain that gives newcomers something, and one person who comes to several of its shops."""

import json
from collections.abc import Sequence
from uuid import UUID

from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest, Outcome
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.published.catalogue import CataloguePublisher
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, SimBox
from tests.plugins.cloud import new_box, new_tenant

GIFT = {"name": "新人礼盒", "sku": "GIFT-BOX", "days": 30}
COUPON = {"name": "新人券", "coupon": "welcome", "days": 7}
WELCOME = {
    "kind": "threshold",
    "id": "welcome",
    "name": "新人满100减20",
    "threshold_fen": 10_000,
    "fen_off": 2_000,
}


class Chain:
    """A tenant with shops, over any store."""

    def __init__(self, units: Units, newcomer: dict[str, object] | None = None) -> None:
        self.units = units
        self.clock = FakeCloudClock()
        self.tenant = new_tenant(units)
        self.ingest = Ingest(units, self.clock, FaultTally())
        if newcomer is not None:
            self.publish(newcomer)

    def publish(self, newcomer: dict[str, object], **rule: object) -> None:
        rules = {"version": 1, "coupons": [WELCOME], "newcomer": newcomer} | rule
        ids = FakeCloudIdSource(self.clock)
        CataloguePublisher(self.units, self.clock, ids, FakeKeyRing()).publish_bundle(
            self.tenant, json.dumps(rules).encode(), who="test"
        )

    def shop(self, name: str) -> SimBox:
        return new_box(self.units, self.tenant, name)

    def book(self, *boxes: SimBox) -> Outcome:
        """Take in all that these boxes have journalled, in one batch."""
        self.clock.advance(10)
        return self.ingest.book(
            [Inbound(box.topic(), box.frame(), self.clock.now_ms()) for box in boxes]
        )

    def gifts(self, people: Sequence[Person]) -> list[UUID]:
        """Whose the gifts and coupons are that were given to any of these members."""
        members = [person.member for person in people]
        with self.units.begin(self.tenant) as unit:
            gifts = [gift.member for gift in unit.benefits.gifts_of(members)]
            coupons = [coupon.member for coupon in unit.benefits.coupons_of(members)]
        return gifts + coupons

    def points(self, person: Person) -> int:
        account = f"member:{person.wallet}:free"
        with self.units.begin(self.tenant) as unit:
            return unit.ledger.locked([account])[account]
