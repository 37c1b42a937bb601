"""How much may be spent on people: a share of the margin that is expected of each within a year."""

from collections.abc import Iterable

from retail_core.insight.campaigns.plan import PERMILLE, Plan


def worth_it(plan: Plan, expected_fen: int | None) -> bool:
    """Tell whether what a person can cost is within what she is expected to earn.

    `expected_fen` is her expected spending of the next twelve months, None where nothing is known:
    who is new is judged by nobody's past, and is let in.
    """
    if not plan.worth_permille or expected_fen is None:
        return True
    return plan.person_fen <= allowed_fen(plan, expected_fen)


def allowed_fen(plan: Plan, expected_fen: int) -> int:
    """Return what may be spent on somebody of whom so much spending is expected."""
    return max(0, expected_fen) * plan.margin_permille * plan.worth_permille // PERMILLE**2


def bound_fen(plan: Plan, expected: Iterable[int | None]) -> int | None:
    """Return the budget that the people of a segment are worth; None: not bounded by it."""
    if not plan.worth_permille:
        return None
    return sum(plan.person_fen if one is None else allowed_fen(plan, one) for one in expected)
