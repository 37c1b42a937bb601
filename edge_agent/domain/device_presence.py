"""Present, flapping or absent: a loose plug must not open and close a till's line all day.

And the rests between attempts to open a line: a random part of a window that doubles up to a cap.
"""

from dataclasses import dataclass
from enum import StrEnum

ABSENT_AFTER_MS = 1_500
FLAP_WINDOW_MS = 30_000
FLAP_CHANGES = 5
STEADY_MS = 10_000
REST_FIRST_MS = 250
REST_MS_MAX = 5_000
PERMILLE = 1_000
_DOUBLINGS_MAX = 16


class Presence(StrEnum):
    """What a device is said to be."""

    PRESENT = "present"
    FLAPPING = "flapping"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Watched:
    """A device over time: what is said of it and since when, what was last seen and since when."""

    state: Presence
    since_ms: int
    there: bool
    moved_ms: int
    moves: tuple[int, ...] = ()


def first_seen(*, there: bool, now_ms: int) -> Watched:
    """Return how watching begins."""
    return Watched(Presence.PRESENT if there else Presence.ABSENT, now_ms, there, now_ms)


def watched(before: Watched, *, there: bool, plugged_anew: bool = False, now_ms: int) -> Watched:
    """Return the next state; `plugged_anew`: it is there again, and its leaving went unseen."""
    moves = before.moves
    moved_ms = before.moved_ms
    if there != before.there or plugged_anew:
        times = 2 if there == before.there else 1
        moves, moved_ms = (*moves, *(now_ms,) * times), now_ms
    moves = tuple(at for at in moves if now_ms - at < FLAP_WINDOW_MS)[-FLAP_CHANGES:]
    state = _state(before.state, there=there, moves=len(moves), steady_ms=now_ms - moved_ms)
    since = before.since_ms if state is before.state else now_ms
    if state is not Presence.FLAPPING and before.state is Presence.FLAPPING:
        moves = ()
    return Watched(state, since, there, moved_ms, moves)


def _state(before: Presence, *, there: bool, moves: int, steady_ms: int) -> Presence:
    steady = Presence.PRESENT if there else Presence.ABSENT
    if before is Presence.FLAPPING:
        return steady if steady_ms >= STEADY_MS else Presence.FLAPPING
    if moves >= FLAP_CHANGES:
        return Presence.FLAPPING
    if before is Presence.PRESENT and not there and steady_ms < ABSENT_AFTER_MS:
        return Presence.PRESENT
    return steady


@dataclass(frozen=True, slots=True)
class Rest:
    """Failed attempts in a row, and when the next one may be made."""

    failures: int = 0
    until_ms: int = 0


def rest_after(rest: Rest, *, now_ms: int, permille: int) -> Rest:
    """Return the rest after one more failure; `permille` is the caller's randomness, 0..1000."""
    window = min(REST_MS_MAX, REST_FIRST_MS << min(rest.failures, _DOUBLINGS_MAX))
    return Rest(rest.failures + 1, now_ms + window * permille // PERMILLE)
