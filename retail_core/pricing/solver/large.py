"""The whole question answered by integer programs, one way after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from retail_core.pricing.solver.answers import Answer, Question, answer_of
from retail_core.pricing.solver.model import Limits
from retail_core.pricing.solver.program import Found, Program, Way, ways


@dataclass(frozen=True, slots=True)
class _Asked:
    """A way that was asked: nothing less than `least_fen` can be due by it."""

    candidate: int
    way: Way
    least_fen: int


class Programs:
    """Asks the programs of a question, each only for what the others have not reached."""

    def __init__(
        self, question: Question, best: Answer, limits: Limits, least_known: Mapping[int, int]
    ) -> None:
        self._question = question
        self._least_known = least_known
        self._best = best
        self._limits = limits
        self._nodes = 0
        self._asked: list[_Asked] = []

    def answer(self) -> Answer:
        """Return the best answer found, with the bound the programs prove."""
        for number in sorted(self._least_known):
            for way in ways(self._question.candidates[number], self._question.points):
                self._ask(number, way)
        due = self._best.due.due_fen
        least = min(asked.least_fen for asked in self._asked)
        best = replace(self._best, gap_fen=max(0, due - least))
        if not best.gap_fen:
            best = self._with_least_ties(best)
        return replace(best, nodes=self._nodes)

    def _program(self, number: int, way: Way) -> Program:
        candidate = self._question.candidates[number]
        problem = candidate.narrowed(self._question.problem)
        return Program(problem, candidate, self._question.points, way)

    def _ask(self, number: int, way: Way) -> None:
        at_most, known = self._best.due.due_fen, self._least_known[number]
        found = self._program(number, way).least_due(at_most, self._limits)
        if found is None:
            self._asked.append(_Asked(number, way, known))
            return
        self._nodes += found.nodes
        answer = self._believed(number, found)
        if answer is not None and answer.key < self._best.key:
            self._best = answer
        # an optimum that does not come true when worked out again proves nothing
        sound = found.proven and (answer is not None or found.choice is None)
        if found.choice is None and found.proven:
            least = at_most + 1
        else:
            least = found.least_fen if sound or not found.proven else 0
        self._asked.append(_Asked(number, way, max(known, least)))

    def _believed(self, number: int, found: Found) -> Answer | None:
        if found.choice is None:
            return None
        return answer_of(self._question, number, found.choice)

    def _with_least_ties(self, best: Answer) -> Answer:
        for asked in self._asked:
            if asked.candidate != best.candidate or asked.least_fen > best.due.due_fen:
                continue
            if asked.way.with_points != bool(best.due.points):
                continue
            found = self._program(asked.candidate, asked.way).least_ties(best.due, self._limits)
            if found is not None:
                self._nodes += found.nodes
                answer = self._believed(asked.candidate, found)
                if answer is not None and answer.key < best.key:
                    best = replace(answer, gap_fen=0)
        return best


def by_programs(
    question: Question, best: Answer, limits: Limits, least_known: Mapping[int, int]
) -> Answer:
    """Return the best answer the programs find, starting from a good one.

    `least_known` names the coupons to ask for and a bound on what is due by each of them.
    """
    return Programs(question, best, limits, least_known).answer()
