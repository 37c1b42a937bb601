"""What every `LineListener` promises, on the fake and on pseudo-terminals."""

import threading
from collections.abc import Iterator

import pytest

from edge_agent.drivers.lines.held import hold
from edge_agent.drivers.lines.listener import PortListener
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.sim import PtyEnd
from edge_agent.ports.device_bus import LineListener
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.device_bus import FakeLineListener

QUESTION = b"\x10\x04\x01"


class LineListenerContract:
    path = "/dev/ttyUSB0"

    @pytest.fixture
    def listener(self) -> Iterator[LineListener] | LineListener:
        raise NotImplementedError

    def says(self, unasked: bytes, asked: bytes) -> None:
        raise NotImplementedError

    def test_silence_is_nothing(self, listener: LineListener) -> None:
        self.says(b"", b"")
        assert listener.listen(self.path, question=b"", timeout_ms=20) == b""

    def test_what_is_said_is_heard(self, listener: LineListener) -> None:
        self.says(b"\x1b@hello", b"")
        assert listener.listen(self.path, question=b"", timeout_ms=3_000) == b"\x1b@hello"

    def test_a_question_is_answered(self, listener: LineListener) -> None:
        self.says(b"", b"\x12")
        assert listener.listen(self.path, question=QUESTION, timeout_ms=3_000) == b"\x12"


class TestFakeLineListener(LineListenerContract):
    @pytest.fixture
    def listener(self) -> LineListener:
        self.fake = FakeLineListener()
        return self.fake

    def says(self, unasked: bytes, asked: bytes) -> None:
        self.fake.speaks = lambda _path, question: asked if question else unasked


class TestPortListener(LineListenerContract):
    answering: threading.Thread | None = None

    @pytest.fixture
    def listener(self) -> Iterator[LineListener]:
        self.end = PtyEnd()
        self.path = self.end.port
        yield PortListener()
        if self.answering is not None:
            self.answering.join()
        self.end.close()

    def says(self, unasked: bytes, asked: bytes) -> None:
        if unasked:
            self.end.write(unasked)
        if asked:
            self.answering = threading.Thread(target=self.answer, args=(asked,))
            self.answering.start()

    def answer(self, said: bytes) -> None:
        if self.end.read(3_000) == QUESTION:
            self.end.write(said)

    def test_a_line_another_holds_is_left_alone(self, listener: LineListener) -> None:
        port = hold(open_port(self.path, SerialLine()))
        with pytest.raises(Fault) as raised:
            listener.listen(self.path, question=QUESTION, timeout_ms=1_000)
        assert raised.value.code is FaultCode.DEVICE_IN_USE
        port.close()
        assert self.end.read(20) == b""
        assert listener.listen(self.path, question=b"", timeout_ms=1) == b""
