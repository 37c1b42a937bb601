"""Choose item offers, coupon and points together: the best answer within the node limit."""

from dataclasses import replace

from retail_core.pricing.solver.answers import Answer, Question, answer_of
from retail_core.pricing.solver.dynamic import TooManyError
from retail_core.pricing.solver.incumbent import incumbent
from retail_core.pricing.solver.relaxed import Relaxed, relax
from retail_core.pricing.solver.small import by_states


def solve_question(question: Question, nodes_max: int) -> Answer:
    """Return the best answer found."""
    relaxed = relax(question.problem, nodes_max)
    if question.is_plain and relaxed is not None:
        answer = answer_of(question, 0, relaxed.choice)
        if answer is not None:
            gap = relaxed.bound_fen - answer.settled.saved_fen
            return replace(answer, gap_fen=gap, nodes=relaxed.nodes)
    try:
        return by_states(question, nodes_max)
    except TooManyError:
        return first_answer(question, relaxed)


def first_answer(question: Question, relaxed: Relaxed | None) -> Answer:
    """Return the best of a few good choices at once, with a true bound on what it misses."""
    choices = [incumbent(question.problem), {}]
    if relaxed is not None:
        choices.append(relaxed.choice)
    found = [
        answer
        for number in range(len(question.candidates))
        for choice in choices
        if (answer := answer_of(question, number, choice)) is not None
    ]
    best = min(found, key=lambda answer: answer.key)
    return replace(best, gap_fen=best.due.due_fen)
