"""Teaching a till over the API: samples from its tap, a profile only when it was asked for."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.domain.tap_seen import TapSeen
from edge_agent.drivers.profiles import load_file
from retail_core.limits import LEARN_SAMPLES_MAX, RECEIPT_BYTES_MAX
from tests.factories.agent_api import PRINTING_TILL, Box
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.lessons import lesson_streams, printed
from tests.factories.terminals import PairingDesk
from tests.fakes.till_tap import FakeTillTap

SAMPLES = f"/v1/tech/tills/{PRINTING_TILL}/samples"
LEARN = f"/v1/tech/tills/{PRINTING_TILL}/learn"
PROFILE = f"/v1/tech/tills/{PRINTING_TILL}/profile"
WISH = {"name": "mine", "title": "我的"}


class Classroom:
    def __init__(self, box: Box) -> None:
        self.box = box
        self.tap = FakeTillTap()
        self.screen, self.anybody = box.screen(), box.screen()
        self.screen.headers["X-Operator"] = PairingDesk(box).operator
        box.agent.devices.taps[PRINTING_TILL] = self.tap

    def prints(self, *streams: bytes) -> None:
        for at, stream in enumerate(streams, start=1):
            for block in (stream[:100], stream[100:]):
                self.tap.show(TapSeen("bytes", str(PRINTING_TILL), 0, data=block))
            self.tap.put(printed(at))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    with Box(tmp_path) as box:
        yield Classroom(box)


def test_samples_are_taken_while_the_shop_sells_and_then_forgotten(room: Classroom) -> None:
    assert room.screen.get(SAMPLES).json()["code"] == "T124"
    room.prints(b"before anybody listened")
    assert room.screen.post(SAMPLES, json={}).json()["samples"] == []
    room.prints(*lesson_streams(2))
    shown = room.screen.get(SAMPLES).json()["samples"]
    assert [one["data"] for one in shown] == [None, None]
    assert [one["size"] for one in shown] == [len(one) for one in lesson_streams(2)]
    raw = room.screen.get(SAMPLES, params={"data": "true"}).json()["samples"]
    assert raw[0]["data"].startswith("G0A")
    room.screen.delete(SAMPLES)
    assert room.screen.get(SAMPLES).json()["code"] == "T124"
    assert room.tap._listeners == []


def test_what_customers_bought_is_shown_to_who_is_in_charge_alone(room: Classroom) -> None:
    assert room.anybody.post(SAMPLES, json={}).json()["code"] == "A116"
    room.screen.post(SAMPLES, json={})
    room.prints(*lesson_streams(3))
    assert room.anybody.get(SAMPLES, params={"data": "true"}).json()["code"] == "A116"
    assert room.anybody.post(LEARN, json=WISH).json()["code"] == "A116"
    login = {"number": "1001", "pin": OPERATOR_PIN}
    clerk = room.anybody.post("/v1/operators/login", json=login).json()["operator_token"]
    hers = {"X-Operator": clerk}
    refused = room.anybody.get(SAMPLES, params={"data": "true"}, headers=hers)
    assert (refused.status_code, refused.json()["code"]) == (403, "A190")
    counted = room.anybody.get(SAMPLES).json()["samples"]
    assert [(one["text"], one["data"]) for one in counted] == [(None, None)] * 3


def test_a_lesson_holds_no_more_than_it_needs(room: Classroom) -> None:
    room.screen.post(SAMPLES, json={})
    room.prints(*[b"x" * 10] * (LEARN_SAMPLES_MAX + 3), b"y" * (RECEIPT_BYTES_MAX + 5))
    shown = room.screen.get(SAMPLES).json()
    assert len(shown["samples"]) == shown["most"] == LEARN_SAMPLES_MAX
    room.box.clock.advance(3 * 60 * 60 * 1000)
    assert room.screen.get(SAMPLES).json()["code"] == "T124"


def test_a_lesson_nobody_asks_about_is_forgotten_as_well(room: Classroom) -> None:
    room.screen.post(SAMPLES, json={})
    room.prints(*lesson_streams(1))
    room.box.clock.advance(3 * 60 * 60 * 1000)
    room.prints(b"somebody's receipt")
    assert room.tap._listeners == []


def test_two_receipts_in_one_block_are_no_sample(room: Classroom) -> None:
    room.screen.post(SAMPLES, json={})
    room.prints(*lesson_streams(1))
    room.tap.show(TapSeen("bytes", str(PRINTING_TILL), 0, data=b"".join(lesson_streams(2))))
    room.tap.put(printed(2))
    room.tap.put(printed(3))
    assert [one["name"] for one in room.screen.get(SAMPLES).json()["samples"]] == ["01"]


def test_learning_shows_every_line_and_writes_nothing(room: Classroom, tmp_path: Path) -> None:
    room.screen.post(SAMPLES, json={})
    assert room.screen.post(LEARN, json=WISH).json()["code"] == "T120"
    room.prints(*lesson_streams(4))
    taught = room.screen.post(LEARN, json=WISH).json()
    assert tomllib.loads(taught["profile"])["words"]["total"] == ["拢共"]
    roles = [line["role"] for line in taught["samples"][0]["printed"]]
    assert roles.count("article") == 3
    assert {"rule", "total", "tender", "change", "number"} <= set(roles)
    assert all(sample["reads"] for sample in taught["samples"])
    assert not (tmp_path / "device_configs").exists()


def test_what_the_technician_says_stands(room: Classroom) -> None:
    room.screen.post(SAMPLES, json={})
    room.prints(*lesson_streams(4))
    told = WISH | {"corrections": {"扫付": "note"}}
    taught = room.screen.post(LEARN, json=told).json()
    assert tomllib.loads(taught["profile"])["words"]["note"] == ["扫付"]
    refused = room.screen.post(LEARN, json=WISH | {"corrections": {"扫付": "gift"}})
    assert refused.status_code == 422


def test_a_profile_is_written_by_somebody_in_charge_and_over_another_only_by_force(
    room: Classroom, tmp_path: Path
) -> None:
    room.screen.post(SAMPLES, json={})
    room.prints(*lesson_streams(3))
    assert room.anybody.put(PROFILE, json=WISH).json()["code"] == "A116"
    kept = room.screen.put(PROFILE, json=WISH)
    assert kept.status_code == 200
    assert load_file(tmp_path / "device_configs" / "mine.toml").title_zh == "我的"
    again = room.screen.put(PROFILE, json=WISH)
    assert (again.status_code, again.json()["code"]) == (409, "T123")
    forced = room.screen.put(PROFILE, json=WISH | {"force": True})
    assert forced.status_code == 200


def test_a_till_reads_nobodys_receipts(room: Classroom) -> None:
    till = room.box.till()
    for method, path in (("GET", SAMPLES), ("POST", SAMPLES), ("POST", LEARN), ("PUT", PROFILE)):
        body = {} if path == SAMPLES else WISH
        answer = till.request(method, path, json=None if method == "GET" else body)
        assert (answer.status_code, answer.json()["code"]) in {(403, "A111"), (401, "A116")}
