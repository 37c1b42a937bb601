"""A camera in memory: what it sees is put before it by the test."""

import threading
import time

import numpy as np
from numpy.typing import NDArray

from edge_agent.ports.camera import Frame

PERIOD_S = 0.002


class FakeCamera:
    """Fulfils `Camera`; a started one makes a frame of what it sees for everybody who asks."""

    name = "fake"

    def __init__(self, image: NDArray[np.uint8] | None = None) -> None:
        self._image = image
        self._seq = 0
        self._state = "gone"
        self._lock = threading.Lock()

    def show(self, image: NDArray[np.uint8] | None) -> None:
        """Put something before the lens; None covers it up, and no frame comes."""
        self._image = image

    def fail(self, state: str) -> None:
        """Deliver nothing from now on and say this."""
        self._image, self._state = None, state

    def start(self) -> None:
        self._state = "ok"

    def newest(self, *, after_seq: int, timeout_ms: int) -> Frame | None:
        image = self._image if self._state == "ok" else None
        if image is None:
            time.sleep(timeout_ms / 1000)
            return None
        time.sleep(min(PERIOD_S, timeout_ms / 1000))
        with self._lock:
            self._seq = max(self._seq, after_seq) + 1
            return Frame(self._seq, time.monotonic_ns() // 1_000_000, image)

    def state(self) -> str:
        return self._state

    def looks(self) -> int:
        return self._seq

    def stop(self) -> None:
        self._state = "gone"


def picture(key: int) -> NDArray[np.uint8]:
    """A small picture that the other fakes recognise by its colour."""
    return np.full((48, 64, 3), key, np.uint8)


def key_of(image: NDArray[np.uint8]) -> int:
    """The key a picture was made with."""
    return int(image.flat[0])
