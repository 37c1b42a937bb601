"""An open line: a descriptor that does not block, waited for together with a wake-up."""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

CHUNK_BYTES = 4_096
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class PortGoneError(Exception):
    """The other end hung up, or the device at `path` was unplugged."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class Owner(Protocol):
    """What holds the descriptor and closes it."""

    def close(self) -> None:
        """Close the descriptor."""
        ...


class WakeUp:
    """A descriptor that becomes readable once `set` or `nudge` is called, for use in poll()."""

    def __init__(self) -> None:
        self.is_set = False
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._read

    def set(self) -> None:
        """Wake everybody who waits, now and later."""
        self.is_set = True
        self.nudge()

    def nudge(self) -> None:
        """Wake who waits once; the next to wait waits again after `settle`."""
        with suppress(BlockingIOError):
            os.write(self._write, b"!")

    def settle(self) -> None:
        """Forget nudges; what was set stays set."""
        if self.is_set:
            return
        with suppress(BlockingIOError):
            os.read(self._read, CHUNK_BYTES)
        self._again_if_set()

    def _again_if_set(self) -> None:
        """Put back the byte of a `set` that came while nudges were being forgotten."""
        if self.is_set:
            self.nudge()

    def close(self) -> None:
        """Close both ends."""
        os.close(self._read)
        os.close(self._write)


def _always() -> bool:
    return True


@dataclass(slots=True)
class Port:
    """An open line; `read` and `write` may be used by two threads, one each.

    `is_ours` is asked before each of them: a device may be given away while its line is open.
    `ended` counts streams that are over: what is read next is somebody else's.
    """

    path: str
    fd: int
    owner: Owner
    is_ours: Callable[[], bool] = field(default=_always, kw_only=True)
    ended: int = field(default=0, kw_only=True)

    def read(self, wake: WakeUp) -> bytes:
        """Wait for bytes; b"" when woken up. Raises PortGoneError."""
        if not wait_for(self.fd, select.POLLIN, wake):
            return b""
        self._check_ours()
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
        self._check_ours()
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            wait_for(self.fd, select.POLLOUT, wake)
            return 0
        except OSError as error:
            raise PortGoneError(self.path, str(error)) from error

    def close(self) -> None:
        """Close the line; nobody may be using it any more."""
        with suppress(OSError):
            self.owner.close()

    def _check_ours(self) -> None:
        if not self.is_ours():
            raise PortGoneError(self.path, "the device was given away")


def wait_for(fd: int, event: int, wake: WakeUp, *, timeout_ms: int | None = None) -> bool:
    """Wait for an event on a line or for the wake-up; True when the line has something to say."""
    poll = select.poll()
    poll.register(fd, event)
    poll.register(wake.fileno(), select.POLLIN)
    ready = dict(poll.poll(timeout_ms))
    if wake.fileno() in ready:
        return False
    # bytes that came before a hang-up are still read; a bare hang-up ends the line in os.read
    return bool(ready.get(fd, 0) & (event | _GONE))
