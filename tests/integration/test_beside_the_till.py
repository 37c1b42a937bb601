"""A whole agent beside an unchanged till: display and scanner on ptys, a payment nobody keeps."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.bootstrap.agent import Agent, Outside, build_agent
from edge_agent.drivers.customer_display.sim import PoleDisplay, ShowingTill
from edge_agent.drivers.scanner.sim import BarcodeScanner, ScannedTill
from edge_agent.services.tills.write_permit import Channel
from edge_agent.settings import load_settings
from tests.factories.agent_api import MEMBER, member_record
from tests.factories.agent_files import CONFIG, DEVICE, write_agent
from tests.factories.waiting import comes_about
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.person_line import FakePersonLine

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
CARD, COLA = "990012345678", "6901234567892"
PAYMENT = "134070926531589793"
OPERATOR = UUID("01890000-0000-7000-8000-000000000007")
BESIDE = """
[[tills]]
id = "01890000-0000-7000-8000-00000000001f"
name = "带顾显和扫码枪的收银机"
kind = "escpos"
profile = "generic-zh-32"
port = "/dev/null"
printer = "/dev/null"
[tills.display]
port = "{display_port}"
display = "{display}"
[tills.scanner]
scanner = "{scanner}"
port = "{scanner_port}"
cards = ["9900########"]
[tills.scanner.inject]
"*" = "VIP1"
"""


class Counter:
    """What stands at the counter, and the agent among it."""

    def __init__(self, folder: Path) -> None:
        self.showing, self.pole = ShowingTill(), PoleDisplay()
        self.gun, self.scanned = BarcodeScanner(), ScannedTill()
        device = DEVICE.replace("[[tills]]", "[[unused]]", 2).split("[[unused]]")
        written = (
            device[0]
            + BESIDE.format(
                display_port=self.showing.port,
                display=self.pole.port,
                scanner=self.gun.port,
                scanner_port=self.scanned.port,
            )
            + "[[operators]]"
            + DEVICE.split("[[operators]]", 1)[1]
        )
        config = f'profiles_dir = "{PROFILES}"\n' + CONFIG
        settings = load_settings(write_agent(folder, device=written, config=config))
        directory = FakeCloudDirectory()
        directory.down = True
        self.heard: list[tuple[str, Mapping[str, object]]] = []
        self.agent: Agent = build_agent(
            settings, "0.0-test", Outside(directory=directory, persons=FakePersonLine())
        )
        self.agent.basis.hub.listen(lambda kind, told, _lane: self.heard.append((kind, told)))
        members = self.agent.services.members
        record = member_record(cards=(members.card_hash(CARD.encode()),))
        self.agent.storage.replica.put_member(MEMBER, 4, record)
        self.agent.start()
        states = self.agent.devices.states()
        assert comes_about(lambda: states["display"]() == states["scanner"]() == "ok")

    def told(self, kind: str) -> list[Mapping[str, object]]:
        return [told for name, told in self.heard if name == kind]

    def stop(self) -> None:
        self.agent.stop()
        for one in (self.showing, self.pole, self.gun, self.scanned):
            one.stop()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.stop()


def test_goods_pass_members_stay_and_a_payment_leaves_no_trace(
    counter: Counter,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for code in (COLA, CARD, PAYMENT, COLA):
        counter.gun.scan(code)
    passed = f"{COLA}\r{PAYMENT}\r{COLA}\r".encode()
    assert counter.scanned.received(len(passed)) == passed
    assert comes_about(lambda: len(counter.told("scan")) == 3)
    assert [one["kind"] for one in counter.told("scan")] == ["article", "payment", "article"]
    assert comes_about(lambda: bool(counter.told("recognition")))
    seen = counter.told("recognition")[-1]
    assert (seen["outcome"], seen["factor"]) == ("member", "static_qr")
    assert UUID(str(seen["till"])) in counter.agent.devices.scanners
    counter.agent.stop()
    everything = [json.dumps(counter.heard, default=str), caplog.text, *capfd.readouterr()]
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(PAYMENT in text for text in everything)
    assert not any(PAYMENT.encode() in content for content in files)


def test_an_unknown_till_is_read_and_not_written_on(counter: Counter) -> None:
    counter.showing.send(b"\x0c\x1bQA\xba\xcf\xbc\xc6\r\x1bQB12.50\r")
    assert comes_about(lambda: bool(counter.told("display")))
    assert counter.told("display")[0]["amount_fen"] == 1_250
    counter.gun.scan(CARD)
    assert comes_about(lambda: bool(counter.told("recognition")))
    # No receipt was ever compared here, so nothing is shown and nothing typed.
    display = next(iter(counter.agent.devices.displays.values()))
    scanner = next(iter(counter.agent.devices.scanners.values()))
    assert not display.show(("您好", "王*"))
    assert not scanner.injector.type("VIP1")
    assert counter.pole.glass().rows == ("合计", "12.50")


def test_with_a_permit_a_member_is_greeted_and_her_price_typed(counter: Counter) -> None:
    till = next(iter(counter.agent.devices.displays))
    for channel in (Channel.DISPLAY, Channel.INJECT):
        counter.agent.services.permit.override(till, channel, OPERATOR, allow=True, minutes=5)
    counter.showing.send(b"\x0c\x1bQA\xba\xcf\xbc\xc6\r\x1bQB12.50\r")
    counter.gun.scan(CARD)
    assert comes_about(lambda: counter.pole.glass().rows == ("您好 李*", "欢迎回来"))
    assert counter.scanned.received(5) == b"VIP1\r"
    counter.showing.send(b"\x1bQB9.90\r")
    assert comes_about(lambda: counter.pole.glass().rows == ("合计", "9.90"))
