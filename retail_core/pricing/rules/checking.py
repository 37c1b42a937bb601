"""What one field alone cannot show: rules that contradict themselves or name what is not there.

The reader has checked every field by itself (fields.py). Refused is what could never be used, names
something unknown, or could be read in two ways; nothing of a bundle may silently do nothing.
"""

from collections import Counter
from collections.abc import Iterable

from retail_core.pricing.rules.checking_growth import check_growth
from retail_core.pricing.rules.checking_rules import check_rule
from retail_core.pricing.rules.checking_tasks import check_tasks
from retail_core.pricing.rules.offers import OfferBase
from retail_core.pricing.rules.refusing import WHOLE, refuse
from retail_core.pricing.rules.ruleset import Restriction, RuleBundle


def check_bundle(bundle: RuleBundle) -> None:
    """Refuse a bundle that says something nobody can mean (Fault P107)."""
    rules: tuple[OfferBase, ...] = (*bundle.offers, *bundle.coupons, *bundle.gifts)
    ids = [rule.id for rule in rules]
    if bundle.points is not None:
        ids.append(bundle.points.id)
    _check_once(ids)
    campaigns = [campaign.id for campaign in bundle.campaigns]
    _check_once(campaigns)
    known_campaigns = frozenset(campaigns)
    for rule in rules:
        check_rule(rule, bundle, known_campaigns)
    _check_tier_names(bundle)
    check_growth(bundle)
    check_tasks(bundle)
    _check_newcomer(bundle)
    known = frozenset(rule.id for rule in rules)
    for number, restriction in enumerate(bundle.restrictions):
        _check_restriction(restriction, f"restrictions[{number}]", known)


def _check_once(ids: Iterable[str]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            refuse(name, "id", "the id is used more than once", "这个编号用了不止一次")


def _check_tier_names(bundle: RuleBundle) -> None:
    foreign = ", ".join(sorted(bundle.tier_names_en.keys() - bundle.tier_names.keys()))
    if foreign:
        refuse(
            "tier_names_en",
            "tier_names_en",
            f"not in tier_names: {foreign}; add them there or take them out",
            f"tier_names 里没有 {foreign},请补上或去掉",
        )
    earn = bundle.earn
    if earn is None:
        return
    unknown = sorted(earn.tier_permille.keys() - bundle.tier_names.keys())
    if unknown:
        names = ", ".join(unknown)
        refuse(
            earn.id,
            "tier_permille",
            f"not in tier_names: {names}; add them there or take them out",
            f"tier_names 里没有 {names},请补上或去掉",
        )


def _check_newcomer(bundle: RuleBundle) -> None:
    gift = bundle.newcomer
    if gift is None:
        return
    if bool(gift.coupon) == bool(gift.sku):
        en = "give either coupon or sku, one of the two"
        refuse(WHOLE, "newcomer", en, "coupon 与 sku 写且只写一个")
    coupon = bundle.coupons_by_id.get(gift.coupon)
    if gift.coupon and coupon is None:
        en = f"no coupon is called {gift.coupon}"
        refuse(WHOLE, "newcomer.coupon", en, f"没有编号为 {gift.coupon} 的券")
    if coupon is not None and coupon.automatic:
        en = f"{gift.coupon} is automatic: everybody has it already"
        refuse(WHOLE, "newcomer.coupon", en, f"{gift.coupon} 是自动券,人人都有,不必发")


def _check_restriction(restriction: Restriction, place: str, known: frozenset[str]) -> None:
    if not (restriction.regions or restriction.stores):
        refuse(
            WHOLE,
            place,
            "it applies nowhere; name stores or regions",
            "没有写门店或大区,哪里都不生效,请写 stores 或 regions",
        )
    if not (restriction.off or restriction.per_receipt or restriction.points_off):
        refuse(
            WHOLE,
            place,
            "it takes nothing away; give off, per_receipt or points_off",
            "什么也没有限制,请写 off、per_receipt 或 points_off",
        )
    unknown = sorted((restriction.off | restriction.per_receipt.keys()) - known)
    if unknown:
        names = ", ".join(unknown)
        refuse(
            WHOLE,
            place,
            f"no offer, coupon or gift is called {names}",
            f"没有编号为 {names} 的优惠、券或赠品",
        )
