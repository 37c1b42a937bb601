"""Subscriptions of partner systems, and the messages on their way to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.posts import Post, PostBook


@dataclass(frozen=True, slots=True)
class Hook:
    """A subscription; its secret follows from `generation`.

    `failing_ms` since when nothing was taken, `paused_ms` since when it hears of nothing.
    """

    hook: UUID
    name: str
    target: str
    kinds: tuple[str, ...]
    made_by: str
    made_ms: int
    generation: int = 1
    rotated_ms: int | None = None
    failing_ms: int | None = None
    paused_ms: int | None = None
    pause_reason: str = ""


@dataclass(frozen=True, slots=True)
class HookPost:
    """A message as the log of deliveries shows it."""

    post: Post
    next_ms: int
    sent_ms: int | None
    given_up_ms: int | None
    reason: str


class HookRepo(PostBook, Protocol):
    """Who hears of what; a paused subscription has no message due."""

    def add(self, hook: Hook) -> None:
        """Enter a subscription."""
        ...

    def hooks(self) -> tuple[Hook, ...]:
        """Return those that were not ended, oldest first."""
        ...

    def end(self, hook: UUID, now_ms: int) -> bool:
        """End one and drop what waits for it; False when there is none."""
        ...

    def rotate(self, hook: UUID, now_ms: int) -> Hook | None:
        """Take the next secret; the one before is good for a while longer."""
        ...

    def pause(self, hook: UUID, reason: str, now_ms: int) -> None:
        """Send nothing and note nothing for it from now on."""
        ...

    def resume(self, hook: UUID) -> bool:
        """Go on, what waits being due at once; False when it was not paused."""
        ...

    def post(self, posts: Sequence[Post]) -> None:
        """Put messages on their way."""
        ...

    def log(self, hook: UUID, *, limit: int) -> tuple[HookPost, ...]:
        """Return its messages, newest first."""
        ...

    def replay(self, hook: UUID, post: UUID | None, now_ms: int) -> int:
        """Make a message due again, or every one that was given up; return how many."""
        ...

    def tidy(self, sent_before_ms: int, made_before_ms: int) -> int:
        """Drop what was sent, and what was made, before a moment; return how many."""
        ...
