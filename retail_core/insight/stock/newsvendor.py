"""How much should lie there: what being short costs against what lying costs.

The newsvendor's answer (Arrow, Harris and Marschak, Econometrica 19(3), 1951): the least quantity
that suffices with the chance short / (short + hold).
"""

from retail_core.insight.stock.predictive import Demand, expected_sales, quantile

_NEVER_QUITE = 0.9999


def ratio(short_fen: float, hold_fen: float, service_permille: int = 0) -> float:
    """Return with which chance there should be enough; a service level asked for comes first."""
    if service_permille:
        return service_permille / 1_000
    if short_fen <= 0:
        return 0.0
    return min(short_fen / (short_fen + max(hold_fen, 0.0)), _NEVER_QUITE)


def quantity(demand: Demand, short_fen: float, hold_fen: float, service_permille: int = 0) -> int:
    """Return how many units should be there for a demand; fen a unit."""
    return quantile(demand, ratio(short_fen, hold_fen, service_permille))


def gain_fen(demand: Demand, short_fen: float, here: int, more: int) -> float:
    """Return what is expected to be earned by `more` units beside those that are here."""
    return short_fen * (expected_sales(demand, here + more) - expected_sales(demand, here))


def lying_fen(demand: Demand, hold_fen: float, here: int, more: int) -> float:
    """Return what is expected to be lost by `more` units that may lie unsold."""
    sold = expected_sales(demand, here + more) - expected_sales(demand, here)
    return hold_fen * max(more - sold, 0.0)
