"""What a rule gives, in one sentence; its conditions stand beside it as `terms`."""

from collections.abc import Mapping
from dataclasses import dataclass

from retail_core.money import format_yuan
from retail_core.pricing.rules.conditions import ItemSelector, names_all
from retail_core.pricing.rules.coupons import CouponBase, Gift, PercentCoupon, ThresholdCoupon
from retail_core.pricing.rules.offers import (
    MixAndMatch,
    OfferBase,
    PriceList,
    Rebate,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
)
from retail_core.pricing.wording.terms import joined, terms
from retail_core.texts.rule_phrases import AND, COMMA, phrase

_SELECTORS = ("categories", "brands", "tags", "skus")
_PERMILLE = 1000


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """A rule in words: what it gives, and every condition."""

    gives: str
    terms: tuple[str, ...]


def said(rule: OfferBase, tier_names: Mapping[str, str], language: str) -> RuleSaid:
    """Say a rule in `zh` or `en`; `tier_names` names the tiers, lowest first."""
    return RuleSaid(_gives(rule, language), terms(rule, tier_names, language))


def _gives(rule: OfferBase, language: str) -> str:
    match rule:
        case PriceList():
            gives = _listed(rule, language)
        case MixAndMatch() | SetPrice() | SetPercent() | SetAmount():
            gives = _set(rule, language)
        case SlotBundle():
            gives = _together(rule, language)
        case ThresholdCoupon() | PercentCoupon():
            gives = _coupon(rule, language)
        case Gift():
            gives = _gift(rule, language)
        case Rebate():
            items, rebate = _of(rule, language), _rebate(rule, language)
            gives = phrase("each", language, items=items, rebate=rebate)
        case _:
            gives = _of(rule, language)
    return gives


def _of(rule: OfferBase, language: str) -> str:
    """Return which articles a rule is for."""
    items = _items(rule.items, language)
    if rule.except_items is None:
        return items
    return phrase("except", language, items=items, excepted=_items(rule.except_items, language))


def _items(items: ItemSelector, language: str) -> str:
    if names_all(items):
        return phrase("every_article", language)
    return COMMA[language == "en"].join(
        phrase(kind, language, names=joined(names, language))
        for kind in _SELECTORS
        if (names := getattr(items, kind))
    )


def share(permille: int, language: str) -> str:
    """Return a share as people say it: 950 is `打 9.5 折`, `5 % off`."""
    off = _PERMILLE - permille
    return phrase("share", language, tenths=_short(permille, 100), percent=_short(off, 10))


def _short(number: int, unit: int) -> str:
    """Write a number of thousandths in a larger unit, without needless zeros."""
    whole, rest = divmod(number, unit)
    decimals = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def _rebate(rule: Rebate, language: str) -> str:
    if rule.permille is not None:
        return share(rule.permille, language)
    if rule.fen_off is not None:
        return phrase("less", language, amount=format_yuan(rule.fen_off))
    return phrase("costs", language, amount=format_yuan(rule.price_fen or 0))


def _listed(rule: PriceList, language: str) -> str:
    sku, fen = min(rule.prices.items())
    example = phrase("listed_one", language, sku=sku, amount=format_yuan(fen))
    return phrase("listed", language, n=len(rule.prices), example=example)


def _set(rule: MixAndMatch | SetPrice | SetPercent | SetAmount, language: str) -> str:
    fields: dict[str, object] = {"items": _of(rule, language), "need": rule.need}
    match rule:
        case SetPrice():
            return phrase("set_costs", language, **fields, amount=format_yuan(rule.price_fen))
        case SetPercent():
            return phrase("set", language, **fields, rebate=share(rule.permille, language))
        case SetAmount():
            rebate = phrase("less", language, amount=format_yuan(rule.fen_off))
            return phrase("set", language, **fields, rebate=rebate)
        case MixAndMatch():
            fields["free"] = rule.free
            if not rule.permille:
                return phrase("cheapest_free", language, **fields)
            return phrase(
                "cheapest_share", language, **fields, rebate=share(rule.permille, language)
            )


def _together(rule: SlotBundle, language: str) -> str:
    slots = AND[language == "en"].join(
        phrase("slot", language, items=_items(slot.items, language), need=slot.need)
        for slot in rule.slots
    )
    return phrase("together", language, slots=slots, rebate=_rebate(rule, language))


def _coupon(rule: ThresholdCoupon | PercentCoupon, language: str) -> str:
    if isinstance(rule, ThresholdCoupon):
        every, rebate = rule.repeat, phrase("less", language, amount=format_yuan(rule.fen_off))
    else:
        every, rebate = False, share(rule.permille, language)
        if rule.max_off_fen is not None:
            rebate += phrase("at_most", language, amount=format_yuan(rule.max_off_fen))
    return _how(rule, language) + phrase(
        "off_total",
        language,
        items=_of(rule, language),
        rebate=rebate,
        threshold=_threshold(rule.threshold_fen, language, every=every),
    )


def _how(rule: CouponBase, language: str) -> str:
    return phrase("automatic" if rule.automatic else "held", language)


def _threshold(fen: int, language: str, *, every: bool) -> str:
    if not fen:
        return ""
    return phrase("every_sum" if every else "from_sum", language, amount=format_yuan(fen))


def _gift(rule: Gift, language: str) -> str:
    items = _of(rule, language)
    every = phrase("every", language) if rule.repeat else ""
    if rule.need:
        bought = phrase("bought_units", language, items=items, every=every, n=rule.need)
    else:
        amount = format_yuan(rule.threshold_fen)
        bought = phrase("bought_sum", language, items=items, every=every, amount=amount)
    return phrase("gift", language, bought=bought, sku=rule.sku, units=rule.units)
