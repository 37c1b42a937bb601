"""Journeys over channels, aggregated: each different one with how many ended how."""

from collections.abc import Sequence
from dataclasses import dataclass

from retail_core.insight.arrays import Floats

Shares = dict[str, float]


@dataclass(frozen=True, slots=True)
class Journeys:
    """Different paths, none empty, and arrays beside them.

    `conversions` and `nulls`: how many of a path ended with and without a sale; `value` what the
    sales were worth, None where nobody said.
    """

    paths: Sequence[tuple[str, ...]]
    conversions: Floats
    nulls: Floats
    value: Floats | None = None

    def channels(self) -> tuple[str, ...]:
        """Return the channels in the order they first stand in."""
        return tuple(dict.fromkeys(channel for path in self.paths for channel in path))
