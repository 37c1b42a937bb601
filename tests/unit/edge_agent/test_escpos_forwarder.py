"""A line whose far end is unplugged opens and ends at once: it is tried again calmly."""

import threading

from edge_agent.drivers.lines.transport import Port, PortGoneError, WakeUp
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.forwarder import Forwarder

OPENS_ENOUGH = 4


class UnpluggedPort(Port):
    """Opens, and says at the first read that nobody is there."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self, wake: WakeUp) -> bytes:
        raise PortGoneError(self.path, "end of stream")

    def write(self, data: bytes, wake: WakeUp) -> int:
        raise PortGoneError(self.path, "end of stream")

    def close(self) -> None:
        """Nothing is open."""


def test_an_unplugged_line_is_reopened_with_a_pause() -> None:
    opened: list[str] = []
    states: list[str] = []
    gone = threading.Event()

    def open_line(path: str, line: SerialLine) -> Port:
        opened.append(path)
        return UnpluggedPort(path)

    def on_state(state: str) -> None:
        states.append(state)
        if states.count("gone") > 1:
            gone.set()

    forwarder = Forwarder(
        ("/till", "/printer"),
        SerialLine(),
        on_copy=lambda _data, _taken: None,
        on_state=on_state,
        open_line=open_line,
    )
    forwarder.start()
    try:
        assert gone.wait(10)
        # Two rounds of two lines; a loop without a pause opens hundreds in the same time.
        assert len(opened) <= OPENS_ENOUGH
    finally:
        forwarder.stop()
    assert states[:3] == ["ok", "gone", "ok"]
