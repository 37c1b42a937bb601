"""An integer program in whole numbers, and HiGHS to solve it.

Everything that goes in is an integer, everything that comes out is rounded to one and believed only
after it was worked out again. HiGHS is loaded when it is first needed; where it is missing the rest
of the search has to do.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

Terms = Mapping[int, int]
_TOLERANCE = "1e-9"


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop: nodes are counted, milliseconds are only a guard (0 is none)."""

    nodes: int
    guard_ms: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The values found, None when there are none; no values cost less than `bound`.

    `proven` says that the values are the best, or that there are none at all.
    """

    values: tuple[int, ...] | None
    bound: int
    proven: bool
    nodes: int


@cache
def highs() -> ModuleType | None:
    """Return the solver's module, None when it cannot be loaded."""
    try:
        import highspy  # noqa: PLC0415 - half a second that a till need not wait for at its start
    except ImportError:
        return None
    return highspy


class Model:
    """Whole variables within bounds, rows between bounds, a cost to make small."""

    def __init__(self) -> None:
        self._lower: list[int] = []
        self._upper: list[int] = []
        self._rows: list[tuple[int | None, dict[int, int], int | None]] = []

    def variable(self, upper: int, lower: int = 0) -> int:
        """Add a variable and return its number."""
        self._lower.append(lower)
        self._upper.append(max(lower, upper))
        return len(self._lower) - 1

    def row(self, low: int | None, terms: Terms, high: int | None) -> None:
        """Ask low <= sum of terms <= high; None is without end."""
        self._rows.append((low, {k: v for k, v in terms.items() if v}, high))

    def minimise(self, cost: Terms, limits: Limits) -> Outcome | None:
        """Return the best values found; None when HiGHS is missing or gives up."""
        module = highs()
        if module is None:
            return None
        solver = module.Highs()
        for name, value in _OPTIONS:
            solver.setOptionValue(name, value)
        solver.setOptionValue("mip_feasibility_tolerance", _TOLERANCE)
        solver.setOptionValue("mip_max_nodes", max(1, limits.nodes))
        if limits.guard_ms:
            solver.setOptionValue("time_limit", f"{limits.guard_ms}e-3")
        solver.passModel(self._lp(module, cost))
        solver.run()
        return self._outcome(module, solver, cost)

    def _lp(self, module: ModuleType, cost: Terms) -> object:
        lp = module.HighsLp()
        infinite = module.kHighsInf
        lp.num_col_, lp.num_row_ = len(self._lower), len(self._rows)
        lp.col_cost_ = [cost.get(number, 0) for number in range(len(self._lower))]
        lp.col_lower_, lp.col_upper_ = self._lower, self._upper
        lp.row_lower_ = [-infinite if low is None else low for low, _, _ in self._rows]
        lp.row_upper_ = [infinite if high is None else high for _, _, high in self._rows]
        starts, index, value = [0], list[int](), list[int]()
        for _, terms, _ in self._rows:
            index += terms.keys()
            value += terms.values()
            starts.append(len(index))
        lp.a_matrix_.format_ = module.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
        lp.integrality_ = [module.HighsVarType.kInteger] * len(self._lower)
        return lp

    def _outcome(self, module: ModuleType, solver: object, cost: Terms) -> Outcome | None:
        status = solver.getModelStatus()  # type: ignore[attr-defined]
        info = solver.getInfo()  # type: ignore[attr-defined]
        nodes = max(0, info.mip_node_count)
        states = module.HighsModelStatus
        if status in {states.kInfeasible, states.kUnboundedOrInfeasible}:
            return Outcome(None, 0, proven=True, nodes=nodes)
        bound = info.mip_dual_bound
        if abs(bound) >= module.kHighsInf:
            bound = sum(
                min(factor * self._lower[n], factor * self._upper[n]) for n, factor in cost.items()
            )
        # what means a whole number may be a little above it
        least = -(-math.ceil(bound * 100_000 - 1) // 100_000)
        if info.primal_solution_status != module.SolutionStatus.kSolutionStatusFeasible:
            return Outcome(None, least, proven=False, nodes=nodes)
        values = tuple(round(value) for value in solver.getSolution().col_value)  # type: ignore[attr-defined]
        return Outcome(values, least, proven=status == states.kOptimal, nodes=nodes)


_OPTIONS: tuple[tuple[str, object], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("random_seed", 1),
    ("mip_rel_gap", 0),
    ("mip_abs_gap", 0),
)
