"""Master data from a file to the till: real commands, a real database, a box's own files."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
import psycopg
import pytest
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line import downlink, frames
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.shop import Shop
from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.shop.shelf import Shelf
from retail_core.tally import FaultTally
from tests.factories.ports import free_port
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import SimBox
from tests.fakes.cloud_line import wait_until
from tests.plugins.postgres import Database

SHANGHAI = ZoneInfo("Asia/Shanghai")
STORES = "门店编号,名称,法人,城市,大区\nSH001,上海店,E1,上海,华东\nCD001,成都店,E1,成都,西南\n"
ARTICLES = "货号,条码,品名,单位,售价,进价\nA1,6901234567892,洗面奶,支,59,20\nA2,,面霜,瓶,199,80\n"


@dataclass
class Cloud:
    """Settings and database of one cloud, and its commands."""

    folder: Path
    port: int
    stack: ExitStack

    def command(self, *arguments: str, code: int = 0) -> str:
        config = str(self.folder / "cloud.toml")
        done = CliRunner().invoke(app, [*arguments, "--config", config])
        assert done.exit_code == code, done.output
        return done.output

    def said(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.command(*arguments, "--json", code=code))
        return answer

    def take(self, kind: str, text: str, *options: str, code: int = 0) -> dict[str, Any]:
        path = self.folder / f"{kind}.csv"
        path.write_bytes(text.encode("gb18030"))
        return self.said("import", kind, str(path), *options, code=code)

    def serve(self) -> "subprocess.Popen[bytes]":
        line = [sys.executable, "-m", "cloud_broker", "run", "--role", "api"]
        process = subprocess.Popen([*line, "--config", str(self.folder / "cloud.toml")])
        self.stack.callback(process.wait, 30)
        self.stack.callback(process.kill)
        wait_until(self.up)
        return process

    def up(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.url}/v1/health").status_code == 200
        return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def cloud(database: Database, tmp_path: Path) -> Iterator[Cloud]:
    with ExitStack() as stack:
        made = Cloud(tmp_path, free_port(), stack)
        (tmp_path / "cloud.toml").write_text(
            f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
            f'secrets_dir = "{tmp_path / "secrets"}"\nhttp_port = {made.port}\n'
            'broker_password = "x"\n',
            encoding="utf-8",
        )
        made.command("provision-tenant", "--name", "熟客美妆", "--slug", "demo")
        yield made


class Box:
    """A box's replica and downlink, asking the cloud over HTTP."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        path = cloud.folder / f"{name}.toml"
        cloud.command("provision-store", "--name", name, "--city", "上海", "--region", "华东",
                      "--out", str(path))  # fmt: skip
        self.file = tomllib.loads(path.read_text(encoding="utf-8"))
        identity = self.file["identity"]
        self.shop = Shop(
            tenant=UUID(identity["tenant"]),
            store=UUID(identity["store"]),
            device=UUID(identity["device"]),
            legal_entity=UUID(identity["legal_entity"]),
            store_name=name,
            city="上海",
            zone="Asia/Shanghai",
            day_starts_at=time(4),
            region="华东",
        )
        self.clock = FakeClock(int(datetime.now(UTC).timestamp() * 1000))
        self.replica = SqliteReplica(cloud.folder / "replica.db", b"r" * 32)
        self.directory = HttpDirectory(cloud.url, self.file["cloud"]["token"])
        self.shelf = Shelf(self.replica, self.directory, self.shop, self.clock)
        key = bytes.fromhex(self.file["cloud"]["bundle_public_key"])
        self.line = Downlink(
            self.replica,
            self.directory,
            self.clock,
            FaultTally(),
            bundle_public_key=key,
            shelf=self.shelf,
        )

    def hear(self, units: PostgresUnits) -> None:
        """Take every announcement that waits, as ingest would publish it."""
        with units.begin(self.shop.tenant) as unit:
            waiting = unit.catalogue.unannounced()
        for one in waiting:
            sent = downlink.announcement(self.shop.tenant, one)
            self.line.take(Inbound(f"all/{one.kind}", sent.payload))
        self.line.settle()

    def price(self, sku: str) -> int:
        article = self.replica.article_by_sku(sku)
        assert article is not None
        assert article.cost_fen is None
        return article.price_fen


def business_day() -> date:
    """Return the shop's day, which begins at four."""
    return (datetime.now(SHANGHAI) - timedelta(hours=4)).date()


def local_day(days: int) -> str:
    return (business_day() + timedelta(days=days)).isoformat()


def test_a_price_from_the_file_to_the_till_with_the_line_cut(
    cloud: Cloud, pg_units: PostgresUnits
) -> None:
    box = Box(cloud, "上海店")
    cloud.take("entities", "编号,名称\nE1,总公司\n")
    assert cloud.take("stores", STORES)["added"] == 2
    assert cloud.take("articles", ARTICLES, "--dry-run")["applied"] is False
    assert cloud.take("articles", ARTICLES)["published_version"] == 1
    prices = (
        f"货号,售价,大区,门店编号,生效日期\nA1,58,,,{local_day(1)}\n"
        f"A2,190,华东,,\nA2,180,,SH001,{local_day(2)}\nA2,1,西南,,\n"
    )
    told = cloud.take("prices", prices)
    assert (told["added"], told["changed"], told["stores"]) == (3, 1, 2)
    assert cloud.take("prices", prices)["unchanged"] == 4
    cloud.take("stock", "地点,货号,数量\nSH001,A1,3\nCD001,A1,9\n")
    process = cloud.serve()
    box.hear(pg_units)
    assert (box.price("A1"), box.price("A2")) == (5_900, 19_000)
    assert box.replica.stock() == {"A1": 3}
    process.terminate()
    process.wait(30)
    for days, wanted in ((1, (5_800, 19_000)), (2, (5_800, 18_000))):
        box.clock.wall_ms = _morning_ms(days)
        box.shelf.turn()
        assert (box.price("A1"), box.price("A2")) == wanted, days
    box.replica.close()
    box.directory.close()


def _morning_ms(days: int) -> int:
    """Return five in the morning, when that day's business has begun."""
    day = business_day() + timedelta(days=days)
    moment = datetime(day.year, day.month, day.day, 5, tzinfo=SHANGHAI)
    return int(moment.timestamp() * 1000)


def test_bad_rows_are_told_with_their_place(cloud: Cloud) -> None:
    text = "货号,条码,品名,单位,售价\nA1,6.9E+12,洗面奶,支,59\nA2,,面霜,瓶,199\n"
    told = cloud.take("articles", text, code=3)
    assert (told["refused"], told["applied"]) == (1, False)
    (error,) = told["rows"][0]["errors"]
    assert (error["row"], error["column"], error["reason"]) == (2, "barcodes", "barcode_scientific")
    assert cloud.take("articles", text, "--skip-errors")["added"] == 1
    table = cloud.command("import", "articles", str(cloud.folder / "articles.csv"), code=3)
    assert "科学计数法" in table.replace("\n", "")
    assert "I122" in table


def test_a_partners_key_from_made_to_revoked(cloud: Cloud) -> None:
    cloud.take("entities", "编号,名称\nE1,总公司\n")
    made = cloud.said(
        "api-key", "create", "--name", "ERP", "--scope", "master:read", "--scope", "master:write"
    )
    cloud.serve()
    key = {"Authorization": f"Bearer {made['key']}"}
    file = {"csv": ARTICLES}
    answer = httpx2.post(f"{cloud.url}/v1/master/articles", json=file, headers=key).json()
    assert answer["published_version"] == 1
    rows = httpx2.get(f"{cloud.url}/v1/master/articles", headers=key).json()["rows"]
    assert [row["cells"]["name"] for row in rows] == ["洗面奶", "面霜"]
    (listed,) = json.loads(cloud.command("api-key", "list", "--json"))
    assert listed["last_used_ms"] is not None
    assert listed["expires_ms"] is None
    assert httpx2.get(f"{cloud.url}/v1/hq/sales", headers=key).status_code == 403
    sales = cloud.said("api-key", "create", "--name", "BI", "--scope", "sales:read", "--days", "7")
    reads = {"Authorization": f"Bearer {sales['key']}"}
    assert httpx2.get(f"{cloud.url}/v1/hq/sales", headers=reads).json() == []
    assert httpx2.get(f"{cloud.url}/v1/master/articles", headers=reads).status_code == 403
    cloud.said("api-key", "revoke", sales["id"])
    cloud.said("api-key", "revoke", made["id"])
    assert httpx2.get(f"{cloud.url}/v1/master/articles", headers=key).status_code == 401
    assert "revoked" in cloud.command("api-key", "list")


def test_a_nights_export_by_command_and_downloaded(cloud: Cloud, pg_units: PostgresUnits) -> None:
    assert "F273" in cloud.command("export", "list", code=3)
    with (cloud.folder / "cloud.toml").open("a", encoding="utf-8") as config:
        config.write(f'export_dir = "{cloud.folder / "out"}"\n')
    assert "export nightly / there is no export yet" in cloud.command("export", "list")
    assert "webhook add / no partner is told" in cloud.command("webhook", "list")
    assert "hq-link add / no account is linked" in cloud.command("hq-link", "list")
    made = cloud.said("provision-store", "--name", "上海店", "--city", "上海", "--region", "华东",
                      "--out", str(cloud.folder / "box.toml"))  # fmt: skip
    identity = tomllib.loads((cloud.folder / "box.toml").read_text(encoding="utf-8"))["identity"]
    assert made
    tenant = UUID(identity["tenant"])
    box = SimBox(tenant, UUID(identity["store"]), UUID(identity["device"]))
    yesterday = datetime.now(SHANGHAI).date() - timedelta(days=1)
    for _ in range(3):
        box.sells(fen=5_900, business_date=int(f"{yesterday:%Y%m%d}"))
    clock = FakeCloudClock(int(datetime.now(UTC).timestamp() * 1000))
    ingest = Ingest(pg_units, clock, FaultTally())
    ingest.book([frames.Inbound(box.topic(), box.frame(), clock.now_ms())])
    lines = cloud.command("export", "nightly", "--json").splitlines()
    said = json.loads(lines[-1])
    assert (said["day"], said["rows"]["receipts"], said["rows"]["lines"]) == (
        str(yesterday), 3, 6,
    )  # fmt: skip
    assert "nothing to export" in cloud.command("export", "nightly", "--json")
    assert cloud.said("export", "verify", str(yesterday))["verified"] is True
    key = cloud.said("api-key", "create", "--name", "BI", "--scope", "export:read")["key"]
    cloud.serve()
    headers = {"Authorization": f"Bearer {key}", "Range": "bytes=0-1"}
    path = f"{cloud.url}/v1/export/{yesterday}/1/receipts.csv.gz"
    answer = httpx2.get(path, headers=headers)
    assert (answer.status_code, answer.content) == (206, b"\x1f\x8b")
    box.sells(fen=1_000, business_date=int(f"{yesterday:%Y%m%d}"))
    ingest.book([frames.Inbound(box.topic(), box.frame(), clock.now_ms())])
    assert "F274" in cloud.command("export", "verify", str(yesterday), code=3)
    (late,) = cloud.command("export", "nightly", "--json").splitlines()
    assert (json.loads(late)["revision"], json.loads(late)["rows"]["receipts"]) == (2, 4)


def test_suggestions_are_reckoned_and_fetched(
    cloud: Cloud, database: Database, pg_units: PostgresUnits
) -> None:
    box = Box(cloud, "上海店")
    assert cloud.said("recommend", "build")["version"] == 0
    with psycopg.connect(database.super_dsn) as connection:
        for number in range(12):
            receipt, member = UUID(int=number + 1), UUID(int=number % 4 + 100)
            connection.execute(
                "insert into receipt values (%s, %s, %s, %s, %s, null, null, %s, 'api', '',"
                " current_date, 0, 0, 0, '[]', 0, now(), null, 0, '', '', '')",
                (box.shop.tenant, receipt, receipt, box.shop.store, box.shop.device, member),
            )
            for line, sku in enumerate(("A1", "A2")):
                connection.execute(
                    "insert into receipt_line values (%s, %s, %s, %s, %s, '', 1000, 0, 0, '[]')",
                    (box.shop.tenant, receipt, line, receipt, sku),
                )
    built = cloud.said("recommend", "build", "--days", "30")
    assert (built["version"], built["receipts"]) == (1, 12)
    cloud.serve()
    box.hear(pg_units)
    held = box.replica.recommendations()
    assert held is not None
    assert held[0] == 1
    box.replica.close()
    box.directory.close()
