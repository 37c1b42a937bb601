"""All layers over what was seen, and what a report says with and without what is set apart."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from retail_core.insight.cleaning.browsing import bots, no_browse
from retail_core.insight.cleaning.decision import Decision, set_apart
from retail_core.insight.cleaning.limits import EventLimits, OrderLimits
from retail_core.insight.cleaning.pace import quantities, velocity
from retail_core.insight.cleaning.repeats import duplicates, undone
from retail_core.insight.cleaning.rings import rings
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder

_LAYERS = (duplicates, undone, rings, velocity, quantities, no_browse)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a channel sold: orders that stand, and fen."""

    orders: int = 0
    net_fen: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A channel with everything, and without what is set apart."""

    channel: str
    everything: Sums
    without: Sums


def judge_orders(
    orders: Sequence[SeenOrder], limits: OrderLimits | None = None
) -> tuple[Decision, ...]:
    """Return every sign of every layer, in an order that only depends on what was seen."""
    lines = limits or OrderLimits()
    found = (decision for layer in _LAYERS for decision in layer(orders, lines))
    return tuple(sorted(found, key=lambda one: (one.subject, one.rule)))


def judge_actors(
    events: Iterable[SeenEvent], limits: EventLimits | None = None
) -> tuple[Decision, ...]:
    """Return every sign that an actor is a program."""
    found = bots(events, limits or EventLimits())
    return tuple(sorted(found, key=lambda one: (one.subject, one.rule)))


def with_and_without(
    orders: Iterable[SeenOrder],
    decisions: Iterable[Decision],
    overruled: Collection[tuple[str, str]] = (),
) -> tuple[Report, ...]:
    """Return each channel's sums, by its name; what was undone is in neither."""
    apart = set_apart(decisions, overruled)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in orders:
        if one.undone_ms is None:
            held = sums[one.channel]
            held[0] += 1
            held[1] += one.net_fen
            if one.order_id not in apart:
                held[2] += 1
                held[3] += one.net_fen
    return tuple(
        Report(name, Sums(*held[:2]), Sums(*held[2:])) for name, held in sorted(sums.items())
    )
