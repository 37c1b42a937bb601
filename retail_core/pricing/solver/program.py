"""The whole question as integer programs: one for each way coupon and points can go together.

Variables count units by class and option. The fen a set offer saves are a row of their own; where
the cheapest of a set are free, variables count the free units by price, and for every prefix of
prices, dearest first, no more may be free than whole sets allow (and no fewer, where saving less
could pay). The total, the coupon's base and what points pay are rows as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retail_core.pricing.solver.candidates import Candidate
from retail_core.pricing.solver.model import Limits, Model, Outcome
from retail_core.pricing.solver.problem import Choice, OfferTerms, WholeProblem
from retail_core.pricing.solver.receipt import CouponTerms, Due, PointsTerms

_Sum = dict[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A choice, None when there is none; nothing is due below `least_fen` in any other."""

    choice: Choice | None
    least_fen: int
    proven: bool
    nodes: int


def add(*sums: tuple[_Sum, int]) -> _Sum:
    """Return the sum of sums, each times a factor."""
    total: _Sum = {}
    for terms, factor in sums:
        for variable, times in terms.items():
            total[variable] = total.get(variable, 0) + factor * times
    return total


class _Goods:
    """The item offers as variables and rows."""

    def __init__(self, problem: WholeProblem, *, exact: bool) -> None:
        self.model = Model()
        self._problem = problem
        self._exact = exact
        self.units: dict[tuple[int, int, int], int] = {}
        self.saved: dict[int, _Sum] = {}
        self.uses: dict[int, _Sum] = {}
        for place, entry in enumerate(problem.classes):
            for option in entry.options:
                key = (place, option.offer, option.slot)
                self.units[key] = self.model.variable(entry.units)
            here = {self.units[place, o.offer, o.slot]: 1 for o in entry.options}
            if len(here) > 1:
                self.model.row(None, here, entry.units)
        named = sorted({offer for _, offer, _ in self.units})
        for offer in named:
            self._offer(offer, problem.offers[offer])
        self._groups(named)
        self._budgets(named)
        self.net = self.model.variable(problem.shelf_fen)
        self.model.row(
            problem.shelf_fen,
            add(({self.net: 1}, 1), *((saved, 1) for saved in self.saved.values())),
            problem.shelf_fen,
        )

    def _offer(self, offer: int, terms: OfferTerms) -> None:
        keys = [key for key in self.units if key[1] == offer]
        taken: _Sum = {self.units[key]: 1 for key in keys}
        most = sum(self._problem.classes[place].units for place, _, _ in keys)
        if not terms.is_set:
            self.uses[offer] = taken
            self.saved[offer] = {self.units[key]: self._problem.off(key[0], offer) for key in keys}
            if terms.uses_max is not None:
                self.model.row(None, taken, terms.uses_max)
            return
        uses = self.model.variable(most if terms.uses_max is None else min(most, terms.uses_max))
        self.uses[offer] = {uses: 1}
        for slot, need in enumerate(terms.needs):
            filled = {self.units[key]: 1 for key in keys if key[2] == slot}
            self.model.row(0, add((filled, 1), ({uses: 1}, -need)), 0)
        gains = self._free(offer, keys, uses) if terms.first else self._offs(keys)
        self.saved[offer] = add((gains, 1), ({uses: 1}, -terms.charge))
        self._keep_sane(offer, terms, keys, uses, most)

    def _offs(self, keys: Sequence[tuple[int, int, int]]) -> _Sum:
        return {self.units[key]: self._off(key) for key in keys}

    def _off(self, key: tuple[int, int, int]) -> int:
        place, offer, slot = key
        options = self._problem.classes[place].options
        return next(o.off for o in options if (o.offer, o.slot) == (offer, slot))

    def _free(self, offer: int, keys: Sequence[tuple[int, int, int]], uses: int) -> _Sum:
        """Count the free units by price; return what they save."""
        terms, model = self._problem.offers[offer], self.model
        need, first = terms.needs[0], terms.first
        free_each = need - first
        prices = sorted({self._problem.classes[key[0]].price_fen for key in keys}, reverse=True)
        taken: _Sum = {}
        free: _Sum = {}
        gains: _Sum = {}
        most = 0
        for price in prices:
            mine = [key for key in keys if self._problem.classes[key[0]].price_fen == price]
            units = sum(self._problem.classes[key[0]].units for key in mine)
            most += units
            variable = model.variable(units)
            taken = add((taken, 1), *(({self.units[key]: 1}, 1) for key in mine))
            free = add((free, 1), ({variable: 1}, 1))
            gains[variable] = self._off(mine[0])
            if price == prices[-1]:
                continue
            if free_each == 1:
                slack = need - 1 if self._exact else None
                model.row(0, add((taken, 1), (free, -need)), slack)
                continue
            some = {model.variable(most // need + 1): 1}
            model.row(None, add((free, 1), (some, -free_each)), 0)
            model.row(None, add((free, 1), (taken, -1), (some, first)), 0)
            if self._exact:
                whole = {model.variable(most // need): 1}
                model.row(0, add((taken, 1), (whole, -need)), need - 1)
                model.row(0, add((free, 1), (whole, -free_each)), None)
                model.row(-first, add((free, 1), (taken, -1), (whole, first)), None)
        model.row(0, add((free, 1), ({uses: 1}, -free_each)), 0)
        return gains

    def _keep_sane(
        self,
        offer: int,
        terms: OfferTerms,
        keys: Sequence[tuple[int, int, int]],
        uses: int,
        most: int,
    ) -> None:
        """Keep what a used offer saves above 0, and never above what it takes is worth."""
        if terms.charge >= 0:
            used = self.model.variable(1)
            self.model.row(None, {uses: 1, used: -most}, 0)
            self.model.row(0, {uses: 1, used: -1}, None)
            self.model.row(0, add((self.saved[offer], 1), ({used: 1}, -1)), None)
        if terms.charge < 0:
            worth = {self.units[key]: self._problem.classes[key[0]].price_fen for key in keys}
            self.model.row(0, add((worth, 1), (self.saved[offer], -1)), None)

    def _groups(self, named: Sequence[int]) -> None:
        groups: dict[str, list[int]] = {}
        for offer in named:
            if self._problem.offers[offer].group:
                groups.setdefault(self._problem.offers[offer].group, []).append(offer)
        for members in groups.values():
            if len(members) > 1:
                self.model.row(None, {self._used(offer): 1 for offer in members}, 1)

    def _used(self, offer: int) -> int:
        used = self.model.variable(1)
        most = sum(entry.units for entry in self._problem.classes)
        self.model.row(None, add((self.uses[offer], 1), ({used: 1}, -most)), 0)
        return used

    def _budgets(self, named: Sequence[int]) -> None:
        for name in self._problem.budgets:
            self.budget(name, [o for o in named if self._problem.offers[o].campaign == name], {})

    def budget(self, name: str, members: Sequence[int], coupon: _Sum, uses: int = 0) -> None:
        """Keep a campaign within its budget, with what a coupon takes off and its use."""
        left = self._problem.budgets[name]
        if left.fen is not None:
            fen = add((coupon, 1), *((self.saved[offer], 1) for offer in members))
            self.model.row(None, fen, left.fen)
        if left.uses is not None:
            times = add(*((self.uses[offer], 1) for offer in members))
            self.model.row(None, times, left.uses - uses)

    def members(self, campaign: str) -> list[int]:
        """Return the offers of a campaign."""
        return [offer for offer in self.saved if self._problem.offers[offer].campaign == campaign]

    def base(self, candidate: Candidate) -> _Sum:
        """Return the coupon's base: the net total, or the counted units outside sets."""
        coupon = candidate.coupon
        if coupon is None or coupon.whole:
            return {self.net: 1}
        shelf = sum(e.price_fen * e.units for e in self._problem.classes if e.counts)
        base = self.model.variable(shelf)
        lost: _Sum = {base: 1}
        for key, variable in self.units.items():
            entry = self._problem.classes[key[0]]
            if entry.counts:
                is_set = self._problem.offers[key[1]].is_set
                lost[variable] = entry.price_fen if is_set else self._off(key)
        self.model.row(shelf, lost, shelf)
        return {base: 1}


@dataclass(frozen=True, slots=True)
class Way:
    """A way coupon and points can go: which piece of the coupon's rule holds, points or not."""

    piece: str
    with_points: bool


def ways(candidate: Candidate, points: PointsTerms | None) -> Iterator[Way]:
    """Yield the ways of a coupon; every choice fits one of them."""
    coupon = candidate.coupon
    for piece in _pieces(coupon):
        yield Way(piece, with_points=False)
        if points is not None and (coupon is None or coupon.with_points):
            yield Way(piece, with_points=True)


def _pieces(coupon: CouponTerms | None) -> tuple[str, ...]:
    if coupon is None:
        return ("none",)
    if coupon.permille is not None:
        return ("share",) if coupon.max_off_fen is None else ("share", "most")
    if coupon.repeat and coupon.threshold_fen:
        return ("part",) if coupon.fen_off <= coupon.threshold_fen else ("part", "all")
    return ("part",) if coupon.fen_off <= coupon.threshold_fen else ("part", "all")


class Program:
    """One way as an integer program."""

    def __init__(
        self, problem: WholeProblem, candidate: Candidate, points: PointsTerms | None, way: Way
    ) -> None:
        coupon = candidate.coupon
        exact = coupon is not None or way.with_points or bool(problem.budgets)
        self._problem = problem
        self._goods = _Goods(problem, exact=exact)
        self._model = self._goods.model
        self._total = self._after_coupon(candidate, way.piece)
        self._steps: _Sum = {}
        self._fen_per_step = self._points_per_step = self._most_steps = 0
        if way.with_points and points is not None:
            self._pay(points)

    def _after_coupon(self, candidate: Candidate, piece: str) -> _Sum:
        coupon = candidate.coupon
        net: _Sum = {self._goods.net: 1}
        if coupon is None:
            return net
        base = self._goods.base(candidate)
        top = self._problem.shelf_fen
        off = {self._model.variable(top, 1): 1}
        self._model.row(coupon.threshold_fen, base, None)
        self._model.row(0, add((base, 1), (off, -1)), None)
        if piece == "all":
            self._model.row(0, add((base, 1), (off, -1)), 0)
            self._model.row(None, add((base, 1), (self._times(coupon, base), -coupon.fen_off)), 0)
        elif piece == "most" and coupon.max_off_fen is not None:
            self._model.row(coupon.max_off_fen, off, coupon.max_off_fen)
            self._model.row(
                coupon.max_off_fen, add((base, 1), (self._rest(coupon, base), -1)), None
            )
        elif coupon.permille is not None:
            rest = self._rest(coupon, base)
            self._model.row(0, add((base, 1), (rest, -1), (off, -1)), 0)
            self._model.row(None, off, coupon.max_off_fen)
        else:
            times = self._times(coupon, base)
            self._model.row(0, add((off, 1), (times, -coupon.fen_off)), 0)
        if coupon.campaign in self._problem.budgets:
            members = self._goods.members(coupon.campaign)
            self._goods.budget(coupon.campaign, members, off, 1)
        total = {self._model.variable(top): 1}
        self._model.row(0, add((total, 1), (net, -1), (off, 1)), 0)
        return total

    def _times(self, coupon: CouponTerms, base: _Sum) -> _Sum:
        """Return how often the threshold is reached, as far as that counts."""
        if not (coupon.repeat and coupon.threshold_fen):
            return {self._model.variable(1, 1): 1}
        most = self._problem.shelf_fen // coupon.threshold_fen
        times = {self._model.variable(most): 1}
        fen = coupon.threshold_fen
        self._model.row(0, add((base, 1), (times, -fen)), fen - 1)
        return times

    def _rest(self, coupon: CouponTerms, base: _Sum) -> _Sum:
        """Return what is left of the base at so many thousandths, half a fen up."""
        rest = {self._model.variable(self._problem.shelf_fen): 1}
        permille = coupon.permille or 0
        self._model.row(-499, add((rest, 1000), (base, -permille)), 500)
        return rest

    def _pay(self, points: PointsTerms) -> None:
        step = points.step * points.fen_per_point
        most = min(points.most // points.step, self._problem.shelf_fen // step)
        least = -(-points.least // points.step)
        if least > most:
            self._model.row(1, {}, None)  # no way: it asks for points that cannot be
            most = least
        self._fen_per_step, self._points_per_step, self._most_steps = step, points.step, most
        self._steps = {self._model.variable(most, least): 1}
        self._model.row(points.min_total_fen, self._total, None)
        self._model.row(0, add((self._total, 1), (self._steps, -step)), None)
        share = add((self._total, points.max_permille), (self._steps, -1000 * step))
        self._model.row(0, share, None)

    @property
    def _due(self) -> _Sum:
        return add((self._total, 1), (self._steps, -self._fen_per_step))

    def least_due(self, at_most: int | None, limits: Limits) -> Found | None:
        """Ask for the least due, then the fewest points; not more than `at_most` fen."""
        if at_most is not None:
            self._model.row(None, self._due, at_most)
        weight = self._most_steps + 1
        cost = add((self._due, weight), (self._steps, 1))
        outcome = self._model.minimise(cost, limits)
        return None if outcome is None else self._found(outcome, weight)

    def least_ties(self, due: Due, limits: Limits) -> Found | None:
        """Ask for the lowest cost of ties where so much is due and so many points are used."""
        steps = due.points // self._points_per_step if self._points_per_step else 0
        self._model.row(steps, self._steps, steps)
        self._model.row(due.due_fen, self._due, due.due_fen)
        ties = self._problem.unit_ties
        cost = add(*((uses, ties[offer]) for offer, uses in self._goods.uses.items()))
        outcome = self._model.minimise(cost, limits)
        return None if outcome is None else self._found(outcome, 1)

    def _found(self, outcome: Outcome, weight: int) -> Found:
        choice: Choice | None = None
        if outcome.values is not None:
            choice = {
                key: units
                for key, number in self._goods.units.items()
                if (units := outcome.values[number])
            }
        return Found(choice, outcome.bound // weight, outcome.proven, outcome.nodes)
