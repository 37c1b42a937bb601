"""Whether a release that was just switched to has proved itself, and when it may be switched to.

Installed is not proved: it is when the box came up, was well for a while and made real sales. What
breaks while selling ends the trial at once, before HQ hears of it.
"""

from dataclasses import dataclass
from enum import StrEnum

from retail_core.texts.fault_codes import FaultCode

PERMILLE = 1_000
WELL_MS = 5 * 60_000
STOPPED_MS = 2 * 60_000
# So many breaks of the program, and this share of everything rung up, end a trial.
BREAKS_MIN = 2
BREAKS_PERMILLE = 100
DAY_MINUTES = 24 * 60
BROKE_WHILE_SELLING = FaultCode.RELEASE_BREAKS.value
CANNOT_SELL = FaultCode.RELEASE_STOPS_SHOP.value


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial has seen: sales on disk, breaks of the program, and for how long what was so.

    `well_ms` begins anew at each start; `stopped_ms` is how long a new issue has kept the shop
    from selling.
    """

    sales: int = 0
    breaks: int = 0
    well_ms: int = 0
    stopped_ms: int = 0


class Verdict(StrEnum):
    """What becomes of a trial."""

    GOES_ON = "goes_on"
    PROVED = "proved"
    FAILED = "failed"


def judge(trial: Trial, sales_needed: int, well_ms: int = WELL_MS) -> tuple[Verdict, str]:
    """Return the verdict and, where it failed, why."""
    everything = trial.sales + trial.breaks
    if trial.breaks >= BREAKS_MIN and trial.breaks * PERMILLE >= everything * BREAKS_PERMILLE:
        return Verdict.FAILED, BROKE_WHILE_SELLING
    if trial.stopped_ms >= STOPPED_MS:
        return Verdict.FAILED, CANNOT_SELL
    if trial.well_ms >= well_ms and trial.sales >= max(1, sales_needed) and not trial.stopped_ms:
        return Verdict.PROVED, ""
    return Verdict.GOES_ON, ""


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes of the store's day in which a box may restart; from equals to is any time."""

    from_minute: int = 0
    to_minute: int = 0

    def holds(self, minute: int) -> bool:
        """Return whether a minute of the day lies in it; it may reach over midnight."""
        if self.from_minute == self.to_minute:
            return True
        length = (self.to_minute - self.from_minute) % DAY_MINUTES
        return (minute - self.from_minute) % DAY_MINUTES < length


class Wait(StrEnum):
    """Why a release that is ready is not switched to yet."""

    NOTHING = ""
    CLOCK = "clock"
    WINDOW = "window"
    BASKET = "basket"


def waits_for(
    window: Window, minute: int | None, oldest_basket_ms: int | None, hold_ms: int
) -> Wait:
    """Return what a switch waits for; a basket that nobody touches holds it only so long.

    `minute` of the store's day is None without a clock, `oldest_basket_ms` how long the basket
    touched last has rested, None without one.
    """
    if minute is None and window.from_minute != window.to_minute:
        return Wait.CLOCK
    if minute is not None and not window.holds(minute):
        return Wait.WINDOW
    if oldest_basket_ms is not None and oldest_basket_ms < hold_ms:
        return Wait.BASKET
    return Wait.NOTHING
