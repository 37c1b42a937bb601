"""The pages that steer boxes, over the real desks and whole boxes in memory."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.console.audit_words import AuditWords
from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.console.texts import texts
from cloud_broker.ports.health import BoxIssues
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.fleet.commands import Wish
from cloud_broker.services.fleet.desks import FleetDesks
from cloud_broker.services.fleet.releases import ReleaseDesk
from cloud_broker.services.fleet.store_health import StoreHealth
from cloud_broker.services.fleet.twin import Change, Spot
from edge_agent.services.box.fixups import Fixup, FixupDesk
from retail_core.fleet.checks import BY_CODE
from retail_core.fleet.fixups import FIXUPS, fixups_for
from retail_core.growth.account import TierNames
from retail_core.texts.faults import FaultCode
from tests.factories.steering import ARCHIVE, Fleet
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_basics import FakeCloudIdSource
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, csrf, notice

CHAIN = Spot("chain")


class Hq:
    """Somebody at HQ's pages."""

    def __init__(self, fleet: Fleet, login: str = "li", role: HqRole = "operations") -> None:
        auth = fakes.FakeHqAuth(role)
        auth.identity = fleet.who(login, role)
        self.tiles = tuple(
            replace(fakes.tile(number), store_id=sim.store, device_id=sim.device)
            for number, sim in enumerate(fleet.sims)
        )
        releases = ReleaseDesk(fleet.units, fleet.clock, FakeCloudIdSource(fleet.clock), tuple)
        desks = FleetDesks(fleet.units, fleet.twins, fleet.orders, releases, fleet.archives)
        deps = fakes.deps(
            fakes.FakeHqQueries(self.tiles),
            auth,
            fleet=desks,
            health=StoreHealth(fleet.units, fleet.clock),
        )
        app = FastAPI()
        app.include_router(console_router(deps))
        mount_static(app)
        self.web = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        self.web.cookies.set("regulars_hq", fakes.TOKEN)

    def sees(self, path: str) -> str:
        """Return a page's text."""
        answer = self.web.get(path)
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))

    def posts(self, path: str, **form: object) -> Response:
        """Send a form."""
        word = csrf(self.web.get("/commands").text)
        return self.web.post(path, data={"csrf": word, **form}, headers={"Origin": ORIGIN})


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(FakeUnits(), stores=3)


@pytest.fixture
def hq(fleet: Fleet) -> Iterator[Hq]:
    made = Hq(fleet)
    with made.web:
        yield made


def words(answer: Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_diagnostics_that_a_box_handed_in_are_taken_out(hq: Hq, fleet: Fleet) -> None:
    store = fleet.sims[0].store
    order = fleet.orders.give(fleet.who(), Wish("diag", Spot("store", store), {}, 3_600_000))
    assert "诊断包" not in hq.sees(f"/commands/{order.order_id}").partition("第 1 批")[2]
    fleet.boxes[0].settle()
    links = {
        re.findall(r'href="(/commands/[^"]+/diag\.tar\.gz)"', hq.web.get(page).text)[0]
        for page in (f"/commands/{order.order_id}", f"/stores/{store}")
    }
    given = hq.web.get(links.pop())
    assert not links
    assert (given.content, given.headers["content-type"]) == (ARCHIVE, "application/gzip")
    assert given.headers["content-disposition"].endswith('.tar.gz"')


class TestSettings:
    def test_a_change_is_looked_at_then_made_then_taken(self, hq: Hq, fleet: Fleet) -> None:
        store = Spot("store", fleet.sims[0].store)
        fleet.twins.change(fleet.who(), store, Change({"presence.beat_s": 30}))
        form = {"at": "chain", "key": "presence.beat_s", "value": "20", "note": "省流量"}
        looked = hq.posts("/twins/preview", **form, base=0)
        assert "2 家门店的 2 台盒子会改变(此处共 3 台)" in words(looked)
        assert "1 台不变" in words(looked)
        assert fleet.twins.layer(fleet.tenant, CHAIN).version == 0, "a look changes nothing"
        made = hq.posts("/twins", **form, base=0)
        assert made.headers["location"] == "/twins?at=chain"
        page = hq.sees("/twins")
        assert "没说过 3 台" in page
        fleet.boxes[1].settle()
        fleet.boxes[0].settle()
        page = hq.sees("/twins")
        assert "一致 2 台" in page
        assert "没说过 1 台" in page
        assert re.search(r"心跳间隔\(秒\): 没有要求 → 20 li 省流量", page)
        one = hq.sees(f"/twins?at=store:{fleet.sims[0].store}")
        assert "整个连锁" in one
        assert re.search(r"presence.beat_s 30 门店 盖住 整个连锁", one)

    @pytest.mark.parametrize(
        ("proves", "says"),
        [(False, "不接受,仍用原来的 F133"), (True, "换后听不到云端,已自己退回 F134")],
    )
    def test_a_line_that_is_no_good_is_left_and_said_why(
        self, hq: Hq, fleet: Fleet, *, proves: bool, says: str
    ) -> None:
        bad = "mqtt://bad.example:1883"
        fleet.boxes[0].proof.good |= {bad} if proves else set()
        looked = hq.posts("/twins/preview", at="chain", key="network.broker", value=bad, base=0)
        assert "先试通才换,听不到云端自己退回" in words(looked)
        hq.posts("/twins", at="chain", key="network.broker", value=bad, base=0)
        fleet.boxes[0].settle()
        page = hq.sees(f"/twins?at=device:{fleet.sims[0].device}")
        assert says in page

    def test_what_a_box_cannot_use_is_named(self, hq: Hq, fleet: Fleet) -> None:
        fleet.twins.change(fleet.who(), CHAIN, Change({"camera.source": "ftp://x"}))
        fleet.boxes[0].settle()
        assert "F132 设置项 camera.source 的值" in hq.sees("/twins")

    def test_one_till_is_asked_for_by_its_name(self, hq: Hq, fleet: Fleet) -> None:
        row = {"of": "tills.*.port", "name": "老收银机", "of_value": "/dev/ttyUSB1"}
        looked = words(hq.posts("/twins/preview", at="chain", **row, base=0))
        assert "老收银机 · 接收银机的线 下次启动试用,线没通自己退回" in looked.replace(
            "▲ 降级 ", ""
        )
        assert "没有要求 → /dev/ttyUSB1 · 3 台" in looked
        key = "tills.老收银机.port"
        hq.posts("/twins", at="chain", key=key, value="/dev/ttyUSB1", base=0)
        fleet.boxes[0].settle()
        page = hq.sees("/twins")
        assert f"老收银机 · 接收银机的线 {key} /dev/ttyUSB1 整个连锁" in page
        assert "已收到,下次启动生效" in page
        words_of_it = AuditWords(texts("zh"), "Asia/Shanghai", TierNames({}))({"put": [key]})
        assert words_of_it == "设成：老收银机 · 接收银机的线"
        wrong = words(hq.posts("/twins/preview", at="chain", **{**row, "name": "*"}, base=1))
        assert "没有这个设置项" in wrong

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            ({"key": "presence.beat_s", "value": "4"}, "presence.beat_s"),
            ({"key": "secrets.key", "value": "x"}, "secrets.key"),
            ({"key": "presence.beat_s", "value": "20", "base": 7}, "0"),
        ],
    )
    def test_what_cannot_be_is_refused_and_kept_in_the_form(
        self, hq: Hq, form: dict[str, object], says: str
    ) -> None:
        answer = hq.posts("/twins/preview", at="chain", **form)
        assert answer.status_code in {200, 409}
        assert says in words(answer)

    def test_no_such_place(self, hq: Hq, fleet: Fleet) -> None:
        for at in ("store:1", f"region:{fleet.tenant}", "device", "shop:x"):
            assert hq.web.get(f"/twins?at={at}").status_code == 404

    def test_an_auditor_looks_and_cannot_change(self, fleet: Fleet) -> None:
        hq = Hq(fleet, role="auditor")
        assert 'action="/twins/preview"' not in hq.web.get("/twins").text
        answer = hq.posts("/twins/preview", at="chain", key="language", value="en")
        assert answer.status_code == 403


class TestCommands:
    def test_many_stores_are_counted_agreed_to_and_followed(self, hq: Hq, fleet: Fleet) -> None:
        form = {"kind": "resync", "at": "chain", "minutes": 60, "why": "补数据"}
        looked = words(hq.posts("/commands/preview", **form))
        assert "将影响 3 家门店、3 台盒子" in looked
        assert "要:一个人最多影响 1 家" in looked
        assert "1 + 2" in looked or "1 + 1 + 1" in looked
        given = hq.posts("/commands", **form)
        page = given.headers["location"]
        assert "等第二个人同意后才开始" in hq.sees(page)
        assert "自己下的命令要别人同意" in hq.sees(page)
        hq.posts(f"{page}/agree")
        assert "F138" in notice(hq.web.get(page).text)
        other = Hq(fleet, "wang")
        assert other.posts(f"{page}/agree").status_code == 303
        fleet.boxes[0].settle()
        shown = other.sees(page)
        assert "做完了 1" in shown
        assert re.search(r"wang · 同意 .* li · 下命令", shown)

    def test_a_dry_run_reaches_all_and_does_nothing(self, hq: Hq, fleet: Fleet) -> None:
        given = hq.posts("/commands", kind="doctor", at="chain", minutes=60, dry="true")
        fleet.boxes[0].settle()
        assert fleet.boxes[0].did == []
        assert "演练" in hq.sees(given.headers["location"])

    def test_the_kill_switch_holds_what_was_given(self, hq: Hq, fleet: Fleet) -> None:
        at = f"store:{fleet.sims[0].store}"
        hq.posts("/commands/halt", halted="true", why="坏版本")
        page = hq.posts("/commands", kind="doctor", at=at, minutes=60).headers["location"]
        fleet.boxes[0].settle()
        assert fleet.boxes[0].did == []
        assert "总闸已拉下" in hq.sees(page)
        hq.posts("/commands/halt", halted="false")
        fleet.boxes[0].settle()
        assert "做完了" in hq.sees(page)

    def test_who_was_offline_too_long_is_said(self, hq: Hq, fleet: Fleet) -> None:
        at = f"store:{fleet.sims[0].store}"
        page = hq.posts("/commands", kind="doctor", at=at, minutes=15).headers["location"]
        fleet.clock.ms += 16 * 60_000
        fleet.keeper.tend(fleet.tenant)
        assert "离线太久,已过期" in hq.sees(page)

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"kind": "format"}, 422),
            ({"kind": "restart", "arg": "moon"}, 422),
            ({"kind": "mend", "arg": "moon"}, 422),
            ({"kind": "doctor", "minutes": 0}, 404),
            ({"kind": "doctor", "at": "store:x"}, 404),
        ],
    )
    def test_what_is_no_command_is_refused(
        self, hq: Hq, form: dict[str, object], status: int
    ) -> None:
        assert hq.posts("/commands/preview", **form).status_code == status

    def test_an_order_is_paused_goes_on_and_is_stopped(self, hq: Hq, fleet: Fleet) -> None:
        at = f"store:{fleet.sims[0].store}"
        page = hq.posts("/commands", kind="doctor", at=at, minutes=60).headers["location"]
        for to, said in (("paused", "已暂停"), ("running", "进行中"), ("stopped", "已停掉")):
            shown = hq.web.get(page).text
            assert f'id="do-{to}"' in shown, "a deed is found as on a release's page"
            hq.posts(f"{page}/{to}")
            assert said in hq.sees(page)
        assert "没开始,停了" in hq.sees(page)


class TestStore:
    @pytest.fixture
    def sick(self, fleet: Fleet) -> str:
        """The first store's box tells that what it sold waits for long."""
        sim = fleet.sims[0]
        code = FaultCode.HEALTH_QUEUE_OLD.value
        with fleet.units.begin(fleet.tenant) as unit:
            now = fleet.clock.now_ms()
            unit.health.keep_issues([BoxIssues(sim.device, sim.store, now, {(code, ""): {}})])
        return f"/stores/{sim.store}"

    def test_a_press_mends_the_box_and_hq_sees_how_it_went(
        self, hq: Hq, fleet: Fleet, sick: str
    ) -> None:
        ran: list[str] = []
        said = FIXUPS["send-again"]
        fixup = Fixup(
            *("send-again", said.codes, lambda: ran.append("send"), said.zh, said.en),
            would=lambda: "journal: 7",
        )
        fleet.boxes[0].desk = FixupDesk(FakeClock(), None, [fixup])
        page = hq.web.get(sick).text
        (form,) = re.findall(
            r'<form[^>]*class="deed">(?:(?!</form>).)*send-again.*?</form>', page, re.DOTALL
        )
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert (fields["kind"], fields["at"]) == ("mend", f"device:{fleet.sims[0].device}")
        answer = hq.posts("/commands", **{k: v for k, v in fields.items() if k != "csrf"})
        assert answer.headers["location"] == sick
        fleet.boxes[0].settle()
        assert ran == ["send"]
        assert re.search(r"重新上传没送到的账 做完了 盒子说了什么 journal: 7 li", hq.sees(sick))
        hq.posts("/commands", **{k: v for k, v in fields.items() if k != "csrf"})
        fleet.boxes[0].settle()
        assert ran == ["send"], "once in ten minutes"
        assert FaultCode.HEALTH_FIXUP_RESTING.value in hq.sees(sick)

    def test_a_box_without_the_fixup_says_so(self, hq: Hq, fleet: Fleet, sick: str) -> None:
        device = fleet.sims[0].device
        hq.posts("/commands", kind="mend", arg="send-again", at=f"device:{device}", back=sick)
        fleet.boxes[0].settle()
        assert FaultCode.HEALTH_FIXUP_UNKNOWN.value in hq.sees(sick)

    def test_who_may_only_look_has_no_buttons(self, fleet: Fleet, sick: str) -> None:
        page = Hq(fleet, role="auditor").web.get(sick).text
        assert 'action="/commands"' not in page

    def test_what_is_not_as_wanted_stands_on_the_page(
        self, hq: Hq, fleet: Fleet, sick: str
    ) -> None:
        fleet.twins.change(fleet.who(), CHAIN, Change({"language": "en"}))
        fleet.boxes[0].settle()
        assert "语言: 要求 英文, 现在 随盒子自己的配置 · 已收到,下次启动生效" in hq.sees(sick)


@pytest.mark.parametrize("name", FIXUPS)
def test_every_fixup_mends_something_and_has_a_button(name: str) -> None:
    assert all(name in fixups_for(code) for code in FIXUPS[name].codes)
    assert FIXUPS[name].codes <= BY_CODE.keys()
