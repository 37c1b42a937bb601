"""How far ahead a customer's value is looked at; imported without any library."""

from dataclasses import dataclass

YEAR_DAYS = 365
CHURN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far ahead, what share of a sale is earned, and what later money is worth."""

    days: int = YEAR_DAYS
    margin: float = 1.0
    yearly_discount: float = 0.0


A_YEAR = Horizon()
