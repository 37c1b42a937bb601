"""A camera: newest frame wins, and a hanging device never hangs the caller."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: `image` is BGR uint8 of shape (height, width, 3)."""

    seq: int
    captured_mono_ms: int
    image: NDArray[np.uint8]


class Camera(Protocol):
    """A source of frames; capture runs in a process of its own."""

    name: str

    def start(self) -> None:
        """Begin capturing; raises nothing, a device that cannot be opened shows in `state`."""
        ...

    def newest(self, *, after_seq: int, timeout_ms: int) -> Frame | None:
        """Return a frame newer than `after_seq`, or None when none came in time."""
        ...

    def state(self) -> str:
        """Return `ok`, `starting`, `stalled` or `gone`."""
        ...

    def stop(self) -> None:
        """End the capture process and free the device; safe to call twice."""
        ...
