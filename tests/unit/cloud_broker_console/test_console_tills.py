"""The page of unchanged tills: scores, permits, days, failures, and who overruled what."""

from uuid import UUID

import msgspec
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.console.till_pages import bar, day_words, share
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.hq.till_desk import TillDesk
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.tills import ChannelState, TillDay
from tests.factories.wire_tills import till_agreement
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_ingest import Cloud
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN


def page(cloud: Cloud, language: str, role: HqRole = "auditor") -> str:
    """Open the page."""
    auth = fakes.FakeHqAuth(role)
    auth.identity = type(auth.identity)(cloud.tenant, UUID(int=2), "hq", "王芳", role)
    queries = fakes.FakeHqQueries(fakes.tiles(2), ())
    app = FastAPI()
    app.include_router(console_router(fakes.deps(queries, auth, tills=TillDesk(cloud.units))))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    assert client.get("/tills").status_code == 303
    client.cookies.set("regulars_hq", fakes.TOKEN)
    return client.get(f"/tills?lang={language}").text


def test_every_role_sees_scores_permits_and_failures() -> None:
    cloud = Cloud()
    box = cloud.box()
    box.operator = fresh_id()
    box.journal(EventType.TILL_AGREEMENT, encode_body(till_agreement()))
    cloud.book((box, box.frame()))
    shown = page(cloud, "zh")
    for words in ("921‰", "200 张里 192 张一致", "已撤销", "技术员临时禁止", "价格 7", "算出 3.00"):
        assert words in shown, words
    assert "11-21 100 %, 11-22 92 %" in shown
    assert "可乐 330ml" in shown
    english = page(cloud, "en")
    for words in ("192 of 200 agree", "withdrawn", "The score moved a permit", "printed 3.50"):
        assert words in english, words


def test_before_anything_was_told() -> None:
    assert "还没有盒子上报老收银机" in page(Cloud(), "zh")


def test_days_as_bars() -> None:
    assert (bar(TillDay(0, 0, 0)), bar(TillDay(1, 10, 0)), bar(TillDay(1, 10, 10))) == (0, 2, 28)
    assert (share(TillDay(0, 0, 0)), share(TillDay(1, 3, 1))) == (0, 33)
    assert (day_words(0), day_words(20261122)) == ("?", "11-22")


def test_what_a_newer_box_says_in_words_of_its_own_is_shown_as_it_is() -> None:
    cloud = Cloud()
    box = cloud.box()
    said = till_agreement()
    newer = msgspec.structs.replace(
        said,
        why="bars",
        kinds=(("colour", 7),),
        channels=(ChannelState("price_tag", "resting", 900, 921, 200, "pause", 5),),
        examples=(msgspec.structs.replace(said.examples[0], kind="colour"),),
    )
    box.journal(EventType.TILL_AGREEMENT, encode_body(newer))
    cloud.book((box, box.frame()))
    shown = page(cloud, "en")
    for words in ("bars", "colour 7", "price_tag", "resting", "pause"):
        assert words in shown, words
