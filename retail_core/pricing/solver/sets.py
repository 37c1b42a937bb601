"""The problem left for search: sets of units that together cost less, over classes of equal units.

All set offers are one rule. Order the units of a set by price, dearest first: units from position
`free_from` on save what the rule takes off a unit of their class, and the set as a whole costs
`price_fen` (less than 0: it saves). "3 for 2" is (need 3, from 2, price 0), a unit saves all of its
price; "2 for ¥10" is (need 2, from 0, price ¥10); "2 at 80 %" is (need 2, from 0, price 0), a unit
saves a fifth. Units are taken dearest first and cut into sets in that order, so a choice is fully
described by how many units of each class each rule takes.

All values are gains over what the units save on their own (`single_fen`), scaled so that one
integer orders choices: first the saving, then fewer sets, then the stronger rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class SetRule:
    """A set offer as search sees it; see the module's text."""

    need: int
    free_from: int
    price_fen: int

    def free_before(self, position: int) -> int:
        """Return how many of the first `position` units save."""
        sets, rest = divmod(position, self.need)
        return sets * (self.need - self.free_from) + max(0, rest - self.free_from)

    def gain_fen(self, off: int, position: int, units: int) -> int:
        """Return what units save, `off` fen each, when `position` units were taken before."""
        end = position + units
        free = self.free_before(end) - self.free_before(position)
        return free * off - self.price_fen * (end // self.need - position // self.need)


@dataclass(frozen=True, slots=True)
class UnitClass:
    """Equal units: same price, same saving on their own, same rules (indices, ascending).

    `offs` is what each of the rules takes off a unit; left out, it is the price. `single_tie` is
    what a unit on its own costs in ties, so what is gained when a rule takes it.
    """

    price_fen: int
    single_fen: int
    units: int
    rules: tuple[int, ...]
    offs: tuple[int, ...] = ()
    single_tie: int = 0

    def off(self, rule: int) -> int:
        """Return what a rule takes off a unit where it takes something off."""
        return self.offs[self.rules.index(rule)] if self.offs else self.price_fen


Taken = Mapping[tuple[int, int], int]  # (rule, class) -> units


@dataclass(frozen=True)
class Problem:
    """Rules, strongest first, and classes, dearest first.

    `set_costs` and `fen` say what a set costs in ties and what a fen is worth in the scaled value;
    left out they follow from the rules' order.
    """

    rules: tuple[SetRule, ...]
    classes: tuple[UnitClass, ...]
    set_costs: tuple[int, ...] = ()
    fen: int = 0

    @cached_property
    def costs(self) -> tuple[int, ...]:
        """Return, by rule, what a set is charged in the scaled value, to break ties."""
        if self.set_costs:
            return self.set_costs
        count = len(self.rules)
        return tuple(count * self._sets_max + 1 + rank for rank in range(count))

    @cached_property
    def scale(self) -> int:
        """Return what a fen is worth in the scaled value: more than all costs together."""
        return self.fen or (len(self.rules) + 1) * (self._sets_max + 1) ** 2

    @cached_property
    def _sets_max(self) -> int:
        return sum(unit_class.units for unit_class in self.classes)

    def rule_gain_fen(self, rule: int, taken: Taken) -> int:
        """Return what the units a rule takes save as sets."""
        gain = position = 0
        for place, unit_class in enumerate(self.classes):
            units = taken.get((rule, place), 0)
            if units:
                gain += self.rules[rule].gain_fen(unit_class.off(rule), position, units)
                position += units
        return gain

    def rule_value(self, rule: int, taken: Taken) -> int:
        """Return the scaled gain of a rule over its units' savings on their own."""
        units = {place: count for (owner, place), count in taken.items() if owner == rule}
        single = sum(self.classes[place].single_fen * count for place, count in units.items())
        sets = sum(units.values()) // self.rules[rule].need
        ties = sum(self.classes[place].single_tie * count for place, count in units.items())
        gain = (self.rule_gain_fen(rule, taken) - single) * self.scale
        return gain - sets * self.costs[rule] + ties

    def value(self, taken: Taken) -> int:
        """Return the scaled gain of a choice."""
        return sum(self.rule_value(rule, taken) for rule in {rule for rule, _ in taken})

    def set_value(self, rule: int, place: int) -> int:
        """Return the scaled gain of one set made of one class alone."""
        unit_class, need = self.classes[place], self.rules[rule].need
        gain = self.rules[rule].gain_fen(unit_class.off(rule), 0, need)
        value = (gain - need * unit_class.single_fen) * self.scale - self.costs[rule]
        return value + need * unit_class.single_tie
