"""The framed driver on lines that end, come again, or take nothing."""

import os
import select
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.domain.till_request import TillAnswer
from edge_agent.drivers.framed_ecr.codec import encode
from edge_agent.drivers.framed_ecr.driver import FramedEcr
from edge_agent.drivers.lines.port import Port, WakeUp
from edge_agent.drivers.profiles import FramedProfile, SerialLine, load_profile
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import PATIENCE_MS, comes_about

PROFILE = load_profile(
    Path(__file__).resolve().parents[3] / "device_configs", "ecr-transbank", FramedProfile
)


@dataclass(slots=True)
class Line(Port):
    """A line whose other end is a pipe; what the box writes is kept, `stuck` times not taken."""

    stuck: int = 0
    written: bytearray = field(default_factory=bytearray)
    nudged: list[bool] = field(default_factory=list)

    def write(self, data: bytes, wake: WakeUp) -> int:
        self.nudged.append(bool(select.select([wake], [], [], 0)[0]))
        if self.stuck:
            self.stuck -= 1
            wake.nudge()
            return 0
        self.written += data
        return len(data)


class Shop:
    """A till whose line may be pulled out and plugged in again."""

    def __init__(self) -> None:
        self.plugged = threading.Semaphore(0)
        self.line: Line | None = None
        self.tally = FaultTally()
        self.till = FramedEcr("till", PROFILE, "x", tally=self.tally, open_line=self.open)

    def plug(self, stuck: int = 0) -> Line:
        near, self.far = os.pipe()
        self.line = Line("x", near, os.fdopen(near, closefd=True), stuck)
        self.plugged.release()
        return self.line

    def open(self, path: str, _line: SerialLine) -> Port:
        if not self.plugged.acquire(timeout=0) or self.line is None:
            raise Fault(FaultCode.TILL_PORT_OPEN, port=path, detail="")
        return self.line

    def ask(self, card: bytes) -> None:
        os.write(self.far, encode(PROFILE.frame, b"0700|" + card + b"|"))


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.till.stop()
    os.close(made.far)


def test_an_answer_does_not_outlive_its_line(shop: Shop) -> None:
    shop.plug()
    shop.till.start()
    shop.ask(b"111")
    first = shop.till.next_request(timeout_ms=PATIENCE_MS)
    assert first is not None
    os.close(shop.far)
    assert comes_about(lambda: shop.till.state() == "gone")
    shop.till.answer(first, TillAnswer(name="first"))
    again = shop.plug()
    shop.ask(b"222")
    second = shop.till.next_request(timeout_ms=PATIENCE_MS)
    assert second is not None
    shop.till.answer(second, TillAnswer(name="second"))
    assert comes_about(lambda: b"second" in again.written)
    assert b"first" not in again.written
    assert shop.tally.snapshot()[FaultCode.FRAMED_UNANSWERED.value] == 1


def test_a_line_that_takes_nothing_is_waited_for_and_not_asked_again_and_again(shop: Shop) -> None:
    line = shop.plug(stuck=3)
    shop.till.start()
    shop.ask(b"111")
    assert comes_about(lambda: line.written == b"\x06")
    assert line.nudged == [False] * 4
