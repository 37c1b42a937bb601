"""What the search answers under its limits; rewrite the golden file by
`python -m tests.factories.search_answers`, and read the difference before it is committed."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from retail_core.pricing.formulation import formulate, points_terms
from retail_core.pricing.matching.matches import match_rules
from retail_core.pricing.solver import model
from retail_core.pricing.solver.answers import Answer, Question
from retail_core.pricing.solver.dynamic import TooManyError
from retail_core.pricing.solver.incumbent import incumbent
from retail_core.pricing.solver.joint import solve_question
from retail_core.pricing.solver.problem import Choice, WholeProblem
from retail_core.pricing.solver.small import by_states
from tools.verify_pricing.cases import Maker
from tools.verify_pricing.oracle import Case

GOLDEN = Path(__file__).parents[1] / "golden" / "search_answers.json"
NODES = (0, 40, 400, 20_000)
SIZES = (((2, 10), 5, 40), ((10, 24), 6, 40), ((20, 60), 9, 16))  # units, offers, seeds
STATES = 3_000


def question_of(case: Case) -> Question:
    """Return what a case asks the search."""
    matches = match_rules(case.basket, case.bundle, case.member, case.store)
    formulation = formulate(case.basket.lines, matches)
    free = case.member.points_free if case.member else 0
    points = points_terms(matches.points, free, case.points_wanted)
    return Question(formulation.problem, formulation.candidates, points)


def questions() -> Iterator[tuple[str, Question]]:
    """Yield questions, small to large, each with its name."""
    for units, offers, seeds in SIZES:
        for seed in range(seeds):
            case = Maker(seed, units=units, offers=offers).case()
            yield f"{units[1]} units, {offers} offers, {seed}", question_of(case)


def answers(question: Question) -> dict[str, Any]:
    """Return what is answered at once, by states, and by the search under each limit."""
    said: dict[str, Any] = {"first": _first(question.problem)}
    try:
        said["states"] = _told(by_states(question, STATES))
    except TooManyError:
        said["states"] = None
    said["search"] = [_told(solve_question(question, nodes)) for nodes in NODES]
    return said


def _first(problem: WholeProblem) -> list[int | str]:
    choice = incumbent(problem)
    settled = problem.settle(choice)
    return [-1 if settled is None else settled.saved_fen, _mark(choice)]


def _told(answer: Answer) -> list[int | str]:
    due = answer.due
    return [
        due.due_fen, due.points, answer.candidate, answer.gap_fen, answer.nodes,
        _mark(answer.choice),
    ]  # fmt: skip


def _mark(choice: Choice) -> str:
    taken = sorted([*key, units] for key, units in choice.items() if units)
    return sha256(json.dumps(taken).encode()).hexdigest()[:8]


def _write() -> None:
    model.highs = lambda: None  # type: ignore[assignment] # their nodes are their maker's to count
    rows = (json.dumps([name, answers(question)]) for name, question in questions())
    GOLDEN.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
