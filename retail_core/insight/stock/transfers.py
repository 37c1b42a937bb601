"""What to bring from where to where, of one article: a linear program over all places at once.

A place that has more than it needs is a source; one that has less is a sink whose first missing
unit is worth most, so its need comes in steps of falling value. With whole numbers at both ends the
program has a whole-numbered best solution (the matrix is a network's), which the simplex method
finds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

# Numbers this near to a whole one are it.
_WHOLE = 1e-6
_TRIES = 30


@dataclass(frozen=True, slots=True)
class Step:
    """So many units that are worth so much each, fen."""

    units: int
    worth_fen: float


@dataclass(frozen=True, slots=True)
class Sink:
    """A place that needs; the worth of its steps falls."""

    place: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """So many units from one place to another; `net_fen` is their worth less the way."""

    source: str
    sink: str
    units: int
    net_fen: float


def plan(
    spare: Mapping[str, int],
    sinks: Sequence[Sink],
    ways: Mapping[tuple[str, str], float],
    handling_fen: float = 0.0,
) -> tuple[Move, ...]:
    """Return the moves that earn most; a way that is not in `ways` is closed, fen a unit.

    Of the moves that do not earn `handling_fen` the poorer half is left out, and the rest is
    planned once more over the ways that are left in use: goods join a move that goes anyway, and no
    new small ones open. Fault STOCK_NO_PLAN when the solver finds none.
    """
    open_ways = dict(ways)
    moves: tuple[Move, ...] = ()
    for _ in range(_TRIES):
        moves = best(spare, sinks, open_ways)
        poor = [move for move in moves if move.net_fen <= handling_fen]
        if not poor:
            return moves
        poor.sort(key=lambda move: (move.net_fen, move.source, move.sink))
        out = {(move.source, move.sink) for move in poor[: (len(poor) + 1) // 2]}
        used = {(move.source, move.sink) for move in moves} - out
        open_ways = {way: open_ways[way] for way in sorted(used)}
    return tuple(move for move in moves if move.net_fen > handling_fen)


def best(
    spare: Mapping[str, int], sinks: Sequence[Sink], ways: Mapping[tuple[str, str], float]
) -> tuple[Move, ...]:
    """Return the moves of the highest worth less the ways; Fault STOCK_NO_PLAN."""
    top = {sink.place: max((one.worth_fen for one in sink.steps), default=0.0) for sink in sinks}
    arcs = [
        (source, sink, cost)
        for (source, sink), cost in ways.items()
        if source != sink and spare.get(source, 0) > 0 and top.get(sink, 0.0) > cost
    ]
    steps = [(sink.place, one) for sink in sinks for one in sink.steps if one.units > 0]
    if not arcs or not steps:
        return ()
    flow = _solved(spare, arcs, steps)
    worth = _worth(flow, arcs, steps)
    return tuple(
        Move(source, sink, units, worth[sink] * units - cost * units)
        for (source, sink, cost), units in zip(arcs, flow, strict=True)
        if units > 0
    )


def _solved(
    spare: Mapping[str, int],
    arcs: Sequence[tuple[str, str, float]],
    steps: Sequence[tuple[str, Step]],
) -> list[int]:
    """Return how many units go each way: at most what a source has, and as much as steps take."""
    sources = {place: nth for nth, place in enumerate(dict.fromkeys(arc[0] for arc in arcs))}
    taken = {place: nth for nth, place in enumerate(dict.fromkeys(arc[1] for arc in arcs))}
    steps = [(place, one) for place, one in steps if place in taken]
    width = len(arcs) + len(steps)
    leave = coo_array(
        (np.ones(len(arcs)), ([sources[arc[0]] for arc in arcs], range(len(arcs)))),
        shape=(len(sources), width),
    )
    come = coo_array(
        (
            np.concatenate((np.ones(len(arcs)), -np.ones(len(steps)))),
            (
                [taken[arc[1]] for arc in arcs] + [taken[place] for place, _ in steps],
                range(width),
            ),
        ),
        shape=(len(taken), width),
    )
    found = linprog(
        np.array([arc[2] for arc in arcs] + [-one.worth_fen for _, one in steps]),
        A_ub=leave,
        b_ub=np.array([spare[place] for place in sources], dtype=np.float64),
        A_eq=come,
        b_eq=np.zeros(len(taken)),
        bounds=[(0, None)] * len(arcs) + [(0, one.units) for _, one in steps],
        method="highs-ds",
    )
    if found.x is None:
        raise Fault(FaultCode.STOCK_NO_PLAN, reason=str(found.message))
    units = np.rint(found.x[: len(arcs)])
    if np.max(np.abs(units - found.x[: len(arcs)])) > _WHOLE:
        raise Fault(FaultCode.STOCK_NO_PLAN, reason="not whole")
    return [int(one) for one in units]


def _worth(
    flow: Sequence[int],
    arcs: Sequence[tuple[str, str, float]],
    steps: Sequence[tuple[str, Step]],
) -> dict[str, float]:
    """Return what a unit that comes to each sink is worth on average."""
    come: dict[str, int] = {}
    for (_, sink, _), units in zip(arcs, flow, strict=True):
        come[sink] = come.get(sink, 0) + units
    worth: dict[str, float] = {}
    for place, units in come.items():
        left, sum_fen = units, 0.0
        for at, one in steps:
            if at == place:
                used = min(left, one.units)
                sum_fen, left = sum_fen + used * one.worth_fen, left - used
        worth[place] = sum_fen / units if units else 0.0
    return worth
