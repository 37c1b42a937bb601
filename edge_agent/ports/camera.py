"""A camera: newest frame wins, and a hanging device never hangs the caller."""

from collections.abc import Callable
from typing import Protocol

from edge_agent.ports.arrays import UInt8s

Picture = UInt8s


class Frame:
    """One picture: `image` is BGR uint8 of shape (height, width, 3).

    A camera that delivers grey and colour apart gives `grey`, (height, width), and makes the image
    of it when somebody first asks; from others it is None. A frame belongs to one thread.
    """

    __slots__ = ("_image", "captured_mono_ms", "grey", "seq")

    def __init__(
        self,
        seq: int,
        captured_mono_ms: int,
        image: Picture | Callable[[], Picture],
        grey: Picture | None = None,
    ) -> None:
        self.seq = seq
        self.captured_mono_ms = captured_mono_ms
        self.grey = grey
        self._image = image

    @property
    def image(self) -> Picture:
        """The picture in colour."""
        if callable(self._image):
            self._image = self._image()
        return self._image


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

    def looks(self) -> int:
        """Return how often the capture was looked after since the program began; only grows."""
        ...

    def stop(self) -> None:
        """End the capture process and free the device; safe to call twice."""
        ...
