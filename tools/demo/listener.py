"""Listens to a box's live events, as a till screen does."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tools.demo.shops import Shop

LOOK_AGAIN_S = 0.25


class Listener:
    """A WebSocket client that remembers when the wanted events came."""

    def __init__(self, shop: Shop, wanted: str) -> None:
        self._url = f"ws://{urlsplit(shop.screen.base).netloc}/v1/events?token={shop.screen.token}"
        self._wanted = wanted
        self._came = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._socket = connect(self._url, open_timeout=5)
        self._thread = threading.Thread(target=self._listen, name="listener")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._thread is not None:
            self._thread.join()

    def wait(self, holds: Callable[[], bool], seconds: float) -> float:
        """Return the moment (perf_counter) at which an event came and `holds()` was true."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._came.wait(LOOK_AGAIN_S)
            self._came.clear()
            came = time.perf_counter()
            if holds():
                return came
        raise TimeoutError(f"no {self._wanted} event that fits within {seconds} s")

    def _listen(self) -> None:
        socket = self._socket
        if socket is None:
            return
        with contextlib.suppress(ConnectionClosed):
            for message in socket:
                if json.loads(message).get("type") == self._wanted:
                    self._came.set()
