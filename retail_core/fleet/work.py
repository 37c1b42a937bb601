"""Whether the parts of a box get on with their work: each shows a number that only grows.

A process that is alive may have stopped to sell. So the watchdog is fed for what was done since the
last look, and a part that stands still for too long is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stand:
    """The number a part showed last, and since when (monotonic ms) it shows just that."""

    mark: int
    since_ms: int


def noted(before: Mapping[str, Stand], marks: Mapping[str, int], now_ms: int) -> dict[str, Stand]:
    """Return how the parts stand after one look at their numbers."""
    return {name: _stand(before.get(name), mark, now_ms) for name, mark in marks.items()}


def _stand(before: Stand | None, mark: int, now_ms: int) -> Stand:
    stays = before is not None and before.mark == mark
    return before if before is not None and stays else Stand(mark, now_ms)


def hung(stands: Mapping[str, Stand], patience_ms: int, now_ms: int) -> tuple[str, ...]:
    """Return the parts that did nothing for longer than that, by name."""
    return tuple(
        sorted(name for name, one in stands.items() if now_ms - one.since_ms > patience_ms)
    )


def begun(stands: Mapping[str, Stand]) -> bool:
    """Tell whether every part has done something since the start."""
    return all(one.mark > 0 for one in stands.values())
