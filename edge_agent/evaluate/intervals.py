"""Wilson's interval for a share: what a count of so few people can say."""

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """A share and its 95 % interval; all None when nothing was counted."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval as a pair."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def share(hits: float, total: int, *, independent: int | None = None) -> Share:
    """Return hits / total with Wilson's interval (1927).

    `independent`: how many of them are not repeats of each other. Pairs and visits of one person
    are no separate evidence, so the interval is that of so many people.
    """
    if not total:
        return Share(None, None, None)
    value = hits / total
    count = total if independent is None else max(1, min(total, independent))
    square = Z_95 * Z_95
    middle = (value + square / (2 * count)) / (1 + square / count)
    spread = sqrt(value * (1 - value) / count + square / (4 * count * count))
    reach = Z_95 * spread / (1 + square / count)
    return Share(value, max(0.0, middle - reach), min(1.0, middle + reach))
