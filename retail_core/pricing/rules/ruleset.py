"""The rules of a chain as one published whole, and the rules that are no offers."""

from functools import cached_property
from typing import Annotated

import msgspec

from retail_core import limits
from retail_core.growth.mall import MallRules
from retail_core.growth.newcomer import Newcomer
from retail_core.growth.plan import GrowthPlan
from retail_core.growth.referral import ReferralRule
from retail_core.growth.tasks import Tasks
from retail_core.pricing.rules.conditions import NOBODY
from retail_core.pricing.rules.coupons import Coupon, Gift
from retail_core.pricing.rules.english import EnglishNames, Named, english_names
from retail_core.pricing.rules.fields import (
    VERSION_MAX,
    Count,
    Fen,
    FenAbove,
    Id,
    Label,
    Name,
    Names,
    Share,
    TierPermille,
    Times,
    WallTime,
)
from retail_core.pricing.rules.offers import PERMILLE, Offer
from retail_core.pricing.rules.rule_index import RuleIndex

FORMAT = 1
_MANY = msgspec.Meta(max_length=limits.OFFERS_MAX)


class EarnRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One point for each `fen_per_point`, times the tier's thousandths (1000 when not named).

    With `pending` points are booked as pending and mature by the cloud's points policy.
    """

    id: Id
    fen_per_point: FenAbove
    tier_permille: dict[Name, TierPermille] = {}
    pending: bool = False


class PointsRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points as tender: worth `fen_per_point`, in whole multiples of `step` points.

    None below `min_points` or on a total under `min_total_fen`; at most `max_permille` thousandths
    of the total.
    """

    id: Id
    fen_per_point: FenAbove = 1
    step: Times = 1
    min_points: Count = 0
    min_total_fen: Fen = 0
    max_permille: Share = PERMILLE


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget that several offers and coupons share; None is without end."""

    id: Id
    budget_fen: FenAbove | None = None
    uses: Times | None = None


class Restriction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a region or a store does not take part in; by its shape it can only take away.

    `off` names offers, coupons and gifts; `per_receipt` lowers their cap on a receipt.
    """

    regions: Names = NOBODY
    stores: Names = NOBODY
    off: Names = NOBODY
    per_receipt: dict[Id, Times] = {}
    points_off: bool = False


class RuleBundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A published version of all rules; `tier_names` maps tier codes, lowest first, to names.

    `tier_names_en` are what English pages call them; what is not in it keeps its first name.

    `chain` names whose rules they are: coupons of another chain are refused. `inferred_tags` are
    guesses about a person: they may drive coupons, never a unit price.
    """

    version: Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]
    format: Annotated[int, msgspec.Meta(ge=1, le=FORMAT)] = FORMAT
    chain: Label = ""
    valid_from: WallTime | None = None
    tier_names: dict[Name, Name] = {}
    tier_names_en: dict[Name, Name] = {}
    inferred_tags: Names = NOBODY
    earn: EarnRule | None = None
    points: PointsRule | None = None
    campaigns: Annotated[tuple[Campaign, ...], _MANY] = ()
    offers: Annotated[tuple[Offer, ...], _MANY] = ()
    coupons: Annotated[tuple[Coupon, ...], _MANY] = ()
    gifts: Annotated[tuple[Gift, ...], _MANY] = ()
    restrictions: Annotated[tuple[Restriction, ...], _MANY] = ()
    growth: GrowthPlan | None = None
    tasks: Tasks = ()
    mall: MallRules | None = None
    referral: ReferralRule | None = None
    newcomer: Newcomer | None = None

    def tier_name_en(self, code: str) -> str:
        """Return what English pages call a tier; "" for one that the rules do not name."""
        return self.tier_names_en.get(code, self.tier_names.get(code, ""))

    @cached_property
    def english(self) -> EnglishNames:
        """Return what English pages call offers, coupons and gifts, those for tasks among them."""
        others: list[Named] = []
        if self.newcomer is not None:
            others.append(self.newcomer)
        if self.growth is not None:
            others += self.growth.gifts
        if self.mall is not None:
            others += self.mall.items
        rewards = [one for task in self.tasks for one in (task.reward, task.streak_reward)]
        if self.referral is not None:
            rewards += [self.referral.inviter, self.referral.friend]
        others += [one.gift for one in rewards if one.gift is not None]
        return english_names((*self.offers, *self.coupons, *self.gifts), others)

    @cached_property
    def offer_index(self) -> RuleIndex[Offer]:
        """Return the offers by what they name."""
        return RuleIndex(self.offers)

    @cached_property
    def gift_index(self) -> RuleIndex[Gift]:
        """Return the gifts by what they name."""
        return RuleIndex(self.gifts)

    @cached_property
    def automatic_coupon_index(self) -> RuleIndex[Coupon]:
        """Return the coupons that need not be held, by what they name."""
        return RuleIndex(coupon for coupon in self.coupons if coupon.automatic)

    @cached_property
    def coupons_by_id(self) -> dict[str, Coupon]:
        """Return all coupons by id."""
        return {coupon.id: coupon for coupon in self.coupons}
