"""A port for a program that is about to start."""

import secrets
import socket

# Below the range from which the kernel serves outgoing connections: from there a port may be taken
# before its program comes, and a client that calls too early may even reach itself.
_FIRST, _COUNT = 20_000, 12_000


def free_port() -> int:
    """Return a loopback port that nobody holds and that no connection will be given."""
    while True:
        port = _FIRST + secrets.randbelow(_COUNT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
