"""A store's health and the chain's alerts, as HQ reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.console.charts import HEIGHT, WIDTH, charts
from cloud_broker.console.pages import console_router
from cloud_broker.domain.alert_plan import AlertPlan, Trouble
from cloud_broker.domain.vitals import SPAN_MS, WORST, Span
from cloud_broker.ports.health import BoxIssues, BoxNow
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.fleet.store_health import BoxHealth, HealthView, StoreHealth
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_desks import alert_desk
from tests.unit.cloud_broker_console.console_words import ORIGIN

BOX = UUID(int=5)
DAY_MS = 86_400_000
WRITES = frozenset({"admin", "operations"})


@dataclass
class Hq:
    """Somebody signed in, and the chain behind the page."""

    client: TestClient
    units: FakeUnits
    clock: FakeCloudClock
    store: UUID
    device: UUID

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/").text)
        assert found is not None
        return found[1]


@pytest.fixture
def role() -> HqRole:
    return "operations"


@pytest.fixture
def hq(role: HqRole) -> Iterator[Hq]:
    units, clock = FakeUnits(), FakeCloudClock()
    with units.begin(fakes.TENANT) as unit:
        unit.fleet.add_tenant("熟客", "demo", clock.now_ms())
    box = new_box(units, fakes.TENANT)
    queries = fakes.FakeHqQueries((fakes.tile(0, store_id=box.store),), ())
    deps = fakes.deps(
        queries,
        fakes.FakeHqAuth(role),
        health=StoreHealth(units, clock),
        alerts=alert_desk(units, clock),
    )
    app = FastAPI()
    app.include_router(console_router(deps))
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        client.cookies.set("regulars_hq", fakes.TOKEN)
        yield Hq(client, units, clock, box.store, box.device)


def test_a_store_says_what_is_wrong_who_mends_it_and_how_it_went(hq: Hq) -> None:
    now = hq.clock.now_ms()
    told = {("H103", ""): {"celsius": "83<b>"}, ("H999", "x"): {}}
    with hq.units.begin(fakes.TENANT) as unit:
        unit.health.keep_issues([BoxIssues(hq.device, hq.store, now - DAY_MS, {("H101", ""): {}})])
        unit.health.keep_issues([BoxIssues(hq.device, hq.store, now - 60_000, told)])
        unit.health.keep_spans(
            [Span(hq.device, now - 3 * SPAN_MS, {"temperature_c": 83, "queue_age_s": 7_200})]
        )
    page = hq.client.get(f"/stores/{hq.store}").text
    assert "83&lt;b&gt; °C" in page
    assert "店员能修" in page
    assert "H999" in page
    assert "已经过去的 1 件" in page
    assert "<polyline" in page
    assert "120 min" in page  # the lag is said in minutes
    english = hq.client.get(f"/stores/{hq.store}?lang=en&hours=168").text
    assert "a clerk can mend it" in english
    assert 'href="?hours=168" aria-current="true"' in english


def test_a_box_that_said_nothing_yet_has_no_charts(hq: Hq) -> None:
    page = hq.client.get(f"/stores/{hq.store}?hours=5").text
    assert "盒子还没有报过数字" in page
    assert "盒子没有说哪里不好" in page


def test_alerts_are_listed_and_somebody_is_told(hq: Hq) -> None:
    now = hq.clock.now_ms()
    hot = Trouble(hq.store, "H103", "", now - 5_000, {"celsius": "83"})
    silent = Trouble(None, "F118", "0", now - 5_000, {"count": "3"})
    with hq.units.begin(fakes.TENANT) as unit:
        unit.alerts.write(AlertPlan((hot, silent)), (UUID(int=1), UUID(int=2)), now)
        unit.alerts.write(AlertPlan(clears=(UUID(int=1),)), (), now)
    csrf = hq.csrf()
    form = {
        "csrf": csrf,
        "name": "值班",
        "target": "https://example.org/h",
        "only": ["H103", "华东"],
    }
    made = hq.client.post("/alerts", data=form, headers={"Origin": ORIGIN}).text
    assert "whsec_" in made
    page = hq.client.get("/alerts").text
    assert "whsec_" not in page
    for words in (
        "整个连锁",
        "3 家门店一起没有消息",
        "已经过去的",
        "https://example.org/h",
        "华东",
    ):
        assert words in page
    ((rule, _),) = alert_desk(hq.units, hq.clock).rules(fakes.TENANT)
    assert (rule.code, rule.region is None) == ("H103", False)
    rotated = hq.client.post(f"/alerts/{rule.rule}/rotate", data={"csrf": csrf})
    assert "旧的再用一天" in rotated.text
    for act in ("try", "end"):
        assert hq.client.post(f"/alerts/{rule.rule}/{act}", data={"csrf": csrf}).status_code == 303
    assert alert_desk(hq.units, hq.clock).rules(fakes.TENANT) == ()
    refused = hq.client.post("/alerts", data=form | {"target": "http://example.org"})
    assert refused.status_code == 422
    assert "F121" in refused.text


@pytest.mark.parametrize("role", [one for one in get_args(HqRole) if one not in WRITES])
def test_who_may_not_write_only_reads(hq: Hq) -> None:
    csrf = hq.csrf()
    assert 'name="target"' not in hq.client.get("/alerts").text
    for path in ("/alerts", f"/alerts/{BOX}/rotate", f"/alerts/{BOX}/end"):
        assert hq.client.post(path, data={"csrf": csrf, "name": "x"}).status_code == 403


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 1 << 40)), min_size=1))
def test_a_chart_stays_inside_its_frame(looks: list[tuple[int, int]]) -> None:
    spans = {at: Span(BOX, at * SPAN_MS, dict.fromkeys(WORST, value)) for at, value in looks}
    box = BoxHealth(BoxNow(BOX, 1, None, {}), tuple(spans[at] for at in sorted(spans)))
    for chart in charts(HealthView(0, 400 * SPAN_MS, (box,), ()), box):
        points = [tuple(map(float, one.split(","))) for one in " ".join(chart.lines).split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert len(points) == len(spans) + len(chart.lines)
        assert len(chart.rows) <= 24
