"""The newest frame in memory shared by two processes, without a lock.

Three places take turns. The writer marks a place as torn, fills it, names its sequence and then
moves `newest`; the reader copies and looks at the sequence again, so a frame overwritten while it
was copied is noticed. An eventfd tells the reader that something new is there; its system calls are
the memory barriers.
"""

import mmap
import os
import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

PLACES = 3
SIDE_MAX = 1920
CHANNELS = 3
PLACE_BYTES = SIDE_MAX * SIDE_MAX * CHANNELS
DATA_AT = mmap.PAGESIZE
MEMORY_BYTES = DATA_AT + PLACES * PLACE_BYTES
TORN = 0

_COUNTERS = struct.Struct("<QQQQQ")  # newest, heartbeat_ns, broken, opened, state
_PLACE = struct.Struct("<QQIII")  # sequence, captured_ns, height, width, channels
_PLACE_AT = 64
_PLACE_STRIDE = 32


class Phase(IntEnum):
    """What the capture process says of its device."""

    STARTING = 0
    OPEN = 1
    GONE = 2


@dataclass(frozen=True, slots=True)
class Counters:
    """What the capture process has done so far; times are CLOCK_MONOTONIC nanoseconds."""

    newest: int = 0
    heartbeat_ns: int = 0
    broken: int = 0
    opened: int = 0
    phase: Phase = Phase.STARTING


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame copied out of the shared memory; BGR, or planar and then two-dimensional."""

    seq: int
    captured_ns: int
    image: NDArray[np.uint8]


class SharedFrames:
    """Both ends of the shared memory; `memory` and `signal` are file descriptors, kept open."""

    def __init__(self, memory: int, signal: int) -> None:
        self._map = mmap.mmap(memory, MEMORY_BYTES)
        self._signal = signal

    @staticmethod
    def create() -> tuple[int, int]:
        """Make the memory and the signal; they have no name and vanish with their last user."""
        memory = os.memfd_create("regulars-camera", os.MFD_CLOEXEC)
        try:
            os.ftruncate(memory, MEMORY_BYTES)
            signal = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        except OSError:
            os.close(memory)
            raise
        return memory, signal

    def counters(self) -> Counters:
        """Read the capture process's counters."""
        newest, heartbeat_ns, broken, opened, phase = _COUNTERS.unpack_from(self._map, 0)
        return Counters(newest, heartbeat_ns, broken, opened, Phase(phase))

    def tell(self, counters: Counters) -> None:
        """Write the counters; the writer's side only."""
        values = (counters.newest, counters.heartbeat_ns, counters.broken, counters.opened)
        _COUNTERS.pack_into(self._map, 0, *values, counters.phase)

    def put(self, shot: Shot) -> None:
        """Store a frame of at most `SIDE_MAX` a side in its place; the writer's side only."""
        place = shot.seq % PLACES
        header = _PLACE_AT + place * _PLACE_STRIDE
        height, width = shot.image.shape[:2]
        channels = CHANNELS if shot.image.ndim == CHANNELS else 1
        _PLACE.pack_into(self._map, header, TORN, 0, 0, 0, 0)
        np.copyto(self._pixels(place, height, width, channels), shot.image)
        facts = (shot.seq, shot.captured_ns, height, width, channels)
        _PLACE.pack_into(self._map, header, *facts)

    def notify(self) -> None:
        """Wake the readers."""
        os.eventfd_write(self._signal, 1)

    def take(self, seq: int) -> Shot | None:
        """Copy a frame out; None when it was overwritten meanwhile."""
        place = seq % PLACES
        header = _PLACE_AT + place * _PLACE_STRIDE
        found, captured_ns, *shape = _PLACE.unpack_from(self._map, header)
        if found != seq or not 0 < shape[0] * shape[1] * shape[2] <= PLACE_BYTES:
            return None
        image = self._pixels(place, *shape).copy()
        again = _PLACE.unpack_from(self._map, header)[0]
        return Shot(seq, captured_ns, image) if again == seq else None

    def captured_ns(self, seq: int) -> int:
        """Return when a frame was captured, 0 when it was overwritten meanwhile."""
        header = _PLACE_AT + seq % PLACES * _PLACE_STRIDE
        found, captured_ns, *_shape = _PLACE.unpack_from(self._map, header)
        return int(captured_ns) if found == seq else 0

    def close(self) -> None:
        """Unmap the memory; safe to call twice."""
        self._map.close()

    def _pixels(self, place: int, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        start = DATA_AT + place * PLACE_BYTES
        flat = np.frombuffer(self._map, np.uint8, width * height * channels, start)
        return flat.reshape((height, width) if channels == 1 else (height, width, channels))
