"""A growth plan that contradicts itself or names what is not there."""

from collections import Counter

from retail_core.growth.plan import GrowthPlan, TierRule
from retail_core.pricing.rules.refusing import refuse
from retail_core.pricing.rules.ruleset import RuleBundle

WHERE = "growth"


def check_growth(bundle: RuleBundle) -> None:
    """Refuse a plan that nobody can mean (Fault P107)."""
    plan = bundle.growth
    if plan is None:
        return
    _once(tuple(tier.code for tier in plan.tiers), "tiers")
    _once(tuple(gift.id for gift in plan.gifts), "gifts")
    _check_names(plan, bundle)
    _check_ladder(plan)
    coupons = {coupon.id for coupon in bundle.coupons if not coupon.automatic}
    for tier in plan.tiers:
        _check_privileges(tier, coupons, {gift.id for gift in plan.gifts})


def _once(ids: tuple[str, ...], field: str) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            refuse(WHERE, field, f"{name} stands there more than once", f"{name} 写了不止一次")


def _check_names(plan: GrowthPlan, bundle: RuleBundle) -> None:
    order = list(bundle.tier_names)
    codes = [tier.code for tier in plan.tiers]
    unknown = ", ".join(code for code in codes if code not in bundle.tier_names)
    if unknown:
        refuse(
            WHERE,
            "tiers",
            f"not in tier_names: {unknown}; add them there or take them out",
            f"tier_names 里没有 {unknown},请补上或去掉",
        )
    missing = ", ".join(code for code in order if code not in codes)
    if missing:
        refuse(
            WHERE,
            "tiers",
            f"the plan says nothing of {missing}; members who hold it would fall to the lowest",
            f"没有写 {missing},持有它的会员会掉到最低档",
        )
    if codes != order:
        refuse(
            WHERE,
            "tiers",
            "its order differs from tier_names; both go from the lowest up",
            "与 tier_names 的顺序不同,两处都应从低到高",
        )


def _check_ladder(plan: GrowthPlan) -> None:
    lowest = plan.tiers[0]
    if lowest.spend_fen or lowest.visits:
        refuse(
            lowest.code,
            "spend_fen",
            "the lowest tier asks nothing: spend_fen and visits must be 0",
            "最低档不设条件,spend_fen 与 visits 须为 0",
        )
    for below, tier in zip(plan.tiers, plan.tiers[1:], strict=False):
        if not tier.spend_fen and not tier.visits:
            refuse(
                tier.code,
                "spend_fen",
                "spend_fen, visits or both are needed",
                "spend_fen 与 visits 至少写一个",
            )
        if tier.spend_fen < below.spend_fen or tier.visits < below.visits:
            refuse(
                tier.code,
                "spend_fen",
                f"asks less than {below.code} below it",
                f"条件比下一档 {below.code} 还低",
            )


def _check_privileges(tier: TierRule, coupons: set[str], gifts: set[str]) -> None:
    rights = tier.privileges
    for field, ids, known in (
        ("welcome", rights.welcome, coupons | gifts),
        ("monthly", rights.monthly, coupons | gifts),
        ("birthday", rights.birthday, coupons | gifts),
        ("trial", rights.trial, gifts),
    ):
        unknown = ", ".join(name for name in ids if name not in known)
        if unknown:
            refuse(
                tier.code,
                f"privileges.{field}",
                f"no coupon to be held and no gift of the plan is called {unknown}",
                f"没有编号为 {unknown} 的(需持有的)券或计划里的礼品",
            )
        if len(set(ids)) < len(ids):
            refuse(tier.code, f"privileges.{field}", "an id is there twice", "同一个编号写了两次")
