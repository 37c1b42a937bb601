"""The page of clerks: figures, the file, alerts that somebody looks at, and whose card is whose."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.ports.clerks import Alert
from cloud_broker.ports.fleet import NewOperator
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.hq.clerk_desk import HEADER, ClerkDesk
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_ingest import Cloud
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice

NOVEMBER = "first=2026-11-01&last=2026-11-30"


@dataclass
class Hq:
    """HQ's browser, and a chain where a clerk named like a formula sold twice."""

    cloud: Cloud
    clerk: UUID
    person: Person
    client: TestClient

    @property
    def alerts(self) -> list[tuple[str, str]]:
        rows = ClerkDesk(self.cloud.units, FakeCloudClock()).alerts(self.cloud.tenant)
        return [(row.acknowledged_by, row.note) for row in rows]


def opened(role: HqRole = "operations") -> Hq:
    cloud, clerk, person = Cloud(), fresh_id(), Person(name="李敏")
    box = cloud.box()
    box.operator = clerk
    with cloud.units.begin(cloud.tenant) as unit:
        named = NewOperator(clerk, box.store, "1001", '=HYPERLINK("x")', "x", "clerk")
        unit.fleet.add_operator(named, 0)
    box.enrols(person)
    box.sells(person)
    box.sells(fen=10_000)
    cloud.book((box, box.frame()))
    with cloud.units.begin(cloud.tenant) as unit:
        day = date(2026, 11, 18)
        alert = Alert(clerk, person.member, day, "own_card", (fresh_id(),), 1, 1)
        unit.clerks.raise_alerts([alert], 1)
    auth = fakes.FakeHqAuth(role)
    auth.identity = type(auth.identity)(cloud.tenant, UUID(int=2), "hq", "王芳", role)
    queries = fakes.FakeHqQueries(fakes.tiles(2), ())
    app = FastAPI()
    desk = ClerkDesk(cloud.units, FakeCloudClock())
    app.include_router(console_router(fakes.deps(queries, auth, clerks=desk)))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    client.cookies.set("regulars_hq", fakes.TOKEN)
    assert cloud.tally.snapshot() == FaultTally().snapshot()
    return Hq(cloud, clerk, person, client)


@pytest.fixture
def hq() -> Hq:
    return opened()


def test_figures_by_store_and_days(hq: Hq) -> None:
    page = hq.client.get(f"/clerks?{NOVEMBER}").text
    assert "=HYPERLINK(&#34;x&#34;)" in page
    assert "159.00" in page
    assert f"/clerks.csv?{NOVEMBER}".replace("&", "&amp;") in page
    assert "没有店员名下的记录" in hq.client.get("/clerks?first=2026-10-01&last=2026-10-31").text
    english = hq.client.get(f"/clerks?{NOVEMBER}&lang=en").text
    assert "Recruits" in english


def test_the_file_runs_no_formula(hq: Hq) -> None:
    answer = hq.client.get(f"/clerks.csv?{NOVEMBER}")
    assert answer.headers["content-type"].startswith("text/csv")
    head, row = answer.text.lstrip("\ufeff").splitlines()
    assert head == ",".join(HEADER)
    assert ',"\'=HYPERLINK(""x"")",' in row
    assert ",2,159.00,0,0.00,1," in row


def test_days_that_are_none_are_refused(hq: Hq) -> None:
    for days in ("first=2026-11-30&last=2026-11-01", "first=2026-02-31", "first=x"):
        assert hq.client.get(f"/clerks?{days}").status_code in {404, 422}, days


def test_an_alert_says_why_and_is_looked_at_once(hq: Hq) -> None:
    page = hq.client.get("/clerks").text
    assert "她自己的会员上(1 笔)" in page
    assert "own membership (1)" in hq.client.get("/clerks?lang=en").text
    form = {
        "csrf": csrf(page),
        "operator": str(hq.clerk),
        "member": str(hq.person.member),
        "day": "2026-11-18",
        "kind": "own_card",
        "note": "问过<了>",
    }
    assert hq.client.post("/clerks/alerts", data=form, headers=SAME).status_code == 303
    page = hq.client.get("/clerks?lang=zh").text
    assert notice(page)
    assert hq.alerts == [("hq", "问过<了>")]
    assert "问过&lt;了&gt;" in page
    hq.client.post("/clerks/alerts", data=form, headers=SAME)
    assert "A108" in notice(hq.client.get("/clerks").text)
    assert (
        hq.client.post("/clerks/alerts", data=form | {"csrf": "x"}, headers=SAME).status_code > 399
    )


def test_a_clerks_own_membership_is_entered_and_taken_back(hq: Hq) -> None:
    form = {"csrf": csrf(hq.client.get("/clerks").text), "operator": str(hq.clerk)}
    answer = hq.client.post(
        "/clerks/members", data=form | {"member": f" {hq.person.member} "}, headers=SAME
    )
    assert answer.status_code == 303
    assert hq.cloud.state.clerks.own == {hq.clerk: hq.person.member}
    assert str(hq.person.member) in hq.client.get("/clerks").text
    for wrong in ("x", str(fresh_id())):
        hq.client.post("/clerks/members", data=form | {"member": wrong}, headers=SAME)
        assert "notice" in hq.client.get("/clerks").text
        assert hq.cloud.state.clerks.own == {hq.clerk: hq.person.member}
    hq.client.post("/clerks/members", data=form, headers=SAME)
    assert hq.cloud.state.clerks.own == {}


def test_an_auditor_looks_and_changes_nothing() -> None:
    hq = opened("auditor")
    page = hq.client.get("/clerks").text
    assert 'action="/clerks/alerts"' not in page
    form = {"csrf": csrf(page), "operator": str(hq.clerk), "member": str(hq.person.member)}
    answer = hq.client.post("/clerks/members", data=form, headers=SAME)
    assert answer.status_code == 403
    assert "A111" in answer.text
    assert hq.cloud.state.clerks.own == {}
