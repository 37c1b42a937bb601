"""Offers that need to be remembered while units are decided: each is a small machine.

A machine's state is how full its open set is (or each slot of a bundle), or how many units it has
taken where its uses are capped. A move takes one unit of a class. Gains are in fen, over what the
unit saves at its own best price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from retail_core.pricing.solver.problem import OfferTerms, Option, WholeProblem

NEVER = -(1 << 200)  # an open set that can no longer close: below every value, whatever is added


@dataclass(frozen=True, slots=True)
class Worth:
    """What a fen counts, and whether the cost of ties counts with it."""

    scale: int
    ties: tuple[int, ...]

    @classmethod
    def with_ties(cls, problem: WholeProblem) -> "Worth":
        """Return the worth by which the best choice is also the canonical one."""
        units = sum(entry.units for entry in problem.classes) + 1
        return cls(max(problem.unit_ties, default=0) * units + 1, problem.unit_ties)

    @classmethod
    def in_fen(cls, problem: WholeProblem) -> "Worth":
        """Return the worth that only counts fen."""
        return cls(1, (0,) * len(problem.offers))


@dataclass(frozen=True, slots=True)
class Move:
    """Taking one unit of a class for a slot: by state, the next state, the gain and the uses.

    `steps` are gain and next state, side by side.
    """

    slot: int
    after: tuple[int, ...]
    gain: tuple[int, ...]
    uses: tuple[bool, ...]
    steps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """An offer's states; `end` is 0 where it may stop and NEVER elsewhere.

    `moves` are by class; `backwards` are its classes, the last one first.
    """

    offer: int
    end: tuple[int, ...]
    moves: dict[int, tuple[Move, ...]]
    backwards: tuple[int, ...]


def singles_of(problem: WholeProblem, worth: Worth) -> list[tuple[int, Option | None]]:
    """Return what a unit of each class is worth at its own best price, and that price's option."""
    return [_single(problem, place, worth) for place in range(len(problem.classes))]


def _single(problem: WholeProblem, place: int, worth: Worth) -> tuple[int, Option | None]:
    best: tuple[int, Option | None] = (0, None)
    for option in problem.classes[place].options:
        terms = problem.offers[option.offer]
        if not terms.is_set and terms.uses_max is None:
            value = option.off * worth.scale - worth.ties[option.offer]
            if value > best[0]:
                best = value, option
    return best


def machine_of(
    problem: WholeProblem,
    offer: int,
    places: Sequence[int],
    singles: Sequence[tuple[int, Option | None]],
) -> Machine:
    """Build the machine of an offer over the classes it may take."""
    terms = problem.offers[offer]
    states = _states(problem, offer, places)
    number = {state: index for index, state in enumerate(states)}
    end = tuple(0 if _may_stop(terms, state) else NEVER for state in states)
    tables = [_table(terms, slot, number) for slot in range(len(terms.needs))]
    moves: dict[int, tuple[Move, ...]] = {}
    for place in places:
        single = singles[place][0]
        moves[place] = tuple(
            _move(tables[option.slot], option, single)
            for option in problem.classes[place].options
            if option.offer == offer
        )
    return Machine(offer, end, moves, tuple(sorted(moves, reverse=True)))


def _states(problem: WholeProblem, offer: int, places: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the states: complete sets are forgotten, unless uses have to be counted."""
    terms = problem.offers[offer]
    if len(terms.needs) == 1 and terms.uses_max is None:
        return [(held,) for held in range(terms.needs[0])]
    room = [0] * len(terms.needs)
    for place in places:
        for option in problem.classes[place].options:
            if option.offer == offer:
                room[option.slot] += problem.classes[place].units
    times = min(units // need for units, need in zip(room, terms.needs, strict=True))
    if terms.uses_max is not None:
        times = min(times, terms.uses_max)
    held_by_slot = [range(times * need + 1) for need in terms.needs]
    return [
        state
        for state in product(*held_by_slot)
        if terms.uses_max is not None
        or any(held < need for held, need in zip(state, terms.needs, strict=True))
    ]


def _may_stop(terms: OfferTerms, state: tuple[int, ...]) -> bool:
    times = state[0] // terms.needs[0]
    return all(held == times * need for held, need in zip(state, terms.needs, strict=True))


@dataclass(frozen=True, slots=True)
class _Table:
    """Taking a unit for a slot, whatever its class: by state, what follows and what it saves."""

    after: tuple[int, ...]
    uses: tuple[bool, ...]
    counts: tuple[bool, ...]  # whether the option's fen off count
    extra: tuple[int, ...]  # fen besides, NEVER where no unit may be taken


def _table(terms: OfferTerms, slot: int, number: dict[tuple[int, ...], int]) -> _Table:
    rows = [_row(terms, slot, state, number) for state in number]
    after, uses, counts, extra = zip(*rows, strict=True)
    return _Table(after, uses, counts, extra)


def _row(
    terms: OfferTerms, slot: int, state: tuple[int, ...], number: dict[tuple[int, ...], int]
) -> tuple[int, bool, bool, int]:
    held = list(state)
    held[slot] += 1
    whole = all(units >= need for units, need in zip(held, terms.needs, strict=True))
    if whole and terms.uses_max is None:
        held = [units - need for units, need in zip(held, terms.needs, strict=True)]
    target = number.get(tuple(held))
    if target is None:
        return number[state], False, False, NEVER
    need = terms.needs[0]
    closes = slot == 0 and (state[0] + 1) % need == 0
    counts = slot != 0 or state[0] % need >= terms.first
    return target, closes, counts, -terms.charge if closes else 0


def _move(table: _Table, option: Option, single: int) -> Move:
    gain = tuple(
        extra + option.off * counts - single
        for extra, counts in zip(table.extra, table.counts, strict=True)
    )
    steps = tuple(zip(gain, table.after, strict=True))
    return Move(option.slot, table.after, gain, table.uses, steps)
