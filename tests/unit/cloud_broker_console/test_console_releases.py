"""HQ's pages of releases, over the real desk and keeper and boxes that say how far they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.console.release_pages import RollOutForm
from cloud_broker.ports.rollouts import RolloutRow
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.fleet.desks import FleetDesks
from cloud_broker.services.fleet.releases import ReleaseDesk, ReleaseInfo, RolloutKeeper
from retail_core.errors import Fault
from retail_core.fleet.rollout import BoxStage, Policy
from retail_core.texts.faults import FaultCode
from tests.factories.steering import Fleet
from tests.fakes.cloud_basics import FakeCloudIdSource
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, csrf

FORM = {
    "number": 7,
    "sales": 3,
    "well_minutes": 5,
    "rest_minutes": 0,
    "failures_max": 0,
    "trade_percent": 0,
    "window_from": "01:30",
    "window_to": "04:00",
    "why": "新版",
}


@dataclass
class Shelf:
    """What is on offer."""

    releases: tuple[ReleaseInfo, ...] = (ReleaseInfo(7, "1.7.0", 12_345_678),)
    fault: Fault | None = None

    def __call__(self) -> tuple[ReleaseInfo, ...]:
        if self.fault is not None:
            raise self.fault
        return self.releases


class Office:
    """A chain of three stores, its shelf, and the people of its HQ."""

    def __init__(self) -> None:
        self.fleet = Fleet(FakeUnits(), stores=3)
        self.shelf = Shelf()
        units, clock = self.fleet.units, self.fleet.clock
        self.desk = ReleaseDesk(units, clock, FakeCloudIdSource(clock), self.shelf)
        self.keeper = RolloutKeeper(units, clock)
        self.desks = FleetDesks(
            units, self.fleet.twins, self.fleet.orders, self.desk, self.fleet.archives
        )

    def web(self, login: str, role: HqRole = "operations") -> TestClient:
        auth = fakes.FakeHqAuth(role)
        auth.identity = self.fleet.who(login, role)
        app = FastAPI()
        app.include_router(
            console_router(fakes.deps(fakes.FakeHqQueries(()), auth, fleet=self.desks))
        )
        mount_static(app)
        web = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        web.cookies.set("regulars_hq", fakes.TOKEN)
        return web

    def all_are(self, row: RolloutRow, stage: BoxStage, code: str = "") -> None:
        """Let every box of the open rings have come that far."""
        with self.fleet.units.begin(self.fleet.tenant) as unit:
            boxes = unit.rollouts.boxes(row.rollout_id)
            going = unit.rollouts.rollout(row.rollout_id)
            assert going is not None
            told = [
                type(one)(one.device, one.store, one.ring, stage, 1, 1, code, 3)
                for one in boxes
                if one.ring <= going.going.ring
            ]
            unit.rollouts.set_boxes(row.rollout_id, told)
        self.keeper.tend(self.fleet.tenant)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def li(office: Office) -> Iterator[TestClient]:
    with office.web("li") as web:
        yield web


@pytest.fixture
def wang(office: Office) -> Iterator[TestClient]:
    with office.web("wang") as web:
        yield web


def sees(web: TestClient, path: str) -> str:
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def posts(web: TestClient, path: str, **form: object) -> Response:
    word = csrf(web.get("/releases").text)
    return web.post(path, data={"csrf": word, **form}, headers={"Origin": ORIGIN})


def test_a_release_goes_out_ring_by_ring_with_a_second_person(
    office: Office, li: TestClient, wang: TestClient
) -> None:
    assert "7 1.7.0 12.3 MB" in sees(li, "/releases")
    where = posts(li, "/releases", **FORM).headers["location"]
    page = sees(li, where)
    assert "等第二个人同意后才开始" in page
    assert "自己放的版本要别人同意" in page
    assert "门店当地 01:30–04:00 才换" in page
    assert "健康 5 分钟、卖成 3 单" in page
    assert "做完或停掉以后才能放下一个" in sees(li, "/releases")
    assert "我同意,开始" in sees(wang, where)
    posts(wang, f"{where}/agree")
    (row,) = office.desk.overview(office.fleet.tenant)
    assert "正在放 · 2 圈开了 1 圈" in sees(li, where)
    office.all_are(row, BoxStage.PROVED)
    page = sees(wang, where)
    assert "这一圈已证明,等另一个人同意后开下一圈" in page
    assert "1 / 1 台证明了" in page
    posts(wang, f"{where}/agree")
    office.keeper.tend(office.fleet.tenant)
    office.all_are(row, BoxStage.PROVED)
    for _ in range(4):
        office.keeper.tend(office.fleet.tenant)
        office.all_are(row, BoxStage.PROVED)
    assert "全部放完" in sees(li, where)
    assert "li · 放出版本" in sees(li, where)
    assert "wang · 同意" in sees(li, where)


def test_what_fails_stops_by_itself_and_the_page_says_why(
    office: Office, li: TestClient, wang: TestClient
) -> None:
    where = posts(li, "/releases", **FORM).headers["location"]
    posts(wang, f"{where}/agree")
    (row,) = office.desk.overview(office.fleet.tenant)
    office.all_are(row, BoxStage.FAILED, FaultCode.RELEASE_BREAKS.value)
    page = sees(li, where)
    assert "已停掉,退回上一版" in page
    assert "有盒子用它失败了" in page
    assert "F245" in page
    assert "停掉,从盒子上退回" not in page, "it is stopped already"
    assert "系统自己 · 停掉放量" in page, "nobody is named where nobody did it"
    assert "有盒子用它失败了" in sees(li, "/releases")


def test_who_lets_a_paused_ring_go_on_has_not_agreed_to_the_next(
    office: Office, li: TestClient, wang: TestClient
) -> None:
    where = posts(li, "/releases", **FORM).headers["location"]
    posts(wang, f"{where}/agree")
    posts(wang, f"{where}/paused")
    page = sees(wang, where)
    assert "继续放" in page
    assert "我同意" not in page, "to let it go on is no agreement"
    assert "为什么停" not in page, "it is not stopped"
    posts(wang, f"{where}/agree")
    assert "已继续" in sees(wang, where)
    assert "wang · 让放量继续" in sees(li, where)
    (row,) = office.desk.overview(office.fleet.tenant)
    assert row.going.state == "running"
    office.all_are(row, BoxStage.PROVED)
    assert "这一圈已证明,等另一个人同意后开下一圈" in sees(wang, where)
    posts(wang, f"{where}/agree")
    office.keeper.tend(office.fleet.tenant)
    assert "2 圈开了 2 圈" in sees(li, where)


def test_what_was_stopped_is_marked_on_offer_and_not_suggested(
    office: Office, li: TestClient, wang: TestClient
) -> None:
    good, bad = ReleaseInfo(6, "1.6.0", 1_000_000), ReleaseInfo(7, "1.7.0", 1_000_000)
    office.shelf.releases = (good, bad)
    where = posts(li, "/releases", **FORM).headers["location"]
    assert "7 1.7.0 1.0 MB 等第二个人" in sees(li, "/releases")
    posts(wang, f"{where}/agree")
    (row,) = office.desk.overview(office.fleet.tenant)
    office.all_are(row, BoxStage.FAILED, FaultCode.RELEASE_BREAKS.value)
    page = sees(li, "/releases")
    assert "7 1.7.0 1.0 MB 已停掉,退回上一版 · 有盒子用它失败了" in page
    assert "6 1.6.0 1.0 MB 没放过" in page
    assert "7 · 1.7.0 · 已停掉" in page
    assert '<option value="6" selected>' in li.get("/releases").text
    posts(li, "/releases", **FORM | {"number": 6})
    (row,) = (one for one in office.desk.overview(office.fleet.tenant) if one.number == 6)
    second = office.fleet.who("wang")
    office.desk.agree(second, row.rollout_id)
    for _ in range(8):
        office.all_are(row, BoxStage.PROVED)
        if office.desk.show(office.fleet.tenant, row.rollout_id).row.going.state == "paused":
            office.desk.agree(second, row.rollout_id)
    page = li.get("/releases").text
    assert "6 1.6.0 1.0 MB 全部放完" in sees(li, "/releases")
    assert '<option value="" selected disabled>' in page, "nothing is newer: a person chooses"


def test_a_ring_that_sold_nothing_says_so_and_asks(
    office: Office, li: TestClient, wang: TestClient
) -> None:
    where = posts(li, "/releases", **FORM | {"trial_hours": 48}).headers["location"]
    posts(wang, f"{where}/agree")
    (row,) = office.desk.overview(office.fleet.tenant)
    assert "最多试用 48 小时" in sees(li, where)
    office.all_are(row, BoxStage.REVERTED, FaultCode.RELEASE_QUIET.value)
    page = sees(wang, where)
    assert "这一圈的店试用期内都没卖够" in page
    assert "这一圈已证明" not in page
    assert "F264 试用期满还没卖够单数" in page
    posts(wang, f"{where}/agree")
    office.keeper.tend(office.fleet.tenant)
    assert "2 圈开了 2 圈" in sees(li, where)


def test_a_window_of_the_whole_day_is_called_so(office: Office, li: TestClient) -> None:
    whole = FORM | {"window_from": "00:00", "window_to": "00:00"}
    page = sees(li, posts(li, "/releases", **whole).headers["location"])
    assert "什么时候都可以换" in page
    assert "00:00" not in page.partition("销售")[0].partition("关口")[2]


def test_a_person_stops_it_with_a_reason(office: Office, li: TestClient, wang: TestClient) -> None:
    where = posts(li, "/releases", **FORM).headers["location"]
    posts(wang, f"{where}/agree")
    posts(li, f"{where}/paused")
    assert "已暂停" in sees(li, where)
    posts(wang, f"{where}/stopped", why="退货打不出")
    (row,) = office.desk.overview(office.fleet.tenant)
    assert row.going.state == "stopped"
    assert "有人停的" in sees(li, where)


def test_a_cloud_without_a_shelf_says_so(office: Office, li: TestClient) -> None:
    office.shelf.fault = Fault(FaultCode.RELEASE_NO_SHELF)
    assert "这里还不能发版本" in sees(li, "/releases")
    office.shelf.fault, office.shelf.releases = None, ()
    assert "还没有放上来的版本" in sees(li, "/releases")


def test_bad_gates_are_refused_in_words(office: Office, li: TestClient) -> None:
    answer = posts(li, "/releases", **FORM | {"sales": 0})
    assert answer.status_code == 303
    assert "F253" in sees(li, "/releases")
    posts(li, "/releases", **FORM | {"window_from": "25:00"})
    assert "window 25:00" in sees(li, "/releases")
    assert office.desk.overview(office.fleet.tenant) == ()


def test_an_auditor_looks_only(office: Office, li: TestClient) -> None:
    where = posts(li, "/releases", **FORM).headers["location"]
    with office.web("aud", "auditor") as web:
        page = sees(web, where)
        assert "我同意" not in page
        assert web.get("/releases").text.count("<form") == 1, "signing out"
        assert posts(web, f"{where}/stopped", why="x").status_code == 403
    with office.web("shop", "marketing") as web:
        assert web.get(where).status_code == 403


def test_every_ring_may_ask_for_a_person() -> None:
    assert RollOutForm(number=1, each_ring=True).policy().approve == (0, 1, 2, 3)
    assert RollOutForm(number=1).policy() == Policy()
