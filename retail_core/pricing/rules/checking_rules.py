"""What no rule may say, of whatever kind it is."""

from retail_core.pricing.rules.checking_kinds import check_kind
from retail_core.pricing.rules.checking_slots import check_slots
from retail_core.pricing.rules.conditions import Conditions, leaves_nothing, names_all
from retail_core.pricing.rules.coupons import CouponBase, Gift
from retail_core.pricing.rules.offers import OfferBase
from retail_core.pricing.rules.refusing import refuse
from retail_core.pricing.rules.ruleset import RuleBundle


def check_rule(rule: OfferBase, bundle: RuleBundle, campaigns: frozenset[str]) -> None:
    """Refuse a rule that contradicts itself or names what the bundle does not have (P107)."""
    _check_names(rule, bundle, campaigns)
    _check_items(rule)
    _check_conditions(rule)
    _check_guesses(rule, bundle)
    check_kind(rule)


def _check_names(rule: OfferBase, bundle: RuleBundle, campaigns: frozenset[str]) -> None:
    unknown = ", ".join(sorted(rule.tiers - bundle.tier_names.keys()))
    if unknown:
        refuse(
            rule.id,
            "tiers",
            f"not in tier_names: {unknown}; add them there or take them out",
            f"tier_names 里没有 {unknown},请补上或去掉",
        )
    if rule.campaign and rule.campaign not in campaigns:
        refuse(
            rule.id,
            "campaign",
            f"no campaign is called {rule.campaign}; add it to campaigns",
            f"没有编号为 {rule.campaign} 的活动,请加到 campaigns",
        )


def _check_items(rule: OfferBase) -> None:
    excepted = rule.except_items
    if excepted is None:
        return
    if names_all(excepted):
        refuse(
            rule.id,
            "except_items",
            "it names nothing, which would except every article; name some or leave it out",
            "什么也没写等于排除全部商品,请写明或去掉",
        )
    if leaves_nothing(rule.items, excepted):
        refuse(
            rule.id,
            "except_items",
            "all that items names is excepted; nothing is left",
            "把 items 里的全部排除了,什么也不剩",
        )


def _check_conditions(rule: OfferBase) -> None:
    when = rule.when
    begin, end = when.valid_from, when.valid_until
    if begin is not None and end is not None and end <= begin:
        refuse(
            rule.id,
            "when.valid_until",
            "it must be later than valid_from",
            "要晚于 valid_from",
        )
    if when.member_days_until is not None and when.member_days_until <= (
        when.member_days_from or 0
    ):
        refuse(
            rule.id,
            "when.member_days_until",
            "it must be more than member_days_from; the day itself is not included",
            "要大于 member_days_from,当天不含在内",
        )
    _check_tags(rule, when)
    check_slots(rule.id, "when.slots", when.slots)


def _check_tags(rule: OfferBase, when: Conditions) -> None:
    both = when.tags_all & when.tags_none
    if both or (rule.member_tags and rule.member_tags <= when.tags_none):
        tags = ", ".join(sorted(both or rule.member_tags))
        refuse(
            rule.id,
            "when.tags_none",
            f"{tags} is asked for and excluded at once; nobody can have it",
            f"{tags} 既要求有又要求没有,谁也用不上",
        )


def _check_guesses(rule: OfferBase, bundle: RuleBundle) -> None:
    if isinstance(rule, CouponBase | Gift):
        return
    asked = rule.member_tags | rule.when.tags_all | rule.when.tags_none
    guessed = ", ".join(sorted(asked & bundle.inferred_tags))
    if guessed:
        refuse(
            rule.id,
            "member_tags",
            f"{guessed} is a guess about a person (inferred_tags), for coupons and gifts only",
            f"{guessed} 是对人的推测(inferred_tags),只能用于券和赠品",
        )
