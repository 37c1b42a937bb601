"""A whole agent tells a real HTTP server of the points its sales earned, also after a restart."""

from pathlib import Path

import pytest

from edge_agent.bootstrap.agent import Agent, Outside, build_agent
from edge_agent.bootstrap.framed import build_serve
from edge_agent.domain.till_request import Means, TillAnswer, TillRequest
from edge_agent.drivers.till_software.sim import PospalBook, PospalServer
from edge_agent.settings import load_settings
from tests.factories.agent_api import (
    ARTICLES,
    BUNDLE,
    MEMBER,
    PHONE,
    PRINTING_TILL,
    member_record,
)
from tests.factories.agent_files import CONFIG, DEVICE, write_agent
from tests.factories.waiting import comes_about
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.device_bus import FakeDeviceBus
from tests.fakes.person_line import FakePersonLine

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
KEY = "pospal-key-0123456789"
PROFILE = """\
name = "quick-pospal"
kind = "till_software"
title_zh = "快"
title_en = "quick"
system = "pospal"
timeout_ms = 300
settle_ms = 500
retry_ms = 100
calls_per_minute = 6000
"""
SOFTWARE = """
[[tills]]
id = "01890000-0000-7000-8000-00000000000d"
name = "银豹"
kind = "software"
profile = "quick-pospal"
url = "{url}"
app_id = "app"
app_key = "{key}"
"""


def begun(folder: Path, url: str) -> Agent:
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "quick-pospal.toml").write_text(PROFILE, encoding="utf-8")
    device = DEVICE + SOFTWARE.format(url=url, key=KEY)
    files = write_agent(folder, device=device, config='profiles_dir = "profiles"\n' + CONFIG)
    directory = FakeCloudDirectory()
    directory.down = True
    outside = Outside(directory=directory, persons=FakePersonLine(), bus=FakeDeviceBus())
    agent = build_agent(load_settings(files), "0.0-test", outside)
    if not agent.storage.replica.catalogue_version():
        agent.storage.replica.replace_catalogue(1, ARTICLES)
        agent.storage.replica.replace_bundle(3, BUNDLE.encode())
    record = member_record(phone_hash=agent.services.members.phone_hash(PHONE))
    agent.storage.replica.put_member(MEMBER, 4, record)
    agent.start()
    return agent


def sell(agent: Agent, number: str) -> TillAnswer:
    serve = build_serve(agent.basis, agent.services, agent.surface)
    serve.answer(PRINTING_TILL, "x", TillRequest(Means.MEMBER, "m", card="13800138000"))
    sale = TillRequest(Means.SALE, "s", amount_fen=1_950, receipt_no=number)
    return serve.answer(PRINTING_TILL, "x", sale)


def test_points_reach_the_other_system_once_whatever_it_does(tmp_path: Path) -> None:
    book = PospalBook(KEY)
    book.open(700, "13800138000", 40)
    server = PospalServer(book)
    wrongs = ["lost", "fail", "", "", ""]
    book.wrong = lambda what: (wrongs.pop(0) if wrongs else "") if what == "add" else ""
    agent = begun(tmp_path, server.url)
    try:
        assert comes_about(lambda: agent.devices.states()["till_software"]() == "ok")
        earned = [sell(agent, f"R{number}").earned for number in range(3)]
        assert all(earned)
        assert comes_about(lambda: book.customers[700].point == 40 + sum(earned))
        agent.stop()
        agent = begun(tmp_path, server.url)
        earned.append(sell(agent, "R9").earned)
        assert comes_about(lambda: book.customers[700].point == 40 + sum(earned))
        assert len(book.calls) == len(earned)
    finally:
        agent.stop()
        server.stop()
