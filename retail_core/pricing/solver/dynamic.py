"""Everything that can be reached, state by state: exact for the whole problem while it is small.

Options of a class are asked one after the other, classes dearest first. A state is what the rest
must know of what was taken: units left of the class, how full the open sets are, and what capped
offers, groups and campaigns have used. Of all ways into a state with the same saving (and the
same base of a coupon) the one with the lowest cost of ties stays, so every reachable total is
answered at once, with its canonical choice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from retail_core.pricing.solver.problem import OfferTerms, Option, Units, WholeProblem

_State = tuple[int, ...]
_Label = tuple[int, int]  # fen saved, fen lost of the coupon's base
_Entry = tuple[int, _State, _Label, int]  # ties, state and label before, units taken
_Layer = dict[_State, dict[_Label, _Entry]]
_Change = Callable[[_State], _State | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """What must be told apart: savings or only the best one, the base, a campaign's sums."""

    all_savings: bool = False
    base: bool = False
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A reachable result: what the asked campaign gave and was used for is in the last two."""

    saved_fen: int
    base_fen: int
    ties: int
    campaign_fen: int
    campaign_uses: int
    state: _State
    label: _Label


class _Registers:
    """Where in a state the facts about an offer, group or campaign stand."""

    def __init__(self, problem: WholeProblem, ask: Ask) -> None:
        self.size = 1  # the first is the units left of the class
        self.last: dict[int, list[tuple[str, int | str]]] = {}
        self.counts: dict[int, int] = {}
        self.totals: dict[int, int] = {}
        self.slacks: dict[int, int] = {}
        self.groups: dict[str, int] = {}
        self.campaigns: dict[str, int] = {}
        self._asked = ask.campaign
        self._problem = problem
        seen: dict[int, list[int]] = {}
        for place, entry in enumerate(problem.classes):
            for option in entry.options:
                seen.setdefault(option.offer, []).append(place)
        for offer in sorted(seen):
            self._place_offer(offer, seen[offer])
        self._note_last(seen)

    def _place_offer(self, offer: int, places: list[int]) -> None:
        terms = self._problem.offers[offer]
        if terms.is_set or terms.uses_max is not None:
            self.counts[offer] = self._next(len(terms.needs))
        if terms.is_set:
            low, high = self._extremes(offer, places)
            if low <= 0:
                self.totals[offer] = self._next()
            if high:
                self.slacks[offer] = self._next()
        if terms.group and terms.group not in self.groups:
            self.groups[terms.group] = self._next()
        limited = terms.campaign in self._problem.budgets
        if limited and terms.campaign not in self.campaigns:
            self.campaigns[terms.campaign] = self._next(2)

    def _extremes(self, offer: int, places: list[int]) -> tuple[int, bool]:
        """Return the least a use can save, and whether one could save more than it is worth."""
        terms = self._problem.offers[offer]
        low = worth = 0
        for slot, need in enumerate(terms.needs):
            pairs = [
                (option.off, self._problem.classes[place].price_fen)
                for place in places
                for option in self._problem.classes[place].options
                if (option.offer, option.slot) == (offer, slot)
            ]
            low += (need - terms.first) * min((off for off, _ in pairs), default=0)
            worth += need * min((price for _, price in pairs), default=0)
        return low - terms.charge, -terms.charge > worth

    def _next(self, size: int = 1) -> int:
        self.size += size
        return self.size - size

    def _note_last(self, seen: dict[int, list[int]]) -> None:
        """Note after which class an offer, a group, a campaign needs no register any more."""
        ends: dict[tuple[str, int | str], int] = {}
        for offer, places in seen.items():
            terms = self._problem.offers[offer]
            keys: list[tuple[str, int | str]] = [("offer", offer)]
            if terms.group:
                keys.append(("group", terms.group))
            if terms.campaign in self.campaigns and terms.campaign != self._asked:
                keys.append(("campaign", terms.campaign))
            for key in keys:
                ends[key] = max(ends.get(key, 0), places[-1])
        for key, place in sorted(ends.items(), key=str):
            self.last.setdefault(place, []).append(key)


class TooManyError(Exception):
    """There are more states than the limit allows."""


class Dynamic:
    """The states of a problem under a limit of nodes (TooManyError)."""

    def __init__(self, problem: WholeProblem, ask: Ask, nodes_max: int) -> None:
        self._problem = problem
        self._ask = ask
        self._nodes_left = nodes_max
        self._nodes_max = nodes_max
        self._at = _Registers(problem, ask)
        self._trail: list[tuple[int, Option | None, _Layer]] = []
        start = (0,) * self._at.size
        layer: _Layer = {start: {(0, 0): (0, start, (0, 0), 0)}}
        for place, entry in enumerate(problem.classes):
            layer = self._class(layer, place, entry)
        self._end = layer

    @property
    def nodes(self) -> int:
        """Return how many steps were looked at."""
        return self._nodes_max - self._nodes_left

    def reached(self) -> Iterator[Reached]:
        """Return all that can be reached, in a fixed order."""
        at = self._at.campaigns.get(self._ask.campaign)
        counted = sum(
            entry.price_fen * entry.units for entry in self._problem.classes if entry.counts
        )
        for state in sorted(self._end):
            fen, uses = (0, 0) if at is None else (state[at], state[at + 1])
            for label, (ties, _, _, _) in sorted(self._end[state].items()):
                yield Reached(label[0], counted - label[1], ties, fen, uses, state, label)

    def choice(self, reached: Reached) -> dict[tuple[int, int, int], int]:
        """Return how a result comes about."""
        taken: dict[tuple[int, int, int], int] = {}
        state, label = reached.state, reached.label
        for place, option, layer in reversed(self._trail):
            _, before, label_before, units = layer[state][label]
            if option is not None and units:
                taken[place, option.offer, option.slot] = units
            state, label = before, label_before
        return taken

    def _class(self, layer: _Layer, place: int, entry: Units) -> _Layer:
        layer = self._move(layer, place, lambda state: (entry.units, *state[1:]))
        for option in entry.options:
            layer = self._option(layer, place, entry, option)
        return self._move(layer, place, lambda state: self._finish(place, state))

    def _move(self, layer: _Layer, place: int, change: _Change) -> _Layer:
        moved: _Layer = {}
        for state, labels in layer.items():
            target = change(state)
            if target is not None:
                self._spend(len(labels))
                for label, entry in labels.items():
                    self._keep(moved, target, label, (entry[0], state, label, 0))
        self._trail.append((place, None, moved))
        return moved

    def _option(self, layer: _Layer, place: int, entry: Units, option: Option) -> _Layer:
        tie = self._problem.unit_ties[option.offer]
        terms = self._problem.offers[option.offer]
        lost_each = 0
        if self._ask.base and entry.counts:
            lost_each = entry.price_fen if terms.is_set else option.off
        moved: _Layer = {}
        for state, labels in layer.items():
            for units in range(state[0] + 1):
                step = self._take(state, entry.price_fen, option, units)
                if step is None:
                    break
                target, gain, uses = step
                lost = lost_each * units
                self._spend(len(labels))
                for label, (ties, _, _, _) in labels.items():
                    reached = (label[0] + gain, label[1] + lost)
                    self._keep(moved, target, reached, (ties + tie * uses, state, label, units))
        self._trail.append((place, option, moved))
        return moved

    def _spend(self, nodes: int) -> None:
        self._nodes_left -= nodes
        if self._nodes_left < 0:
            raise TooManyError

    def _keep(self, layer: _Layer, state: _State, label: _Label, entry: _Entry) -> None:
        labels = layer.setdefault(state, {})
        if not (self._ask.all_savings or self._ask.base):
            for other, known in labels.items():
                if (-other[0], known[0]) <= (-label[0], entry[0]):
                    return
            labels.clear()
        if label not in labels or entry[0] < labels[label][0]:
            labels[label] = entry

    def _take(
        self, state: _State, price_fen: int, option: Option, units: int
    ) -> tuple[_State, int, int] | None:
        """Return (state, fen gained, uses) after taking units, None when no more may be taken."""
        if not units:
            return state, 0, 0
        offer, at = option.offer, self._at
        terms = self._problem.offers[offer]
        regs = list(state)
        regs[0] -= units
        gain, uses = option.off * units, 0 if terms.is_set else units
        if offer in at.counts:
            place = at.counts[offer] + option.slot
            held = regs[place]
            regs[place] += units
            if option.slot == 0:
                gain = terms.gain_fen(option.off, held, units)
                uses = regs[place] // terms.needs[0] - held // terms.needs[0]
            if terms.uses_max is None:
                self._wrap(regs, at.counts[offer], terms)
            elif regs[place] > terms.uses_max * terms.needs[option.slot]:
                return None
        return (
            (tuple(regs), gain, uses)
            if self._note(regs, option, gain, uses, price_fen * units)
            else None
        )

    @staticmethod
    def _wrap(regs: list[int], start: int, terms: OfferTerms) -> None:
        """Forget whole sets: only the open one matters."""
        whole = min(regs[start + slot] // need for slot, need in enumerate(terms.needs))
        for slot, need in enumerate(terms.needs):
            regs[start + slot] -= whole * need

    def _note(self, regs: list[int], option: Option, gain: int, uses: int, worth: int) -> bool:
        """Note what totals, groups and campaigns must know; False when the group is taken."""
        offer, at = option.offer, self._at
        terms = self._problem.offers[offer]
        if offer in at.totals:
            place = at.totals[offer]
            regs[place] = ((regs[place] >> 1) + gain) * 2 + 1
        if offer in at.slacks:
            regs[at.slacks[offer]] += worth - gain
        if terms.group:
            place = at.groups[terms.group]
            if regs[place] not in {0, offer + 1}:
                return False
            regs[place] = offer + 1
        if terms.campaign in at.campaigns:
            regs[at.campaigns[terms.campaign]] += gain
            regs[at.campaigns[terms.campaign] + 1] += uses
        return True

    def _finish(self, place: int, state: _State) -> _State | None:
        """Check and forget what no later class can change."""
        regs = list(state)
        regs[0] = 0
        for kind, name in self._at.last.get(place, ()):
            if kind == "offer":
                sound = self._finish_offer(regs, int(name))
            elif kind == "group":
                regs[self._at.groups[str(name)]] = 0
                sound = True
            else:
                sound = self._finish_campaign(regs, str(name))
            if not sound:
                return None
        return tuple(regs)

    def _finish_offer(self, regs: list[int], offer: int) -> bool:
        at, terms = self._at, self._problem.offers[offer]
        if offer in at.counts:
            start = at.counts[offer]
            counts = regs[start : start + len(terms.needs)]
            times = counts[0] // terms.needs[0]
            if any(n != times * need for n, need in zip(counts, terms.needs, strict=True)):
                return False
            regs[start : start + len(terms.needs)] = [0] * len(terms.needs)
        if offer in at.totals:
            total = regs[at.totals[offer]]
            regs[at.totals[offer]] = 0
            if total & 1 and total >> 1 <= 0:
                return False
        if offer in at.slacks:
            slack = regs[at.slacks[offer]]
            regs[at.slacks[offer]] = 0
            return slack >= 0
        return True

    def _finish_campaign(self, regs: list[int], name: str) -> bool:
        at, budget = self._at.campaigns[name], self._problem.budgets[name]
        fen, uses = regs[at : at + 2]
        regs[at : at + 2] = [0, 0]
        return budget.holds(fen, uses)
