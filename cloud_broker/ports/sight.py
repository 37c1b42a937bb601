"""How far the one who asks can see, for every transaction that follows from one request.

It is set where a request is let in and read where a transaction begins, so no service in between
can forget to hand it on. What nobody asked for over the pages or HQ's API sees the whole chain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Sight:
    """One region or store, None for the whole chain; and whether anything may be written."""

    place: UUID | None = None
    writes: bool = True


WHOLE = Sight()
_SIGHT: ContextVar[Sight] = ContextVar("sight", default=WHOLE)


def sight() -> Sight:
    """Return how far whoever asks can see."""
    return _SIGHT.get()


def look_as(seen: Sight) -> None:
    """Let the rest of this request, and no other, see as far as this."""
    _SIGHT.set(seen)


@contextmanager
def as_the_program() -> Iterator[None]:
    """See the whole chain for a moment: who somebody is has to be known before what they see."""
    token = _SIGHT.set(WHOLE)
    try:
        yield
    finally:
        _SIGHT.reset(token)
