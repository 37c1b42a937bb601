"""The door at which a till's own software asks: its secret, its address, its member noted once."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from edge_agent.bootstrap.agent import Outside, build_agent
from edge_agent.services.tills.push_points import PushPoints
from edge_agent.settings import load_settings
from edge_agent.till_settings import SoftwareTill
from tests.factories.agent_api import MEMBER, PHONE, PRINTING_TILL, member_record
from tests.factories.agent_files import CONFIG, DEVICE, write_agent
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.device_bus import FakeDeviceBus
from tests.fakes.person_line import FakePersonLine

PROFILES = Path(__file__).resolve().parents[3] / "device_configs"
SECRET = "ruipos-secret-0123456789"
TILL = "01890000-0000-7000-8000-00000000000c"
SOFTWARE = f"""
[[tills]]
id = "{TILL}"
name = "收银软件"
kind = "software"
profile = "software-ruipos"
secret = "{SECRET}"
allow = ["192.168.1.0/24"]
counter = "{PRINTING_TILL}"

[[tills]]
id = "01890000-0000-7000-8000-00000000000d"
name = "没配全"
kind = "software"
profile = "software-pospal"
"""
CALL = {
    "cmd": "GetMemInfo",
    "seq": "eb46ce74-dffa-4108-87bc-4809144ca33c",
    "memcode": "13800138000",
}
PATH = f"/till-software/ruipos/{TILL}"


TOLD = """
[[tills]]
id = "{till}"
name = "银豹"
kind = "software"
profile = "software-pospal"
url = "https://pospal.example"
app_id = "{app}"
app_key = "key"
"""


class Door:
    def __init__(self, folder: Path, more: str = "") -> None:
        config = f'profiles_dir = "{PROFILES}"\n' + CONFIG
        files = write_agent(folder, device=DEVICE + SOFTWARE + more, config=config)
        directory = FakeCloudDirectory()
        directory.down = True
        outside = Outside(directory=directory, persons=FakePersonLine(), bus=FakeDeviceBus())
        self.agent = build_agent(load_settings(files), "0.0-test", outside)
        phone = self.agent.services.members.phone_hash(PHONE)
        record = member_record(phone_hash=phone)
        self.agent.storage.replica.put_member(MEMBER, 4, record)

    def ask(
        self, call: dict[str, Any], *, secret: str = SECRET, address: str = "192.168.1.20"
    ) -> tuple[int, dict[str, Any]]:
        client = TestClient(
            self.agent.app, base_url="http://127.0.0.1:18431", client=(address, 50_000)
        )
        headers = {"X-Till-Secret": secret, "Content-Type": "application/json"}
        answer = client.post(PATH, content=json.dumps(call), headers=headers)
        return answer.status_code, json.loads(answer.content)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.agent.stop()


def test_a_till_asks_and_the_member_is_noted_at_its_counter(door: Door) -> None:
    status, told = door.ask(CALL)
    assert (status, told["code"], told["seq"]) == (200, 0, CALL["seq"])
    assert (told["items"][0]["name"], told["items"][0]["memtypename"]) == ("李敏", "gold")
    sessions = door.agent.services.sessions
    assert sessions.at(PRINTING_TILL) == MEMBER
    sessions.end(PRINTING_TILL)
    assert door.ask(CALL) == (status, told)
    assert sessions.at(PRINTING_TILL) is None


def test_a_number_is_said_back_as_it_came_and_half_a_character_is_unreadable(door: Door) -> None:
    seq = CALL["seq"].replace("-", "").upper()
    assert door.ask(CALL | {"seq": seq})[1]["seq"] == seq
    status, told = door.ask(CALL | {"memcode": "\ud800"})
    assert (status, told["code"]) == (200, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another-secret-01234"},
        {"secret": ""},
        {"address": "192.168.2.20"},
        {"address": "127.0.0.1"},
        {"address": "testclient"},
    ],
    ids=str,
)
def test_nobody_else_is_let_in(door: Door, wrong: dict[str, str]) -> None:
    status, told = door.ask(CALL, **wrong)
    assert (status, told["code"]) == (403, "T160")
    assert door.agent.services.sessions.at(PRINTING_TILL) is None


def test_another_till_or_a_foreign_page_gets_nothing(door: Door) -> None:
    client = TestClient(
        door.agent.app, base_url="http://127.0.0.1:18431", client=("192.168.1.2", 1)
    )
    headers = {"X-Till-Secret": SECRET}
    assert client.post(PATH[:-1] + "d", json=CALL, headers=headers).status_code == 403
    page = headers | {"Origin": "http://evil.example"}
    assert client.post(PATH, json=CALL, headers=page).status_code == 403
    assert client.post(f"{PATH}?key={SECRET}", json=CALL).json()["code"] == 0


def test_a_till_that_lacks_its_keys_is_told_of_and_the_box_starts(door: Door) -> None:
    assert door.agent.basis.tally.snapshot()["I105"] == 1
    assert door.agent.devices.states()["till_software"]() == "gone"


def test_a_counter_that_is_not_there_shows_before_somebody_asks(tmp_path: Path) -> None:
    lost = UUID(int=1)
    section = SOFTWARE[: SOFTWARE.index("[[tills]]", 5)]
    door = Door(
        tmp_path, section.replace(TILL, str(lost)).replace(str(PRINTING_TILL), str(UUID(int=2)))
    )
    try:
        assert door.agent.devices.software[lost]() == "gone"
        assert door.agent.devices.software[UUID(TILL)]() == "ok"
    finally:
        door.agent.stop()


def test_one_account_is_told_once_and_two_are_both_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(PushPoints, "heard", lambda _self, _member, phone: heard.append(phone))
    accounts = {UUID(int=1): "one", UUID(int=2): "one", UUID(int=3): "two"}
    door = Door(tmp_path, "".join(TOLD.format(till=till, app=accounts[till]) for till in accounts))
    try:
        states = door.agent.devices.software
        assert [states[till]() for till in accounts] == ["ok", "gone", "ok"]
        door.agent.services.members.find_phone(CALL["memcode"])
        assert heard == [CALL["memcode"]] * 2
    finally:
        door.agent.stop()


def test_a_secret_does_not_travel_in_the_clear_beyond_this_machine() -> None:
    said = {"kind": "software", "id": UUID(int=1), "name": "x", "profile": "software-pospal"}
    with pytest.raises(ValueError, match="url"):
        SoftwareTill.model_validate(said | {"url": "http://area1.example"})
    assert SoftwareTill.model_validate(said).allow == (IPv4Network("127.0.0.0/8"),)
