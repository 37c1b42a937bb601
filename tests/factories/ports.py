"""A port for a program that is about to start."""

import os
import secrets
import socket

# Below the range from which the kernel serves outgoing connections: from there a port may be taken
# before its program comes, and a client that calls too early may even reach itself.
_FIRST, _COUNT = 20_000, 12_000
# Tests run in several processes at once: each draws from a part of its own, or two programs would
# now and then be given one port before either has it.
_PARTS = 8
_given: set[int] = set()


def free_port() -> int:
    """Return a loopback port that nobody holds and that no connection will be given."""
    size = _COUNT // _PARTS
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = _FIRST + int(worker) % _PARTS * size
    while True:
        port = first + secrets.randbelow(size)
        if port in _given and len(_given) < size // 2:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
