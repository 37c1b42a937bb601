"""Serving until a signal: the port is taken first, the end is quick and in order."""

import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

BACKLOG = 1_024
# A page that listens for live updates would hold the end back for ever.
GRACE_S = 1
KEEP_ALIVE_S = 75


def bind(host: str, port: int) -> socket.socket:
    """Take the port. Raises Fault SETUP_PORT_IN_USE, or SETUP_CONFIG_INVALID for a bad host."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="http_host", detail=host) from None
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise Fault(FaultCode.SETUP_PORT_IN_USE, port=port) from None
        detail = f"{host}:{port}: {error.strerror}"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="http_host", detail=detail) from None
    return bound


class Server(uvicorn.Server):
    """Uvicorn without signal handling of its own: a requested end is not an error here."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                ws="none",
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    def ask_to_end(self) -> None:
        """End soon; asked again, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `ending_on_signals`."""
        yield


@contextmanager
def ending_on_signals(ask_to_end: Callable[[], None]) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into a request to end, for as long as the program runs."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        ask_to_end()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
