"""When a program that starts again and again is to start with less.

A start that was followed by a healthy while, or by an end that somebody asked for, is none that
failed. Where only a reboot came between two starts nobody knows how long it took: both count.
"""

from dataclasses import dataclass, replace

STARTS_MAX = 4
WITHIN_MS = 15 * 60_000
HEALTHY_MS = 5 * 60_000
SAFE_FIRST_MS = 15 * 60_000
SAFE_MAX_MS = 4 * 3_600_000


@dataclass(frozen=True, slots=True)
class Start:
    """A start: in which boot of the kernel, and when by its monotonic clock."""

    boot: str
    mono_ms: int


@dataclass(frozen=True, slots=True)
class Starts:
    """The starts that nothing good is known of; `rounds` counts how often safe mode began."""

    failing: tuple[Start, ...] = ()
    safe: bool = False
    rounds: int = 0


def began(before: Starts, start: Start) -> Starts:
    """Return how it stands after one more start."""
    kept = tuple(
        one
        for one in before.failing
        if one.boot != start.boot or start.mono_ms - one.mono_ms <= WITHIN_MS
    )
    failing = (*kept, start)[-STARTS_MAX:]
    loops = len(failing) >= STARTS_MAX and not before.safe
    rounds = before.rounds + 1 if loops else before.rounds
    return Starts(failing, before.safe or loops, rounds)


def asked_to_end(before: Starts) -> Starts:
    """Return how it stands when the program was asked to end: its start did not fail."""
    return replace(before, failing=before.failing[:-1])


def healthy(before: Starts) -> Starts:
    """Return how it stands after a healthy while: in safe mode that is the end of it.

    The count of rounds goes only with a healthy while outside of safe mode.
    """
    return Starts(rounds=before.rounds if before.safe else 0)


def due_ms(starts: Starts) -> int:
    """Return how long a program has to be well: in safe mode twice as long each round."""
    if not starts.safe:
        return HEALTHY_MS
    return min(SAFE_MAX_MS, SAFE_FIRST_MS << min(8, max(0, starts.rounds - 1)))
