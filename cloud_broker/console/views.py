"""What the first page shows, as values: rows of the database in, groups, figures and issues out.

Pure, so that a stream of changes is a comparison of two of these and needs no browser to be tested.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import groupby
from typing import Literal
from uuid import UUID

import msgspec

from cloud_broker.services.access.overview import Delay, Overview, SaleRow, StoreState, StoreTile

# Worst first: a shop that cannot sell costs money now, one that is silent may.
RANK: dict[StoreState, int] = {"cannot": 0, "gone": 1, "degraded": 2, "never": 3, "ok": 4}
ROOMY_STORES_MAX = 24
LIVE_SALES = 12
ISSUES_SHOWN = 8
ISSUES_SHOWN_BESIDE_MANY = 4

IssueKind = Literal["store", "chain", "repairs", "names", "no_catalogue", "no_bundle"]


@dataclass(frozen=True, slots=True)
class TileView:
    """One store as the wall shows it; what changes with every heartbeat is left out."""

    store_id: UUID
    name: str
    city: str
    state: StoreState
    reasons: tuple[str, ...]
    since_ms: int | None
    last_sale_ms: int | None
    last_sale_fen: int | None
    sales_today: int
    revenue_today_fen: int
    waiting: int
    peripherals: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The stores of one city, worst first; `key` is good for an element id."""

    key: str
    region: str
    city: str
    tiles: tuple[TileView, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How many stores are in each state, and how long a sale takes to arrive."""

    ok: int
    degraded: int
    cannot: int
    gone: int
    never: int
    delay: Delay

    @property
    def total(self) -> int:
        """All stores."""
        return self.ok + self.degraded + self.cannot + self.gone + self.never


@dataclass(frozen=True, slots=True)
class Issue:
    """Something to do; `count` is stores, rows or breaks, as the kind says."""

    kind: IssueKind
    count: int = 0
    store_id: UUID | None = None
    name: str = ""
    state: StoreState = "ok"
    reason: str = ""
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The tenant's figures of the day."""

    members: int
    sales_today: int
    revenue_today_fen: int
    points_outstanding: int
    catalogue_version: int
    bundle_version: int


@dataclass(frozen=True, slots=True)
class Wall:
    """The whole first page."""

    figures: Figures
    totals: Totals
    issues: tuple[Issue, ...]
    groups: tuple[Group, ...]
    sales: tuple[SaleRow, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions there are."""
        return tuple(dict.fromkeys(group.region for group in self.groups if group.region))

    @property
    def roomy(self) -> bool:
        """Return whether there is room for words on the tiles."""
        return self.figures.total <= ROOMY_STORES_MAX

    @property
    def issues_shown(self) -> int:
        """Return how many issues stand beside the wall; the rest is a number."""
        return ISSUES_SHOWN if self.roomy else ISSUES_SHOWN_BESIDE_MANY

    def version(self) -> str:
        """Return a name for exactly this content, the same in every process."""
        return blake2b(msgspec.msgpack.encode(self), digest_size=12).hexdigest()


def wall_of(overview: Overview, sales: Iterable[SaleRow]) -> Wall:
    """Build the page's values."""
    return Wall(
        figures=_figures(overview),
        totals=Totals(
            overview.members,
            overview.sales_today,
            overview.revenue_today_fen,
            overview.points_outstanding,
            overview.catalogue_version,
            overview.bundle_version,
        ),
        issues=tuple(_issues(overview)),
        groups=tuple(_groups(overview.stores)),
        sales=tuple(sales)[:LIVE_SALES],
    )


def with_tiles(overview: Overview, fresh: Iterable[StoreTile]) -> Overview:
    """Return the overview with some of its tiles replaced, the day's sums moved with them."""
    by_id = {tile.store_id: tile for tile in fresh}
    stores = tuple(by_id.get(tile.store_id, tile) for tile in overview.stores)
    return replace(
        overview,
        stores=stores,
        sales_today=sum(tile.sales_today for tile in stores),
        revenue_today_fen=sum(tile.revenue_today_fen for tile in stores),
    )


def tile_view(tile: StoreTile) -> TileView:
    """Return what the wall shows of a store."""
    silent = tile.state in {"gone", "never"}
    return TileView(
        tile.store_id,
        tile.name,
        tile.city,
        tile.state,
        tile.reasons,
        since_ms(tile),
        tile.last_sale_ms,
        tile.last_sale_fen,
        tile.sales_today,
        tile.revenue_today_fen,
        tile.outbox_depth,
        () if silent else tuple(sorted(tile.peripherals.items())),
    )


def since_ms(tile: StoreTile) -> int | None:
    """Return since when the state holds; a silent box has been silent since it was last heard."""
    return tile.last_seen_ms if tile.state == "gone" else tile.since_ms


def _figures(overview: Overview) -> Figures:
    counted = Counter(tile.state for tile in overview.stores)
    return Figures(
        counted["ok"],
        counted["degraded"],
        counted["cannot"],
        counted["gone"],
        counted["never"],
        overview.delay,
    )


def _groups(stores: Iterable[StoreTile]) -> Iterable[Group]:
    views = sorted(
        ((tile.region, tile.city, RANK[tile.state], tile.name, tile.store_id), tile_view(tile))
        for tile in stores
    )
    for (region, city), members in groupby(views, key=lambda pair: pair[0][:2]):
        key = blake2b(f"{region}\0{city}".encode(), digest_size=6).hexdigest()
        yield Group(key, region, city, tuple(view for _, view in members))


def _issues(overview: Overview) -> Iterable[Issue]:
    if overview.catalogue_version == 0:
        yield Issue("no_catalogue", len(overview.stores))
    if overview.bundle_version == 0:
        yield Issue("no_bundle", len(overview.stores))
    sick = [tile for tile in overview.stores if tile.state in {"cannot", "gone", "degraded"}]
    for tile in sorted(sick, key=lambda tile: (RANK[tile.state], since_ms(tile) or 0)):
        reason = next(iter(tile.reasons), "")
        yield Issue("store", 1, tile.store_id, tile.name, tile.state, reason, since_ms(tile))
    for tile in overview.stores:
        if tile.chain_breaks:
            yield Issue("chain", tile.chain_breaks, tile.store_id, tile.name)
    if overview.open_repairs:
        yield Issue("repairs", overview.open_repairs)
    if overview.names_to_review:
        yield Issue("names", overview.names_to_review)
