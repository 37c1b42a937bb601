"""What files say a second time: of a store that a command made, of stock that was counted today."""

from dataclasses import replace
from datetime import date

from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from retail_core.catalog.masters import MasterKind
from retail_core.tally import FaultTally
from tests.factories.master_data import ARTICLES, ENTITIES, STORES, bench_of
from tests.plugins.cloud import new_box

TODAY = date(2026, 11, 18)
COUNTED = "place,sku,qty\nSH001,A1,5\n"


def test_a_store_that_gets_its_code_keeps_what_the_file_does_not_say(any_units: Units) -> None:
    bench = bench_of(any_units)
    new_box(any_units, bench.tenant, "上海店")
    bench.take(MasterKind.ENTITIES, ENTITIES)
    with any_units.begin(bench.tenant) as unit:
        (before,) = unit.masters.stores()
    bench.take(MasterKind.STORES, "code,name\nSH001,上海店\n")
    with any_units.begin(bench.tenant) as unit:
        (after,) = unit.masters.stores()
        said = unit.masters.places(MasterKind.STORES, TODAY)["SH001"]
    assert after == replace(before, code="SH001")
    assert (said["region"], said["entity"]) == (before.region, "E1")


def test_goods_that_came_are_counted_the_same_day_though_the_number_is_the_same(
    any_units: Units,
) -> None:
    bench = bench_of(any_units)
    box = new_box(any_units, bench.tenant, "上海店")
    for kind, text in ((MasterKind.ENTITIES, ENTITIES), (MasterKind.STORES, STORES)):
        bench.take(kind, text)
    bench.take(MasterKind.ARTICLES, ARTICLES)
    bench.clock.ms = box.wall_ms
    bench.take(MasterKind.STOCK, COUNTED)
    assert bench.take(MasterKind.STOCK, COUNTED).counts["unchanged"] == 1
    box.wall_ms = bench.clock.ms + 1_000
    box.sells()
    bench.clock.ms = max(bench.clock.ms, box.wall_ms) + 1_000
    frame = Inbound(box.topic(), box.frame(), bench.clock.now_ms())
    Ingest(any_units, bench.clock, FaultTally()).book([frame])
    bench.keeper.run(bench.tenant)
    (row,) = bench.office.preview(bench.tenant, MasterKind.STOCK, COUNTED).plan.rows
    assert row.changes == {"qty": ("4", "5")}
    assert bench.take(MasterKind.STOCK, COUNTED).counts["changed"] == 1
    with any_units.begin(bench.tenant) as unit:
        assert [level.qty_milli for level in unit.stock.levels(box.store)] == [5_000]
