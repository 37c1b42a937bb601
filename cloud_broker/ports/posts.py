"""Messages on their way to somebody's server: the list that a delivery works off."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Post:
    """A message of a rule or subscription; `body` is the same text at every try."""

    post: UUID
    rule: UUID
    alert: UUID | None
    what: str
    body: str
    made_ms: int
    tries: int = 0


@dataclass(frozen=True, slots=True)
class PostCount:
    """How many messages of a rule wait, and how many were given up; with the last reason."""

    waiting: int
    given_up: int
    reason: str


class PostBook(Protocol):
    """Where it stands how far each message came."""

    def due(self, now_ms: int, *, each: int) -> tuple[Post, ...]:
        """Return what is to be sent now, at most `each` of a rule or subscription, oldest first.

        One with a long list leaves the others their turn.
        """
        ...

    def sent(self, post: UUID, now_ms: int) -> None:
        """Note that a message was taken."""
        ...

    def failed(self, post: UUID, reason: str, next_ms: int | None, now_ms: int) -> None:
        """Note that it was not, and when it is tried again; None gives it up."""
        ...

    def counts(self) -> dict[UUID, PostCount]:
        """Return how rules or subscriptions fare."""
        ...
