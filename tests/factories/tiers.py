"""A chain with a growth plan, a box and a member, in a cloud that keeps tiers up."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from cloud_broker.domain.records import record_of
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.growth.keeper import GrowthKeeper
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.persons.persons import facts_of
from cloud_broker.services.published.catalogue import CataloguePublisher
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_lease_change, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseGrant, LeaseHello
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Event
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, SimBox
from tests.plugins.cloud import new_box, new_tenant

TODAY = date(2026, 11, 18)
PLAN = {
    "tiers": [
        {"code": "silver"},
        {
            "code": "gold",
            "spend_fen": 100_000,
            "privileges": {
                "welcome": ["HELLO", "BAG"],
                "monthly": ["MONTH"],
                "birthday": ["BIRTH"],
                "trial": ["SERUM"],
            },
        },
        {"code": "black", "spend_fen": 500_000, "privileges": {"birthday": ["BIRTH"]}},
    ],
    "window": {"kind": "rolling", "days": 100},
    "grace_days": 10,
    "gifts": [
        {"id": "BAG", "sku": "BAG1", "name": "帆布袋"},
        {"id": "SERUM", "sku": "S1", "name": "精华小样"},
    ],
}
COUPONS = [
    {"kind": "threshold", "id": name, "name": name, "fen_off": 500}
    for name in ("HELLO", "MONTH", "BIRTH")
]


@dataclass
class Chain:
    """A box, a member, a plan, in a cloud that keeps tiers up."""

    units: Units
    tenant: UUID
    box: SimBox
    person: Person = field(default_factory=Person)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    sent: int = 0

    def __post_init__(self) -> None:
        self.keeper = GrowthKeeper(self.units, self.clock, "Asia/Shanghai")
        self.at(TODAY)

    def at(self, day: date, hour: int = 12) -> None:
        moment = datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC)
        self.clock.ms = int(moment.timestamp() * 1_000)

    def publish(self, version: int = 1, plan: dict[str, object] | None = None) -> None:
        ids = FakeCloudIdSource(self.clock)
        publisher = CataloguePublisher(self.units, self.clock, ids, FakeKeyRing())
        bundle = {
            "version": version,
            "tier_names": {"silver": "银卡", "gold": "金卡", "black": "黑卡"},
            "coupons": COUPONS,
            "growth": PLAN if plan is None else plan,
        }
        publisher.publish_bundle(self.tenant, json.dumps(bundle).encode(), who="test")

    def upload(self) -> None:
        # What is booked later is later: histories are told apart by their time.
        self.clock.advance(1_000)
        start, self.sent = self.sent + 1, len(self.box.events)
        inbound = Inbound(self.box.topic(), self.box.frame(start), self.clock.now_ms())
        Ingest(self.units, self.clock, FaultTally()).book([inbound])

    def judged(self) -> MemberRecord:
        self.upload()
        while self.keeper.judge_due(self.tenant):
            pass
        return self.record()

    def sells(self, fen: int, day: date = TODAY, **more: object) -> Event:
        number = day.year * 10_000 + day.month * 100 + day.day
        return self.box.sells(self.person, fen=fen, business_date=number, **more)

    def night(self) -> Counter[str]:
        return self.keeper.nightly(self.tenant, lambda _job, _done: None)

    def record(self, person: Person | None = None) -> MemberRecord:
        with self.units.begin(self.tenant) as unit:
            (facts,) = facts_of(unit, [(person or self.person).member])
        return record_of(facts)

    def told(self) -> list[object]:
        with self.units.begin(self.tenant) as unit:
            rows = unit.feed.since(self.box.store, 0, 1_000)
        return [decode_lease_change(row.change.kind, row.change.body) for row in rows]

    def grants(self) -> set[bytes]:
        return {one.right for one in self.told() if isinstance(one, LeaseGrant)}

    def history(self) -> list[tuple[str, str, str]]:
        with self.units.begin(self.tenant) as unit:
            found = unit.growth.changes_of([self.person.member], 100)
        return [(one.change, one.before, one.after) for one in reversed(found)]


def grown_chain(units: Units) -> Chain:
    """Publish the plan, enrol the member, let the box in."""
    tenant = new_tenant(units)
    chain = Chain(units, tenant, new_box(units, tenant))
    chain.publish()
    chain.box.enrols(chain.person)
    chain.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"b" * 32)))
    chain.judged()
    return chain
