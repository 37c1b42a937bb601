"""What the answer to a hello says is new, so that a box that comes back asks for nothing it holds.

A thousand boxes whose line was cut for a minute come back together. What the cloud publishes and
does not announce to who was away has a mark; the answer names all marks and how far the store's
feed goes. A cloud that names none, or does not answer in time, is asked over HTTP as before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retail_core.wire.messages import AckFrame

# An unanswered hello is said again after fifteen seconds; what was missed is on its way already.
ANSWER_MS, FRAMES_MS = 20_000, 2_000


@dataclass(slots=True)
class News:
    """Told by the line's thread (`expect`, `hear`), worked off by the downlink's."""

    _until_ms: int | None = None
    _answer: AckFrame | None = None
    _feed: tuple[int, int] | None = None
    _held: dict[str, int] = field(default_factory=dict)
    _coming: dict[str, int] = field(default_factory=dict)

    def expect(self, now_ms: int) -> None:
        """Wait for the answer to a hello."""
        self._answer, self._feed = None, None
        self._until_ms = now_ms + ANSWER_MS

    def hear(self, answer: AckFrame) -> None:
        """Keep an answer until it is worked off."""
        self._answer = answer

    @property
    def open(self) -> bool:
        """Whether the cloud may have said something that was not heard yet."""
        return self._until_ms is not None

    def expired(self, now_ms: int) -> bool:
        """Return whether it was waited long enough."""
        return self._until_ms is not None and now_ms >= self._until_ms

    def in_s(self, now_ms: int) -> float | None:
        """Return how long to wait at most, None when nothing is waited for."""
        return None if self._until_ms is None else max(0, self._until_ms - now_ms) / 1_000

    def end(self) -> bool:
        """Wait no longer; return whether the answer had told what is new."""
        told = self._feed is not None
        self._until_ms, self._feed = None, None
        return told

    def take(self, now_ms: int) -> AckFrame | None:
        """Return an answer that was not worked off, None when there is none.

        From now on only what was missed is waited for, and not for long.
        """
        answer, self._answer = self._answer, None
        if answer is None or self._until_ms is None:
            return None
        if answer.feed_epoch:
            self._feed = answer.feed_epoch, answer.feed_head
            self._until_ms = now_ms + FRAMES_MS
        return answer

    def reached(self, feed: tuple[int, int]) -> bool:
        """Return whether the feed is read as far as the answer said."""
        return self._feed is not None and feed[0] == self._feed[0] and feed[1] >= self._feed[1]

    def changed(self, newest: Mapping[str, int]) -> list[str]:
        """Return what was not fetched at its mark; it is on its way from now on."""
        kinds = [kind for kind, mark in newest.items() if self._held.get(kind) != mark]
        self._coming |= {kind: newest[kind] for kind in kinds}
        return kinds

    def announced(self, kind: str, mark: int) -> None:
        """Take note of the mark at which a thing will be fetched."""
        self._coming[kind] = mark

    def fetched(self, kind: str) -> None:
        """Take note that a thing was fetched; without a mark it is fetched again next time."""
        mark = self._coming.pop(kind, None)
        if mark is not None:
            self._held[kind] = mark
