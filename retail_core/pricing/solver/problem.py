"""The whole problem: equal units, all that may take them, and what ties the choices together.

Offers are numbered, strongest first. A unit of a class is left at its price, or taken by one of the
class's options. A choice says how many units of each class each option takes; `settle` works out
what it saves, in integers, and refuses a choice that the rules do not allow. Whatever a search
says is passed through it before it is believed.

A set offer takes `need` units at a time, dearest first: a unit in position `first` of its set or
later saves what its option says, and each set is charged `charge` fen (less than 0: it saves). A
bundle takes `needs` units for each of its slots. An offer on single units needs one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

NO_SLOT = 0
BUNDLE_STATES = 8  # a bundle's slots fill unevenly


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """How an offer takes units; `uses_max` None is without end, "" for no group or campaign."""

    needs: tuple[int, ...] = (1,)
    first: int = 0
    charge: int = 0
    is_set: bool = False
    uses_max: int | None = None
    group: str = ""
    campaign: str = ""

    @property
    def is_free(self) -> bool:
        """Tell whether nothing limits how it is used beside others."""
        return self.uses_max is None and not self.group and not self.campaign

    @property
    def states(self) -> int:
        """Return about how many states of it a walk has to tell apart."""
        if self.uses_max is not None:
            return sum(self.needs) * self.uses_max + 1
        return sum(self.needs) * BUNDLE_STATES if len(self.needs) > 1 else self.needs[0]

    def gain_fen(self, off: int, position: int, units: int) -> int:
        """Return what units save that are taken, for the first slot, after `position` others."""
        end, need = position + units, self.needs[0]
        closed = end // need - position // need
        return (self._saving(end) - self._saving(position)) * off - self.charge * closed

    def _saving(self, position: int) -> int:
        sets, rest = divmod(position, self.needs[0])
        return sets * (self.needs[0] - self.first) + max(0, rest - self.first)


class Option(NamedTuple):
    """A way to take a unit of a class: the offer, the slot of a bundle, the fen off a unit."""

    offer: int
    slot: int
    off: int


@dataclass(frozen=True, slots=True)
class Units:
    """Equal units; `counts` says whether they count for the coupon that is asked about."""

    price_fen: int
    units: int
    options: tuple[Option, ...]
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """What may still be taken from a campaign; None is without end."""

    fen: int | None
    uses: int | None

    def holds(self, fen: int, uses: int) -> bool:
        """Tell whether it allows so much; what is not used asks nothing."""
        within = (self.fen is None or fen <= self.fen) and (self.uses is None or uses <= self.uses)
        return uses == 0 or within


Choice = Mapping[tuple[int, int, int], int]  # (class, offer, slot) -> units


@dataclass(frozen=True, slots=True)
class Settled:
    """What a choice comes to: fen saved and uses by offer, the coupon's base, the cost of ties."""

    saved: dict[int, int]
    uses: dict[int, int]
    saved_fen: int
    base_fen: int
    ties: int


@dataclass(frozen=True)
class WholeProblem:
    """Offers, strongest first, and classes, dearest first."""

    offers: tuple[OfferTerms, ...]
    classes: tuple[Units, ...]
    budgets: dict[str, Budget]
    is_whole: bool = True  # False: prices that save less were left out

    @cached_property
    def shelf_fen(self) -> int:
        """Return what everything costs without any offer."""
        return sum(entry.price_fen * entry.units for entry in self.classes)

    @cached_property
    def unit_ties(self) -> tuple[int, ...]:
        """Return, by offer, what a use costs when savings are equal.

        Few sets count most, then a low sum of the sets' ranks, then a low sum of the ranks of the
        offers on single units.
        """
        count = len(self.offers)
        units = sum(entry.units for entry in self.classes) + 1
        rank, fewer = count * units + 1, (count * units + 1) * (count * units + 1)
        return tuple(
            fewer + rank * place if terms.is_set else place + 1
            for place, terms in enumerate(self.offers)
        )

    def off(self, place: int, offer: int) -> int:
        """Return what an offer on single units takes off a unit of a class."""
        return next(o.off for o in self.classes[place].options if o.offer == offer)

    def settle(self, choice: Choice) -> Settled | None:
        """Return what a choice comes to, None when the rules do not allow it."""
        tally = _Tally(self)
        for place, entry in enumerate(self.classes):
            tally.take_class(place, entry, choice)
        return tally.result()


class _Tally:
    def __init__(self, problem: WholeProblem) -> None:
        self._problem = problem
        self._taken: dict[int, list[int]] = {}
        self._saved: dict[int, int] = {}
        self._worth: dict[int, int] = {}
        self._base = 0
        self._sound = True

    def take_class(self, place: int, entry: Units, choice: Choice) -> None:
        """Take the units of a class; classes come dearest first."""
        left, in_sets, single_off = entry.units, 0, 0
        for option in entry.options:
            units = choice.get((place, option.offer, option.slot), 0)
            terms = self._problem.offers[option.offer]
            self._sound = self._sound and units >= 0
            if units:
                self._take(option, entry.price_fen, units)
            left -= units
            if terms.is_set:
                in_sets += units
            else:
                single_off += units * option.off
        self._sound = self._sound and left >= 0
        if entry.counts:
            self._base += (entry.units - in_sets) * entry.price_fen - single_off

    def _take(self, option: Option, price_fen: int, units: int) -> None:
        terms = self._problem.offers[option.offer]
        taken = self._taken.setdefault(option.offer, [0] * len(terms.needs))
        if option.slot == NO_SLOT:
            gain = terms.gain_fen(option.off, taken[0], units)
        else:
            gain = option.off * units
        taken[option.slot] += units
        self._saved[option.offer] = self._saved.get(option.offer, 0) + gain
        self._worth[option.offer] = self._worth.get(option.offer, 0) + price_fen * units

    def result(self) -> Settled | None:
        """Check what only the whole choice shows."""
        uses: dict[int, int] = {}
        for offer, taken in self._taken.items():
            terms = self._problem.offers[offer]
            times = taken[0] // terms.needs[0]
            uses[offer] = times
            self._sound = (
                self._sound
                and all(n == times * need for n, need in zip(taken, terms.needs, strict=True))
                and (terms.uses_max is None or times <= terms.uses_max)
                and 0 < self._saved[offer] <= self._worth[offer]
            )
        if not (self._sound and self._groups_hold(uses) and self._budgets_hold(uses)):
            return None
        ties = sum(self._problem.unit_ties[offer] * times for offer, times in uses.items())
        return Settled(self._saved, uses, sum(self._saved.values()), self._base, ties)

    def _groups_hold(self, uses: Mapping[int, int]) -> bool:
        groups = [self._problem.offers[offer].group for offer in uses]
        named = [group for group in groups if group]
        return len(named) == len(set(named))

    def _budgets_hold(self, uses: Mapping[int, int]) -> bool:
        for name, budget in self._problem.budgets.items():
            members = [o for o in uses if self._problem.offers[o].campaign == name]
            fen = sum(self._saved[offer] for offer in members)
            times = sum(uses[offer] for offer in members)
            if not budget.holds(fen, times):
                return False
        return True
