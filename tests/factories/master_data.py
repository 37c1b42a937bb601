"""A back office with master data over any store of the cloud; the clock stands at 2026-11-18."""

from dataclasses import dataclass, field
from uuid import UUID

from cloud_broker.ports.unit import Units
from cloud_broker.services.goods.office import AS_IT_IS, How, MasterOffice, Taken
from cloud_broker.services.goods.stock_keeping import StockKeeper
from cloud_broker.services.published.catalogue import CataloguePublisher
from retail_core.catalog.encoding import Catalogue, open_catalogue
from retail_core.catalog.masters import MasterKind
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import WALL_MS
from tests.plugins.cloud import new_tenant

ENTITIES = "code,name,tax_no\nE1,总公司,91310000X\n"
STORES = "code,name,entity,city,region\nSH001,上海店,E1,上海,华东\nCD001,成都店,E1,成都,西南\n"
ARTICLES = (
    "sku,barcodes,name,unit,price,cost,brand,category,tags\n"
    "A1,6901234567892,洗面奶,支,59.00,20.00,甲,洁面,敏感肌\n"
    "A2,,面霜,瓶,199.00,,乙,护肤,\n"
)


@dataclass
class Bench:
    """One tenant and its office."""

    units: Units
    tenant: UUID
    clock: FakeCloudClock = field(default_factory=lambda: FakeCloudClock(WALL_MS))

    def __post_init__(self) -> None:
        ids = FakeCloudIdSource(self.clock)
        # Ids that no other bench on the same database drew.
        ids._count = int.from_bytes(self.tenant.bytes[-6:], "big")
        publisher = CataloguePublisher(self.units, self.clock, ids, FakeKeyRing())
        self.office = MasterOffice(self.units, self.clock, ids, publisher)

    @property
    def keeper(self) -> StockKeeper:
        return StockKeeper(self.units)

    def take(self, kind: MasterKind, text: str, how: How = AS_IT_IS) -> Taken:
        self.clock.advance(1_000)
        return self.office.apply(self.tenant, kind, text, who="li", how=how)

    def catalogue(self) -> Catalogue:
        with self.units.begin(self.tenant) as unit:
            newest = unit.catalogue.newest("catalogue")
            assert newest is not None
            content = unit.catalogue.content("catalogue", newest.version)
        assert content is not None
        return open_catalogue(content)

    def prices(self) -> dict[str, int]:
        return {one.sku: one.price_fen for one in self.catalogue().articles}


def bench_of(units: Units) -> Bench:
    """Return a bench with a tenant of its own."""
    return Bench(units, new_tenant(units))


def furnished(units: Units) -> Bench:
    """Return a bench whose chain has an entity, two stores and two articles."""
    bench = bench_of(units)
    bench.take(MasterKind.ENTITIES, ENTITIES)
    bench.take(MasterKind.STORES, STORES)
    bench.take(MasterKind.ARTICLES, ARTICLES)
    return bench
