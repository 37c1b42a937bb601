"""Where lines are drawn: a chain may draw its own; money in fen, parts in thousandths."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

VALUE_MAX = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The lines with what they are where a chain says nothing."""

    spend_low_fen: int = 50_000
    spend_mid_fen: int = 200_000
    spend_high_fen: int = 1_000_000
    ticket_low_fen: int = 5_000
    ticket_mid_fen: int = 15_000
    ticket_high_fen: int = 50_000
    big_basket_units: int = 10
    trend_up: int = 1_200
    trend_down: int = 800
    weekly_days: int = 10
    fortnight_days: int = 20
    monthly_days: int = 45
    quarterly_days: int = 120
    new_days: int = 30
    risk_gaps: int = 2_000
    lost_gaps: int = 4_000
    risk_days: int = 90
    lost_days: int = 365
    risk_days_least: int = 21
    tenure_young_days: int = 90
    tenure_old_days: int = 1_095
    loyal_share: int = 600
    most_share: int = 500
    often_share: int = 300
    some_share: int = 100
    explorer_categories: int = 6
    repeats: int = 3
    discount_low: int = 50
    discount_high: int = 200
    deep_discount: int = 700
    price_value: int = 850
    price_premium: int = 1_150
    points_low: int = 500
    points_high: int = 5_000
    omni_share: int = 100
    stores_roaming: int = 4
    returns_often: int = 2
    views_active: int = 10
    window_shopper_views: int = 20
    shares_active: int = 3

    @classmethod
    def of(cls, own: Mapping[str, int]) -> "Thresholds":
        """Return the lines with a chain's own in their place; Fault E190."""
        known = {field.name for field in fields(cls)}
        for name, value in own.items():
            if name not in known or not 0 <= value <= VALUE_MAX:
                raise Fault(FaultCode.TAG_THRESHOLD, name=name, value=value)
        return cls(**dict(own))

    def named(self) -> dict[str, int]:
        """Return every line by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
