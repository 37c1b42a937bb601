"""A made-up chain for the console's tests: rows to edit, a desk that remembers, a hub to ring."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from uuid import UUID

from cloud_broker.console.deps import ConsoleDeps
from cloud_broker.ports.live import LiveEvent, LiveKind
from cloud_broker.services.access.mended import MendedTimes
from cloud_broker.services.access.overview import (
    ConsentRow,
    Delay,
    HqIdentity,
    HqRole,
    LedgerRow,
    LedgerTotals,
    MemberPage,
    MemberRow,
    NameReview,
    Overview,
    PostingRow,
    RepairRow,
    SaleLineRow,
    SaleRow,
    StoreState,
    StoreTile,
)
from cloud_broker.services.access.partners import Partners
from cloud_broker.services.fleet.alert_desk import AlertDesk
from cloud_broker.services.fleet.desks import FleetDesks, fleet_desks
from cloud_broker.services.fleet.store_health import StoreHealth
from cloud_broker.services.goods.back_office import back_office
from cloud_broker.services.goods.office import MasterOffice
from cloud_broker.services.growth.mall_shelf import MallShelf
from cloud_broker.services.growth.tier_desk import GrowthDesk
from cloud_broker.services.hq.audit_desk import AuditDesk
from cloud_broker.services.hq.clerk_desk import ClerkDesk
from cloud_broker.services.hq.till_desk import TillDesk
from cloud_broker.services.hq.user_desk import UserDesk
from cloud_broker.services.insight.campaign_desks import CampaignDesks
from cloud_broker.services.insight.identity_desk import IdentityDesk
from cloud_broker.services.insight.segmenting import Segmenting
from cloud_broker.services.insight.stock_desk import StockDesk
from retail_core.catalog.masters import MasterKind
from retail_core.errors import Fault
from retail_core.growth.account import TierNames
from retail_core.texts.faults import FaultCode
from tests.factories.campaigns import campaigns_of
from tests.factories.master_data import ARTICLES, ENTITIES, STORES
from tests.factories.rule_desk import rules_of
from tests.factories.stock_desk import stock_desk_of
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing, FakePasswords
from tests.fakes.cloud_evidence import identity_of
from tests.fakes.cloud_hooks import hook_desk
from tests.fakes.cloud_privacy import privacy_of
from tests.fakes.cloud_segments import segmenting
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console.console_desks import alert_desk, mall_desk
from tests.unit.cloud_broker_console.console_faces import face_desks

NOW_MS = 1_793_671_924_000
TENANT = UUID(int=1)
MEMBER = UUID(int=900)
TOKEN = "session-token"
_STATES: tuple[StoreState, ...] = ("ok", "ok", "ok", "degraded", "ok", "gone", "ok", "cannot")
_REASONS = {"degraded": ("R302",), "gone": ("S102",), "cannot": ("D102",)}
_CITIES = (("华东", "上海"), ("西南", "成都"), ("华北", "北京"))
_STREETS = ("徐汇店", "春熙路店", "国贸店")


def tile(number: int, state: StoreState = "ok", **changes: object) -> StoreTile:
    """Make one store."""
    region, city = _CITIES[number % 3]
    made = StoreTile(
        store_id=UUID(int=100 + number),
        name=f"{city}{_STREETS[number % 3]}{number // 3 or ''}",
        city=city,
        zone="Asia/Shanghai",
        state=state,
        can_sell=state in {"ok", "degraded"},
        reasons=_REASONS.get(state, ()),
        device_id=UUID(int=500 + number),
        software="0.1.0",
        last_seen_ms=NOW_MS - (184_000 if state == "gone" else 1_200),
        outbox_depth=0,
        feed_lag=0,
        peripherals={"camera": "ok", "qr": "ok", "nfc": "ok", "till_tap": "ok", "cloud": "ok"},
        faults={"R201": 3, "S102": 1},
        last_sale_ms=NOW_MS - 42_000 * (number + 1),
        last_sale_fen=24_842,
        sales_today=12 + number,
        revenue_today_fen=182_450 + 1_000 * number,
        delay=Delay(12, 18, 40),
        chain_breaks=0,
        open_repairs=0,
        region=region,
        since_ms=NOW_MS - 3_600_000,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own changes


def tiles(number: int, *, mixed: bool = False) -> tuple[StoreTile, ...]:
    """Make many stores, all well unless mixed."""
    return tuple(tile(n, _STATES[n % len(_STATES)] if mixed else "ok") for n in range(number))


def sale(number: int, **changes: object) -> SaleRow:
    """Make one sale of two articles."""
    store = tile(number % 3)
    member = number % 3 != 1
    made = SaleRow(
        receipt_id=UUID(int=10_000 + number),
        store_id=store.store_id,
        store_name=store.name,
        source="api" if number % 3 != 1 else "tap",
        till_receipt_no=f"{7000 + number}",
        business_date=20261103,
        wall_ms=NOW_MS - 61_000 * number,
        received_ms=NOW_MS - 61_000 * number + 18,
        sync_ms=18 + number,
        shelf_fen=30_600,
        total_fen=24_842 - number,
        points=248 if member else 0,
        member_id=MEMBER if member else None,
        member_name="李敏" if member else "",
        lines=(
            SaleLineRow(1, "YZ50", "玉泽修护乳 50ml", 1000, 12_800, 12_800),
            SaleLineRow(2, "WNN", "薇诺娜面膜", 2000, 17_800, 12_042 - number),
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own changes


def consent(kind: str) -> ConsentRow:
    """Make one consent."""
    return ConsentRow(
        kind=kind,
        given=True,
        text_version="2026-09",
        language="zh",
        channel="till",
        wall_ms=NOW_MS - 9_000_000,
        store_name="上海徐汇店",
    )


def member_page() -> MemberPage:
    """Make the member's page."""
    earned = ("earn-base", "earn", "brand:0199:liability", "member:0199:free", 248)
    return MemberPage(
        member_id=MEMBER,
        wallet_id=UUID(int=901),
        ver=4,
        name="李敏",
        tier="gold",
        tags=("敏感肌", "国货爱好者"),
        phone_masked="138****8000",
        home_store_name="上海徐汇店",
        enrolled_ms=NOW_MS - 86_400_000,
        points_free=2340,
        points_pending=0,
        points_qualifying=3120,
        points_owed=1204,
        personal=False,
        phones=1,
        cards=1,
        held_by=("上海徐汇店", "成都春熙路店"),
        possible_duplicates=(),
        consents=(consent("membership"), consent("face.local")),
        sales=(sale(0), sale(2)),
        postings=(PostingRow(UUID(int=10_000), 1, *earned, NOW_MS - 4_000),),
    )


class FakeHqQueries:
    """Rows held in memory; a test edits them."""

    def __init__(self, stores: Iterable[StoreTile] = (), sales: Iterable[SaleRow] = ()) -> None:
        self.stores = tuple(stores)
        self.all_sales = tuple(sales)
        self.all_repairs: tuple[RepairRow, ...] = ()
        self.all_names: tuple[NameReview, ...] = ()
        self.versions = (3, 2)
        self.tiers = TierNames({"gold": "金卡"}, {"gold": "Gold"})
        self.partial_reads = 0
        self.mended_stores: frozenset[UUID] = frozenset()
        self.times = MendedTimes()

    def overview(self, tenant: UUID) -> Overview:
        return Overview(
            tenant_name="熟客示范",
            stores=self.stores,
            members=1204,
            sales_today=sum(each.sales_today for each in self.stores),
            revenue_today_fen=sum(each.revenue_today_fen for each in self.stores),
            points_outstanding=86_420,
            open_repairs=sum(row.state == "open" for row in self.all_repairs),
            names_to_review=len(self.all_names),
            catalogue_version=self.versions[0],
            bundle_version=self.versions[1],
            delay=Delay(312, 18, 64) if self.all_sales else Delay(0, None, None),
        )

    def store_tiles(self, tenant: UUID, stores: tuple[UUID, ...] = ()) -> tuple[StoreTile, ...]:
        self.partial_reads += bool(stores)
        return tuple(each for each in self.stores if not stores or each.store_id in stores)

    def sales(self, tenant: UUID, *, limit: int, store: UUID | None = None) -> tuple[SaleRow, ...]:
        rows = (row for row in self.all_sales if store is None or row.store_id == store)
        return tuple(rows)[:limit]

    def mended(self, tenant: UUID, store: UUID) -> MendedTimes:
        return self.times if store in self.mended_stores else MendedTimes()

    def members(self, tenant: UUID, query: str, *, limit: int) -> tuple[MemberRow, ...]:
        row = MemberRow(MEMBER, "李敏", "gold", "138****8000", 2340, "上海徐汇店", NOW_MS - 61_000)
        return (row,) if query in row.name else ()

    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        return member_page() if member_id == MEMBER else None

    def tier_names(self, tenant: UUID) -> TierNames:
        return self.tiers

    def rule_names(self, tenant: UUID, language: str) -> dict[str, str]:
        return {"earn-base": "", "coupon-birthday": "生日券", "hundred": "本月满百"}

    def ledger(self, tenant: UUID, store: UUID) -> tuple[tuple[LedgerRow, ...], LedgerTotals]:
        return (), LedgerTotals(0, 0, 0)

    def repairs(self, tenant: UUID, *, limit: int) -> tuple[RepairRow, ...]:
        return self.all_repairs[:limit]

    def names_to_review(self, tenant: UUID, *, limit: int) -> tuple[NameReview, ...]:
        return self.all_names[:limit]


class FakeHqAuth:
    """One account: `hq` with the password `geheim`."""

    def __init__(self, role: HqRole = "operations") -> None:
        self.identity = HqIdentity(TENANT, UUID(int=2), "hq", "王芳", role)
        self.tokens = {TOKEN}

    def login(self, login: str, password: str) -> tuple[str, HqIdentity]:
        if (login, password) != ("hq", "geheim"):
            raise Fault(FaultCode.API_LOGIN_WRONG)
        return TOKEN, self.identity

    def who(self, token: str) -> HqIdentity:
        if token not in self.tokens:
            raise Fault(FaultCode.HQ_TOKEN_WRONG)
        return self.identity

    def logout(self, token: str) -> None:
        self.tokens.discard(token)


class FakeHqDesk:
    """Remembers what was asked; `replay` closes the row unless told to leave it open."""

    def __init__(self, queries: FakeHqQueries) -> None:
        self.queries = queries
        self.mapped: list[tuple[str, str]] = []
        self.mends = True

    def replay(self, who: HqIdentity, repair_id: UUID) -> RepairRow:
        for row in self.queries.all_repairs:
            if row.repair_id == repair_id:
                done = replace(row, state="done", replayable=False) if self.mends else row
                self.queries.all_repairs = tuple(
                    done if each is row else each for each in self.queries.all_repairs
                )
                return done
        raise Fault(FaultCode.API_NOT_FOUND, what=repair_id)

    def map_name(self, who: HqIdentity, name: str, sku: str) -> None:
        if sku == "?":
            raise Fault(FaultCode.API_NOT_FOUND, what=sku)
        self.mapped.append((name, sku))


class RingFeed:
    """One viewer's queue."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[LiveEvent | None] = asyncio.Queue()
        self.closed = False

    async def next(self, timeout_s: float) -> LiveEvent | None:
        try:
            return await asyncio.wait_for(self.queue.get(), timeout_s)
        except TimeoutError:
            return None

    def close(self) -> None:
        self.closed = True


class RingHub:
    """Rings every viewer; None is a tick."""

    def __init__(self) -> None:
        self.feeds: list[RingFeed] = []

    def subscribe(self, tenant: UUID) -> RingFeed:
        self.feeds.append(RingFeed())
        return self.feeds[-1]

    def ring(self, *kinds: LiveKind, stores: tuple[UUID, ...] = ()) -> None:
        event = LiveEvent(TENANT, frozenset(kinds), stores) if kinds else None
        for feed in self.feeds:
            feed.queue.put_nowait(event)


def repair(number: int, **changes: object) -> RepairRow:
    """Make one row of the repair queue."""
    made = RepairRow(
        repair_id=UUID(int=3_000 + number),
        code="P102",
        kind="event",
        detail="line 2: qty_milli = -1",
        store_name="上海徐汇店",
        device_id=UUID(int=500),
        seq=41 + number,
        received_ms=NOW_MS - 600_000,
        state="open",
        replayable=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own changes


def master_desk() -> MasterOffice:
    """Tables of a chain with two stores and two articles."""
    clock, units = FakeCloudClock(), FakeUnits()
    with units.begin(TENANT) as unit:
        unit.fleet.add_tenant("熟客", "masters", NOW_MS)
    made = back_office(units, clock, FakeCloudIdSource(clock), FakeKeyRing()).masters
    made.apply(TENANT, MasterKind.ENTITIES, ENTITIES, who="li")
    made.apply(TENANT, MasterKind.STORES, STORES, who="li")
    made.apply(TENANT, MasterKind.ARTICLES, ARTICLES, who="li")
    return made


def deps(
    queries: FakeHqQueries,
    auth: FakeHqAuth | None = None,
    hub: RingHub | None = None,
    desk: FakeHqDesk | None = None,
    clerks: ClerkDesk | None = None,
    tills: TillDesk | None = None,
    mall: MallShelf | None = None,
    masters: MasterOffice | None = None,
    growth: GrowthDesk | None = None,
    health: StoreHealth | None = None,
    alerts: AlertDesk | None = None,
    fleet: FleetDesks | None = None,
    users: UserDesk | None = None,
    campaigns: CampaignDesks | None = None,
    segments: Segmenting | None = None,
    identity: IdentityDesk | None = None,
    stock: StockDesk | None = None,
) -> ConsoleDeps:
    """Put the fakes together; the clock goes a second further at each look."""
    seconds = count(1)
    office, face_desk = face_desks(TENANT, NOW_MS)
    clock = FakeCloudClock()
    return ConsoleDeps(
        queries=queries,
        auth=auth or FakeHqAuth(),
        desk=desk or FakeHqDesk(queries),
        faces=office,
        face_desk=face_desk,
        clerks=clerks or ClerkDesk(FakeUnits(), FakeCloudClock()),
        growth=growth or GrowthDesk(FakeUnits(), clock, FakeCloudIdSource(clock), "Asia/Shanghai"),
        tills=tills or TillDesk(FakeUnits()),
        health=health or StoreHealth(FakeUnits(), clock),
        alerts=alerts or alert_desk(FakeUnits(), clock),
        users=users or UserDesk(FakeUnits(), clock, FakeCloudIdSource(clock), FakePasswords()),
        audits=AuditDesk(FakeUnits() if users is None else users.units),
        fleet=fleet or fleet_desks(FakeUnits(), clock, FakeCloudIdSource(clock), tuple),
        mall=mall or mall_desk(),
        masters=masters or master_desk(),
        rules=rules_of(FakeUnits(), clock),
        campaigns=campaigns or campaigns_of(FakeUnits(), clock),
        stock=stock or stock_desk_of(FakeUnits(), clock),
        segments=segments or segmenting(clock),
        identity=identity or identity_of(FakeUnits(), clock),
        partners=Partners(FakeUnits(), clock, FakeCloudIdSource(clock)),
        hooks=hook_desk(FakeUnits(), clock),
        privacy=privacy_of(FakeUnits(), clock, FakeCloudIdSource(clock), queries),
        hub=hub or RingHub(),
        now_ms=lambda: NOW_MS + 1_000 * next(seconds),
    )
