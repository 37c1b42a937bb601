"""Old orders and members by the commands that people type, in a real PostgreSQL."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.analytics.copying import ParquetCopy
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.settings import Settings
from retail_core.ids import uuid7
from tests.factories.waiting import PATIENCE_S
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
ORDERS = """订单号,下单时间,实付金额,订单状态,手机号,商品编码,商品名称,数量
D-1,2024-03-01 10:00:00,100.00,已完成,13800138000,A1,面霜,1
D-1,2024-03-01 10:00:00,59.90,已完成,13800138000,B2,口红,2
D-2,2024-03-02,¥1,交易关闭,,A1,面霜,1
D-3,2024-03-03,abc,已完成,,A1,面霜,1
D-3,2024-03-03,5.00,已完成,,B2,口红,1
D-4,去年,5.00,已完成,,B2,口红,1
"""
MEMBERS = """会员卡号,手机号,姓名,会员等级,积分,积分明细,优惠券,营销同意,生日,入会日期
88001234,13800138000,李娜,金卡,300,100@2099-01-31;200@2099-06-30,WELCOME@2099-01-01,是,1990-03-08,2019-05-01
88001235,13900139000,王敏,银卡,50,,,否,,
88001236,,赵四,银卡,0,,,未知,,
88001237,13800138000,李娜,金卡,10,,,,,
88001238,12345,错号,银卡,5,,,,,
"""
HOW = '[tiers]\n"金卡" = "gold"\n"银卡" = "silver"\n'


@dataclass
class Cloud:
    """A cloud's settings, a shop, and the commands."""

    folder: Path
    config: Path
    office: Office
    tenant: UUID
    database: Database
    output: list[str] = field(default_factory=list)

    def run(self, *words: str, code: int = 0) -> Any:
        """Run a command; return its JSON."""
        done = CliRunner().invoke(app, [*words, "--config", str(self.config), "--json"])
        self.output.append(done.output)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if code == 0 else done.output

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url.replace("+psycopg", "")) as connection:
            connection.execute("select set_config('app.tenant', %s, true)", (str(self.tenant),))
            return connection.execute(statement).fetchall()


@pytest.fixture
def cloud(database: Database, tmp_path: Path) -> Iterator[Cloud]:
    keys = tmp_path / "keys"
    config = tmp_path / "cloud.toml"
    config.write_text(
        f'database_url = "{database.url}"\nsecrets_dir = "{keys}"\ntenant = "first"\n',
        encoding="utf-8",
    )
    office = build_office(Settings(database_url=database.url, secrets_dir=keys, tenant="first"))
    tenant = new_tenant(office.units, "first")
    new_box(office.units, tenant)
    with office.units.begin(tenant) as unit:
        unit.catalogue.add_articles({"A1": uuid7(1, bytes(10))}, 1)
    yield Cloud(tmp_path, config, office, tenant, database)
    office.close()


def test_old_orders_come_in_once_and_go_back_whole(cloud: Cloud) -> None:
    file, bad = cloud.file("old.csv", ORDERS), cloud.folder / "bad.csv"
    seen = cloud.run("import", "orders", file, "--dry-run", "--channel", "tmall")
    assert (seen["rows"], seen["orders"], seen["refused"]) == (6, 2, 3)
    assert seen["applied"] is False
    assert cloud.ask("select count(*) from channel_order_word") == [(0,)]
    said = ("import", "orders", file, "--channel", "tmall", "--errors", str(bad))
    made = cloud.run(*said)
    assert (made["state"], made["net_fen"], made["channel:tmall"]) == ("done", 16_090, 2)
    assert cloud.run(*said)["import"] == made["import"]
    rows = cloud.ask(
        "select order_no, channel, status, net_fen, business_date::text, units_milli, member_id,"
        " phone_hash is not null from channel_order order by order_no"
    )
    assert rows == [
        ("D-1", "tmall", "paid", 15_990, "2024-03-01", 3_000, None, True),
        ("D-2", "tmall", "cancelled", 100, "2024-03-02", 1_000, None, False),
    ]
    lines = cloud.ask(
        "select sku, net_fen, article_id is not null from channel_order_line"
        " order by order_id, line_no"
    )
    assert sorted(lines) == [("A1", 100, True), ("A1", 10_000, True), ("B2", 5_990, False)]
    # What nobody knows stands on the list that people review.
    assert cloud.ask("select name from name_review") == [("口红",)]
    with bad.open(encoding="utf-8-sig") as refused:
        told = [(row["row"], row["column"]) for row in csv.DictReader(refused)]
    assert told == [("5", "实付金额"), ("6", "实付金额"), ("7", "下单时间")]
    # The copy for analytics has a day for each, and has it no more when the file went back.
    copy = ParquetCopy(cloud.office.units, cloud.folder / "lake")
    days = cloud.folder / "lake" / f"tenant={cloud.tenant}" / "orders"
    assert copy.refresh(cloud.tenant).rows["orders"] == 2
    assert len(list(days.rglob("*.parquet"))) == 2
    assert cloud.run("import", "undo", made["import"])["orders"] == 2
    copy.refresh(cloud.tenant)
    assert list(days.rglob("*.parquet")) == []
    assert cloud.ask("select count(*) from channel_order") == [(0,)]
    acts = cloud.ask("select action, detail::text from audit order by n")
    assert acts == [("import.orders", '{"orders": 2}'), ("import.undo", '{"orders": 2}')]
    again = cloud.run(*said)
    assert again["import"] != made["import"]
    assert cloud.ask("select count(*) from channel_order") == [(2,)]
    assert [one["state"] for one in cloud.run("import", "list")] == ["done", "undone"]


def test_a_file_of_another_system_is_read_by_a_mapping(cloud: Cloud) -> None:
    text = "Nr;Wann;Geld;Stand\n7;03.02.2024;12345;fertig\n"
    file = cloud.file("fremd.csv", text)
    assert "E146" in cloud.run("import", "orders", file, code=3)
    how = cloud.file(
        "how.toml",
        'unit = "fen"\ndates = "%d.%m.%Y"\nchannel = "alt"\n[columns]\norder_no = "Nr"\n'
        'ordered = "Wann"\nnet = "Geld"\nstatus = "Stand"\n[statuses]\nfertig = "paid"\n',
    )
    made = cloud.run("import", "orders", file, "--mapping", how)
    assert (made["net_fen"], made["channel:alt"]) == (12_345, 1)
    assert "E152" in cloud.run("import", "orders", file, "--mapping", str(file), code=3)


def test_a_run_that_is_killed_goes_on_where_it_was(cloud: Cloud) -> None:
    path = cloud.folder / "many.csv.gz"
    count = 12_000
    with gzip.open(path, "wt", encoding="gb18030") as file:
        file.write("订单号,下单时间,实付金额\n")
        file.writelines(f"K-{n},2024-03-01 10:00:00,1.00\n" for n in range(count))
    words = ("import", "orders", str(path), "--config", str(cloud.config), "--json")
    process = subprocess.Popen([sys.executable, "-m", "cloud_broker", *words])
    deadline = time.monotonic() + PATIENCE_S
    done = 0
    while not done and time.monotonic() < deadline and process.poll() is None:
        done = cloud.ask("select coalesce(max(rows_done), 0) from file_import")[0][0]
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(PATIENCE_S)
    assert done > 0
    made = cloud.run("import", "orders", str(path))
    assert (made["rows"], made["orders"], made["state"]) == (count, count, "done")
    assert cloud.ask("select count(*), sum(net_fen) from channel_order") == [(count, count * 100)]
    assert cloud.ask("select count(*) from channel_order_word") == [(count,)]


def test_members_move_in_with_totals_that_are_compared(cloud: Cloud) -> None:
    file, how = cloud.file("m.csv", MEMBERS), cloud.file("how.toml", HOW)
    said = ("import", "members", file, "--mapping", how)
    seen = cloud.run(*said, "--dry-run")
    assert (seen["rows"], seen["refused"], seen["points"]) == (5, 1, 360)
    assert (seen["made"], seen["joined"]) == (3, 1)
    assert (seen["tier:gold"], seen["tier:silver"]) == (1, 2)
    assert seen["card_patterns"] == ["880012##"]
    assert "E150" in cloud.run(*said, "--expect-points", "361", code=3)
    assert cloud.ask("select count(*) from member") == [(0,)]
    made = cloud.run(*said, "--expect-count", "5", "--expect-points", "360")
    assert (made["books_rows"], made["books_points"], made["made"]) == (4, 360, 3)
    assert cloud.run(*said)["import"] == made["import"]
    members = cloud.ask("select name, tier, phone_masked from member order by name")
    assert members == [
        ("李娜", "gold", "138****8000"),
        ("王敏", "silver", "139****9000"),
        ("赵四", "silver", ""),
    ]
    lots = cloud.ask("select points, expires_on::text from posting order by line, nth")
    assert lots == [(100, "2099-01-31"), (200, "2099-06-30"), (50, None), (10, None)]
    assert cloud.ask("select sum(balance)::bigint from account") == [(0,)]
    assert cloud.ask("select kind, given from consent order by given") == [
        ("marketing", False),
        ("marketing", True),
    ]
    assert cloud.ask("select rule, last_day::text from member_coupon") == [
        ("WELCOME", "2099-01-01")
    ]
    assert cloud.ask("select count(*) from credential where revoked_at is null") == [(4,)]


def test_members_go_back_and_come_again(cloud: Cloud) -> None:
    file, how = cloud.file("m.csv", MEMBERS), cloud.file("how.toml", HOW)
    said = ("import", "members", file, "--mapping", how)
    first = cloud.run(*said)
    # The proof of the books holds with a file in them, and when it is out again.
    assert cloud.run("ledger", "verify")["wrong"] == []
    back = cloud.run("import", "undo", first["import"])
    assert cloud.run("ledger", "verify")["wrong"] == []
    assert (back["rows"], back["points"], back["points_left"]) == (4, 360, 0)
    for statement in (
        "select count(*) from identity",
        "select count(*) from interest",
        "select count(*) from credential where revoked_at is null",
        "select count(*) from member_coupon where ended is null",
        "select count(*) from account where balance <> 0",
    ):
        assert cloud.ask(statement) == [(0,)], statement
    assert cloud.ask("select given from consent order by received_at desc limit 1") == [(False,)]
    second = cloud.run(*said)
    assert second["import"] != first["import"]
    assert (second["made"], second["books_points"]) == (3, 360)
    assert cloud.ask("select count(*) from credential where revoked_at is null") == [(4,)]


def test_what_was_spent_stays_spent_and_is_told(cloud: Cloud) -> None:
    file = cloud.file("m.csv", "手机号,积分\n13800138000,300\n")
    made = cloud.run("import", "members", file)
    with psycopg.connect(cloud.database.super_dsn) as connection:
        # She spent 120 of them meanwhile.
        connection.execute(
            "update account set balance = balance - 120 where account like 'member:%'"
        )
        connection.execute(
            "update account set balance = balance + 120 where account like 'brand:%'"
        )
    back = cloud.run("import", "undo", made["import"])
    assert (back["points"], back["points_left"]) == (180, 120)
