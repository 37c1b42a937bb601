"""What HQ sees: the rows of the wall, the sales list and the member page, and who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain import rights, store_state
from cloud_broker.domain.benefits import Coupon, Gift
from cloud_broker.ports.sight import Sight
from cloud_broker.services.access.mended import MendedTimes
from cloud_broker.services.access.worked_tags import WorkedTag
from retail_core.growth.account import TierNames

StoreState = store_state.StoreState
HqRole = rights.HqRole


@dataclass(frozen=True, slots=True)
class Delay:
    """From the box's wall clock to the cloud's commit, over the last `count` synced sales."""

    count: int
    p50_ms: int | None
    p99_ms: int | None


@dataclass(frozen=True, slots=True)
class StoreTile:
    """One store on the wall; times are milliseconds since 1970, None when there was none.

    `peripherals` is what the box says of its devices (name → state), `faults` its counts by code,
    `reasons` the fault codes or words behind a state that is not `ok`, `since_ms` when that state
    began, `unbooked` the events that are durable and acknowledged and wait to be booked.
    """

    store_id: UUID
    name: str
    city: str
    zone: str
    state: StoreState
    can_sell: bool
    reasons: tuple[str, ...]
    device_id: UUID | None
    software: str
    last_seen_ms: int | None
    outbox_depth: int
    feed_lag: int
    peripherals: Mapping[str, str]
    faults: Mapping[str, int]
    last_sale_ms: int | None
    last_sale_fen: int | None
    sales_today: int
    revenue_today_fen: int
    delay: Delay
    chain_breaks: int
    open_repairs: int
    region: str = ""
    since_ms: int | None = None
    unbooked: int = 0


@dataclass(frozen=True, slots=True)
class SaleLineRow:
    """One line of a sale as charged."""

    line: int
    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale; `wall_ms` is when it was sold, `received_ms` when the cloud committed it."""

    receipt_id: UUID
    store_id: UUID
    store_name: str
    source: str
    till_receipt_no: str
    business_date: int
    wall_ms: int
    received_ms: int
    sync_ms: int | None
    shelf_fen: int
    total_fen: int
    points: int
    member_id: UUID | None
    member_name: str
    lines: tuple[SaleLineRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member in a list."""

    member_id: UUID
    name: str
    tier: str
    phone_masked: str
    points_free: int
    home_store_name: str
    last_wall_ms: int | None


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One consent as it was given or withdrawn."""

    kind: str
    given: bool
    text_version: str
    language: str
    channel: str
    wall_ms: int
    store_name: str


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One ledger posting that touched the member's accounts."""

    receipt_id: UUID
    line: int
    rule: str
    kind: str
    debit: str
    credit: str
    points: int
    posted_ms: int


@dataclass(frozen=True, slots=True)
class TierRow:
    """A change of a member's tier, and what counted for it."""

    day: date
    change: str
    before: str
    after: str
    until: date
    spend_fen: int
    visits: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Everything HQ shows of one member; sales and postings newest first, at most 50 each.

    `points_owed` were spent before they were taken back: `points_free` is without them.
    """

    member_id: UUID
    wallet_id: UUID
    ver: int
    name: str
    tier: str
    tags: tuple[str, ...]
    phone_masked: str
    home_store_name: str
    enrolled_ms: int
    points_free: int
    points_pending: int
    points_qualifying: int
    phones: int
    cards: int
    held_by: tuple[str, ...]
    possible_duplicates: tuple[UUID, ...]
    consents: tuple[ConsentRow, ...]
    sales: tuple[SaleRow, ...]
    postings: tuple[PostingRow, ...]
    tier_why_zh: str = ""
    tier_why_en: str = ""
    tier_changes: tuple[TierRow, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    gifts: tuple[Gift, ...] = ()
    groups: tuple[str, ...] = ()
    points_owed: int = 0
    personal: bool = True
    worked: tuple[WorkedTag, ...] = ()
    worked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The wall: every store, and the totals of the tenant."""

    tenant_name: str
    stores: tuple[StoreTile, ...]
    members: int
    sales_today: int
    revenue_today_fen: int
    points_outstanding: int
    open_repairs: int
    names_to_review: int
    catalogue_version: int
    bundle_version: int
    delay: Delay


@dataclass(frozen=True, slots=True)
class RepairRow:
    """Something that could not be applied; `replayable` ones can be tried again."""

    repair_id: UUID
    code: str
    kind: str
    detail: str
    store_name: str
    device_id: UUID | None
    seq: int | None
    received_ms: int
    state: Literal["open", "done"]
    replayable: bool


@dataclass(frozen=True, slots=True)
class NameReview:
    """A printed name that maps to no article yet; `suggestion` is a sku with the same name."""

    name: str
    seen: int
    last_seen_ms: int
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One receipt for comparing a shop's ledger with the cloud's."""

    receipt_id: UUID
    business_date: int
    total_fen: int
    points: int
    member_id: UUID | None
    source: str


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """Sums over the rows of a ledger."""

    receipts: int
    total_fen: int
    points: int


@dataclass(frozen=True, slots=True)
class HqIdentity:
    """Who asks: a person signed in, an API token, or a partner's key."""

    tenant_id: UUID
    user_id: UUID
    login: str
    name: str
    role: HqRole | Literal["partner"]
    by_token: bool = False
    expires_ms: int = 0
    place: UUID | None = None

    @property
    def sight(self) -> Sight:
        """Return how far this person sees, and whether they may write."""
        return Sight(self.place, self.role not in rights.LOOKS_ONLY)


class HqQueries(Protocol):
    """Reads for HQ; each runs in one short read transaction under the tenant's row security."""

    def overview(self, tenant: UUID) -> Overview:
        """Return the wall."""
        ...

    def store_tiles(self, tenant: UUID, stores: tuple[UUID, ...] = ()) -> tuple[StoreTile, ...]:
        """Return some tiles (all when `stores` is empty)."""
        ...

    def sales(self, tenant: UUID, *, limit: int, store: UUID | None = None) -> tuple[SaleRow, ...]:
        """Return the latest sales with their lines, newest first."""
        ...

    def mended(self, tenant: UUID, store: UUID) -> MendedTimes:
        """Return which of a store's sales of the last days were given another time."""
        ...

    def members(self, tenant: UUID, query: str, *, limit: int) -> tuple[MemberRow, ...]:
        """Find members by a part of the name, the masked number, or the id."""
        ...

    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        """Return one member's page, or None."""
        ...

    def tier_names(self, tenant: UUID) -> TierNames:
        """Return what the rules in force call the tiers; empty before the first bundle."""
        ...

    def rule_names(self, tenant: UUID, language: str) -> dict[str, str]:
        """Return what a page calls the rules in force, by id; empty before the first bundle."""
        ...

    def ledger(self, tenant: UUID, store: UUID) -> tuple[tuple[LedgerRow, ...], LedgerTotals]:
        """Return a store's receipts and their sums."""
        ...

    def repairs(self, tenant: UUID, *, limit: int) -> tuple[RepairRow, ...]:
        """Return the repair queue, open ones first."""
        ...

    def names_to_review(self, tenant: UUID, *, limit: int) -> tuple[NameReview, ...]:
        """Return printed names without an article, most seen first."""
        ...


class HqAuth(Protocol):
    """Signing in and out; tokens are opaque and only their hashes are stored."""

    def login(self, login: str, password: str) -> tuple[str, HqIdentity]:
        """Return (session token for the cookie, who). Raises Fault A117 or A109 (locked)."""
        ...

    def who(self, token: str) -> HqIdentity:
        """Return who a session or API token stands for. Raises Fault A180."""
        ...

    def logout(self, token: str) -> None:
        """End a session; an unknown token is passed over."""
        ...


class HqDesk(Protocol):
    """What HQ can do; every action leaves an audit row."""

    def replay(self, who: HqIdentity, repair_id: UUID) -> RepairRow:
        """Try a repair row again and return it as it stands then. Raises Fault A108, A111."""
        ...

    def map_name(self, who: HqIdentity, name: str, sku: str) -> None:
        """Map a printed name to an article for all stores. Raises Fault A108, A111."""
        ...
