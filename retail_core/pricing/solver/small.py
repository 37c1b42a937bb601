"""The whole question answered by going through everything that can be reached."""

from dataclasses import replace

from retail_core.pricing.solver.answers import Answer, Question, answer_of
from retail_core.pricing.solver.candidates import Candidate
from retail_core.pricing.solver.dynamic import Ask, Dynamic, Reached
from retail_core.pricing.solver.receipt import Due, due_with


def by_states(question: Question, nodes_max: int) -> Answer:
    """Return the best answer, proven (TooManyError when the limit does not allow it)."""
    groups: dict[bool, list[int]] = {True: [], False: []}
    for number, candidate in enumerate(question.candidates):
        groups[candidate.is_plain(question.problem)].append(number)
    runs = [groups[True], *([number] for number in groups[False])]
    best: Answer | None = None
    nodes = 0
    for run in runs:
        answer = _run(question, run, nodes_max - nodes)
        if answer is not None:
            nodes += answer.nodes
            if best is None or answer.key < best.key:
                best = answer
    if best is None:
        raise AssertionError("leaving everything at its price is always allowed")
    return replace(best, nodes=nodes)


def _run(question: Question, numbers: list[int], nodes_max: int) -> Answer | None:
    """Answer for coupons that share one run of the states."""
    first = question.candidates[numbers[0]]
    problem = first.narrowed(question.problem)
    coupon = first.coupon
    limited = coupon is not None and coupon.campaign in problem.budgets
    ask = Ask(
        all_savings=limited or question.points is not None or numbers != [0],
        base=coupon is not None and not coupon.whole,
        campaign=coupon.campaign if coupon is not None and limited else "",
    )
    states = Dynamic(problem, ask, nodes_max)
    best: tuple[tuple[Due, int, int], Reached] | None = None
    for reached in states.reached():
        for number in numbers:
            due = _due(question, question.candidates[number], reached)
            if due is not None:
                key = (due, number, reached.ties)
                if best is None or key < best[0]:
                    best = key, reached
    if best is None:
        return None
    (_, number, _), reached = best
    answer = answer_of(question, number, states.choice(reached))
    if answer is None:
        raise AssertionError("what the states reach is allowed")
    return replace(answer, nodes=states.nodes)


def _due(question: Question, candidate: Candidate, reached: Reached) -> Due | None:
    coupon, net = candidate.coupon, question.problem.shelf_fen - reached.saved_fen
    due = due_with(coupon, net, reached.base_fen, question.points)
    budget = question.problem.budgets.get(coupon.campaign) if coupon is not None else None
    if due is None or coupon is None or budget is None:
        return due
    off = coupon.off_fen(net if coupon.whole else reached.base_fen)
    held = budget.holds(reached.campaign_fen + off, reached.campaign_uses + 1)
    return due if held else None
