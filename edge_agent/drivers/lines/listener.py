"""Hears a line for a moment, and writes to it only the question it was given."""

import select
import time

from edge_agent.domain.voices import HEARD_BYTES_MAX
from edge_agent.drivers.lines.held import check_free, hold
from edge_agent.drivers.lines.port import PortGoneError, WakeUp, wait_for
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine

_PAUSE_MS = 80


class PortListener:
    """Fulfils `LineListener` at the speed most devices are sold with."""

    def __init__(self, line: SerialLine | None = None) -> None:
        self._line = line or SerialLine()

    def listen(self, path: str, *, question: bytes, timeout_ms: int) -> bytes:
        """Return what is heard until a pause, b"" for silence.

        Faults DEVICE_IN_USE, TILL_PORT_OPEN.
        """
        check_free(path)
        port = hold(open_port(path, self._line))
        wake = WakeUp()
        heard = bytearray()
        until = time.monotonic() + timeout_ms / 1000
        try:
            if question:
                port.write(question, wake)
            while (left_ms := _left_ms(until, is_speaking=bool(heard))) > 0:
                if not wait_for(port.fd, select.POLLIN, wake, timeout_ms=left_ms):
                    break
                heard += port.read(wake)
        except PortGoneError:
            pass
        finally:
            wake.close()
            port.close()
        return bytes(heard[:HEARD_BYTES_MAX])


def _left_ms(until: float, *, is_speaking: bool) -> int:
    left = round((until - time.monotonic()) * 1000)
    return min(left, _PAUSE_MS) if is_speaking else left
