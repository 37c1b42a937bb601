"""How a chain runs its stock: times, costs and lines; imported without any library."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class StockPolicy:
    """What is as it is until somebody says otherwise; days, fen, and thousandths.

    `lead_days` from an order to the goods, `move_days` from one place of the chain to another,
    `review_days` between two looks. `holding_permille` of what goods cost is lost a year that they
    lie, `margin_permille` is earned where no cost is known, `goodwill_permille` of a price is lost
    beside the margin when somebody goes away without; `service_permille` above 0 is aimed at
    whatever it costs. Moving costs `near_fen` a unit, `far_fen` into another region, and
    `handling_fen` an article and place. What did not sell in `slow_times` of its own gap, and not
    for `slow_days`, is slow; a bundle with it costs `bundle_permille`. What was turned down is not
    said again for `quiet_days`. Demand is learnt from `window_days`.
    """

    lead_days: int = 7
    move_days: int = 2
    review_days: int = 7
    holding_permille: int = 250
    margin_permille: int = 300
    goodwill_permille: int = 0
    service_permille: int = 0
    near_fen: int = 100
    far_fen: int = 500
    handling_fen: int = 300
    slow_times: int = 3
    slow_days: int = 28
    bundle_permille: int = 850
    quiet_days: int = 14
    window_days: int = 180

    @classmethod
    def of(cls, changes: Mapping[str, int]) -> "StockPolicy":
        """Return the policy with changes; Fault STOCK_POLICY for one that cannot be."""
        for name, value in changes.items():
            low, high = LIMITS.get(name, (1, 0))
            if not low <= value <= high:
                raise Fault(FaultCode.STOCK_POLICY, name=name, value=value, names=", ".join(LIMITS))
        return replace(cls(), **dict(changes))

    def named(self) -> dict[str, int]:
        """Return every line by name."""
        return asdict(self)

    @property
    def store_days(self) -> int:
        """How long what a shop has must last: until the next look, and until that has come."""
        return self.move_days + self.review_days

    @property
    def group_days(self) -> int:
        """How long what a warehouse and its shops have must last."""
        return self.lead_days + self.move_days + self.review_days


_DAYS, _SHARE, _FEN = (1, 120), (0, 1_000), (0, _MOST)
LIMITS: Mapping[str, tuple[int, int]] = {
    "lead_days": _DAYS,
    "move_days": _DAYS,
    "review_days": _DAYS,
    "holding_permille": (1, 5_000),
    "margin_permille": (1, 999),
    "goodwill_permille": _SHARE,
    "service_permille": (0, 999),
    "near_fen": _FEN,
    "far_fen": _FEN,
    "handling_fen": _FEN,
    "slow_times": (2, 20),
    "slow_days": (7, 365),
    "bundle_permille": (500, 999),
    "quiet_days": (0, 365),
    "window_days": (28, 730),
}
