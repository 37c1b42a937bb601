"""Tells systemd how the program is: one datagram a message, to the socket it names."""

import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Self

ADDRESS = "NOTIFY_SOCKET"
WATCHDOG = "WATCHDOG_USEC"
EVERY_S = 5.0
_ABSTRACT = "@"
_US = 1_000_000
# Four tries before the time is up: one that is late costs nothing.
_SHARE = 4


class SystemdManager:
    """Fulfils `ServiceManager`; without an address nobody listens, and nothing is sent."""

    def __init__(self, address: str = "", watchdog_us: int = 0) -> None:
        # An abstract address begins with a zero byte, which no environment variable can hold.
        where = "\0" + address[1:] if address.startswith(_ABSTRACT) else address
        self._where = where.encode()
        self._watchdog_us = watchdog_us

    @classmethod
    def named_in(cls, environment: MutableMapping[str, str]) -> Self:
        """Take the address out of the environment: the processes we start have no say there."""
        told = environment.pop(WATCHDOG, "")
        return cls(environment.pop(ADDRESS, ""), int(told) if told.isdecimal() else 0)

    @property
    def every_s(self) -> float:
        """How often it wants to hear."""
        share_s = self._watchdog_us / _US / _SHARE
        return min(EVERY_S, share_s) if share_s else EVERY_S

    def tell(self, **said: str) -> None:
        """Send `NAME=text` lines in one datagram."""
        if not self._where:
            return
        lines = "\n".join(f"{name}={' '.join(text.split())}" for name, text in said.items())
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as speaking,
        ):
            speaking.sendto(lines.encode(), self._where)
