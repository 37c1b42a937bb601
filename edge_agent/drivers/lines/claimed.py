"""Lines by what they are for: `device:<claim>` is asked of the broker, the rest is opened as told.

Whoever fails to open a line is kept from trying again at once, for longer each time; what is
plugged in again is tried at once. A line that listens for a till to connect is never kept waiting.
"""

from collections.abc import Callable
from typing import Protocol

from edge_agent.drivers.lines.held import check_free, hold
from edge_agent.drivers.lines.listening import LISTEN
from edge_agent.drivers.lines.port import Port
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine
from retail_core.errors import Fault

OpenLine = Callable[[str, SerialLine], Port]
_DEVICE = "/"


class Gate(Protocol):
    """Who says what path an address has, and is told how opening it went."""

    def resolve(self, address: str) -> str:
        """Return a path; raises the Fault that stands in the way."""
        ...

    def tenure(self, address: str) -> Callable[[], bool]:
        """Return what tells whether the address still means the device it means now."""
        ...

    def failed(self, address: str) -> None:
        """Hear that the line could not be opened."""
        ...

    def opened(self, address: str) -> None:
        """Hear that it was."""
        ...


def claimed_lines(gate: Gate, open_line: OpenLine = open_port) -> OpenLine:
    """Return what opens lines for drivers; the port keeps the address it was asked by."""

    def open_claimed(address: str, line: SerialLine) -> Port:
        if address.startswith(LISTEN):
            return open_line(address, line)
        is_ours = gate.tenure(address)
        path = gate.resolve(address)
        try:
            port = _open(path, line, open_line)
        except Fault:
            gate.failed(address)
            raise
        gate.opened(address)
        port.path, port.is_ours = address, is_ours
        return port

    return open_claimed


def _open(path: str, line: SerialLine, open_line: OpenLine) -> Port:
    if not path.startswith(_DEVICE):
        return open_line(path, line)
    check_free(path)
    return hold(open_line(path, line))
