"""What the tables of a back office promise: MasterRepo, StockRepo, PartnerRepo, InsightRepo."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.partners import ApiKey
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.goods.office import How
from cloud_broker.services.line.frames import Inbound
from retail_core.catalog.masters import MasterKind
from retail_core.catalog.planning import Act, Held
from retail_core.catalog.stock_table import StoreSaid, decode_stock
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import SaleLine
from tests.factories.master_data import ARTICLES, ENTITIES, STORES, Bench, bench_of, furnished
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box

TODAY = date(2026, 11, 18)
DAY_MS = 86_400_000


def refused(code: FaultCode) -> "pytest.RaisesExc[Fault]":
    return pytest.raises(Fault, check=lambda fault: fault.code is code)


class TestTables:
    def test_the_same_file_twice_writes_once(self, any_units: Units) -> None:
        bench = furnished(any_units)
        for kind, text in (
            (MasterKind.ENTITIES, ENTITIES),
            (MasterKind.STORES, STORES),
            (MasterKind.ARTICLES, ARTICLES),
        ):
            again = bench.take(kind, text)
            assert (again.version, again.counts["unchanged"], again.published) == (
                1,
                text.count("\n") - 1,
                0,
            )

    def test_what_the_cloud_holds_is_what_the_files_said(self, any_units: Units) -> None:
        bench = furnished(any_units)
        with any_units.begin(bench.tenant) as unit:
            known = unit.masters.known()
            articles = unit.masters.held(MasterKind.ARTICLES)
            stores = unit.masters.stores()
            places = unit.masters.place_ids()
        assert known.entities == {"E1"}
        assert known.stores == known.places == set(places) == {"SH001", "CD001"}
        assert known.regions == {"华东", "西南"}
        assert known.skus == {"A1", "A2"}
        assert [(one.code, one.name, one.region) for one in stores] == [
            ("SH001", "上海店", "华东"),
            ("CD001", "成都店", "西南"),
        ]
        (held,) = articles[("A1",)]
        assert (held.day, held.cells["price"], held.cells["tags"]) == (TODAY, "59.00", "敏感肌")

    def test_costs_never_leave_the_cloud(self, any_units: Units) -> None:
        bench = furnished(any_units)
        assert {one.cost_fen for one in bench.catalogue().articles} == {None}

    def test_a_store_made_by_a_command_is_found_by_its_name(self, any_units: Units) -> None:
        bench = bench_of(any_units)
        box = new_box(any_units, bench.tenant, "上海店")
        bench.take(MasterKind.ENTITIES, ENTITIES)
        bench.take(MasterKind.STORES, STORES)
        with any_units.begin(bench.tenant) as unit:
            assert unit.masters.place_ids()["SH001"] == box.store
            assert unit.masters.entity_ids() == {"E1": box.legal_entity}
            assert len(unit.masters.stores()) == 2

    def test_a_store_is_renamed_and_closed_when_the_day_comes(self, any_units: Units) -> None:
        bench = furnished(any_units)
        bench.take(
            MasterKind.STORES,
            "code,name,effective_from,closed_from\nCD001,成都一店,2026-11-20,2026-11-25\n",
        )
        with any_units.begin(bench.tenant) as unit:
            assert {one.name for one in unit.masters.stores()} == {"上海店", "成都店"}
        bench.clock.advance(3 * DAY_MS)
        bench.office.tend(bench.tenant)
        with any_units.begin(bench.tenant) as unit:
            found = {one.code: one for one in unit.masters.stores()}
        assert (found["CD001"].name, found["CD001"].closed) == ("成都一店", False)
        bench.clock.advance(5 * DAY_MS)
        bench.office.tend(bench.tenant)
        with any_units.begin(bench.tenant) as unit:
            assert [one.closed for one in unit.masters.stores() if one.code == "CD001"] == [True]

    def test_a_warehouse_keeps_its_id(self, any_units: Units) -> None:
        bench = furnished(any_units)
        bench.take(MasterKind.WAREHOUSES, "code,name,stores\nW1,嘉定仓,SH001|CD001\n")
        with any_units.begin(bench.tenant) as unit:
            before = unit.masters.place_ids()["W1"]
        bench.take(MasterKind.WAREHOUSES, "code,name\nW1,安亭仓\n")
        with any_units.begin(bench.tenant) as unit:
            assert unit.masters.place_ids()["W1"] == before
            assert unit.masters.places(MasterKind.WAREHOUSES, TODAY) == {
                "W1": {"name": "安亭仓", "city": "", "stores": "CD001|SH001"}
            }

    def test_an_older_preview_is_not_put_in_force(self, any_units: Units) -> None:
        bench = furnished(any_units)
        seen = bench.office.preview(bench.tenant, MasterKind.ARTICLES, "sku,brand\nA1,丙\n").version
        bench.take(MasterKind.ARTICLES, "sku,brand\nA1,丁\n")
        with refused(FaultCode.MASTER_STATE_MOVED):
            bench.take(MasterKind.ARTICLES, "sku,brand\nA1,丙\n", How(seen=seen))

    def test_bad_rows_hold_up_the_file_unless_they_are_skipped(self, any_units: Units) -> None:
        bench = furnished(any_units)
        text = "sku,price\nA1,60\nA2,viel\n"
        with pytest.raises(Fault) as held_up:
            bench.take(MasterKind.ARTICLES, text)
        assert held_up.value.code is FaultCode.MASTER_REFUSED_ROWS
        assert "price:不是金额" in held_up.value.text("zh")
        assert "price: not an amount" in held_up.value.text("en")
        assert bench.prices() == {"A1": 5_900, "A2": 19_900}
        assert bench.take(MasterKind.ARTICLES, text, How(skip_refused=True)).counts["changed"] == 1
        assert bench.prices() == {"A1": 6_000, "A2": 19_900}

    def test_two_at_once_are_told_apart(self, any_units: Units) -> None:
        bench = furnished(any_units)
        with any_units.begin(bench.tenant) as unit:
            assert unit.masters.version(MasterKind.ARTICLES) == 1
            assert not unit.masters.raise_version(MasterKind.ARTICLES, 0)
            assert unit.masters.raise_version(MasterKind.ARTICLES, 1)
            assert not unit.masters.raise_version(MasterKind.ARTICLES, 1)


class TestPrices:
    def test_a_later_name_does_not_bring_an_old_price_back(self, any_units: Units) -> None:
        bench = furnished(any_units)
        bench.take(MasterKind.ARTICLES, "sku,name,effective_from\nA1,洁面乳,2026-11-25\n")
        bench.take(MasterKind.PRICES, "sku,price,effective_from\nA1,61,2026-11-20\n")
        with any_units.begin(bench.tenant) as unit:
            later = {one.sku: one for one in unit.catalogue.effective(date(2026, 11, 26))}
            held = unit.masters.held(MasterKind.ARTICLES)[("A1",)]
        assert (later["A1"].name, later["A1"].price_fen) == ("洁面乳", 6_100)
        assert [(one.day.day, one.cells["name"], one.cells["price"]) for one in held] == [
            (18, "洗面奶", "59.00"),
            (20, "洗面奶", "61.00"),
            (25, "洁面乳", "61.00"),
        ]

    def test_prices_travel_with_their_places_and_days(self, any_units: Units) -> None:
        bench = furnished(any_units)
        text = (
            "sku,price,region,store,effective_from\nA1,58,,,2026-12-01\nA1,57,华东,,\n"
            "A1,56,,SH001,\n"
        )
        taken = bench.take(MasterKind.PRICES, text)
        assert taken.published == bench.catalogue().version
        with any_units.begin(bench.tenant) as unit:
            store = unit.masters.place_ids()["SH001"]
        assert [(one.scope, one.day, one.price_fen) for one in bench.catalogue().prices] == [
            ("", 20261118, 5_900),
            ("", 20261201, 5_800),
            ("r:华东", 20261118, 5_700),
            (f"s:{store.hex}", 20261118, 5_600),
        ]
        assert bench.catalogue().day == 20261118
        assert bench.prices()["A1"] == 5_900

    def test_of_one_day_the_later_word_counts(self, any_units: Units) -> None:
        bench = furnished(any_units)
        bench.take(MasterKind.PRICES, "sku,price,store\nA1,56,SH001\n")
        bench.take(MasterKind.PRICES, "sku,price,store\nA1,55,SH001\n")
        with any_units.begin(bench.tenant) as unit:
            held = unit.masters.held(MasterKind.PRICES)
        assert held[("A1", "s:SH001")] == [Held(TODAY, {"price": "55.00"})]

    def test_an_article_that_ended_is_not_sold_and_may_come_back(self, any_units: Units) -> None:
        bench = furnished(any_units)
        bench.take(MasterKind.ARTICLES, "sku,status\nA2,停售\n")
        assert bench.prices() == {"A1": 5_900}
        bench.take(MasterKind.ARTICLES, "sku,status\nA2,在售\n")
        assert bench.prices() == {"A1": 5_900, "A2": 19_900}


class TestImports:
    def test_uploaded_looked_at_put_in_force_once_and_taken_back(self, any_units: Units) -> None:
        bench = furnished(any_units)
        office, tenant = bench.office, bench.tenant
        content = "sku,price\nA1,60\nA2,190\n".encode("gb18030")
        up = office.upload(
            tenant, MasterKind.ARTICLES, "十一月.csv", content, who="wang", how=How()
        )
        assert [row.act for row in up.preview.plan.effects] == [Act.CHANGED, Act.CHANGED]
        assert {one.code for one in up.preview.stores} == {"SH001", "CD001"}
        again = office.open(tenant, up.row.import_id)
        assert again.preview == up.preview
        office.put_in_force(tenant, up.row.import_id, who="li", seen=up.preview.version)
        with refused(FaultCode.MASTER_APPLIED):
            office.put_in_force(tenant, up.row.import_id, who="li", seen=2)
        assert bench.prices() == {"A1": 6_000, "A2": 19_000}
        bench.clock.advance(1_000)
        back = bench.office.undo(tenant, up.row.import_id, who="li")
        assert back.counts["changed"] == 2
        assert bench.prices() == {"A1": 5_900, "A2": 19_900}
        undo, first = office.history(tenant)
        assert (first.uploaded_by, first.applied_by, first.undone_by) == (
            "wang",
            "li",
            undo.import_id,
        )
        assert undo.name == "↩ 十一月.csv"
        with refused(FaultCode.MASTER_NO_UNDO):
            office.undo(tenant, up.row.import_id, who="li")

    def test_nobody_elses_and_unknown_ones(self, any_units: Units) -> None:
        bench = furnished(any_units)
        with refused(FaultCode.API_NOT_FOUND):
            bench.office.open(bench.tenant, fresh_id())
        assert bench.office.history(bench.tenant) == ()
        with any_units.begin(bench.tenant) as unit:
            assert unit.masters.undo_of(fresh_id()) == ""


class TestStock:
    @pytest.fixture
    def shop(self, any_units: Units) -> tuple[Bench, SimBox]:
        bench = bench_of(any_units)
        box = new_box(any_units, bench.tenant, "上海店")
        bench.take(MasterKind.ENTITIES, ENTITIES)
        bench.take(MasterKind.STORES, STORES)
        bench.take(MasterKind.ARTICLES, ARTICLES)
        return bench, box

    def book(self, bench: Bench, box: SimBox) -> None:
        bench.clock.ms = max(bench.clock.ms, box.wall_ms) + 1_000
        ingest = Ingest(bench.units, bench.clock, FaultTally())
        ingest.book([Inbound(box.topic(), box.frame(), bench.clock.now_ms())])

    def milli(self, bench: Bench, box: SimBox) -> dict[str, int]:
        with bench.units.begin(bench.tenant) as unit:
            return {level.sku: level.qty_milli for level in unit.stock.levels(box.store)}

    def test_sales_take_off_and_refunds_put_back_once(self, shop: tuple[Bench, SimBox]) -> None:
        bench, box = shop
        bench.clock.ms = box.wall_ms
        bench.take(MasterKind.STOCK, "place,sku,qty\nSH001,A1,5\nSH001,A2,3\n")
        box.wall_ms = bench.clock.ms + 1_000
        sold = box.sells()
        box.refunds(sold, (1, 1_000), fen=5_800)
        box.sells()
        self.book(bench, box)
        assert self.milli(bench, box) == {"A1": 5_000, "A2": 3_000}
        assert not bench.keeper.tell(bench.tenant), "the count itself was told"
        assert bench.keeper.run(bench.tenant) == 3
        assert self.milli(bench, box) == {"A1": 4_000, "A2": 3_000}
        assert bench.keeper.tell(bench.tenant)
        assert not bench.keeper.tell(bench.tenant)
        self.book(bench, box)
        assert bench.keeper.run(bench.tenant) == 0
        assert self.milli(bench, box) == {"A1": 4_000, "A2": 3_000}

    def test_a_count_of_yesterday_is_less_what_was_sold_since(
        self, shop: tuple[Bench, SimBox]
    ) -> None:
        bench, box = shop
        box.wall_ms = bench.clock.ms + 1_000
        box.sells()
        self.book(bench, box)
        bench.take(MasterKind.STOCK, "place,sku,qty,counted_on\nSH001,A1,5,2026-11-17\n")
        assert self.milli(bench, box) == {"A1": 4_000}
        bench.keeper.run(bench.tenant)
        assert self.milli(bench, box) == {"A1": 4_000}
        # Counted just now: what was sold before is out of the shelf already.
        bench.take(MasterKind.STOCK, "place,sku,qty\nSH001,A1,7\n")
        assert self.milli(bench, box) == {"A1": 7_000}

    def test_nobody_counts_and_nothing_is_noted(self, shop: tuple[Bench, SimBox]) -> None:
        bench, box = shop
        box.sells()
        self.book(bench, box)
        assert bench.keeper.run(bench.tenant) == 0
        with bench.units.begin(bench.tenant) as unit:
            assert unit.stock.counted_places([box.store]) == {}
            assert not unit.stock.moved()

    def test_a_store_fetches_its_own_table(self, shop: tuple[Bench, SimBox]) -> None:
        bench, box = shop
        bench.take(MasterKind.STOCK, "place,sku,qty\nSH001,A1,1\nCD001,A1,9\nSH001,A2,0.5\n")
        with bench.units.begin(bench.tenant) as unit:
            place = unit.fleet.places([box.device])[box.device]
            assert unit.stock.counted_places([box.store]) == {box.store: 2}
            told = [one for one in unit.catalogue.unannounced() if one.kind == "stock"][-1]
        table = decode_stock(bench.keeper.table(bench.tenant, place, 17))
        assert (table.version, table.as_of_ms) == (told.version, 17)
        assert table.milli == {"A1": 1_000, "A2": 500}
        with bench.units.begin(bench.tenant) as unit:
            (store,) = unit.masters.stores(box.store)
            assert store in unit.masters.stores()
        assert table.store == StoreSaid(store.name, store.city, store.region, "04:00")


class TestUnknownCodes:
    def test_a_code_that_tills_sold_is_given_to_an_article(self, any_units: Units) -> None:
        bench = furnished(any_units)
        box = new_box(any_units, bench.tenant, "南京店")
        box.wall_ms = bench.clock.ms
        for code, fen in (("96385074", 300), ("036000291452", 500), ("96385074", 320)):
            line = SaleLine(1, None, code, "没见过的", 2_000, 2 * fen, 2 * fen)
            box.sells(lines=(line,))
        Ingest(any_units, bench.clock, FaultTally()).book(
            [Inbound(box.topic(), box.frame(), bench.clock.now_ms())]
        )
        first, second = bench.office.unknown_codes(bench.tenant)
        assert (first.code, first.seen, first.unit_price_fen) == ("96385074", 2, 320)
        assert first.name == "没见过的"
        bench.office.name_code(bench.tenant, first.code, {"sku": "A1", "name": ""}, who="li")
        new = {"sku": "N1", "name": "没见过的", "unit": "件", "price": "¥5.00"}
        bench.office.name_code(bench.tenant, second.code, new, who="li")
        assert bench.office.unknown_codes(bench.tenant) == ()
        known = {one.sku: one.barcodes for one in bench.catalogue().articles}
        assert known["A1"] == ("6901234567892", "96385074")
        assert known["N1"] == ("036000291452",)
        assert bench.prices()["N1"] == 500
        with refused(FaultCode.MASTER_REFUSED_ROWS):
            bench.office.name_code(bench.tenant, second.code, {"sku": "A2"}, who="li")


class TestPartnerKeys:
    def test_a_key_is_found_by_its_hash_until_it_is_revoked(self, any_units: Units) -> None:
        tenant = bench_of(any_units).tenant
        key = ApiKey(fresh_id(), "ERP", ("master:read",), "li", 1_700_000_000_000)
        with any_units.begin(tenant) as unit:
            unit.partners.add_key(key, bytes(32))
            assert unit.partners.key(bytes(32)) == key
            assert unit.partners.key(bytes(31) + b"x") is None
            ends = replace(key, key_id=fresh_id(), expires_ms=1_700_000_000_123)
            unit.partners.add_key(ends, bytes([1] * 32))
            assert unit.partners.key(bytes([1] * 32)) == ends
            assert unit.partners.revoke(ends.key_id, 1_700_000_000_000)
            unit.partners.used(key.key_id, 1_700_000_060_000)
            unit.partners.used(key.key_id, 1_700_000_090_000)
            assert unit.partners.revoke(key.key_id, 1_700_000_100_000)
            assert not unit.partners.revoke(key.key_id, 1_700_000_200_000)
            every = unit.partners.keys()
        (held,) = [one for one in every if one.key_id == key.key_id]
        assert (held.last_used_ms, held.revoked_ms) == (1_700_000_060_000, 1_700_000_100_000)


class TestInsight:
    def test_receipts_of_the_last_days(self, any_units: Units) -> None:
        bench = bench_of(any_units)
        box, person = new_box(any_units, bench.tenant), Person()
        box.enrols(person)
        box.sells(person)
        box.sells(business_date=20261110)
        Ingest(any_units, bench.clock, FaultTally()).book(
            [Inbound(box.topic(), box.frame(), bench.clock.now_ms())]
        )
        with any_units.begin(bench.tenant) as unit:
            found = list(unit.insight.bought(date(2026, 11, 11), 10))
            both = list(unit.insight.bought(date(2026, 11, 1), 10))
            newest = list(unit.insight.bought(date(2026, 11, 1), 1))
        assert [(one.member, one.skus) for one in found] == [(str(person.member), ("A1",))]
        assert found == newest
        assert [one.day for one in both] == sorted(one.day for one in both)

    def test_a_table_is_published(self, any_units: Units) -> None:
        tenant: UUID = bench_of(any_units).tenant
        document = Document("recommendations", 1, bytes(32), b"table")
        with any_units.begin(tenant) as unit:
            assert unit.insight.reckoned_ms() is None
            unit.insight.add_recommendations(document, 10, 2, "li", 1_900_000_000_123)
        with any_units.begin(tenant) as unit:
            assert unit.insight.reckoned_ms() == 1_900_000_000_123
            assert unit.catalogue.content("recommendations", 1) == b"table"
            (told,) = unit.catalogue.unannounced()
            assert told == unit.catalogue.newest("recommendations")
