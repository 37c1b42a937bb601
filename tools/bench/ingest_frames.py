"""A chain of stores and what their boxes send: sales as they are in a shop, made beforehand."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import time
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.fleet import NewDevice, NewStore
from cloud_broker.ports.unit import Units
from cloud_broker.services.line.frames import Inbound
from retail_core.clock import Instant, TimeQuality
from retail_core.ids import uuid7
from retail_core.loyalty.postings import brand_account, leased_account
from retail_core.wire.codec import (
    GENESIS_HASH,
    Actors,
    draft_event,
    encode,
    encode_body,
    event_hash,
)
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello
from retail_core.wire.messages import Event, LeaseSpend, Sale, SaleLine, UpFrame, WirePosting
from retail_core.wire.topics import DeviceTopic, shard_of
from tools.bulk_members import member_of, wallet_of

MEMBERS_SHARE = 0.7
REGULARS = 200  # of a store
LINES = (1, 1, 2, 2, 3, 3, 4, 5, 6)
NAMES = tuple(f"护肤精华 {number}" for number in range(400))
BOARD = b"bench"
WALL_MS = 1_795_000_000_000
DAY = 20261118
OFFER_SHARE = 0.5


@dataclass(slots=True)
class Shop:
    """One store's box with its journal; `regulars` are numbers of members."""

    tenant: UUID
    number: int
    entity: UUID
    chance: random.Random
    regulars: range
    store: UUID = field(init=False)
    device: UUID = field(init=False)
    till: UUID = field(init=False)
    clerk: UUID = field(init=False)
    boot: UUID = field(init=False)
    seq: int = 0
    receipts: int = 0
    hash: bytes = GENESIS_HASH
    epoch: int = 1
    nth: int = 0

    def __post_init__(self) -> None:
        self.store, self.device = self.fresh(), self.fresh()
        self.till, self.clerk, self.boot = self.fresh(), self.fresh(), self.fresh()

    def fresh(self) -> UUID:
        """Draw an id."""
        return uuid7(WALL_MS + self.seq, self.chance.randbytes(10))

    def frame(self, *events: Event) -> Inbound:
        """Send events as the next frame of the journal."""
        first, prev = self.seq + 1, self.hash
        for event in events:
            self.hash = event_hash(self.hash, event)
        self.seq += len(events)
        up = UpFrame(
            1, self.tenant.bytes, self.store.bytes, self.device.bytes, self.epoch, first, prev,
            events,
        )  # fmt: skip
        topic = str(DeviceTopic(self.tenant, shard_of(self.store), self.device, "up"))
        return Inbound(topic, encode(up), WALL_MS + self.seq)

    def hello(self) -> Inbound:
        """Say which board this is, so that points can be lent."""
        body = encode_body(LeaseHello(board=sha256(self.device.bytes).digest()))
        return self.frame(self.event(EventType.LEASE_HELLO, body, None))

    def sale(self, *, redeems: bool = False) -> Event:
        """Sell something to a regular or to nobody known; points are paid with by one of them."""
        if redeems:
            return self.sale_to(self.regulars[0], redeems=True)
        known = self.chance.random() < MEMBERS_SHARE
        return self.sale_to(self.chance.choice(self.regulars) if known else None)

    def sale_to(self, member: int | None, *, redeems: bool = False) -> Event:
        """Sell something to a member."""
        body = encode_body(self._sale(member, redeems=redeems))
        return self.event(EventType.SALE, body, None if member is None else member_of(member))

    def event(self, kind: str, body: bytes, member: UUID | None) -> Event:
        """Draft an event of this box."""
        at = Instant(WALL_MS + self.seq, 1_000 + self.seq, self.boot, TimeQuality.SYNCED)
        return draft_event(self.fresh(), kind, at, body, Actors(self.till, self.clerk, member))

    def _sale(self, member: int | None, *, redeems: bool) -> Sale:
        self.receipts += 1
        lines = tuple(self._line(number) for number in range(1, self.chance.choice(LINES) + 1))
        total = sum(line.net_fen for line in lines)
        postings: tuple[WirePosting, ...] = ()
        spends: tuple[LeaseSpend, ...] = ()
        if member is not None:
            postings = tuple(self._earned(lines, wallet_of(member)))
            if redeems:
                spends, taken = self._redeemed(wallet_of(member))
                postings = (*postings, taken)
        return Sale(
            receipt_id=self.fresh().bytes,
            source="api",
            till_receipt_no=f"{self.receipts:06d}",
            business_date=DAY,
            shelf_fen=total + 500,
            total_fen=total,
            lines=lines,
            tenders=(("wechat", total),),
            postings=postings,
            bundle_version=3,
            bundle_hash=sha256(b"bundle").digest(),
            certificate_hash=self.chance.randbytes(32),
            solver_status="optimal",
            lease_spends=spends,
        )

    def _line(self, number: int) -> SaleLine:
        article = self.chance.randrange(len(NAMES))
        price = self.chance.randrange(900, 30_000)
        offers = (("member-95", price // 20),) if self.chance.random() < OFFER_SHARE else ()
        off = sum(fen for _, fen in offers)
        return SaleLine(
            number, UUID(int=article + 1).bytes, f"SKU{article:05d}", NAMES[article], 1_000, price,
            price - off, offers,
        )  # fmt: skip

    def _earned(self, lines: Sequence[SaleLine], wallet: UUID) -> Iterator[WirePosting]:
        """Points to spend and points that count towards a tier, on each line, as a box does it."""
        parts = (("earn", "liability", "free"), ("qualify", "suspense", "qualifying"))
        issuer = self.entity.bytes
        for kind, purse, account in parts:
            debit, credit = f"brand:{self.entity}:{purse}", f"member:{wallet}:{account}"
            for line in lines:
                points = max(1, line.net_fen // 100)
                yield WirePosting(line.line, "earn-1", kind, 0, debit, credit, points, issuer)

    def _redeemed(self, wallet: UUID) -> tuple[tuple[LeaseSpend, ...], WirePosting]:
        self.nth += 1
        spend = LeaseSpend("points", wallet.bytes, 1, 1, 1)
        posting = WirePosting(
            0, "points", "redeem", self.nth, leased_account(wallet, self.device, 1),
            brand_account(self.entity, "clearing"), 1, self.entity.bytes, self.entity.bytes,
        )  # fmt: skip
        return (spend,), posting


def open_shops(units: Units, tenant: UUID, entity: UUID, count: int, seed: int = 7) -> list[Shop]:
    """Enter a tenant with so many stores, each with a box and its own regulars."""
    shops = [
        Shop(tenant, number, entity, random.Random(f"{seed}/{number}"), regulars_of(number))  # noqa: S311
        for number in range(count)
    ]
    with units.begin(tenant) as unit:
        unit.fleet.add_tenant("bench", f"bench-{tenant}", WALL_MS)
        unit.fleet.add_legal_entity(entity, "总公司")
        region = unit.fleet.add_region(UUID(int=1), "华东")
        for shop in shops:
            name, shard = f"店 {shop.number}", shard_of(shop.store)
            unit.fleet.add_store(
                NewStore(shop.store, entity, region, name, "上海", "Asia/Shanghai", time(4), shard),
                WALL_MS,
            )
            token = sha256(shop.device.bytes).digest()
            device = NewDevice(shop.device, shop.store, 1, token, f"$7$1${shop.device}$x")
            unit.fleet.add_device(device, WALL_MS)
    return shops


def regulars_of(number: int) -> range:
    """Return the numbers of the members who shop in store `number`."""
    return range(number * REGULARS, (number + 1) * REGULARS)
