"""The two lines of a tap: a serial port, a pseudo-terminal, a printer device or a TCP address.

A port is a file descriptor that does not block; waiting is poll() together with a wake-up, so a
thread can be called back at any time. Line settings go through pyserial, the bytes do not.
"""

import os
import select
import socket
import stat
import termios
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import serial

from edge_agent.drivers.profiles import SerialLine
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

CHUNK_BYTES = 4_096
CONNECT_S = 3.0
_TCP = "tcp://"
_PARITY = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class PortGoneError(Exception):
    """The other end hung up, or the device at `path` was unplugged."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class _Owner(Protocol):
    """What holds the descriptor and closes it."""

    def close(self) -> None:
        """Close the descriptor."""
        ...


class WakeUp:
    """A descriptor that becomes readable once `set` is called, for use in poll()."""

    def __init__(self) -> None:
        self.is_set = False
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._read

    def set(self) -> None:
        """Wake everybody who waits, now and later."""
        self.is_set = True
        with suppress(BlockingIOError):
            os.write(self._write, b"!")

    def close(self) -> None:
        """Close both ends."""
        os.close(self._read)
        os.close(self._write)


@dataclass(slots=True)
class Port:
    """An open line; `read` and `write` may be used by two threads, one each."""

    path: str
    fd: int
    owner: _Owner

    def read(self, wake: WakeUp) -> bytes:
        """Wait for bytes; b"" when woken up. Raises PortGoneError."""
        if not _wait(self.fd, select.POLLIN, wake):
            return b""
        try:
            data = os.read(self.fd, CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortGoneError(self.path, str(error)) from error
        if not data:
            raise PortGoneError(self.path, "end of stream")
        return data

    def write(self, data: bytes, wake: WakeUp) -> int:
        """Write what the line takes and return how much, 0 when woken up. Raises PortGoneError."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            _wait(self.fd, select.POLLOUT, wake)
            return 0
        except OSError as error:
            raise PortGoneError(self.path, str(error)) from error

    def close(self) -> None:
        """Close the line; nobody may be using it any more."""
        with suppress(OSError):
            self.owner.close()


def _wait(fd: int, event: int, wake: WakeUp) -> bool:
    """Wait for an event on a line or for the wake-up; True when the line has something to say."""
    poll = select.poll()
    poll.register(fd, event)
    poll.register(wake.fileno(), select.POLLIN)
    ready = dict(poll.poll())
    if wake.fileno() in ready:
        return False
    # bytes that came before a hang-up are still read; a bare hang-up ends the line in os.read
    return bool(ready.get(fd, 0) & (event | _GONE))


def open_port(path: str, line: SerialLine) -> Port:
    """Open a line by its path or `tcp://host:port`; Fault TILL_PORT_OPEN when it cannot be."""
    try:
        if path.startswith(_TCP):
            return _open_tcp(path)
        if _is_terminal(path):
            return _open_terminal(path, line)
        return _open_device(path)
    except (OSError, ValueError, serial.SerialException, termios.error) as error:
        raise Fault(FaultCode.TILL_PORT_OPEN, port=path, detail=str(error)) from error


def _open_tcp(path: str) -> Port:
    host, _, port = path.removeprefix(_TCP).rpartition(":")
    link = socket.create_connection((host.strip("[]"), int(port)), CONNECT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return Port(path, link.fileno(), link)


def _is_terminal(path: str) -> bool:
    """Tell a terminal by opening it: /dev/usb/lp0 is a character device too, and none."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return os.isatty(fd)
    finally:
        os.close(fd)


class _KeepsWhatWaits(serial.Serial):  # type: ignore[misc] # pyserial has no types
    """pyserial throws away what is waiting when it opens a line; here that is a receipt."""

    def _reset_input_buffer(self) -> None:
        return


def _open_terminal(path: str, line: SerialLine) -> Port:
    owner = _KeepsWhatWaits(
        path,
        baudrate=line.baud_rate,
        bytesize=line.data_bits,
        parity=_PARITY[line.parity],
        stopbits=line.stop_bits,
        timeout=0,
        xonxoff=line.flow == "xon-xoff",
        rtscts=line.flow == "rts-cts",
        dsrdtr=line.flow == "dsr-dtr",
        exclusive=True,
    )
    return Port(path, owner.fileno(), owner)


class _Device:
    def __init__(self, fd: int) -> None:
        self.fd = fd

    def close(self) -> None:
        os.close(self.fd)


def _open_device(path: str) -> Port:
    """Open a printer device such as /dev/usb/lp0, which has no line settings."""
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        msg = "a regular file is no line"
        raise ValueError(msg)
    return Port(path, fd, _Device(fd))
