"""`cloud-broker insight tags` over sales that came the way sales come."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import psycopg
import pytest

from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.postgres.queries import PostgresQueries
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from retail_core.wire.member import MemberRecord
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

ROOT = Path(__file__).resolve().parents[2]
TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
ANN, BEA = Person(), Person(phone="8613800138001")


def day(ago: int) -> int:
    return int(f"{TODAY - timedelta(days=ago):%Y%m%d}")


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def tags_of(hq: Hq, person: Person) -> dict[str, object]:
    tags: dict[str, object] = hq.said("insight", "member", str(person.member))["tags"]
    return tags


def told_to_tills(hq: Hq, person: Person) -> tuple[tuple[str, str], ...]:
    """What her record says in the feed of the store that holds her, as the box reads it."""
    units = PostgresUnits(make_engine(hq.database.url, connections=1))
    with units.begin(hq.box.tenant) as unit:
        rows = unit.feed.since(hq.box.store, 0, 1_000)
    units.close()
    bodies = [row.change.body for row in rows if row.change.key == person.member]
    record = msgspec.msgpack.decode(bodies[-1], type=MemberRecord)
    return tuple((one.key, one.value) for one in record.worked)


def assert_told_at_tills(hq: Hq, ann: dict[str, object]) -> None:
    """Windows are as they are now, the rest as of the night."""
    assert told_to_tills(hq, ANN) == (
        *(("lifecycle", "repeat"), ("rfm_segment", ann["rfm_segment"])),
        *(("orders_month", "2"), ("orders_quarter", "3")),
        *(("spend_month", "48000"), ("spend_quarter", "60000")),
    )
    assert hq.said("insight", "windows") == {"compared": 2, "apart": 0}


def assert_a_sale_counts_at_once(hq: Hq) -> None:
    """At every till that knows her; a night later it is the same."""
    hq.box.sells(ANN, fen=1_500, business_date=day(0))
    hq.sends()
    assert ("orders_month", "3") in told_to_tills(hq, ANN)
    assert ("spend_quarter", "61500") in told_to_tills(hq, ANN)
    assert hq.said("insight", "windows", code=3) == {"compared": 2, "apart": 1}
    assert hq.said("insight", "tags")["changed"] == 1
    assert hq.said("insight", "windows") == {"compared": 2, "apart": 0}


def test_a_nights_run_by_both_engines(hq: Hq, tmp_path: Path) -> None:
    hq.box.enrols(ANN)
    hq.box.enrols(BEA)
    hq.box.sells(ANN, fen=12_000, business_date=day(40))
    sold = hq.box.sells(ANN, fen=30_000, business_date=day(10))
    hq.box.sells(ANN, fen=18_000, business_date=day(5))
    hq.box.sells(None, fen=99_000, business_date=day(5))
    hq.sends()

    assert "没有标签" in hq.run("insight", "member", str(ANN.member)).stderr
    assert "E192" in hq.command("insight", "tags", "--as-of", "2999-01-01", code=3)
    ran = hq.said("insight", "tags")
    assert (ran["members"], ran["changed"], ran["dropped"]) == (2, 2, 0)
    assert ran["tags"] >= 100
    ann = tags_of(hq, ANN)
    assert (ann["spend_total"], ann["orders_year"], ann["days_since_order"]) == (60_000, 3, 5)
    assert (ann["ticket_average"], ann["channel_kind"], ann["lifecycle"]) == (
        *(20_000, "offline"),
        "repeat",
    )
    assert tags_of(hq, BEA)["lifecycle"] == "prospect"
    units = PostgresUnits(make_engine(hq.database.url, connections=1))
    page = PostgresQueries(units, SystemClock()).member(hq.box.tenant, ANN.member)
    units.close()
    assert page is not None
    shown = {tag.key: (tag.value.zh, str(tag.value)) for tag in page.worked}
    assert page.worked_on == TODAY
    assert shown["spend_total"] == ("¥600.00", "¥600.00")
    assert shown["lifecycle"] == ("复购", "repeat")
    assert_told_at_tills(hq, ann)
    # Nothing happened: the same rows again, and nothing is other than it was.
    assert hq.said("insight", "tags")["changed"] == 0
    table = hq.command("insight", "member", str(ANN.member))
    assert "累计消费" in table
    assert "复购 / repeat" in table

    # The same by DuckDB over files that are made of the same sales: to the letter.
    with hq.config.open("a", encoding="utf-8") as config:
        config.write(f'analytics_dir = "{tmp_path / "copy"}"\nanalytics_memory = "200MB"\n')
    again = hq.said("insight", "tags")
    assert (again["members"], again["changed"], again["copied_days"]) == (2, 0, 3)
    place = tmp_path / "copy" / f"tenant={hq.box.tenant}" / "orders"
    assert len(list(place.rglob("*.parquet"))) == 3
    assert_a_sale_counts_at_once(hq)
    # What is given back later writes the day of the sale anew, and no other.
    hq.box.refunds(sold, (1, 1_000), fen=29_900)
    hq.sends()
    later = hq.said("insight", "tags", "--tenant", "demo")
    assert later["changed"] == 1
    assert tags_of(hq, ANN)["spend_total"] == 31_600
    assert ("orders_month", "3") in told_to_tills(hq, ANN)
    assert ("spend_month", "19600") in told_to_tills(hq, ANN)
    assert hq.said("insight", "windows") == {"compared": 2, "apart": 0}
    assert tags_of(hq, ANN)["returns"] == 1
    with duckdb.connect() as engine:
        files = place / f"date={TODAY - timedelta(days=10)}" / "*.parquet"
        query = f"select status, refunded_fen from '{files}'"  # noqa: S608 - our folder
        assert engine.execute(query).fetchall() == [("part_refunded", 29_900)]
    assert hq.said("insight", "copy", "--whole")["orders"] == 5


def test_a_role_of_its_own_reads_and_writes_nothing(hq: Hq) -> None:
    hq.box.enrols(ANN)
    hq.box.sells(ANN, fen=12_000, business_date=day(40))
    hq.sends()
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    (made,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    role, word = f"insight_{fresh_id().hex[-8:]}", fresh_id().hex
    words = {"regulars_insight": role, "change-me": word, "database regulars": "database {}"}
    for old, new in words.items():
        made = made.replace(old, new.format(hq.database.name))
    with psycopg.connect(hq.database.super_dsn, autocommit=True) as connection:
        connection.execute(made)
    url = re.sub("//[^@]*@", f"//{role}:{word}@", hq.database.url)
    with hq.config.open("a", encoding="utf-8") as config:
        config.write(f'analytics_url = "{url}"\n')
    assert hq.said("insight", "tags")["members"] == 1
    assert tags_of(hq, ANN)["spend_total"] == 12_000
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("select * from analytics.orders").fetchall() == []
        for refused in ("select name from member", "delete from receipt", "select * from identity"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)
            connection.rollback()


def test_who_types_a_command_brings_no_engine_in() -> None:
    """Ibis and DuckDB cost half a second, and a cloud without them still has to start."""
    line = "import sys, cloud_broker.__main__; print({'ibis', 'duckdb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_chain_draws_its_own_lines(hq: Hq) -> None:
    assert hq.said("insight", "lines")["new_days"] == 30
    said = hq.said("insight", "lines", "--set", "new_days=60", "--set", "repeats=5")
    assert (said["new_days"], said["repeats"]) == (60, 5)
    for wrong in ("no_such=1", "new_days=many", "new_days=-1", "new_days"):
        assert "E190" in hq.command("insight", "lines", "--set", wrong, code=3)
    assert hq.said("insight", "lines")["new_days"] == 60
    assert "analytics_dir" in hq.command("insight", "copy", code=3)
    assert "A108" in hq.command("insight", "tags", "--tenant", "nobody", code=3)
    assert json.loads(hq.run("insight", "tags", "--json").stdout)["members"] == 0
