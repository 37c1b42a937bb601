"""The integer programs against every choice there is: least due, fewest points, least ties."""

from collections.abc import Iterator
from itertools import product

import pytest

from retail_core.pricing.solver.answers import Answer, Question, answer_of
from retail_core.pricing.solver.model import Limits
from retail_core.pricing.solver.problem import Choice
from retail_core.pricing.solver.program import Found, Program, ways
from tests.factories.search_answers import question_of
from tools.verify_pricing.cases import Maker

ENOUGH = Limits(100_000)
CHOICES_MAX = 1_000


def every_choice(question: Question) -> list[Choice] | None:
    """Return all ways to give units to options; None when they are too many to go through."""
    parts: list[list[dict[tuple[int, int, int], int]]] = []
    count = 1
    for place, entry in enumerate(question.problem.classes):
        keys = [(place, option.offer, option.slot) for option in entry.options]
        found = [
            {key: units for key, units in zip(keys, taken, strict=True) if units}
            for taken in product(range(entry.units + 1), repeat=len(keys))
            if sum(taken) <= entry.units
        ]
        parts.append(found)
        count *= len(found)
        if count > CHOICES_MAX:
            return None
    return [
        {key: units for part in whole for key, units in part.items()} for whole in product(*parts)
    ]


def programs(question: Question, number: int) -> Iterator[Program]:
    candidate = question.candidates[number]
    problem = candidate.narrowed(question.problem)
    for way in ways(candidate, question.points):
        yield Program(problem, candidate, question.points, way)


def least(question: Question, number: int) -> tuple[int, Answer | None]:
    """Return the bound of all ways of a coupon, and the best answer they find."""
    bound, answers = 10**12, list[Answer]()
    for program in programs(question, number):
        found = program.least_due(None, ENOUGH)
        assert isinstance(found, Found)
        assert found.proven
        if found.choice is None:
            continue
        answer = answer_of(question, number, found.choice)
        assert answer is not None
        assert answer.due.due_fen <= found.least_fen
        bound = min(bound, found.least_fen)
        answers.append(answer)
    return bound, min(answers, key=lambda one: one.key, default=None)


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_no_choice_is_better_than_what_the_programs_find(start: int) -> None:
    compared = 0
    for seed in range(start, start + 100):
        question = question_of(Maker(seed, units=(2, 6), offers=3).case())
        choices = every_choice(question)
        if choices is None:
            continue
        for number in range(len(question.candidates)):
            allowed = [
                answer
                for choice in choices
                if (answer := answer_of(question, number, choice)) is not None
            ]
            best = min(allowed, key=lambda one: one.key, default=None)
            bound, found = least(question, number)
            if best is None or found is None:
                assert best is found, (seed, number)
                continue
            assert (found.due, bound) == (best.due, best.due.due_fen), (seed, number)
            ties = [
                settled.ties
                for program in programs(question, number)
                if (tied := program.least_ties(best.due, ENOUGH)) is not None
                and tied.choice is not None
                and (settled := question.problem.settle(tied.choice)) is not None
            ]
            assert min(ties) == best.settled.ties, (seed, number)
            compared += 1
    assert compared > 50
