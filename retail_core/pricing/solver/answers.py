"""What a search answers, and how two answers compare."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from retail_core import limits
from retail_core.pricing.solver.candidates import Candidate
from retail_core.pricing.solver.problem import Choice, Settled, WholeProblem
from retail_core.pricing.solver.receipt import Due, PointsTerms, due_with


@dataclass(frozen=True, slots=True)
class Answer:
    """A choice of item offers and of a coupon (0 is none); `gap_fen` bounds what is missed."""

    due: Due
    candidate: int
    choice: Choice
    settled: Settled
    gap_fen: int = 0
    nodes: int = 0

    @property
    def key(self) -> tuple[Due, int, int]:
        """Return what answers are compared by, lowest first."""
        return self.due, self.candidate, self.settled.ties


@dataclass(frozen=True)
class Question:
    """A problem with the coupons and points that may be used on what it comes to."""

    problem: WholeProblem
    candidates: Sequence[Candidate]
    points: PointsTerms | None
    guard_ms: int = field(default_factory=lambda: limits.SOLVER_GUARD_MS)

    @property
    def is_plain(self) -> bool:
        """Tell whether nothing but the lowest total matters."""
        return self.points is None and len(self.candidates) == 1


def answer_of(question: Question, number: int, choice: Choice) -> Answer | None:
    """Return what a choice with a coupon comes to, None when that is not allowed."""
    candidate = question.candidates[number]
    problem = candidate.narrowed(question.problem)
    barred = set(choice) - {
        (place, option.offer, option.slot)
        for place, entry in enumerate(problem.classes)
        for option in entry.options
    }
    settled = None if barred else problem.settle(choice)
    if settled is None:
        return None
    coupon, net = candidate.coupon, problem.shelf_fen - settled.saved_fen
    due = due_with(coupon, net, settled.base_fen, question.points)
    if due is None:
        return None
    budget = problem.budgets.get(coupon.campaign) if coupon is not None else None
    if coupon is not None and budget is not None:
        members = [o for o in settled.uses if problem.offers[o].campaign == coupon.campaign]
        fen = sum(settled.saved[offer] for offer in members)
        fen += coupon.off_fen(net if coupon.whole else settled.base_fen)
        uses = 1 + sum(settled.uses[offer] for offer in members)
        if not budget.holds(fen, uses):
            return None
    return Answer(due, number, choice, settled)
