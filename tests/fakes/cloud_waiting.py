"""Frames that wait to be booked, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.waiting import Left, WaitingDepth, WaitingFrame


@dataclass
class WaitingLine:
    """What one tenant has of it."""

    frames: dict[int, WaitingFrame] = field(default_factory=dict)
    last: int = 0


class FakeWaitingRepo:
    """A `WaitingRepo`."""

    def __init__(self, line: WaitingLine) -> None:
        self._line = line

    def add(self, frames: Sequence[WaitingFrame]) -> None:
        for frame in frames:
            self._line.last += 1
            self._line.frames[self._line.last] = replace(frame, pos=self._line.last)

    def oldest(self, shards: Collection[int], events: int) -> tuple[WaitingFrame, ...]:
        found: list[WaitingFrame] = []
        before = 0
        for _, frame in sorted(self._line.frames.items()):
            if frame.shard in shards and before < events:
                found.append(frame)
                before += _events(frame)
        return tuple(found)

    def lock(self, positions: Collection[int]) -> dict[int, Left]:
        frames = self._line.frames
        return {pos: frames[pos].left for pos in positions if pos in frames}

    def leave(self, left: Mapping[int, tuple[int, ...]]) -> None:
        for pos, places in left.items():
            frame = self._line.frames.pop(pos)
            if places:
                self._line.frames[pos] = replace(frame, left=places)

    def first(self, besides: Collection[int] = ()) -> int | None:
        return min((pos for pos in self._line.frames if pos not in besides), default=None)

    def of(self, keys: Collection[ChainKey]) -> frozenset[ChainKey]:
        waiting = {(frame.device, frame.epoch) for frame in self._line.frames.values()}
        return frozenset(waiting & set(keys))

    def depth(self) -> WaitingDepth:
        frames = self._line.frames.values()
        return WaitingDepth(
            len(frames),
            sum(map(_events, frames)),
            min((frame.received_ms for frame in frames), default=None),
        )


def _events(frame: WaitingFrame) -> int:
    return frame.last_seq - frame.first_seq + 1 if frame.left is None else len(frame.left)
