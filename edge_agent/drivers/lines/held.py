"""A line belongs to one program at a time: the kernel keeps the lock and drops it with the process.

flock on the device itself, which every program of ours and every pyserial with `exclusive` asks,
and TIOCEXCL on terminals, which refuses the open of anybody who does not ask (but root). Pseudo-
terminals are left out: their far end keeps them open, and the mark with them, when we are killed.
"""

import errno
import fcntl
import os
import termios
from contextlib import suppress
from dataclasses import dataclass

from edge_agent.drivers.lines.port import Owner, Port
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_PSEUDO = range(136, 144)  # major numbers of Unix 98 pseudo-terminals


def check_free(path: str) -> None:
    """Raise Fault DEVICE_IN_USE when another program holds the device at `path`."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise Fault(FaultCode.DEVICE_IN_USE, port=path) from error
        return  # whoever opens it next says what is wrong with it
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Fault(FaultCode.DEVICE_IN_USE, port=path) from error
    finally:
        os.close(fd)


def hold(port: Port) -> Port:
    """Keep an open line from everybody else until it is closed.

    Raises Fault DEVICE_IN_USE, with the line closed.
    """
    try:
        fcntl.flock(port.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        port.close()
        raise Fault(FaultCode.DEVICE_IN_USE, port=port.path) from error
    if os.isatty(port.fd) and os.major(os.fstat(port.fd).st_rdev) not in _PSEUDO:
        with suppress(OSError):
            fcntl.ioctl(port.fd, termios.TIOCEXCL)
        port.owner = _Terminal(port.fd, port.owner)
    return port


@dataclass(slots=True)
class _Terminal:
    """Gives the terminal back before it is closed: another may still have it open."""

    fd: int
    owner: Owner

    def close(self) -> None:
        with suppress(OSError):
            fcntl.ioctl(self.fd, termios.TIOCNXCL)
        self.owner.close()
