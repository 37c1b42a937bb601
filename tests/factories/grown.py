"""A chain with tasks, a mall and invitations: one shop whose box tells, and the services on it."""

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from cloud_broker.ports.benefits import Gift
from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.growth.sharing import Sharing
from cloud_broker.services.growth.task_work import TaskWork
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.loyalty.leases import LENT, LeaseKey, Right, RightKind
from retail_core.loyalty.postings import MemberPurse, member_account
from retail_core.pricing.rules.bundle import parse_bundle, sign_bundle
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.growth import GiftHanded
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

ZONE = "Asia/Shanghai"
DAY_MS = 86_400_000
RULES: dict[str, Any] = {
    "version": 1,
    "coupons": [
        {"kind": "threshold", "id": "ten-off", "name": "满100减10", "threshold_fen": 10000,
         "fen_off": 1000},
    ],
    "tasks": [
        {"kind": "checkin", "id": "sign", "name": "每日签到", "name_en": "Daily check-in",
         "every": "day", "reward": {"points": 5}},
        {"kind": "spend", "id": "hundred", "name": "本月消费满 100 元", "every": "month",
         "fen": 10000, "reward": {"points": 50, "coupon": "ten-off"}},
        {"kind": "share", "id": "tell", "name": "分享给朋友", "friends": 1,
         "reward": {"points": 30, "gift": {"sku": "SAMPLE", "name": "小样"}}},
    ],
    "mall": {"items": [
        {"id": "cup", "sku": "CUP-01", "name": "马克杯", "name_en": "Mug", "points": 40,
         "per_person": 2, "pick_up_days": 5},
        {"id": "bag", "sku": "BAG-01", "name": "帆布袋", "name_en": "Tote bag", "points": 60},
    ]},
    "referral": {"inviter": {"points": 200}, "friend": {"points": 100}, "least_fen": 5000,
                 "after_days": 7},
}  # fmt: skip


def publish(units: Units, tenant: UUID, rules: dict[str, Any]) -> None:
    """Publish a bundle."""
    content = json.dumps(rules).encode()
    signed = sign_bundle(content, bytes(32))
    version = parse_bundle(content).version
    document = Document("bundle", version, sha256(signed).digest(), signed)
    with units.begin(tenant) as unit:
        unit.catalogue.add_bundle(document, content, "HQ")


@dataclass
class Grown:
    """The chain; `sent` events of the box are booked."""

    units: Units
    rules_json: dict[str, Any] = field(default_factory=lambda: RULES)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    tally: FaultTally = field(default_factory=FaultTally)
    sent: int = 0

    def __post_init__(self) -> None:
        self.tenant = new_tenant(self.units)
        self.box: SimBox = new_box(self.units, self.tenant)
        ids = FakeCloudIdSource(self.clock)
        self.publish(self.rules_json)
        self.rules = RulesInForce(ZONE)
        self.mall = MallDesk(self.units, self.clock, self.rules)
        self.work = TaskWork(self.units, self.clock, self.rules, self.mall, self.tally)
        self.sharing = Sharing(self.units, self.clock, ids, FakeKeyRing(), self.rules)

    def publish(self, rules: dict[str, Any]) -> None:
        """Publish a bundle."""
        publish(self.units, self.tenant, rules)

    def hq(self, role: HqRole = "operations") -> HqIdentity:
        """Somebody at HQ."""
        return HqIdentity(self.tenant, fresh_id(), "li", "李", role)

    # ---- in the shop ----------------------------------------------------------------------------

    def opened(self) -> None:
        """Let the box be let in."""
        self.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"b" * 32)))
        self.upload()

    def enrols(self) -> Person:
        """Enrol somebody with a number of her own."""
        made = Person()
        person = replace(made, phone=f"86{made.member.int % 10**11:011d}")
        self.box.enrols(person)
        self.upload()
        return person

    def upload(self, first: int | None = None) -> None:
        """Book what the box has journalled, and judge."""
        start = self.sent + 1 if first is None else first
        if start <= len(self.box.events):
            ingest = Ingest(self.units, self.clock, self.tally)
            frame = self.box.frame(start)
            ingest.book([Inbound(self.box.topic(), frame, self.clock.now_ms())])
        self.sent = len(self.box.events)
        self.judge()

    def judge(self) -> None:
        """Work off everything that is due."""
        while self.work.run(self.tenant):
            pass

    def tomorrow(self, days: int = 1) -> None:
        """Go on some days later."""
        self.clock.advance(days * DAY_MS)
        self.box.wall_ms = self.clock.now_ms()

    def stands_here(self, person: Person) -> None:
        """A counter has shown her."""
        with self.units.begin(self.tenant) as unit:
            day = self.rules.day(self.clock.now_ms())
            if unit.tasks.note_checkin(person.member, day, self.box.store):
                unit.tasks.add_due({person.member}, self.clock.now_ms())
        self.judge()

    def hands_over(self, gift: UUID, person: Person, key: LeaseKey) -> None:
        """The box hands a gift over under its lease."""
        body = GiftHanded(
            fresh_id().bytes, gift.bytes, "mall", "CUP-01", "马克杯", None, key.epoch, key.nth
        )
        self.box.journal(EventType.GIFT_HANDED, encode_body(body), person.member)

    def gives_back(self, key: LeaseKey, final: int) -> None:
        """The box gives a lease back."""
        said = LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, final)
        self.box.journal(EventType.LEASE_RETURNED, encode_body(said))

    # ---- what is ---------------------------------------------------------------------------------

    def who(self, person: Person) -> PhoneHolder:
        """Her phone."""
        return PhoneHolder(self.tenant, person.member, b"key of hers")

    def points(self, person: Person, purse: MemberPurse = "free") -> int:
        """Her points."""
        with self.units.begin(self.tenant) as unit:
            balances = unit.closing.balances([person.wallet])
        return balances.get(member_account(person.wallet, purse), 0)

    def balances(self) -> dict[str, int]:
        """Every account of everybody that is not empty."""
        with self.units.begin(self.tenant) as unit:
            wallets = unit.closing.wallets(after=None, limit=100)
            found = unit.closing.balances(wallets)
        return {name: points for name, points in found.items() if points}

    def stock(self, item: str = "cup") -> tuple[int, int]:
        """What lies here of an item, and what of it is kept."""
        with self.units.begin(self.tenant) as unit:
            row = unit.mall.locked(item, self.box.store)
        return row.stock, row.reserved

    def lease_of(self, gift: UUID) -> LeaseKey:
        """The lease under which the box holds a gift."""
        right = Right(RightKind.COUPON, gift)
        with self.units.begin(self.tenant) as unit:
            (key,) = [
                key
                for key, lease in unit.leases.books([right])[right].leases.items()
                if lease.state in LENT
            ]
        return key

    def coupons(self, person: Person) -> list[UUID]:
        """What she holds and has not used."""
        with self.units.begin(self.tenant) as unit:
            return [one.right for one in unit.benefits.coupons_of([person.member])]

    def gifts(self, person: Person) -> list[Gift]:
        """What waits for her."""
        with self.units.begin(self.tenant) as unit:
            return list(unit.benefits.gifts_of([person.member]))
