"""What was spent against what came back: costs spread over days, returns, when a shop has paid off.

A comparison with an earlier time says what changed, not why: only a random hold-out tells that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

MONTH_DAYS = 30
PERMILLE = 1_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost over some days, in fen."""

    first: date
    last: date
    fen: int


def spent_in(costs: Iterable[Cost], first: date, last: date) -> int:
    """Return what of costs falls on some days (fen): each is spread evenly over its own days.

    By whole days from the first, so that parts of adjoining times add up to the cost.
    """
    return sum(_until(one, last) - _until(one, first, before=True) for one in costs)


def _until(cost: Cost, day: date, *, before: bool = False) -> int:
    days = (cost.last - cost.first).days + 1
    gone = (min(day, cost.last) - cost.first).days + 1 if not before else (day - cost.first).days
    return cost.fen * min(max(gone, 0), days) // days


def returned_permille(earned_fen: float, cost_fen: int) -> int | None:
    """Return (earned - cost) / cost in thousandths; None without a cost."""
    return round((earned_fen - cost_fen) * PERMILLE / cost_fen) if cost_fen else None


def payback_days(more_a_day_fen: float, margin_permille: int | None, cost_fen: int) -> int | None:
    """Return after how many days a cost has come back by what is earned more a day than before.

    None where nothing more is earned, or nobody knows what of the net is earned.
    """
    if margin_permille is None or not cost_fen:
        return None
    earned = more_a_day_fen * margin_permille / PERMILLE
    return -int(-cost_fen // earned) if earned > 0 else None
