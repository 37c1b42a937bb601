"""An upper bound on what any choice can gain: every unit pays a fee, every machine plays alone.

If a machine may take a unit only for a fee, and units may be taken by several machines at once, no
choice gains more than all fees together plus what each machine gains alone after paying its fees
(Lagrangian relaxation of "each unit once"). Any fees give a true bound; fees.py finds good ones.
Decisions then only lose against the bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import add, sub

from retail_core.pricing.solver.machines import Machine, Move, Worth, machine_of, singles_of
from retail_core.pricing.solver.problem import Option, WholeProblem


@dataclass(frozen=True, slots=True)
class Take:
    """A move, by state: the state after it, what is lost against the bound, whether it is a use."""

    slot: int
    after: tuple[int, ...]
    loss: tuple[int, ...]
    uses: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What a decision on a unit means for one machine."""

    machine: int
    skip: tuple[int, ...]
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The decision on one unit of a class; `alone` are the losses of prices of its own."""

    place: int
    alone: tuple[tuple[int, Option | None], ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class View:
    """The bound on every choice, machines, and the decisions, dearest unit first."""

    bound: int
    machines: tuple[Machine, ...]
    steps: tuple[Step, ...]


def machines_of(problem: WholeProblem) -> tuple[Machine, ...]:
    """Return the machines of all offers that need one, strongest first."""
    named: dict[int, list[int]] = {}
    for place, entry in enumerate(problem.classes):
        for option in entry.options:
            terms = problem.offers[option.offer]
            if terms.is_set or terms.uses_max is not None:
                places = named.setdefault(option.offer, [])
                if not places or places[-1] != place:
                    places.append(place)
    singles = singles_of(problem, Worth.in_fen(problem))
    return tuple(machine_of(problem, offer, named[offer], singles) for offer in sorted(named))


def view_of(
    problem: WholeProblem,
    machines: tuple[Machine, ...],
    worth: Worth,
    fees: Sequence[int],
    *,
    every_price: bool,
) -> View:
    """Return the bound and what each decision loses; `every_price` offers weaker ones too."""
    singles = singles_of(problem, worth)
    in_fen = singles_of(problem, Worth.in_fen(problem))
    ahead = [list(machine.end) for machine in machines]
    steps: list[Step] = []
    bound = 0
    for place in reversed(range(len(problem.classes))):
        single, option = singles[place]
        fee = fees[place] * worth.scale
        alone: list[tuple[int, Option | None]] = [(fee, option)]
        if every_price:
            prices = _prices(problem, place, worth)
            alone = [(fee + single - off, other) for off, other in prices]
        here = [number for number, machine in enumerate(machines) if place in machine.moves]
        extra = in_fen[place][0] * worth.scale - single - fee
        moves = [_scaled(machines[number], place, worth, extra) for number in here]
        for _ in range(problem.classes[place].units):
            bound += fee + single
            parts = tuple(
                _part(number, *ways, ahead) for number, ways in zip(here, moves, strict=True)
            )
            steps.append(Step(place, tuple(alone), parts))
    bound += sum(values[0] for values in ahead)
    return View(bound, machines, tuple(reversed(steps)))


def _prices(problem: WholeProblem, place: int, worth: Worth) -> list[tuple[int, Option | None]]:
    """Return what each price of its own is worth on a class, one option for each worth."""
    prices: dict[int, Option | None] = {0: None}
    for option in problem.classes[place].options:
        terms = problem.offers[option.offer]
        if not terms.is_set and terms.uses_max is None:
            prices.setdefault(option.off * worth.scale - worth.ties[option.offer], option)
    return sorted(prices.items(), key=lambda price: -price[0])


def _scaled(
    machine: Machine, place: int, worth: Worth, extra: int
) -> tuple[tuple[Move, ...], list[list[int]]]:
    """Return a machine's moves on a class, and by move and state the gain in parts of a fen."""
    tie, moves = worth.ties[machine.offer], machine.moves[place]
    gains = [
        [
            gain * worth.scale - tie * used + extra
            for gain, used in zip(move.gain, move.uses, strict=True)
        ]
        for move in moves
    ]
    return moves, gains


def _part(
    number: int, moves: tuple[Move, ...], gains: list[list[int]], ahead: list[list[int]]
) -> Part:
    """Move a machine's best play alone one unit back; return what each way loses against it."""
    after = ahead[number]
    ways = [
        list(map(add, values, map(after.__getitem__, move.after)))
        for move, values in zip(moves, gains, strict=True)
    ]
    best = list(map(max, after, *ways))
    ahead[number] = best
    return Part(
        number,
        tuple(map(sub, best, after)),
        tuple(
            Take(move.slot, move.after, tuple(map(sub, best, way)), move.uses)
            for move, way in zip(moves, ways, strict=True)
        ),
    )
