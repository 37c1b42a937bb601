"""Lines by claim: opened through the gate, held alone, and told of under the address asked for."""

from collections.abc import Callable, Iterator

import pytest

from edge_agent.drivers.lines.claimed import claimed_lines
from edge_agent.drivers.lines.port import PortGoneError, WakeUp
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.sim import PtyEnd
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class Gate:
    def __init__(self, path: str) -> None:
        self.path = path
        self.told: list[str] = []
        self.is_given_away = False

    def resolve(self, address: str) -> str:
        return self.path if address == "device:till" else address

    def tenure(self, _address: str) -> Callable[[], bool]:
        return lambda: not self.is_given_away

    def failed(self, address: str) -> None:
        self.told.append(f"failed {address}")

    def opened(self, address: str) -> None:
        self.told.append(f"opened {address}")


@pytest.fixture
def end() -> Iterator[PtyEnd]:
    found = PtyEnd()
    yield found
    found.close()


def test_a_claim_is_opened_by_its_path_and_known_by_its_name(end: PtyEnd) -> None:
    gate = Gate(end.port)
    port = claimed_lines(gate)("device:till", SerialLine())
    assert (port.path, gate.told) == ("device:till", ["opened device:till"])
    wake = WakeUp()
    end.write(b"x")
    assert port.read(wake) == b"x"
    end.close()
    with pytest.raises(PortGoneError) as gone:
        port.read(wake)
    assert gone.value.path == "device:till"
    port.close()
    wake.close()


def test_a_line_is_held_by_one_and_free_again_when_closed(end: PtyEnd) -> None:
    gate = Gate(end.port)
    open_line = claimed_lines(gate)
    first = open_line("device:till", SerialLine())
    with pytest.raises(Fault) as held:
        open_line("device:till", SerialLine())
    assert held.value.code is FaultCode.DEVICE_IN_USE
    first.close()
    open_line(end.port, SerialLine()).close()
    assert gate.told == ["opened device:till", "failed device:till", f"opened {end.port}"]


def test_nothing_is_written_to_a_device_that_was_given_away(end: PtyEnd) -> None:
    gate, wake = Gate(end.port), WakeUp()
    port = claimed_lines(gate)("device:till", SerialLine())
    assert port.write(b"a", wake) == 1
    gate.is_given_away = True
    with pytest.raises(PortGoneError):
        port.write(b"b", wake)
    assert end.read(1_000) == b"a"
    end.write(b"x")
    with pytest.raises(PortGoneError):
        port.read(wake)
    port.close()
    wake.close()


def test_what_cannot_be_opened_is_told(tmp_path: object) -> None:
    gate = Gate(f"{tmp_path}/no-such-line")
    with pytest.raises(Fault) as raised:
        claimed_lines(gate)("device:till", SerialLine())
    assert raised.value.code is FaultCode.TILL_PORT_OPEN
    assert gate.told == ["failed device:till"]
