"""Identifiers and free ports for the demo."""

import os
import socket
import time
from uuid import UUID

from retail_core.ids import RANDOM_BYTES, uuid7


def fresh_uuid7() -> UUID:
    """Mint an identifier from this machine's clock."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))


def free_port(wanted: int) -> int:
    """Return the wanted loopback port when it is free, else one that the system picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")
