"""Offers that need to be remembered while units are decided: each is a small machine.

A machine's state is how full its open set is (or each slot of a bundle), or how many units it has
taken where its uses are capped. A move takes one unit of a class. Gains are in fen, over what the
unit saves at its own best price.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Taking one unit of a class for a slot: by state, the next state, the gain and the uses."""

    slot: int
    after: tuple[int, ...]
    gain: tuple[int, ...]
    uses: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """An offer's states; `end` is 0 where it may stop and NEVER elsewhere."""

    offer: int
    end: tuple[int, ...]
    moves: dict[int, tuple[Move, ...]]


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
    moves: dict[int, tuple[Move, ...]] = {}
    for place in places:
        moves[place] = tuple(
            _move(terms, option, number, singles[place][0])
            for option in problem.classes[place].options
            if option.offer == offer
        )
    return Machine(offer, end, moves)


def _states(problem: WholeProblem, offer: int, places: Sequence[int]) -> list[tuple[int, ...]]:
    terms = problem.offers[offer]
    room = [0] * len(terms.needs)
    for place in places:
        for option in problem.classes[place].options:
            if option.offer == offer:
                room[option.slot] += problem.classes[place].units
    times = min(units // need for units, need in zip(room, terms.needs, strict=True))
    if terms.uses_max is not None:
        times = min(times, terms.uses_max)
    states: list[tuple[int, ...]] = [()]
    for need in terms.needs:
        states = [(*state, held) for state in states for held in range(times * need + 1)]
    return sorted({whole_forgotten(terms, state) for state in states})


def whole_forgotten(terms: OfferTerms, state: tuple[int, ...]) -> tuple[int, ...]:
    """Return the state without the sets that are complete, unless uses have to be counted."""
    if terms.uses_max is not None:
        return state
    whole = min(held // need for held, need in zip(state, terms.needs, strict=True))
    return tuple(held - whole * need for held, need in zip(state, terms.needs, strict=True))


def _may_stop(terms: OfferTerms, state: tuple[int, ...]) -> bool:
    times = state[0] // terms.needs[0]
    return all(held == times * need for held, need in zip(state, terms.needs, strict=True))


def _move(
    terms: OfferTerms,
    option: Option,
    number: dict[tuple[int, ...], int],
    single: int,
) -> Move:
    after: list[int] = []
    gains: list[int] = []
    uses: list[bool] = []
    for state, index in number.items():
        held = state[option.slot]
        target = whole_forgotten(
            terms, (*state[: option.slot], held + 1, *state[option.slot + 1 :])
        )
        if target not in number:
            after.append(index)
            gains.append(NEVER)
            uses.append(False)
            continue
        closes = option.slot == 0 and (held + 1) % terms.needs[0] == 0
        uses.append(closes)
        off = terms.gain_fen(option.off, held, 1) if option.slot == 0 else option.off
        after.append(number[target])
        gains.append(off - single)
    return Move(option.slot, tuple(after), tuple(gains), tuple(uses))
