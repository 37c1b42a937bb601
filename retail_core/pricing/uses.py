"""How often a priced receipt used the rules that may be used only so often."""

from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.ruleset import RuleBundle


def uses_counted(priced: PricedBasket, bundle: RuleBundle) -> tuple[tuple[str, int], ...]:
    """Return how often the rules with caps beyond the receipt were used."""
    counted = {rule.id for rule in rules_of(bundle) if rule.caps.beyond_receipt}
    if not counted:
        return ()
    one_gift = {gift.id: gift.units for gift in bundle.gifts}
    used = [(offer.offer_id, offer.uses) for offer in priced.applied]
    used += [(gift.gift_id, gift.units // one_gift[gift.gift_id]) for gift in priced.gifts]
    if priced.coupon is not None:
        used.append((priced.coupon.coupon_id, 1))
    return tuple((rule, times) for rule, times in used if rule in counted and times)


def store_caps(bundle: RuleBundle) -> dict[str, int]:
    """Return how often rules may be used in a store on a day, by rule."""
    asked = ((rule.id, rule.caps.per_store_day) for rule in rules_of(bundle))
    return {rule: cap for rule, cap in asked if cap is not None}
