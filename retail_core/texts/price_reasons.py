"""Why an offer took nothing off, in words, by the reason's key: zh first, en beside it."""

REASONS: dict[str, tuple[str, str]] = {
    "beaten": ("别的组合更省", "another combination saves more"),
    "no_saving": ("用了也不省", "would save nothing"),
    "not_eligible_tier": ("会员档位不符", "for another tier"),
    "not_eligible_tag": ("没有所需标签", "lacks the tag"),
    "outside_slot": ("不在时段内", "outside its hours"),
    "too_few_units": ("件数不够", "not enough units"),
    "not_yet_valid": ("还没开始", "has not begun"),
    "no_longer_valid": ("已经结束", "is over"),
    "other_channel": ("不适用于这个渠道", "for another channel"),
    "other_place": ("不适用于本店", "for other shops"),
    "not_in_group": ("不在客户组内", "not in the customer group"),
    "tag_excluded": ("带有排除标签", "has a tag that is excluded"),
    "members_only": ("仅限会员", "for members only"),
    "member_too_new": ("入会天数不够", "not a member for long enough"),
    "member_too_long": ("入会太久", "a member for too long"),
    "not_birthday": ("不在生日前后", "not around the birthday"),
    "basket_too_small": ("整单金额不够", "the basket is too small"),
    "stock_too_low": ("库存不够", "too little in stock"),
    "restricted": ("本店或本区不参加", "this shop or region does not take part"),
    "cap_reached": ("次数已用完", "used as often as allowed"),
    "budget_spent": ("活动预算已用完", "the campaign's budget is spent"),
    "below_threshold": ("没到门槛", "below the threshold"),
    "coupon_not_held": ("会员没有这张券", "the member does not hold it"),
    "coupon_expired": ("券已过期", "the coupon has expired"),
    "coupon_foreign": ("不是本商家的券", "a coupon of another chain"),
    "coupon_unknown": ("规则包里没有这张券", "no rule here is for it"),
    "names_nothing": ("篮子里没有它的商品", "names no article of the basket"),
    "clock_unknown": ("时钟不准,按时间的优惠暂停", "the clock is not known"),
    "use_unknown": ("本店不知道已用次数", "how often it was used is not known here"),
    "opted_out": ("会员已关闭个性化优惠", "the member opted out of personal offers"),
}


def reason_text(reason: str, language: str) -> str:
    """Return a reason in words; one that is not known stays as it is."""
    zh, en = REASONS.get(reason, (reason, reason))
    return zh if language == "zh" else en
