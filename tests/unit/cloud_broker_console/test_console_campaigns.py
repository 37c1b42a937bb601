"""Campaigns at HQ: the form read and shown again, the way from draft to running, chart, files."""

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cloud_broker.console import campaign_forms as forms
from cloud_broker.console.campaign_sheets import finding, uplift_chart
from cloud_broker.console.pages import console_router
from cloud_broker.ports.campaigns import Look
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.insight.campaign_desks import CampaignDesks
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import plan_of
from tests.factories.campaigns import campaigns_of
from tests.factories.grown import RULES, publish
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console.console_fakes import (
    TENANT,
    TOKEN,
    FakeHqAuth,
    FakeHqQueries,
    deps,
)
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice

SEGMENT = fresh_id()


@dataclass
class Stage:
    """A chain with a segment and rules."""

    units: FakeUnits
    desks: CampaignDesks

    def page(self, role: HqRole = "operations", login: str = "li") -> TestClient:
        app = FastAPI()
        auth = FakeHqAuth(role=role)
        auth.identity = replace(auth.identity, login=login)
        app.include_router(console_router(deps(FakeHqQueries(), auth, campaigns=self.desks)))
        client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        client.cookies.set("regulars_hq", TOKEN)
        return client


@pytest.fixture
def stage() -> Stage:
    units, clock = FakeUnits(), FakeCloudClock()
    with units.begin(TENANT) as unit:
        unit.state.campaigns.segments[SEGMENT] = ("回头客", {fresh_id()})
    publish(units, TENANT, RULES)
    return Stage(units, campaigns_of(units, clock))


def said(stage: Stage, **changed: str) -> dict[str, str]:
    today = stage.desks.campaigns.rules.day(stage.desks.campaigns.clock.now_ms())
    return {
        **forms.blank(today).values,
        "name": "回来看看",
        "segment": str(SEGMENT),
        "coupon": "ten-off",
        "budget": "1000",
        "benefit": "10",
        "worth": "0",
    } | changed


def sent(client: TestClient, address: str, form: dict[str, str]) -> Any:
    token = csrf(client.get("/campaigns").text)
    return client.post(address, data=form | {"csrf": token}, headers=SAME)


def test_an_empty_list_teaches_the_next_step(stage: Stage) -> None:
    page = stage.page().get("/campaigns").text
    assert "/campaigns/new" in page
    assert "客群" in page


def test_from_the_form_to_running_and_stopped(stage: Stage) -> None:
    li, wang = stage.page(), stage.page(login="wang")
    made = sent(li, "/campaigns/new", said(stage))
    address = made.headers["location"]
    assert re.fullmatch(r"/campaigns/[0-9a-f-]{36}", address)
    page = li.get(address).text
    assert "满100减10" in page
    assert "10 %" in page
    sent(li, address + "/ask", {})
    assert f"{address}/agree" not in li.get(address).text
    assert f"{address}/agree" in wang.get(address).text
    refused = sent(li, address + "/agree", {})
    assert "E207" in notice(li.get(address).text) or refused.status_code == 303
    sent(wang, address + "/agree", {})
    assert "进行中" in wang.get(address).text
    sent(li, address + "/stop", {"take_back": "1"})
    page = li.get(address).text
    assert "已停止" in page
    assert "人工停止" in page
    listed = li.get("/campaigns?q=回来&sort=name&dir=asc").text
    assert "回来看看" in listed
    assert "回来看看" not in li.get("/campaigns?q=nothing").text


def test_what_is_wrong_is_said_above_the_form_and_stands_there_again(stage: Stage) -> None:
    client = stage.page()
    for wrong in ({"budget": "1"}, {"holdout": "x"}, {"benefit": "1.234"}, {"segment": "none"}):
        answer = sent(client, "/campaigns/new", said(stage, **wrong))
        assert answer.status_code == 422, wrong
        assert "E205" in answer.text or "活动的" in answer.text
        assert "回来看看" in answer.text
    assert stage.desks.campaigns.campaigns(TENANT) == ()


def test_a_draft_can_be_changed_and_nothing_that_runs(stage: Stage) -> None:
    client = stage.page()
    address = sent(client, "/campaigns/new", said(stage)).headers["location"]
    form = client.get(address + "/edit").text
    assert 'value="回来看看"' in form
    sent(client, address + "/edit", said(stage, name="再来看看"))
    assert "再来看看" in client.get(address).text
    sent(client, address + "/ask", {})
    sent(stage.page(login="wang"), address + "/agree", {})
    assert client.get(address + "/edit").status_code == 409


def test_who_only_looks_can_do_nothing(stage: Stage) -> None:
    auditor = stage.page("auditor")
    assert auditor.get("/campaigns").status_code == 200
    assert auditor.get("/campaigns/new").status_code == 403


def test_texts_are_written_by_one_and_approved_by_another(stage: Stage) -> None:
    li, wang = stage.page(), stage.page(login="wang")
    form = {"channel": "sms", "name": "券到了", "body": "【{brand}】到店用券,退订回T", "code": ""}
    sent(li, "/campaigns/messages/templates", form | {"body": "到店用券"})
    assert "E209" in li.get("/campaigns/messages").text
    sent(li, "/campaigns/messages/templates", form)
    page = wang.get("/campaigns/messages").text
    (address,) = re.findall(r'action="(/campaigns/messages/templates/[^"]+/approve)"', page)
    assert address not in li.get("/campaigns/messages").text
    sent(wang, address, {})
    assert "已批准" in wang.get("/campaigns/messages").text
    pace = {"channel": "sms", "per_minute": "7", "per_day": "70", "person_max": "1"}
    pace |= {"person_days": "3", "quiet_begins": "21:00", "quiet_ends": "08:30"}
    sent(li, "/campaigns/messages/pace", pace)
    held = stage.desks.templates.paces(TENANT)["sms"]
    assert (held.pace.per_minute, f"{held.quiet.ends:%H:%M}") == (7, "08:30")


def test_the_form_shows_every_plan_as_it_was_filled_in() -> None:
    plan = plan_of(
        {
            "name": "全部",
            "segment": str(SEGMENT),
            "actions": [
                {"kind": "coupon", "rule": "a", "days": 3},
                {"kind": "message", "channel": "wechat", "template": str(SEGMENT)},
                {"kind": "call", "note": "问候", "days": 5},
                {"kind": "group", "group": "vip"},
            ],
            "trigger": {"kind": "tier_near", "value": 12_345},
            "first_day": "2026-11-01",
            "last_day": "2026-11-30",
            "holdout_permille": 125,
            "budget_fen": 1_000_05,
            "benefit_fen": 1_050,
            "message_fen": 5,
            "margin_permille": 355,
        }
    )
    assert forms.read(forms.shown(plan)) == plan


@pytest.mark.parametrize("text", ["-1", "1e3", "٣", "1.2.3", "9" * 13, "1.005"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        forms.read(forms.Filled({**forms.blank(date(2026, 11, 1)).values, "budget": text}))


def look(nth: int, found: tuple[float, float, float] | None) -> Look:
    value = None if found is None else dict(zip(("value", "low", "high"), found, strict=True))
    arms = {arm: {"people": 10 * nth} for arm in ("treated", "held")}
    return Look(date(2026, 11, 1) + timedelta(days=nth), nth, {"conversion": value} | arms)


def test_the_chart_holds_every_interval_and_where_nothing_is_gained() -> None:
    assert uplift_chart([look(0, None)]) is None
    found = uplift_chart([look(0, None), look(1, (0.1, -0.05, 0.2)), look(3, (0.2, 0.1, 0.3))])
    assert found is not None
    assert (found.top, found.bottom) == (0.3, -0.05)
    xs = [x for x, *_ in found.dots]
    assert xs == sorted(xs)
    for _, value, low, high in found.dots:
        assert high <= value <= low  # downwards, as pictures count
    assert found.dots[0][2] > found.zero_y > found.dots[1][2]
    alone = uplift_chart([look(1, (0.1, 0.05, 0.2))])
    assert alone is not None
    assert alone.bottom == 0.0


def test_findings_are_told_apart() -> None:
    def of(low: float, high: float) -> str:
        return finding({"conversion": {"value": (low + high) / 2, "low": low, "high": high}})

    assert [of(0.01, 0.1), of(-0.1, -0.01), of(-0.1, 0.1)] == ["more", "fewer", "unsure"]
    assert finding({"conversion": None}) == "none"


def test_the_list_is_a_file_too(stage: Stage) -> None:
    client = stage.page()
    sent(client, "/campaigns/new", said(stage, name="=cmd()"))
    text = client.get("/campaigns.csv").text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 2
    assert rows[1][1].startswith("'=")
    assert len(rows[0]) == len(rows[1])
