"""What a rule of one kind may not say."""

from retail_core.pricing.rules.checking_slots import check_slots
from retail_core.pricing.rules.conditions import leaves_nothing, names_all
from retail_core.pricing.rules.coupons import CouponBase, Gift, ThresholdCoupon, is_whole_receipt
from retail_core.pricing.rules.fields import SET_UNITS_MAX
from retail_core.pricing.rules.offers import (
    MixAndMatch,
    OfferBase,
    PriceList,
    Rebate,
    SlotBundle,
    TagPrice,
    TimeSlotPrice,
)
from retail_core.pricing.rules.refusing import refuse


def check_kind(rule: OfferBase) -> None:
    """Refuse what a rule of this kind cannot mean (Fault P107)."""
    if isinstance(rule, Rebate):
        _check_rebate(rule)
    elif isinstance(rule, CouponBase):
        _check_coupon(rule)
    elif isinstance(rule, Gift):
        _check_gift(rule)
    elif isinstance(rule, PriceList):
        _check_price_list(rule)
    elif isinstance(rule, MixAndMatch):
        _check_free(rule)


def _check_rebate(rule: Rebate) -> None:
    ways = (rule.permille, rule.fen_off, rule.price_fen)
    if sum(way is not None for way in ways) != 1:
        refuse(
            rule.id,
            "permille",
            "give exactly one of permille, fen_off and price_fen",
            "permille、fen_off、price_fen 只能写一个,也必须写一个",
        )
    if isinstance(rule, TagPrice):
        _check_tag_price(rule)
    elif isinstance(rule, TimeSlotPrice):
        _check_time_slots(rule)
    elif isinstance(rule, SlotBundle):
        _check_slot_bundle(rule)


def _check_tag_price(rule: TagPrice) -> None:
    if not rule.member_tags:
        refuse(
            rule.id,
            "member_tags",
            "a tag price needs the tags it is for; without tags use tier_price",
            "标签价要写适用的标签;人人都有请用 tier_price",
        )


def _check_time_slots(rule: TimeSlotPrice) -> None:
    check_slots(rule.id, "slots", rule.slots)
    if rule.when.slots:
        refuse(
            rule.id,
            "when.slots",
            "a time slot price has its hours in slots; leave when.slots out",
            "时段价的时段写在 slots,请去掉 when.slots",
        )


def _check_price_list(rule: PriceList) -> None:
    if not names_all(rule.items):
        refuse(
            rule.id,
            "items",
            "a price list names its articles in prices; leave items out",
            "价目表的商品写在 prices,请去掉 items",
        )
    if rule.except_items is not None and rule.prices.keys() <= rule.except_items.skus:
        refuse(
            rule.id,
            "except_items",
            "all that prices names is excepted; nothing is left",
            "把 prices 里的全部排除了,什么也不剩",
        )


def _check_free(rule: MixAndMatch) -> None:
    if rule.free >= rule.need:
        refuse(
            rule.id,
            "free",
            f"it must lie between 1 and need - 1 ({rule.need - 1})",
            f"应在 1 与 need - 1({rule.need - 1})之间",
        )


def _check_slot_bundle(rule: SlotBundle) -> None:
    if not names_all(rule.items):
        refuse(
            rule.id,
            "items",
            "a bundle names its articles in slots; leave items out",
            "组合的商品写在 slots,请去掉 items",
        )
    for number, slot in enumerate(rule.slots):
        if rule.except_items is not None and leaves_nothing(slot.items, rule.except_items):
            refuse(
                rule.id,
                f"slots[{number}].items",
                "all that it names is in except_items; nothing is left",
                "写的都在 except_items 里,什么也不剩",
            )
    if sum(slot.need for slot in rule.slots) > SET_UNITS_MAX:
        refuse(
            rule.id,
            "slots",
            f"a bundle may have at most {SET_UNITS_MAX} units",
            f"一组最多 {SET_UNITS_MAX} 件",
        )


def _check_coupon(rule: CouponBase) -> None:
    if isinstance(rule, ThresholdCoupon) and rule.repeat and not rule.threshold_fen:
        refuse(
            rule.id,
            "repeat",
            "it needs a threshold_fen to repeat",
            "要写 threshold_fen 才能按每满重复",
        )
    if rule.when.stock_from is not None and is_whole_receipt(rule):
        refuse(
            rule.id,
            "when.stock_from",
            "the whole receipt counts, no article is asked for; name items or leave it out",
            "整单券不看单个商品的库存,请写 items 或去掉",
        )


def _check_gift(rule: Gift) -> None:
    if bool(rule.need) == bool(rule.threshold_fen):
        refuse(
            rule.id,
            "need",
            "give exactly one of need and threshold_fen, above 0",
            "need 与 threshold_fen 只能写一个,也必须写一个,要大于 0",
        )
    for field, value in (("exclusive", rule.exclusive), ("campaign", rule.campaign)):
        if value:
            refuse(
                rule.id,
                field,
                "gifts do not take part in it; leave it out",
                "赠品不参与,请去掉",
            )
