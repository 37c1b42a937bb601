"""Choose item offers, coupon and points together: the best answer within the node limit.

What is small is gone through state by state. Otherwise the articles' lowest total comes first. Any
coupon and points on a higher total can only pay where their rules jump, so most of them are settled
by a bound; where one is not, the totals near the lowest one are all worked out, and what can not
be answered so is put to the integer programs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from retail_core import limits
from retail_core.pricing.solver.answers import Answer, Question, answer_of
from retail_core.pricing.solver.candidates import Candidate
from retail_core.pricing.solver.dynamic import TooManyError
from retail_core.pricing.solver.fees import good_fees, most_saved
from retail_core.pricing.solver.incumbent import incumbent
from retail_core.pricing.solver.large import by_programs
from retail_core.pricing.solver.machines import Machine, Worth
from retail_core.pricing.solver.model import Limits
from retail_core.pricing.solver.outlook import machines_of, view_of
from retail_core.pricing.solver.problem import Choice, WholeProblem
from retail_core.pricing.solver.reach import Reach, cheapest, reach
from retail_core.pricing.solver.receipt import Due, due_with, least_due_with
from retail_core.pricing.solver.relaxed import relax
from retail_core.pricing.solver.small import by_states
from retail_core.pricing.solver.walk import best_walk

SMALL_UNITS = 12
SMALL_NODES = 20_000
REACH_NODES = 60_000
PROGRAM_NODES = 2_000
TRIES = 6  # totals that were reached and turned out not to be allowed
FIRST_WIDTH = 80  # fen beyond the first jump that are looked at first


def solve_question(question: Question, nodes_max: int) -> Answer:
    """Return the best answer found; `nodes` counts what it took."""
    if question.is_plain:
        question = replace(question, problem=thinned(question.problem))
        answer = _free_of_ties(question, nodes_max)
        if answer is not None:
            return answer
    if not (question.is_plain or question.problem.is_whole):
        question = replace(question, problem=thinned(question.problem))
    elif sum(entry.units for entry in question.problem.classes) <= SMALL_UNITS:
        try:
            return by_states(question, min(nodes_max, SMALL_NODES))
        except TooManyError:
            pass
    return _Search(question, nodes_max).answer()


def thinned(problem: WholeProblem) -> WholeProblem:
    """Leave each class the best of the prices that nothing limits: no lower total is lost."""
    classes = []
    for entry in problem.classes:
        free = [
            option
            for option in entry.options
            if not problem.offers[option.offer].is_set and problem.offers[option.offer].is_free
        ]
        best = max(free, key=lambda option: (option.off, -option.offer), default=None)
        kept = tuple(option for option in entry.options if option is best or option not in free)
        classes.append(replace(entry, options=kept))
    return replace(problem, classes=tuple(classes))


def walk_states(problem: WholeProblem) -> int:
    """Return how many states of machines a walk has to look at, over all units."""
    return sum(
        entry.units * (1 + sum(problem.offers[option.offer].states for option in entry.options))
        for entry in problem.classes
    )


def long_rows(problem: WholeProblem) -> int:
    """Return how many terms the rows of an integer program have that count free units."""
    classes: dict[int, int] = {}
    for entry in problem.classes:
        for option in entry.options:
            if problem.offers[option.offer].first:
                classes[option.offer] = classes.get(option.offer, 0) + 1
    return sum(count * count for count in classes.values())


def _free_of_ties(question: Question, nodes_max: int) -> Answer | None:
    """Return the answer where nothing ties offers to each other, None where something does."""
    relaxed = relax(question.problem, nodes_max)
    answer = None if relaxed is None else answer_of(question, 0, relaxed.choice)
    if relaxed is None or answer is None:
        return None
    gap = relaxed.bound_fen - answer.settled.saved_fen
    return replace(answer, gap_fen=gap, nodes=relaxed.nodes)


def first_answer(question: Question, choices: Iterable[Choice]) -> Answer:
    """Return the best of a few choices, each with every coupon; nothing is proven."""
    found = [
        answer
        for number in range(len(question.candidates))
        for choice in ({}, *choices)
        if (answer := answer_of(question, number, choice)) is not None
    ]
    return min(found, key=lambda answer: answer.key)


@dataclass(slots=True)
class _Open:
    """A coupon (or none) that may still do better: nothing less than `least_fen` is due by it."""

    number: int
    candidate: Candidate
    base_most: int
    least_fen: int


class _Search:
    def __init__(self, question: Question, nodes_max: int) -> None:
        self._question = question
        # with prices left out the lowest total is as low, but higher ones may be missed
        self._is_whole = question.is_plain or question.problem.is_whole
        self._problem = question.problem
        self._nodes_left = self._nodes_max = nodes_max
        good = incumbent(self._problem)
        settled = self._problem.settle(good)
        self._known_fen = 0 if settled is None else settled.saved_fen
        self._best = first_answer(question, [good])
        self._net_fen = 0
        self._machines: tuple[Machine, ...] = ()

    def answer(self) -> Answer:
        """Return the best answer, with what it may miss."""
        if walk_states(self._problem) > limits.SOLVER_STATES_MAX:
            self._net_fen = self._problem.shelf_fen - most_saved(self._problem)
            return self._with_programs(self._opened())
        self._machines = machines_of(self._problem)
        fees = good_fees(self._problem, self._machines, self._known_fen)
        self._lowest_total(fees)
        opened = self._opened()
        plain = [entry for entry in opened if entry.candidate.is_plain(self._problem)]
        if plain and self._is_whole and not self._question.is_plain:
            self._near_totals(plain, fees)
        return self._with_programs(opened)

    def _lowest_total(self, fees: list[int]) -> None:
        """Find the lowest net total, or a bound on it, and try it with every coupon."""
        worth = Worth.with_ties(self._problem)
        view = view_of(self._problem, self._machines, worth, fees, every_price=False)
        found = best_walk(view, self._known_fen * worth.scale - worth.scale, self._nodes_left)
        self._nodes_left -= found.nodes
        # ties cost less than a fen: rounding up keeps the bound honest
        self._net_fen = self._problem.shelf_fen + (-found.bound // worth.scale)
        if found.choice is not None:
            self._take(first_answer(self._question, [found.choice]))

    def _take(self, answer: Answer) -> None:
        if answer.key < self._best.key:
            self._best = answer

    def _opened(self) -> list[_Open]:
        """Return the coupons that could still do better than what is known."""
        opened = []
        for number, candidate in enumerate(self._question.candidates):
            counted = sum(
                entry.price_fen * entry.units
                for entry, counts in zip(self._problem.classes, candidate.counts, strict=False)
                if counts
            )
            entry = _Open(number, candidate, counted, 0)
            entry.least_fen = self._least(entry, self._net_fen)
            if self._could_pay(entry):
                opened.append(entry)
        return opened

    def _least(self, entry: _Open, net_fen: int) -> int:
        coupon, points = entry.candidate.coupon, self._question.points
        return least_due_with(coupon, net_fen, entry.base_most, points)

    def _could_pay(self, entry: _Open) -> bool:
        return entry.least_fen < self._best.due.due_fen

    def _near_totals(self, plain: list[_Open], fees: list[int]) -> None:
        """Work out all totals up to where none can pay, a short way first."""
        worth = Worth.in_fen(self._problem)
        view = view_of(self._problem, self._machines, worth, fees, every_price=True)
        start = self._problem.shelf_fen - view.bound
        width = self._first_width(plain, start)
        while True:
            full = max(self._highest(entry) for entry in plain) - start
            width = min(width, full)
            reached = reach(view, width, min(self._nodes_left, REACH_NODES)) if width >= 0 else None
            if reached is None:
                return
            self._nodes_left -= reached.nodes
            sound = self._among(plain, reached)
            full = max(self._highest(entry) for entry in plain) - start
            if width >= full:
                for entry in plain if sound else ():
                    entry.least_fen = max(entry.least_fen, self._best.due.due_fen)
                return
            width = full

    def _highest(self, entry: _Open) -> int:
        """Return the highest net total from which on something better could still be due."""
        low, high = self._net_fen, self._problem.shelf_fen
        due = self._best.due.due_fen
        if self._least(entry, low) >= due:
            return low
        while low < high:
            middle = (low + high + 1) // 2
            if self._least(entry, middle) < due:
                low = middle
            else:
                high = middle - 1
        return low

    def _first_width(self, plain: list[_Open], start: int) -> int:
        """Return how far the first total is at which a coupon or points jump, and a little more."""
        lowest = min(self._first_jump(entry) for entry in plain)
        return lowest - start + FIRST_WIDTH

    def _first_jump(self, entry: _Open) -> int:
        """Return the highest net total from which on no less can be due than from the lowest."""
        low, high = self._net_fen, self._problem.shelf_fen
        while low < high:
            middle = (low + high + 1) // 2
            if self._least(entry, middle) <= entry.least_fen:
                low = middle
            else:
                high = middle - 1
        return low

    def _among(self, plain: list[_Open], reached: Reach) -> bool:
        """Take the best of the totals reached; False when one of them was not allowed."""
        keys: dict[tuple[Due, int], list[int]] = {}
        tops = [(entry, self._highest(entry)) for entry in plain]
        for saved in reached.saved():
            net = self._problem.shelf_fen - saved
            for entry, top in tops:
                if net > top:
                    continue
                due = due_with(entry.candidate.coupon, net, net, self._question.points)
                if due is not None and (due, entry.number) < self._best.key[:2]:
                    keys.setdefault((due, entry.number), []).append(saved)
        for key in sorted(keys)[:TRIES]:
            choice = cheapest(self._problem, reached, keys[key])
            answer = answer_of(self._question, key[1], choice)
            if answer is not None:
                self._take(answer)
                return key == min(keys)
        return not keys

    def _with_programs(self, opened: list[_Open]) -> Answer:
        """Ask the programs for what is still open."""
        left = [entry for entry in opened if self._could_pay(entry)]
        known = {entry.number: entry.least_fen for entry in left}
        nodes = self._nodes_max - self._nodes_left
        if not left:
            return replace(self._best, gap_fen=0, nodes=nodes)
        if not self._is_whole or long_rows(self._problem) > limits.SOLVER_TERMS_MAX:
            gap = self._best.due.due_fen - min(known.values())
            return replace(self._best, gap_fen=gap, nodes=nodes)
        allowed = min(self._nodes_left, PROGRAM_NODES)
        programs = Limits(allowed, self._question.guard_ms)
        answer = by_programs(self._question, self._best, programs, known)
        return replace(answer, nodes=nodes + answer.nodes)
