"""`cloud-broker insight segments` over members and sales that came the way they come."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.bootstrap.tag_nights import in_a_process
from cloud_broker.ports.collection import Place
from cloud_broker.services.insight.replaying import NOBODY, told
from cloud_broker.settings import load_settings
from retail_core.errors import Fault
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
ANN, BEA = Person(), Person(phone="8613800138001")
BUYERS = {"who": {"event": "Order Completed", "days": 30, "is": ">=", "value": 1}}
SPENDERS = {"who": {"tag": "spend_year", "is": ">=", "value": 20_000}}


def day(ago: int) -> int:
    return int(f"{TODAY - timedelta(days=ago):%Y%m%d}")


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def written(folder: Path, definition: object) -> str:
    path = folder / f"{fresh_id().hex}.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    return str(path)


def said(hq: Hq, *arguments: str) -> dict[str, Any]:
    return hq.said("insight", "segments", *arguments)


def logged(hq: Hq) -> list[dict[str, Any]]:
    """The log as a replay tells it; a replay itself would wait until nothing more can come in."""
    units = PostgresUnits(make_engine(hq.database.url, connections=1))
    with units.begin(hq.box.tenant) as unit:
        rows = unit.collection.replay(Place(0, NOBODY), 1 << 52, 100)
    units.close()
    return [told(row) for row in rows]


def test_from_a_file_to_people_and_what_is_told_of_them(hq: Hq, tmp_path: Path) -> None:
    hq.box.enrols(ANN)
    hq.box.enrols(BEA)
    hq.box.sells(ANN, fen=30_000, business_date=day(2))
    hq.sends()
    assert "还没有客群" in hq.run("insight", "segments", "list").stderr

    # Sales count at once; tags as they were worked out last.
    buyers = written(tmp_path, BUYERS)
    looked = said(hq, "look", buyers)
    assert looked["people"] == 1
    assert looked["sample"][0]["member"] == str(ANN.member)
    assert said(hq, "look", written(tmp_path, SPENDERS))["people"] == 0
    in_a_process(load_settings(hq.config), hq.box.tenant)
    spenders = said(hq, "look", written(tmp_path, SPENDERS))
    assert spenders["sample"][0]["tags"] == {"spend_year": 30_000}

    made = said(hq, "create", "近 30 天买过", buyers)
    assert (made["people"], made["entered"], made["left"]) == (1, 1, 0)
    one = made["segment_id"]
    assert said(hq, "people", one)["people"] == [str(ANN.member)]
    hq.box.sells(BEA, fen=5_000, business_date=day(1))
    hq.sends()
    assert said(hq, "recompute")["segments"][one] == {"people": 2, "entered": 1, "left": 0}
    changed = said(hq, "change", one, written(tmp_path, SPENDERS), "--name", "大客")
    assert (changed["version"], changed["people"], changed["left"]) == (2, 1, 1)

    # Who came and went stands in the log, in its one order, beside the sales.
    moves = [
        (row["name"], row["member"], row["body"]["version"])
        for row in logged(hq)
        if str(row["type"]).startswith("segment.")
    ]
    assert moves == [
        ("Segment Entered", str(ANN.member), 1),
        ("Segment Entered", str(BEA.member), 1),
        ("Segment Exited", str(BEA.member), 2),
    ]
    assert said(hq, "end", one)["ended"]
    assert said(hq, "people", one)["people"] == []
    assert "已结束" in hq.command("insight", "segments", "list")


def test_what_cannot_be_done_is_refused_by_name(hq: Hq, tmp_path: Path) -> None:
    buyers = written(tmp_path, BUYERS)
    made = said(hq, "create", "买过", buyers)

    def refused(*arguments: str) -> str:
        return hq.command("insight", "segments", *arguments, code=3)

    assert "E199" in refused("create", "买过", buyers)
    assert "E195" in refused("create", " ", buyers)
    assert "E195" in refused("create", "坏", written(tmp_path, {"who": []}))
    assert "E197" in refused(
        "create", "肤质", written(tmp_path, {"who": {"tag": "declared_skin", "is": "yes"}})
    )
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    assert "E195" in refused("look", str(broken))
    assert "A108" in refused("people", str(fresh_id()))
    said(hq, "end", made["segment_id"])
    for act in (("recompute",), ("change",), ("end",)):
        assert "E201" in refused(*act, made["segment_id"])
    assert said(hq, "recompute")["segments"] == {}
    assert said(hq, "create", "买过", buyers)["people"] == 0


def test_a_night_that_cannot_be_done_says_so(hq: Hq) -> None:
    broken = load_settings(hq.config).model_copy(update={"analytics_dir": Path("/dev/null/none")})
    with pytest.raises(Fault) as caught:
        in_a_process(broken, hq.box.tenant)
    assert caught.value.code.value == "E191"
