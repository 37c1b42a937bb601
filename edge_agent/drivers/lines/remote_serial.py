"""A serial port at a device server (RFC 2217): line settings and modem lines over the network.

pyserial speaks the protocol in a thread of its own; a second one moves what it got into a socket,
so that a remote port is waited for like any other.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import serial
from serial.rfc2217 import Serial as RemoteSerial

from edge_agent.drivers.lines.port import Port, PortGoneError, WakeUp
from edge_agent.drivers.lines.serial_settings import settings_of
from edge_agent.drivers.profiles import SerialLine

RFC2217 = "rfc2217://"
_CHECK_S = 0.2


class _Remote:
    """Holds the remote port and the thread that fetches from it."""

    def __init__(self, path: str, line: SerialLine) -> None:
        self.serial: Any = RemoteSerial(path, timeout=_CHECK_S, **settings_of(line))
        self.near, self._far = socket.socketpair()
        self.near.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._fetch, name=f"from {path}", daemon=True)
        self._thread.start()

    def _fetch(self) -> None:
        """Move bytes until closed or cut off; then the socket ends, and with it the port."""
        with suppress(serial.SerialException, OSError):
            while not self._stopping.is_set():
                data = self.serial.read(max(1, self.serial.in_waiting))
                if data:
                    self._far.sendall(data)
        self._far.close()

    def close(self) -> None:
        self._stopping.set()
        self.near.close()
        self._thread.join()
        with suppress(serial.SerialException, OSError):
            self.serial.close()


@dataclass(slots=True)
class RemotePort(Port):
    """A port whose bytes are written through the protocol, not into the descriptor."""

    remote: _Remote

    def write(self, data: bytes, wake: WakeUp) -> int:  # noqa: ARG002 - as every port
        """Write all of it, waiting for the server. Raises PortGoneError."""
        try:
            self.remote.serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise PortGoneError(self.path, str(error)) from error
        return len(data)


def open_remote(path: str, line: SerialLine) -> Port:
    """Open `rfc2217://host:port`; SerialException, ValueError or OSError when it cannot be."""
    remote = _Remote(path, line)
    return RemotePort(path, remote.near.fileno(), remote, remote)
