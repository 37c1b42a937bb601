"""Returns on PostgreSQL: journeys from what was told, costs from files, stores against before."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.factories.hq_commands import Hq, opened_hq
from tests.factories.planted_rows import SOURCE, id_of
from tests.fakes.cloud_box import Person
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
NOON = datetime(TODAY.year, TODAY.month, TODAY.day, 4, tzinfo=UTC)
ANN, BEA = Person(), Person(phone="8613800138001")
WAYS = ("markov1", "markov2", "shapley", "first", "last", "linear")


def ms(ago: int, minutes: int = 0) -> int:
    return round((NOON - timedelta(days=ago) + timedelta(minutes=minutes)).timestamp() * 1_000)


def told(hq: Hq, nth: int, person: Person | None, at_ms: int, name: str, **more: str) -> None:
    """Let a page tell something."""
    body: dict[str, object] = {}
    if "source" in more:
        body = {"context": {"campaign": {"name": "x", "source": more["source"]}}}
    content = json.dumps(body, separators=(",", ":")).encode()
    at, member = datetime.fromtimestamp(at_ms / 1_000, UTC), person and person.member
    with psycopg.connect(hq.database.super_dsn) as connection:
        connection.execute(
            "insert into event_log (tenant_id, event_id, received_at, store_id, device_id, epoch,"
            " seq, member_id, type, wall_ms, time_quality, boot_id, mono_ms, hash, body, channel,"
            " name, anonymous_id) values (%s, %s, %s, %s, %s, 0, 0, %s, 'channel.track', %s, 0, %s,"
            " 0, '', %s, %s, %s, %s)",
            (
                *(hq.box.tenant, id_of(f"e{nth}"), at, UUID(int=0), SOURCE, member, at_ms),
                *(UUID(int=0), content, more.get("channel", "web"), name, more.get("visitor", "v")),
            ),
        )


def sold(hq: Hq, person: Person | None, ago: int, fen: int, counter_ms: int = 0) -> None:
    day = int(f"{TODAY - timedelta(days=ago):%Y%m%d}")
    hq.box.sells(person, fen=fen, business_date=day, counter_ms=counter_ms)


@pytest.fixture(scope="module")
def hq(new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory) -> Hq:
    """A store that sold with and without members, and pages that told of some of them."""
    hq = opened_hq(new_database(), tmp_path_factory.mktemp("hq"))
    hq.box.enrols(ANN)
    hq.box.enrols(BEA)
    for ago in (130, 120):
        sold(hq, None, ago, 4_000, 60_000)
    sold(hq, ANN, 110, 4_000, 50_000)
    sold(hq, ANN, 40, 9_000, 30_000)
    sold(hq, BEA, 35, 6_000, 20_000)
    sold(hq, ANN, 20, 3_000, 25_000)
    sold(hq, None, 10, 5_000)
    hq.sends()
    with psycopg.connect(hq.database.super_dsn) as connection:
        # They were sold on the days they were booked for.
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update receipt set sold_ms = (extract(epoch from business_date + time '04:00')"
            " * 1000)::bigint"
        )
    # She saw an advertisement and looked at home before she came; somebody else only looked.
    told(hq, 1, ANN, ms(43), "Home", source="Douyin")
    told(hq, 2, ANN, ms(42), "Product Viewed")
    told(hq, 3, ANN, ms(42, 1), "Product Added")
    told(hq, 4, None, ms(42), "Product Viewed", visitor="w", channel="wechat_mini")
    told(hq, 5, ANN, ms(42), "Order Completed")
    return hq


def channels_of(said: dict[str, Any]) -> dict[str, Any]:
    return {one["channel"]: one for one in said["channels"]}


def test_what_channels_and_a_store_brought(hq: Hq, tmp_path: Path) -> None:
    said = hq.said("insight", "roi")
    assert (said["orders"], said["net_fen"], said["with_quarantined"]) == (4, 23_000, False)
    assert said["online_to_store_orders"] == 1
    channels = channels_of(said)
    assert set(channels) == {"ad:douyin", "web", "wechat_mini", "store"}
    for way in WAYS:
        assert sum(one["orders"][way] for one in channels.values()) == pytest.approx(4, abs=0.03)
        assert sum(one["net_fen"][way] for one in channels.values()) == pytest.approx(23_000, abs=4)
    brought = channels["ad:douyin"]["net_fen"]
    assert {way: brought[way] for way in WAYS[2:]} == {
        "shapley": 3_000,
        "first": 9_000,
        "last": 0,
        "linear": 3_000,
    }
    assert channels["wechat_mini"]["orders"]["shapley"] == 0
    (store,) = said["stores"]
    assert store["contribution_fen"] == 17_000
    assert (store["online_to_store_orders"], store["online_to_store_fen"]) == (1, 9_000)
    assert store["brought_by"] == {"ad:douyin": 3_000, "web": 3_000}
    now = store["now"]
    assert (now["sales"], now["recognised_permille"]) == (4, 750)
    assert (now["checkout_seconds"], now["timed_sales"]) == (25.0, 3)
    # Both bought thirty days ago or earlier; one came back within thirty days.
    assert (now["buyers"], now["repurchase_permille"]) == (2, 500)
    table = tmp_path / "channels.csv"
    shown = hq.command("insight", "roi", "--csv", str(table))
    assert "230.00" in shown
    assert "ad:douyin" in table.read_text(encoding="utf-8-sig")
    assert "E171" in hq.command("insight", "roi", "--from", "2020-01-01", code=3)


def test_what_it_cost_comes_from_files_that_are_looked_at_first(hq: Hq, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    first, last = TODAY - timedelta(days=119), TODAY - timedelta(days=60)
    rows = f"渠道,门店,开始,结束,金额\nad:Douyin,,{first},{last},20.00\n"
    rows += f"web,上海店,{first},{first},300\n"
    file.write_text(rows + "web,没有的店,2026-01-01,2026-01-01,1\n", encoding="gb18030")
    looked = hq.said("insight", "costs", str(file), "--dry-run")
    assert (looked["rows"], looked["fen"]) == (2, 32_000)
    assert looked["bad"] == [{"row": 4, "column": "store", "value": "没有的店"}]
    # A wrong one is taken in not at all.
    assert "E169" in hq.command("insight", "costs", str(file), code=3)
    file.write_text("渠道,金额\n", encoding="utf-8")
    assert "E168" in hq.command("insight", "costs", str(file), code=3)
    file.write_text(rows, encoding="utf-8")
    taken = hq.said("insight", "costs", str(file))
    assert (taken["rows"], taken["fen"]) == (2, 32_000)
    # Thirty of its sixty days lie in the ninety that are looked at.
    channels = channels_of(hq.said("insight", "roi"))
    douyin = channels["ad:douyin"]
    assert (douyin["cost_fen"], douyin["roi_permille"]) == (1_000, 2_000)
    assert (channels["web"]["cost_fen"], channels["store"]["roi_permille"]) == (0, None)
    back = hq.said("insight", "costs", "--undo", taken["id"])
    assert back["imports"][0]["undone_by"] == "cli"
    assert "E170" in hq.command("insight", "costs", "--undo", taken["id"], code=3)
    assert "已撤回" in hq.command("insight", "costs")
    assert channels_of(hq.said("insight", "roi"))["ad:douyin"]["cost_fen"] == 0


def test_a_store_against_the_days_hq_chose(hq: Hq, tmp_path: Path) -> None:
    then = (TODAY - timedelta(days=149), TODAY - timedelta(days=90))
    days = ("--from", then[0].isoformat(), "--to", then[1].isoformat())
    assert "E172" in hq.command("insight", "baseline", *days[:3], "2999-01-01", code=3)
    assert hq.said("insight", "roi")["stores"][0]["before"] is None
    assert hq.said("insight", "baseline", *days, "--margin", "400")["margin_permille"] == 400
    file = tmp_path / "box.csv"
    file.write_text(f"channel,store,from,to,amount\nsystem,上海店,{then[1]},{then[1]},300\n")
    hq.said("insight", "costs", str(file))
    (store,) = hq.said("insight", "roi")["stores"]
    before = store["before"]
    assert (before["sales"], before["recognised_permille"]) == (3, 333)
    assert before["checkout_seconds"] == 60.0
    # Three sales of 40 yuan in sixty days then, four of 230 in ninety days now.
    more = round(23_000 / 90 - 12_000 / 60)
    assert (store["more_a_day_fen"], store["system_cost_fen"]) == (more, 30_000)
    assert store["payback_days"] == -(-30_000 * 1_000 // (more * 400))


def test_what_is_set_apart_is_left_out_unless_all_is_asked_for(hq: Hq) -> None:
    receipts = "select receipt_id::text from receipt where total_fen = 9000"
    with psycopg.connect(hq.database.super_dsn) as connection:
        (receipt,) = connection.execute(receipts).fetchone() or ("",)
    made = hq.said("insight", "set-apart", receipt, "--why", "店员自己刷的")
    assert hq.said("insight", "roi")["net_fen"] == 14_000
    assert hq.said("insight", "roi", "--with-quarantined")["net_fen"] == 23_000
    listed = hq.said("insight", "quarantine")["decisions"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert "E167" in hq.command("insight", "lift", made["id"], "--why", " ", code=3)
    assert hq.said("insight", "lift", made["id"], "--why", "弄错了")["apart"] is False
    assert "E166" in hq.command("insight", "lift", made["id"], "--why", "again", code=3)
    assert hq.said("insight", "roi")["net_fen"] == 23_000
    cleaned = hq.said("insight", "clean")
    assert cleaned["orders"] == 4
    assert {one["channel"] for one in cleaned["channels"]} == {"till"}
    assert "by_hand" in hq.command("insight", "quarantine", "--state", "lifted")
    assert "E165" in hq.command("insight", "lift", str(UUID(int=1)), "--why", "x", code=3)


def test_nothing_sold_is_told_as_nothing(database: Database, tmp_path: Path) -> None:
    said = opened_hq(database, tmp_path).said("insight", "roi")
    assert (said["orders"], said["journeys"], said["channels"]) == (0, 0, [])
    assert said["stores"][0]["now"]["sales"] == 0
