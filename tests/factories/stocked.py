"""A small chain that counts stock: two shops, a warehouse, sales of some weeks."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from retail_core.wire.messages import SaleLine
from tests.factories.hq_commands import IDS, Hq, opened_hq
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.postgres import Database

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
FILES = {
    "entities": "编号,名称\nE1,熟客美妆\n",
    "stores": "门店编号,名称,法人,城市,大区\nSH,上海店,E1,上海,华东\nSZ,苏州店,E1,苏州,华东\n",
    "warehouses": "仓库编号,名称,城市,供货门店\nW1,昆山仓,昆山,SH|SZ\n",
    "articles": (
        "货号,品名,单位,售价,进价\nA1,洗面奶,支,59,20\nA2,面霜,瓶,199,80\nA3,护手霜,支,30,10\n"
    ),
    # Much of the cleanser lies where few buy it, none where many do; the cream lies and lies.
    "stock": (
        "地点,货号,数量\nSH,A1,1\nSZ,A1,90\nW1,A1,1\nSH,A2,3\nSZ,A2,60\nSH,A3,400\nSZ,A3,400\n"
    ),
}


def stocked(database: Database, tmp_path: Path, *, days: int = 40) -> Hq:
    """Return a chain whose two shops sold for so many days, and counted what they have."""
    hq = opened_hq(database, tmp_path)
    box = second_box(hq, tmp_path)
    for kind, text in FILES.items():
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        hq.said("import", kind, str(path))
    people = [Person(phone=f"86138{n:08}") for n in range(4)]
    for one in people:
        hq.box.enrols(one)
    for ago in range(days, 0, -1):
        hq.box.sells(people[ago % 4], **sale(ago, ("A1", 3), ("A3", 1)))
        hq.box.sells(None, **sale(ago, ("A1", 1)))
        if ago % 5 == 0:
            box.sells(None, **sale(ago, ("A1", 1), ("A3", 1)))
    box.sells(people[0], **sale(100, ("A2", 1)))
    hq.sends()
    hq.box, box = box, hq.box
    hq.sends()
    hq.box = box
    return hq


def sale(ago: int, *goods: tuple[str, int]) -> dict[str, Any]:
    """Return what a sale some days ago is made of, for `SimBox.sells`."""
    lines = tuple(
        SaleLine(nth, fresh_id().bytes, sku, sku, units * 1_000, 5_900 * units, 5_900 * units)
        for nth, (sku, units) in enumerate(goods, start=1)
    )
    fen = sum(line.net_fen for line in lines)
    day = int(f"{TODAY - timedelta(days=ago):%Y%m%d}")
    return {"lines": lines, "business_date": day, "fen": fen}


def second_box(hq: Hq, tmp_path: Path) -> SimBox:
    """Provision another shop of the chain; return its box."""
    device = tmp_path / "second.toml"
    names = ("--name", "苏州店", "--city", "苏州", "--out", str(device))
    hq.command("provision-store", *names, "--till", "api:1号收银台")
    file = tomllib.loads(device.read_text(encoding="utf-8"))
    tenant, store, device_id, entity = (UUID(file["identity"][name]) for name in IDS)
    box = SimBox(tenant, store, device_id, entity)
    units = PostgresUnits(make_engine(hq.database.url, connections=1))
    with units.connection(box.tenant) as connection:
        box.till = connection.exec_driver_sql(
            "select till_id from till where store_id = %(store)s", {"store": box.store}
        ).scalar_one()
    units.close()
    return box
