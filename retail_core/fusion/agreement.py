"""How far a till's computed receipts agree with its printed ones, and what that allows.

The score is the lower end of Wilson's interval at 95 % for the share of receipts that agree, over
the last `window` receipts, in thousandths: after few receipts it is low however well they agreed.
E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

_Z = 1.96
PERMILLE = 1000
AHEAD_AGREED, AHEAD_DIFFERED = "A", "D"
PRINT_AGREED, PRINT_DIFFERED = "a", "d"
_AGREED = frozenset({AHEAD_AGREED, PRINT_AGREED})
_AHEAD = frozenset({AHEAD_AGREED, AHEAD_DIFFERED})


class Channel(StrEnum):
    """A way to write to an unchanged till; each has a bar of its own."""

    INJECT = "inject"
    APPEND = "append"
    DISPLAY = "display"


class Standing(StrEnum):
    """Whether a channel ever reached its bar, and whether it fell below it since."""

    YOUNG = "young"
    EARNED = "earned"
    LOST = "lost"


# What is written before payment hangs on the basket known before payment; a line under the
# printed receipt hangs on reading that alone.
_NEEDS_AHEAD = frozenset({Channel.INJECT, Channel.DISPLAY})


@dataclass(frozen=True, slots=True)
class Bars:
    """When a till may be written to; `bars` in thousandths, a channel that is absent never.

    `streak` receipts that differ in a row take every permit at once; one that was lost is earned
    again only after `regain` receipts that all agree.
    """

    window: int = 200
    min_count: int = 30
    streak: int = 3
    regain: int = 20
    bars: Mapping[Channel, int] = field(
        default_factory=lambda: MappingProxyType(
            {Channel.INJECT: 970, Channel.APPEND: 950, Channel.DISPLAY: 900}
        )
    )


@dataclass(frozen=True, slots=True)
class Score:
    """`agreed` of `seen` receipts in the window, and the score they give in thousandths."""

    seen: int
    agreed: int
    permille: int


@dataclass(frozen=True, slots=True)
class Record:
    """What a till has shown: the last results, oldest first, and each channel's standing.

    `results`: A and D for receipts known before payment that agreed and differed, a and d for
    those only read when printed. `seen` and `agreed` count since the box was set up.
    """

    results: str = ""
    standings: Mapping[Channel, Standing] = field(default_factory=dict)
    seen: int = 0
    agreed: int = 0

    def standing(self, channel: Channel) -> Standing:
        """Return a channel's standing."""
        return self.standings.get(channel, Standing.YOUNG)


def wilson_permille(agreed: int, seen: int) -> int:
    """Return the lower end of the 95 % interval in thousandths, rounded down; 0 for none seen."""
    if seen <= 0:
        return 0
    spread = _Z * math.sqrt(agreed * (seen - agreed) / seen + _Z * _Z / 4)
    low = (agreed + _Z * _Z / 2 - spread) / (seen + _Z * _Z)
    return max(0, math.floor(low * PERMILLE))


def score_of(record: Record, channel: Channel | None = None) -> Score:
    """Return the score that counts for a channel, or of all receipts."""
    counted = [one for one in record.results if channel not in _NEEDS_AHEAD or one in _AHEAD]
    agreed = sum(one in _AGREED for one in counted)
    return Score(len(counted), agreed, wilson_permille(agreed, len(counted)))


def after_receipt(record: Record, bars: Bars, *, agreed: bool, ahead: bool) -> Record:
    """Return the record with one more receipt, and the standings that follow from it."""
    result = (AHEAD_AGREED if ahead else PRINT_AGREED) if agreed else ""
    result = result or (AHEAD_DIFFERED if ahead else PRINT_DIFFERED)
    told = replace(
        record,
        results=(record.results + result)[-bars.window :],
        seen=record.seen + 1,
        agreed=record.agreed + agreed,
    )
    return with_bars(told, bars)


def with_bars(record: Record, bars: Bars) -> Record:
    """Return the record judged by these bars, which may be newer than its last receipt."""
    kept = replace(record, results=record.results[-bars.window :])
    return replace(kept, standings={one: _standing(kept, bars, one) for one in Channel})


def _standing(record: Record, bars: Bars, channel: Channel) -> Standing:
    held, bar = record.standing(channel), bars.bars.get(channel)
    score = score_of(record, channel)
    reached = bar is not None and score.seen >= bars.min_count and score.permille >= bar
    if not reached or _streak(record, bars):
        return Standing.YOUNG if held is Standing.YOUNG else Standing.LOST
    if held is Standing.LOST and not _regained(record, bars):
        return Standing.LOST
    return Standing.EARNED


def _streak(record: Record, bars: Bars) -> bool:
    last = record.results[-bars.streak :]
    return len(last) == bars.streak and not any(one in _AGREED for one in last)


def _regained(record: Record, bars: Bars) -> bool:
    last = record.results[-bars.regain :]
    return len(last) == bars.regain and all(one in _AGREED for one in last)
