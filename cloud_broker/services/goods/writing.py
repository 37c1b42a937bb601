"""A plan's rows into the tables, within one transaction; what holds today is put in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.catalogue import Revision
from cloud_broker.ports.clock import IdSource
from cloud_broker.ports.fleet import NewStore
from cloud_broker.ports.masters import PriceFrom, StoreSaid
from cloud_broker.ports.stock import Count
from cloud_broker.ports.unit import Unit
from retail_core.catalog.article import Article
from retail_core.catalog.masters import CHAIN, ENDED, Cells, MasterKind, fen_of, listed, milli_of
from retail_core.catalog.planning import Held, PlannedRow
from retail_core.wire.topics import shard_of

_MS = 1_000
PLACES = (MasterKind.ENTITIES, MasterKind.STORES, MasterKind.WAREHOUSES)


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes plans of one tenant."""

    unit: Unit
    ids: IdSource
    now_ms: int
    today: date
    zone: str

    def write(self, kind: MasterKind, rows: Sequence[PlannedRow]) -> None:
        """Write the rows of a plan."""
        if kind is MasterKind.ARTICLES:
            self._articles(rows)
        elif kind is MasterKind.PRICES:
            self._prices(rows)
        elif kind is MasterKind.STOCK:
            self._stock(rows)
        else:
            held = [(row.key[0], Held(row.day, row.after)) for row in rows]
            self.unit.masters.add_places(kind, held, self.now_ms)
            self.put_in_force(kind)

    def _articles(self, rows: Sequence[PlannedRow]) -> None:
        skus = list(dict.fromkeys(row.key[0] for row in rows))
        ids = self.unit.catalogue.article_ids(skus)
        fresh = {sku: self.ids.uuid7() for sku in skus if sku not in ids}
        if fresh:
            self.unit.catalogue.add_articles(fresh, self.now_ms)
        ids |= fresh
        # Prices first: a revision repeats the price of its day and must find it said already.
        self.unit.masters.add_prices(
            [
                PriceFrom(ids[row.key[0]], CHAIN, row.day, fen_of(row.after["price"]))
                for row in rows
                if "price" in row.changes
            ],
            self.now_ms,
        )
        self.unit.catalogue.add_revisions(
            [
                _revision(ids[row.key[0]], row.key[0], row.day, row.after)
                for row in rows
                if set(row.changes) != {"price"}
            ],
            self.now_ms,
        )

    def _prices(self, rows: Sequence[PlannedRow]) -> None:
        ids = self.unit.catalogue.article_ids([row.key[0] for row in rows])
        self.unit.masters.add_prices(
            [
                PriceFrom(ids[row.key[0]], row.key[1], row.day, fen_of(row.after["price"]))
                for row in rows
            ],
            self.now_ms,
        )

    def _stock(self, rows: Sequence[PlannedRow]) -> None:
        places = self.unit.masters.place_ids()
        self.unit.stock.count(
            [
                Count(
                    places[row.key[0]],
                    row.key[1],
                    milli_of(row.after["qty"]),
                    row.day,
                    self._counted_ms(row.day),
                )
                for row in rows
            ],
            self.now_ms,
        )

    def _counted_ms(self, day: date) -> int:
        """Return when a count was taken: now, or at the end of an earlier day."""
        if day >= self.today:
            return self.now_ms
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return round(midnight.astimezone(UTC).timestamp() * _MS) + 24 * 3600 * _MS

    def put_in_force(self, kind: MasterKind) -> None:
        """Let entities, stores or warehouses be what files say of today."""
        said = self.unit.masters.places(kind, self.today)
        for code, cells in sorted(said.items()):
            if kind is MasterKind.ENTITIES:
                entity = self.ids.uuid7()
                self.unit.masters.save_entity(entity, code, cells["name"], cells["tax_no"])
            elif kind is MasterKind.WAREHOUSES:
                self.unit.masters.save_warehouse(self.ids.uuid7(), code, cells)
        if kind is MasterKind.STORES:
            self._stores(said)

    def _stores(self, said: dict[str, Cells]) -> None:
        masters, fleet = self.unit.masters, self.unit.fleet
        now = masters.stores()
        by_code = {store.code: store.store for store in now if store.code}
        # A store that a command made has no code yet: the file finds it by its name.
        by_name = {store.name: store.store for store in now if not store.code}
        entities = masters.entity_ids()
        for code, cells in sorted(said.items()):
            region = fleet.add_region(self.ids.uuid7(), cells["region"] or cells["city"] or "总部")
            store = by_code.get(code) or by_name.get(cells["name"])
            if store is None:
                store = self.ids.uuid7()
                fleet.add_store(
                    _new_store(store, entities[cells["entity"]], region, cells), self.now_ms
                )
            masters.save_store(
                StoreSaid(
                    store=store,
                    code=code,
                    name=cells["name"],
                    city=cells["city"],
                    legal_entity=entities[cells["entity"]],
                    region=region,
                    zone=cells["zone"],
                    day_starts_at=cells["day_starts_at"],
                    closed=bool(cells["closed_from"])
                    and cells["closed_from"] <= self.today.isoformat(),
                ),
                self.now_ms,
            )


def _new_store(store: UUID, entity: UUID, region: UUID, cells: Cells) -> NewStore:
    return NewStore(
        store=store,
        legal_entity=entity,
        region=region,
        name=cells["name"],
        city=cells["city"],
        zone=cells["zone"],
        day_starts_at=datetime.strptime(cells["day_starts_at"], "%H:%M").time(),  # noqa: DTZ007 - a time of day has no zone
        shard=shard_of(store),
    )


def _revision(article_id: UUID, sku: str, day: date, cells: Cells) -> Revision:
    article = Article(
        article_id=article_id,
        sku=sku,
        name=cells["name"],
        unit=cells["unit"],
        price_fen=fen_of(cells["price"]) or 0,
        barcodes=listed(cells["barcodes"]),
        cost_fen=fen_of(cells["cost"]),
        brand=cells["brand"],
        category=cells["category"],
        tags=frozenset(listed(cells["tags"])),
    )
    return Revision(article, day, cells["status"] == ENDED)
