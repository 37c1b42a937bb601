"""The growth plan as data: tiers by spending and visits in a window, and what each tier brings.

It is a part of the rule bundle (docs/reference/growth.md) and is checked whole with it.
"""

from typing import Literal, NoReturn

import msgspec

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

WINDOW_DAYS_MAX = 3_660
GRACE_DAYS_MAX = 366
VISITS_MAX = 10_000
NOTHING: frozenset[str] = frozenset()


class Privileges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tier brings besides its prices: ids of coupons and gifts of the same bundle.

    `welcome` is given once on reaching the tier, `monthly` each calendar month, `birthday` once a
    year, `trial` names articles a member of the tier may try for nothing.
    """

    welcome: tuple[str, ...] = ()
    monthly: tuple[str, ...] = ()
    birthday: tuple[str, ...] = ()
    trial: tuple[str, ...] = ()


class TierRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tier is reached with both numbers (`all`) or either (`any`) within the window.

    Under `any` a number that is 0 is not asked.
    """

    code: str
    spend_fen: int = 0
    visits: int = 0
    mode: Literal["all", "any"] = "all"
    privileges: Privileges = Privileges()


class RollingWindow(msgspec.Struct, frozen=True, tag_field="kind", tag="rolling"):
    """The last `days` days, today among them; a tier reached holds for as many days."""

    days: int = 365


class CalendarWindow(msgspec.Struct, frozen=True, tag_field="kind", tag="calendar"):
    """A calendar period; a tier reached holds to the end of the period after."""

    period: Literal["month", "quarter", "year"] = "year"


Window = RollingWindow | CalendarWindow


class GrowthPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tiers lowest first; the lowest asks nothing. With `soft_landing` a fall is one step."""

    tiers: tuple[TierRule, ...]
    window: Window = RollingWindow()
    grace_days: int = 30
    soft_landing: bool = True

    def rank(self, code: str) -> int:
        """Return a tier's place from below; an unknown code counts as the lowest."""
        return next((at for at, tier in enumerate(self.tiers) if tier.code == code), 0)


def check_plan(plan: GrowthPlan, tier_names: frozenset[str]) -> None:
    """Refuse a plan that cannot be meant (Fault P107 names the tier and what is wrong)."""
    codes = [tier.code for tier in plan.tiers]
    if not codes or len(set(codes)) < len(codes):
        _refuse("growth", "at least one tier, each once")
    unknown = sorted(set(codes) - tier_names)
    if unknown:
        _refuse("growth", f"tiers not in tier_names: {', '.join(unknown)}")
    if not 0 <= plan.grace_days <= GRACE_DAYS_MAX:
        _refuse("growth", f"grace_days must lie between 0 and {GRACE_DAYS_MAX}")
    if isinstance(plan.window, RollingWindow) and not 0 < plan.window.days <= WINDOW_DAYS_MAX:
        _refuse("growth", f"the window must have 1 to {WINDOW_DAYS_MAX} days")
    _check_ladder(plan)


def _check_ladder(plan: GrowthPlan) -> None:
    lowest = plan.tiers[0]
    if lowest.spend_fen or lowest.visits:
        _refuse(lowest.code, "the lowest tier asks nothing: spend_fen and visits must be 0")
    for below, tier in zip(plan.tiers, plan.tiers[1:], strict=False):
        _check_tier(tier)
        if tier.spend_fen < below.spend_fen or tier.visits < below.visits:
            _refuse(tier.code, f"asks less than {below.code} below it")


def _check_tier(tier: TierRule) -> None:
    if not 0 <= tier.spend_fen <= limits.AMOUNT_FEN_MAX or not 0 <= tier.visits <= VISITS_MAX:
        _refuse(tier.code, "spend_fen or visits is out of range")
    if not tier.spend_fen and not tier.visits:
        _refuse(tier.code, "spend_fen, visits or both are needed")


def _refuse(owner: str, reason: str) -> NoReturn:
    raise Fault(FaultCode.OFFER_INVALID, offer=owner, reason=reason)
