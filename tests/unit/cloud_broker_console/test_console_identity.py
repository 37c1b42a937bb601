"""Who is one person at HQ: pairs side by side, a person's evidence, and the way back."""

import csv
import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.ports.evidence import Pair, Run
from cloud_broker.ports.imports import NewcomerRow
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.insight.identity_desk import IdentityDesk
from retail_core.insight.persons.hearing import member_handle
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.fakes.cloud_evidence import identity_of
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console.console_fakes import (
    TENANT,
    TOKEN,
    FakeHqAuth,
    FakeHqQueries,
    deps,
)
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice

SIGNS = {"name.same": 6.5, "phone.other": -3.1, "born.same": 8.2, "email.unknown": 0.0}


@dataclass
class Queue:
    """Ann and Bea, who may be one, and HQ's desk."""

    units: FakeUnits
    desk: IdentityDesk
    ann: UUID
    bea: UUID
    pair: UUID

    def at_hq(self, role: HqRole = "operations") -> TestClient:
        app = FastAPI()
        parts = deps(FakeHqQueries(), FakeHqAuth(role=role), identity=self.desk)
        app.include_router(console_router(parts))
        client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        client.cookies.set("regulars_hq", TOKEN)
        return client

    def sent(self, path: str, role: HqRole = "operations", **fields: Any) -> str:
        client = self.at_hq(role)
        word = csrf(client.get("/identity").text)
        answer = client.post(path, data={"csrf": word, **fields}, headers=SAME)
        if answer.status_code != 303:
            return answer.text
        return notice(client.get(answer.headers["location"]).text)


@pytest.fixture
def queue() -> Queue:
    units, clock = FakeUnits(), FakeCloudClock()
    ann, bea, pair = fresh_id(), fresh_id(), fresh_id()
    with units.begin(TENANT) as unit:
        store = fresh_id()
        rows = [
            NewcomerRow(one, fresh_id(), name, "gold", "138****8000", one.bytes, store, WALL_MS + n)
            for n, (one, name) in enumerate(((ann, "王小美"), (bea, "王小美")))
        ]
        unit.movers.add_newcomers(rows, WALL_MS)
        run = Run(fresh_id(), "nightly", WALL_MS)
        unit.likenesses.ask_run(run)
        ends = sorted((member_handle(ann), member_handle(bea)))
        unit.likenesses.save_pairs(
            run.run_id, [Pair(pair, ends[0], ends[1], 0.97, SIGNS, "splink/1")], WALL_MS
        )
    return Queue(units, identity_of(units, clock), ann, bea, pair)


def test_both_stand_side_by_side_masked_with_why(queue: Queue) -> None:
    page = queue.at_hq().get("/identity").text
    assert "97.0 % 可能是同一个人" in page
    assert page.count("王*美") >= 2
    assert "王小美" not in page
    assert "+6.5" in page
    assert "-3.1" in page
    assert f"/identity/pairs/{queue.pair}/linked" in page
    looked = queue.at_hq("auditor").get("/identity").text
    assert "/linked" not in looked
    english = queue.at_hq().get("/identity?lang=en").text
    assert "97.0 % likely one person" in english
    assert "没有符合的" in queue.at_hq().get("/identity?q=zzz").text
    rows = list(csv.reader(io.StringIO(queue.at_hq().get("/identity.csv").text)))
    assert rows[1][0] == str(queue.pair)


def test_a_pair_is_linked_shown_and_taken_back(queue: Queue) -> None:
    assert "同一个人" in queue.sent(f"/identity/pairs/{queue.pair}/linked")
    assert "没有等您看的" in queue.at_hq().get("/identity").text
    sheet = queue.desk.sheet(TENANT, queue.bea)
    assert [one.member for one in sheet.members] == [str(queue.ann), str(queue.bea)]
    page = queue.at_hq().get(f"/identity/{queue.bea}").text
    assert str(queue.ann) in page
    (row,) = sheet.evidence
    end = f"/identity/links/{row.link.link_id}/end"
    assert end in page
    assert "要写明原因" in queue.sent(end, why=" ", person=str(queue.bea))
    assert "已撤回" in queue.sent(end, why="认错了", person=str(queue.bea))
    assert queue.desk.sheet(TENANT, queue.bea).person == queue.bea
    page = queue.at_hq().get(f"/identity/{queue.bea}").text
    assert "认错了" in page
    assert "撤回了的" in page
    assert "E158" in queue.sent(f"/identity/pairs/{queue.pair}/apart")


def test_two_are_two_and_one_can_wait(queue: Queue) -> None:
    assert "以后再看" in queue.sent(f"/identity/pairs/{queue.pair}/later")
    assert "没有等您看的" in queue.at_hq().get("/identity").text
    assert "97.0 %" in queue.at_hq().get("/identity?show=later").text
    assert "两个人" in queue.sent(f"/identity/pairs/{queue.pair}/apart")
    assert queue.desk.sheet(TENANT, queue.ann).members[0].member == str(queue.ann)
    (row,) = queue.desk.sheet(TENANT, queue.ann).evidence
    assert row.link.apart


def test_who_may_only_look_changes_nothing(queue: Queue) -> None:
    page = queue.sent(f"/identity/pairs/{queue.pair}/linked", "auditor")
    assert "A102" in page or "403" in page or "不能" in page
    assert queue.desk.sheet(TENANT, queue.ann).evidence == ()


def test_a_search_is_asked_for_once_and_values_are_blocked(queue: Queue) -> None:
    assert "E160" in queue.sent("/identity/search")
    with queue.units.begin(TENANT) as unit:
        (run,) = unit.likenesses.runs(1)
        done = Run(run.run_id, "nightly", WALL_MS, "failed", "", None, WALL_MS, {}, "E159 太久")
        unit.likenesses.save_run(done)
    assert "E159 太久" in queue.at_hq().get("/identity").text
    assert "已排上" in queue.sent("/identity/search")
    assert "已屏蔽" in queue.sent("/identity/blocks", name="phone:0a", why="门店电话")
    assert "门店电话" in queue.at_hq().get("/identity").text
    assert "E157" in queue.sent("/identity/blocks", name="mood:x", why="x")
    assert "不再屏蔽" in queue.sent("/identity/blocks/end", name="phone:0a", why="换了")


def test_a_member_nobody_knows_has_no_page(queue: Queue) -> None:
    assert "E162" in queue.at_hq().get(f"/identity/{fresh_id()}").text
    said = queue.sent(
        "/identity/say", first=str(queue.ann), second=str(queue.bea), why="姐妹", apart="1"
    )
    assert "已记下" in said
    assert "≠" in queue.at_hq().get(f"/identity/{queue.ann}").text
