"""Rules that look at one journey at a time, and the Shapley value in closed form."""

from collections.abc import Callable
from dataclasses import dataclass

from retail_core.insight.arrays import Floats
from retail_core.insight.attribution.journeys import Journeys, Shares

# What a path's channels get of one sale.
Split = Callable[[tuple[str, ...]], Shares]


@dataclass(frozen=True, slots=True)
class Credit:
    """Conversions by channel, and what they were worth, None where nobody said."""

    conversions: Shares
    value: Shares | None


def first(path: tuple[str, ...]) -> Shares:
    """Give all to the channel that began."""
    return {path[0]: 1.0}


def last(path: tuple[str, ...]) -> Shares:
    """Give all to the channel that ended."""
    return {path[-1]: 1.0}


def linear(path: tuple[str, ...]) -> Shares:
    """Give every touch the same; a channel touched twice gets two parts."""
    found: Shares = {}
    for channel in path:
        found[channel] = found.get(channel, 0.0) + 1 / len(path)
    return found


def shapley(path: tuple[str, ...]) -> Shares:
    """Give every channel of the path the same, however often it was touched.

    The Shapley value of the game in which channels S together earn the sales of the journeys that
    lie inside S: each journey is a game of unanimity among its channels, whose value is split
    evenly, and the Shapley value adds up over games. Exact for any number of channels.
    """
    channels = dict.fromkeys(path)
    return dict.fromkeys(channels, 1 / len(channels))


def credit(journeys: Journeys, split: Split) -> Credit:
    """Apply a rule to all journeys; every channel stands in it, with 0 where it got nothing."""
    splits = [split(path) for path in journeys.paths]
    nothing = dict.fromkeys(journeys.channels(), 0.0)
    value = journeys.value
    return Credit(
        _summed(splits, journeys.conversions, nothing),
        None if value is None else _summed(splits, value, nothing),
    )


def _summed(splits: list[Shares], amounts: Floats, nothing: Shares) -> Shares:
    found = dict(nothing)
    for shares, amount in zip(splits, amounts, strict=True):
        for channel, share in shares.items():
            found[channel] += share * float(amount)
    return found
