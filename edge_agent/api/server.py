"""Serving the app until a signal: the port is taken first, the end is quick and has exit code 0."""

import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

BACKLOG = 128
CONNECTIONS_MAX = 128
GRACE_S = 1
KEEP_ALIVE_S = 75
SOCKET_BYTES_MAX = 4_096


def bind(host: str, port: int) -> socket.socket:
    """Take the port; raises Fault SETUP_PORT_IN_USE, or SETUP_CONFIG_INVALID for a bad host."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise Fault(
            FaultCode.SETUP_CONFIG_INVALID, path="api_host", detail=f"no such address: {host}"
        ) from None
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
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="api_host", detail=detail) from None
    return bound


class Server(uvicorn.Server):
    """Uvicorn without its own signal handling: a requested end is not an error here."""

    def __init__(self, app: FastAPI, before_end: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="websockets-sansio",
                ws_max_size=SOCKET_BYTES_MAX,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._before_end = before_end

    def ask_to_end(self) -> None:
        """End soon; asked again, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `ending_on_signals`."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wake whoever waits for a device, then close the connections."""
        self._before_end()
        await super().shutdown(sockets)


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
