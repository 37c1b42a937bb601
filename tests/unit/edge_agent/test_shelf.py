"""Prices by the shop's own day, stock with its age, and what is suggested at the counter."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time
from hashlib import sha256
from uuid import UUID

import pytest

from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.shop.shelf import Shelf
from edge_agent.services.shop.shop_keeper import ShopKeeper
from edge_agent.services.shop.suggestions import Suggestions
from retail_core.catalog.encoding import Catalogue, encode_catalogue, open_catalogue
from retail_core.catalog.price_lists import ListPrice, store_scope
from retail_core.catalog.stock_table import StockTable, StoreSaid, encode_stock
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.insight.table import Table, encode_table
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.member import Purchase
from retail_core.wire.messages import WIRE_VERSION, Published
from tests.factories.shop_floor import MASK, SHOP, SOAP, make_draft, make_id, make_record
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.documents import FakeDocuments
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

HOUR_MS = 3_600_000
OWN = store_scope(SHOP.store.hex)
CATALOGUE = Catalogue(
    1,
    (SOAP, MASK),
    20260731,
    (
        ListPrice("SOAP", OWN, 20260801, 1_500),
        ListPrice("SOAP", "", 20260601, 1_990),
        ListPrice("SOAP", "", 20260803, 2_100),
        ListPrice("SOAP", OWN, 20260803, None),
        ListPrice("MASK", store_scope("another"), 20260601, 1),
    ),
)


@dataclass
class Counter:
    """A box's shelf with everything behind it, at noon of 2026-07-31."""

    clock: FakeClock = field(default_factory=FakeClock)
    replica: FakeReplica = field(default_factory=FakeReplica)
    directory: FakeCloudDirectory = field(default_factory=FakeCloudDirectory)
    journal: FakeJournal = field(default_factory=FakeJournal)

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.replica, self.directory, SHOP, self.clock)

    @property
    def suggestions(self) -> Suggestions:
        return Suggestions(self.replica, self.journal, self.clock)

    def price(self, sku: str = "SOAP") -> int:
        article = self.replica.article_by_sku(sku)
        assert article is not None
        return article.price_fen


@pytest.fixture
def counter() -> Counter:
    return Counter()


class TestPricesByDay:
    def test_they_change_when_the_business_day_begins_and_not_at_midnight(
        self, counter: Counter
    ) -> None:
        shelf = counter.shelf
        shelf.take(CATALOGUE)
        seen = []
        for hours in (12.1, 3.8, 0.2, 47.8, 0.2):  # 00:06, 03:54, 04:06, 03:54, 04:06
            counter.clock.advance(int(hours * HOUR_MS))
            shelf.turn()
            seen.append(counter.price())
        assert seen == [1_990, 1_990, 1_500, 1_500, 2_100]
        assert counter.price("MASK") == MASK.price_fen

    def test_a_catalogue_that_comes_late_has_todays_prices_at_once(self, counter: Counter) -> None:
        counter.clock.advance(40 * HOUR_MS)
        counter.shelf.take(CATALOGUE)
        assert (counter.price(), counter.replica.priced_on()) == (1_500, 20260802)

    def test_without_a_clock_prices_stay_as_they_are(self, counter: Counter) -> None:
        counter.clock.quality = TimeQuality.UNKNOWN
        shelf = counter.shelf
        shelf.take(CATALOGUE)
        counter.clock.advance(60 * HOUR_MS)
        shelf.turn()
        assert (counter.price(), counter.replica.priced_on()) == (1_990, 20260731)

    def test_a_turn_within_the_day_writes_nothing(self, counter: Counter) -> None:
        shelf = counter.shelf
        shelf.turn()
        shelf.turn()
        assert counter.replica.priced_on() == 20260731


class TestTables:
    def test_stock_is_fetched_whole(self, counter: Counter) -> None:
        counter.directory.tables["stock"] = encode_stock(StockTable(2, 17, {"SOAP": 3_000}))
        counter.shelf.refresh_stock()
        assert (counter.replica.stock(), counter.replica.stock_as_of()) == ({"SOAP": 3}, (2, 17))

    def test_what_hq_says_of_the_store_is_kept_and_prices_follow_the_region(
        self, counter: Counter
    ) -> None:
        shop, papers = replace(SHOP), FakeDocuments()
        shelf = Shelf(
            counter.replica, counter.directory, shop, counter.clock, ShopKeeper(shop, papers)
        )
        regional = ListPrice("SOAP", "r:华南", 20260701, 1_111)
        content = encode_catalogue(
            1, CATALOGUE.articles, day=CATALOGUE.day, prices=(*CATALOGUE.prices, regional)
        )
        shelf.take(open_catalogue(content), sha256(content).digest())
        said = StoreSaid("深圳湾店", "深圳", "华南", "06:00")
        counter.directory.tables["stock"] = encode_stock(StockTable(3, 17, {}, said))
        with pytest.raises(Fault):
            shelf.refresh_stock()  # its catalogue is not to be had now
        assert (shop.region, counter.price()) == (SHOP.region, 1_990)
        counter.directory.catalogues[1] = content
        shelf.refresh_stock()
        assert (shop.store_name, shop.city, shop.region) == ("深圳湾店", "深圳", "华南")
        assert (shop.day_starts_at, counter.price()) == (time(6), 1_111)
        again = replace(SHOP)
        ShopKeeper(again, papers).recall()
        assert again == shop

    def test_no_day_is_begun_twice(self) -> None:
        shop = replace(SHOP)
        keeper = ShopKeeper(shop, FakeDocuments())
        said = StoreSaid(shop.store_name, shop.city, shop.region, "06:00")
        for hour, starts in ((5, time(4)), (3, time(6)), (7, time(6))):
            moment = datetime(2026, 7, 31, hour)  # noqa: DTZ001 - wall time
            keeper.hear(said, moment, pytest.fail)
            assert shop.day_starts_at == starts
        keeper.hear(replace(said, day_starts_at="soon"), None, pytest.fail)
        assert shop.day_starts_at == time(6)

    def test_no_table_of_suggestions_is_no_fault(self, counter: Counter) -> None:
        counter.shelf.refresh_recommendations()
        assert counter.replica.recommendations() is None
        content = encode_table(Table(4))
        counter.directory.tables["recommendations"] = content
        counter.shelf.refresh_recommendations()
        assert counter.replica.recommendations() == (4, content)

    def test_a_cloud_that_is_away_is_a_fault_to_try_again(self, counter: Counter) -> None:
        counter.directory.down = True
        with pytest.raises(Fault, check=lambda fault: fault.spec.retryable):
            counter.shelf.refresh_recommendations()


class TestSuggestions:
    @pytest.fixture
    def member(self, counter: Counter) -> UUID:
        member = make_id()
        bought = make_record(
            tags=(), last_lines=(Purchase("SOAP", "玫瑰香皂", 1_000),), last_wall_ms=NOON_MS
        )
        counter.replica.put_member(member, 1, bought)
        plain = replace(MASK, tags=frozenset())
        counter.replica.replace_catalogue(1, [SOAP, plain])
        return member

    def test_what_goes_with_hers_with_the_reason(self, counter: Counter, member: UUID) -> None:
        table = Table(1, {"SOAP": (("MASK", 300), ("GONE", 200))}, ("SOAP",))
        counter.replica.replace_recommendations(1, encode_table(table))
        counter.replica.replace_stock(StockTable(1, 1, {"MASK": 2_000}))
        (one,) = counter.suggestions.of(member)
        assert (one.sku, one.name, one.price_fen, one.in_stock) == ("MASK", "补水面膜", 9_900, True)
        assert (one.why, one.why_zh) == ("often_together", "常和玫瑰香皂一起买")
        assert one.why_en == "often bought with 玫瑰香皂"

    def test_a_newer_table_replaces_the_parsed_one(self, counter: Counter, member: UUID) -> None:
        desk = counter.suggestions
        counter.replica.replace_recommendations(1, encode_table(Table(1)))
        assert desk.of(member) == ()
        counter.replica.replace_recommendations(2, encode_table(Table(2, popular=("MASK",))))
        assert [one.sku for one in desk.of(member)] == ["MASK"]

    def test_until_a_table_comes_what_sells_here(self, counter: Counter, member: UUID) -> None:
        desk = counter.suggestions
        assert desk.of(member) == ()
        counter.journal.append([make_draft(), make_draft()])
        other = make_id()
        counter.replica.put_member(other, 1, make_record())
        (one,) = desk.of(other)
        assert (one.sku, one.why, one.in_stock) == ("SOAP", "popular", None)
        assert desk.of(member) == (), "she bought it today"

    def test_somebody_not_held_here(self, counter: Counter) -> None:
        with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.API_NOT_FOUND):
            counter.suggestions.of(make_id())


class TestOverTheLine:
    def line(self, counter: Counter, *, shelf: bool = True) -> Downlink:
        return Downlink(
            counter.replica,
            counter.directory,
            counter.clock,
            FaultTally(),
            bundle_public_key=b"k" * 32,
            shelf=counter.shelf if shelf else None,
        )

    def told(self, kind: str, content: bytes = b"", version: int = 1) -> Inbound:
        digest = sha256(content).digest()
        frame = Published(WIRE_VERSION, kind, version, digest, len(content))
        return Inbound(f"all/{kind}", encode(frame))

    def test_what_is_announced_is_fetched_each_time(self, counter: Counter) -> None:
        counter.directory.tables["stock"] = encode_stock(StockTable(1, 17, {"SOAP": 1_000}))
        line = self.line(counter)
        line.take(self.told("stock"))
        line.settle()
        assert counter.replica.stock() == {"SOAP": 1}
        counter.directory.tables["stock"] = encode_stock(StockTable(1, 18, {"SOAP": 2_000}))
        line.take(self.told("stock"))
        line.settle()
        assert counter.replica.stock() == {"SOAP": 2}

    def test_a_box_that_was_away_asks_for_both_tables(self, counter: Counter) -> None:
        counter.directory.tables["stock"] = encode_stock(StockTable(1, 17, {"SOAP": 1_000}))
        line = self.line(counter)
        line.ask_all()
        line.take(line._inbox.get_nowait())
        line.settle()
        assert {"stock", "recommendations"} <= set(counter.directory.asked)
        assert counter.replica.stock() == {"SOAP": 1}

    def test_a_catalogue_comes_with_todays_prices(self, counter: Counter) -> None:
        counter.clock.advance(24 * HOUR_MS)
        content = encode_catalogue(
            2, CATALOGUE.articles, day=CATALOGUE.day, prices=CATALOGUE.prices
        )
        counter.directory.catalogues[2] = content
        line = self.line(counter)
        line.take(self.told("catalogue", content, 2))
        line.settle()
        assert counter.price() == 1_500
        counter.clock.advance(48 * HOUR_MS)
        line.tend_shelf()
        assert counter.price() == 2_100

    def test_a_line_without_a_shelf_holds_articles_as_they_say(self, counter: Counter) -> None:
        content = encode_catalogue(2, CATALOGUE.articles)
        counter.directory.catalogues[2] = content
        line = self.line(counter, shelf=False)
        for told in (self.told("catalogue", content, 2), self.told("stock")):
            line.take(told)
        line.settle()
        line.tend_shelf()
        assert counter.price() == SOAP.price_fen
