"""A framed till on a real pseudo-terminal: the driver over a bad line, and a whole agent."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from edge_agent.bootstrap.agent import Outside, build_agent
from edge_agent.domain.till_request import Means, TillAnswer
from edge_agent.drivers.framed_ecr.codec import encode
from edge_agent.drivers.framed_ecr.driver import FramedEcr
from edge_agent.drivers.framed_ecr.sim import PtyTill
from edge_agent.drivers.profiles import FramedProfile, load_profile
from edge_agent.settings import load_settings
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType
from tests.factories.agent_api import MEMBER, PHONE, member_record
from tests.factories.agent_files import CONFIG, DEVICE, write_agent
from tests.factories.waiting import PATIENCE_MS, comes_about
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.person_line import FakePersonLine

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
CODEPAY = b'{"topic":"ecrhub.pay.order","biz_data":{"order_amount":"%d","merchant_order_no":"R%d"}}'
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
FRAMED = """
[[tills]]
id = "01890000-0000-7000-8000-00000000000f"
name = "帧协议收银机"
kind = "framed"
profile = "ecr-transbank"
port = "{port}"
"""


@pytest.mark.parametrize(
    ("family", "name", "form"),
    [
        ("lrc", "ecr-transbank", b"0200|%d|R%d|"),
        (
            "55aa",
            "ecr-codepay",
            CODEPAY,
        ),
        ("crc32", "ecr-crc32", b"SALE\t%d\tR%d"),
    ],
)
def test_over_a_bad_line_every_request_arrives_once_or_is_reported(
    family: str, name: str, form: bytes
) -> None:
    profile = load_profile(PROFILES, name, FramedProfile)
    quick = profile.link.model_copy(
        update={"ack_ms": 300, "byte_ms": 100, "retries": 6, "heartbeat_ms": 0}
    )
    sim = PtyTill(family, seed=7, rate=0.15)
    tally = FaultTally()
    till = FramedEcr("till", profile.model_copy(update={"link": quick}), sim.port, tally=tally)
    till.start()
    try:
        wanted = [f"R{number}" for number in range(8)]
        for number in range(8):
            sim.ask(form % (number + 1, number))
        got: list[str] = []
        while len(got) < len(wanted) - len(sim.failed()):
            request = till.next_request(timeout_ms=PATIENCE_MS)
            assert request is not None
            assert request.means is Means.SALE
            got.append(request.receipt_no)
            till.answer(request, TillAnswer(earned=1))
        assert got == [number for number in wanted if number in got]
        unheard = tally.snapshot().get(FaultCode.FRAMED_UNANSWERED.value, 0)
        assert comes_about(lambda: len(sim.got()) + unheard >= len(got))
        assert max(Counter(sim.got()).values()) == 1
    finally:
        till.stop()
        sim.stop()


@contextmanager
def listening() -> Iterator[tuple[FramedEcr, Callable[[bytes], bytes], int]]:
    """A till driver that waits for calls: it, what frames a message for it, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    profile = load_profile(PROFILES, "ecr-transbank", FramedProfile)
    till = FramedEcr("till", profile, f"tcp-listen://127.0.0.1:{port}")
    till.start()
    try:
        assert comes_about(lambda: till.state() == "ok")
        yield till, partial(encode, profile.frame), port
    finally:
        till.stop()


def test_tills_that_connect_to_the_box_one_after_the_other_are_heard() -> None:
    with listening() as (till, framed, port):
        for number in (b"R1", b"R2"):
            with socket.create_connection(("127.0.0.1", port), PATIENCE_MS / 1000) as line:
                line.sendall(framed(b"0200|1950|" + number + b"|"))
                request = till.next_request(timeout_ms=PATIENCE_MS)
                assert request is not None
                assert request.receipt_no == number.decode()
                assert line.recv(1) == b"\x06"


def test_an_answer_for_a_till_that_hung_up_is_not_told_to_the_next() -> None:
    with listening() as (till, framed, port):
        asked = []
        for number in (b"R1", b"R2"):
            with socket.create_connection(("127.0.0.1", port), PATIENCE_MS / 1000) as line:
                line.sendall(framed(b"0200|1950|" + number + b"|"))
                request = till.next_request(timeout_ms=PATIENCE_MS)
                assert request is not None
                asked.append(request)
                assert line.recv(1) == b"\x06"
                if number == b"R2":
                    for one in asked:
                        till.answer(one, TillAnswer(earned=1))
                    assert b"|R2|" in line.recv(1_024)


def test_an_agent_serves_a_framed_till_and_books_its_sale_once(tmp_path: Path) -> None:
    sim = PtyTill("lrc")
    device = DEVICE + FRAMED.format(port=sim.port)
    config = f'profiles_dir = "{PROFILES}"\n' + CONFIG
    directory = FakeCloudDirectory()
    directory.down = True
    settings = load_settings(write_agent(tmp_path, device=device, config=config))
    outside = Outside(directory=directory, persons=FakePersonLine())
    agent = build_agent(settings, "0.0-test", outside)
    members = agent.services.members
    record = member_record(phone_hash=members.phone_hash(PHONE))
    agent.storage.replica.put_member(MEMBER, 4, record)
    agent.start()
    try:
        assert comes_about(lambda: agent.devices.states()["framed_till"]() == "ok")
        sim.ask(b"0700|13800138000|")
        assert comes_about(lambda: len(sim.got()) == 1)
        assert sim.got()[0].decode("gb18030").startswith("0710|00|李敏|gold|")
        sim.ask(b"0200|1950|R7|")
        assert comes_about(lambda: len(sim.got()) == 2)
        assert sim.got()[1].startswith(b"0210|00|R7|1950|")
        sim.ask(b"0100")
        sim.ask(b"0200|1950|R7|")
        assert comes_about(lambda: len(sim.got()) == 4)
        assert sim.got()[3] == sim.got()[1]
        assert len(agent.storage.journal.records(type_=EventType.SALE)) == 1
    finally:
        agent.stop()
        sim.stop()
