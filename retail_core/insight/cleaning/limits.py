"""Where the lines are drawn; all of it belongs to a rule's version."""

from dataclasses import dataclass
from typing import Final

_MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * _MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """Of orders. A z-score counts spreads of the logarithm of units above an article's median."""

    duplicate_ms: int = 5_000
    quick_undo_ms: int = HOUR_MS
    undone_orders: int = 3
    undone_share_percent: int = 60
    undone_window_ms: int = 7 * DAY_MS
    ring_buyers: int = 5
    many_on_one: int = 6
    orders_an_hour: int = 6
    orders_a_day: int = 15
    z_score: float = 4.5
    least_units: int = 10
    history_orders: int = 20
    browsed_channel_percent: int = 50


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Of events; a look is what one page tells within `page_ms`."""

    page_ms: int = 1_000
    least_looks: int = 30
    burst_looks: int = 40
    burst_ms: int = _MINUTE_MS
    zero_dwell_ms: int = 2_000
    regular_percent: int = 10
    sleepless_hours: int = 22
    sleepless_events: int = 200
