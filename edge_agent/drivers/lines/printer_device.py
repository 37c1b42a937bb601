"""A printer behind the kernel's USB printer class (/dev/usb/lp0), or a pipe: no line settings.

Such a device says "nothing" with an empty read, and one that cannot answer refuses to be read at
all; neither means that it is gone.
"""

import errno
import os
import select
import stat
from dataclasses import dataclass
from pathlib import Path

from edge_agent.drivers.lines.port import CHUNK_BYTES, Port, PortGoneError, WakeUp, wait_for

_ASK_AGAIN_MS = 100
_UNPLUGGED = frozenset({errno.ENODEV, errno.EIO, errno.ENXIO, errno.EPIPE})


class _Descriptor:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def close(self) -> None:
        os.close(self._fd)


@dataclass(slots=True)
class DevicePort(Port):
    """A device that may have nothing to answer; `listens_only` ones are never read."""

    listens_only: bool = False

    def read(self, wake: WakeUp) -> bytes:
        """Wait for an answer; b"" when woken up or when there is none yet. Raises PortGoneError."""
        if self.listens_only:
            self._await_end(wake)
            return b""
        if not wait_for(self.fd, select.POLLIN, wake):
            return b""
        try:
            data = os.read(self.fd, CHUNK_BYTES)
        except OSError as error:
            if error.errno in _UNPLUGGED:
                raise PortGoneError(self.path, str(error)) from error
            data = b""
        if not data:  # ready and yet silent: ask again after a while, not at once
            wait_for(wake.fileno(), select.POLLIN, wake, timeout_ms=_ASK_AGAIN_MS)
        return data

    def _await_end(self, wake: WakeUp) -> None:
        """Wait for the wake-up, or for the other end of the pipe to close."""
        if wait_for(self.fd, 0, wake):
            raise PortGoneError(self.path, "nobody reads")


def open_device(path: str) -> Port:
    """Open a printer device or a pipe; ValueError for a regular file, OSError."""
    mode = Path(path).stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        msg = "a regular file is no line"
        raise ValueError(msg)
    one_way = stat.S_ISFIFO(mode)
    flags = (os.O_WRONLY if one_way else os.O_RDWR) | os.O_NONBLOCK | os.O_CLOEXEC
    fd = os.open(path, flags)
    return DevicePort(path, fd, _Descriptor(fd), listens_only=one_way)
