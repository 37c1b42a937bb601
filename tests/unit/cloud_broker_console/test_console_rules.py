"""The pages about rules over the real desks: drafts, forms, checks, publication, the way back."""

import json
import re
from dataclasses import replace
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.fleet.desks import fleet_desks
from tests.contract.test_rule_desks_contract import Chain, sold, text
from tests.factories.bundle_content import MIX, TIER
from tests.fakes.cloud_basics import FakeCloudIdSource
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, csrf, notice

FORM = {"kind": "mix_and_match", "id": "m2", "name": "二付一", "need": "2"}


class Hq:
    """Somebody of HQ at the pages of a chain."""

    def __init__(self, chain: Chain, who: HqIdentity) -> None:
        auth = fakes.FakeHqAuth()
        auth.identity = who
        made = fakes.deps(fakes.FakeHqQueries(()), auth)
        ids = FakeCloudIdSource(chain.clock)
        fleet = fleet_desks(chain.units, chain.clock, ids, tuple)
        app = FastAPI()
        app.include_router(console_router(replace(made, rules=chain.desks, fleet=fleet)))
        mount_static(app)
        self.web = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        self.web.cookies.set("regulars_hq", fakes.TOKEN)

    def sees(self, path: str, language: str = "zh") -> str:
        answer = self.web.get(path, params={"lang": language} if "?" not in path else None)
        assert answer.status_code == 200, answer.text
        return answer.text

    def sends(self, path: str, **fields: object) -> Response:
        word = csrf(self.sees("/"))
        return self.web.post(path, data={"csrf": word, **fields}, headers={"Origin": ORIGIN})

    def does(self, path: str, **fields: object) -> str:
        """Send a form and return the page that it leads to."""
        answer = self.sends(path, **fields)
        assert answer.status_code == 303, answer.text
        return self.web.get(answer.headers["location"]).text


@pytest.fixture
def chain() -> Chain:
    return Chain(FakeUnits())


@pytest.fixture
def hq(chain: Chain) -> Hq:
    return Hq(chain, chain.eve)


def begun(hq: Hq, **fields: object) -> str:
    page = hq.does("/offers/drafts", **{"name": "秋季", "version": 1} | fields)
    assert "草稿已建好" in notice(page)
    found = re.search(r'action="(/offers/drafts/[0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_stands_in_both_languages(chain: Chain, hq: Hq, language: str) -> None:
    sold(chain)
    draft = chain.drafted(TIER | {"permille": 900}, MIX, campaigns=[{"id": "b"}])
    for kind in ("lint", "replay"):
        chain.desks.jobs.ask(chain.mia, draft, kind)
        chain.works()
    lint, replay = reversed(chain.desks.jobs.jobs(chain.tenant, draft))
    at = f"/offers/drafts/{draft}"
    paths = ["/offers", "/offers/versions/1", at, f"{at}/rule?rule=t&lang={language}"]
    paths += [f"{at}/publish?how=all&lang={language}", f"/offers/jobs/{lint.job}"]
    paths += [f"/offers/jobs/{replay.job}", f"{at}/rule?kind=gift&lang={language}"]
    for path in paths:
        page = hq.sees(path, language)
        assert ("优惠规则" if language == "zh" else "Offers") in page
        assert not re.search(r"\brules?_?\w*\.\w+\b(?!html)", re.sub(r"<[^>]+>", " ", page))
    assert "金卡" in hq.sees(at)


def test_a_draft_is_written_by_form_and_by_json(chain: Chain, hq: Hq) -> None:
    at = begun(hq)
    page = hq.does(f"{at}/rule", edit=1, rule="", **FORM)
    assert "规则已放进草稿" in notice(page)
    assert "每 2 件,最便宜的 1 件免费" in page
    wrong = hq.sends(f"{at}/rule", edit=2, rule="m2", **FORM | {"need": "1"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    assert "P107" in wrong.text
    assert 'value="二付一"' in wrong.text
    typed = hq.sends(f"{at}/rule", edit=2, rule="m2", **FORM | {"need": "two"})
    assert "“几件一组”不对" in typed.text
    page = hq.does(f"{at}/rule", edit=2, rule="m2", remove="yes", **FORM)
    assert "从草稿拿掉" in notice(page)
    page = hq.does(at, edit=3, name="冬季", text='{\r\n "version": 1,\r\n "offers": 1}')
    assert "第 4 稿" in notice(page)
    assert "在第 3 行" in page
    assert "<h1>冬季</h1>" in page
    assert hq.web.get(f"{at}/rule?rule=nobody").status_code == 404
    assert hq.web.get(f"{at}/rule?kind=price_list").status_code == 404
    old = hq.sees(f"{at}?edit=1")
    assert 'edit=1" aria-current="true"' in old


def test_who_saves_second_finds_the_own_text_again(chain: Chain, hq: Hq) -> None:
    at = begun(hq)
    Hq(chain, chain.mia).does(at, edit=1, name="秋季", text=text(1, MIX))
    mine = hq.sends(at, edit=1, name="秋季", text='{"mine": 1}')
    assert (mine.status_code, "P190" in mine.text) == (409, True)
    assert "mia" in mine.text
    assert "{&#34;mine&#34;: 1}</textarea>" in mine.text
    assert 'name="edit" value="2"' in mine.text
    form = hq.sends(f"{at}/rule", edit=1, rule="", **FORM)
    assert (form.status_code, "P190" in form.text) == (409, True)


def test_what_reaches_many_is_agreed_to_on_the_list_and_gone_back_from(
    chain: Chain, hq: Hq
) -> None:
    at = f"/offers/drafts/{chain.drafted(MIX)}"
    look = hq.sees(f"{at}/publish?how=all")
    assert "将影响 3 家门店(共 3 家)" in look
    assert "请第二个人同意" in look
    page = hq.does(f"{at}/publish", seen=1, edit=2, why="试试")
    assert "等第二个人同意" in notice(page)
    assert "要另一个人同意" in page
    found = re.search(r'action="(/offers/orders/[0-9a-f-]{36})/drop"', page)
    assert found is not None
    assert "COMMAND" not in hq.does(f"{found[1]}/agree")
    assert "第 2 版发布" in notice(Hq(chain, chain.ada).does(f"{found[1]}/agree"))
    assert "还没有" not in hq.sees("/offers/versions/2")
    assert "已撤回" in notice(_dropped(chain, hq))
    back = hq.sees("/offers/versions/1/back")
    assert "退回" in back
    page = hq.does("/offers/versions/1/back", seen=2)
    assert "等第二个人同意" in notice(page)
    assert hq.web.get("/offers/versions/2/back").status_code == 404


def _dropped(chain: Chain, hq: Hq) -> str:
    page = hq.does(f"/offers/drafts/{chain.drafted(TIER)}/publish", seen=2, edit=2)
    found = re.search(r'action="(/offers/orders/[0-9a-f-]{36})/drop"', page)
    assert found is not None
    return hq.does(f"{found[1]}/drop")


def test_a_stage_that_cannot_be_says_why(chain: Chain, hq: Hq) -> None:
    at = f"/offers/drafts/{chain.drafted(TIER, chain='qinghe')}"
    answer = hq.web.get(f"{at}/publish?how=stores&stores=甲店")
    assert answer.headers["location"] == at
    assert "不能先在部分门店试行" in hq.sees(at)
    staged = f"/offers/drafts/{chain.drafted(TIER, MIX)}"
    look = hq.sees(f"{staged}/publish?how=regions&regions=西南")
    assert "将影响 1 家门店" in look
    page = hq.does(f"{staged}/publish", seen=1, edit=2, regions="西南")
    assert "第 2 版发布" in notice(page)


def test_a_version_says_where_a_rule_is_off(chain: Chain, hq: Hq) -> None:
    at = f"/offers/drafts/{chain.drafted(MIX)}"
    hq.does(f"{at}/publish", seen=1, edit=2, regions="西南")
    assert "西南 不参加" in hq.sees("/offers/versions/2")
    assert "不参加" not in hq.sees("/offers/versions/1")
    assert "not in 西南" in hq.sees("/offers/versions/2", "en")


def test_works_are_begun_stopped_and_given_out(chain: Chain, hq: Hq) -> None:
    sold(chain)
    at = f"/offers/drafts/{chain.drafted(TIER | {'tiers': []})}"
    page = hq.does(f"{at}/jobs", kind="paid")
    assert 'hx-trigger="every 2s"' in page
    assert "可以离开" in notice(page)
    assert "P194" in hq.does(f"{at}/jobs", kind="lint") or "已经在检查" in hq.sees(at)
    found = re.search(r"/offers/jobs/([0-9a-f-]{36})/stop", page)
    assert found is not None
    chain.works()
    done = hq.sees(f"/offers/jobs/{found[1]}")
    assert "hx-trigger" not in done
    assert "顾客一共少付 ¥13.70" in done
    sheet = hq.web.get(f"/offers/jobs/{found[1]}/offers.csv").text
    assert sheet.splitlines()[1].split(",")[0] == "t"
    hq.does(f"{at}/jobs", kind="replay")
    job = chain.desks.jobs.jobs(chain.tenant, UUID(at.rpartition("/")[2]))
    assert {one.state for one in job} == {"done", "waiting"}
    waiting = next(one for one in job if one.state == "waiting")
    assert "已停下" in hq.does(f"/offers/jobs/{waiting.job}/stop")


def test_files_of_versions(chain: Chain, hq: Hq) -> None:
    assert json.loads(hq.web.get("/offers/versions/1/bundle.json").text)["offers"] == [TIER]
    rows = hq.web.get("/offers.csv").text.splitlines()
    assert rows[1].startswith("1,")
    assert hq.web.get("/offers/versions/9").status_code == 404


def test_who_only_looks_has_no_buttons(chain: Chain) -> None:
    at = f"/offers/drafts/{chain.drafted(MIX)}"
    auditor = Hq(chain, chain.ivy)
    for path in ("/offers", at, f"{at}/publish?how=all"):
        page = auditor.sees(path).partition("<main")[2]
        assert 'method="post"' not in page
    refused = auditor.sends(f"{at}/drop")
    assert refused.status_code == 403
    assert "总部营销" in refused.text


def test_a_draft_is_laid_aside(chain: Chain, hq: Hq) -> None:
    at = begun(hq)
    assert "已作废" in notice(hq.does(f"{at}/drop"))
    assert "readonly" in hq.sees(at)
