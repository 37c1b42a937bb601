"""What is wrong with a price certificate, in words, by the flaw's key: zh first, en beside it."""

FLAWS: dict[str, tuple[str, str]] = {
    "lines_differ": (
        "凭证里的行与篮子不一致",
        "its lines are not those of its basket",
    ),
    "line_shelf": (
        "第 {line} 行原价写的是 {found} 分,应为 {expected}",
        "line {line}: the shelf price says {found} fen and should say {expected}",
    ),
    "line_sum": (
        "第 {line} 行实付写的是 {found} 分,原价减优惠是 {expected}",
        "line {line}: {found} fen net, but shelf less offers is {expected}",
    ),
    "line_above_shelf": (
        "第 {line} 行实付 {found} 分,高于原价 {expected} 或低于零",
        "line {line}: {found} fen net is above its shelf price {expected}, or below nothing",
    ),
    "sum_shelf": (
        "原价合计写的是 {found} 分,各行之和是 {expected}",
        "the shelf sum says {found} fen, the lines say {expected}",
    ),
    "sum_total": (
        "合计写的是 {found} 分,各行之和是 {expected}",
        "the total says {found} fen, the lines say {expected}",
    ),
    "sum_due": (
        "应付写的是 {found} 分,应为 {expected}",
        "the amount due says {found} fen and should say {expected}",
    ),
    "offer_sum": (
        "优惠 {rule} 写的是共减 {found} 分,各行之和是 {expected}",
        "offer {rule} says {found} fen off, its lines say {expected}",
    ),
    "offer_not_applied": (
        "行里有优惠 {rule},却没有列为已用",
        "offer {rule} stands on a line but is not among those applied",
    ),
    "bundle_other": (
        "不是这份规则包:凭证写的是 {expected},给的是 {found}",
        "another bundle: the certificate names {expected}, this one is {found}",
    ),
    "offer_unknown": ("优惠 {rule} 与这个篮子无关", "offer {rule} has nothing to do with it"),
    "offer_not_eligible": (
        "优惠 {rule} 这位顾客当时不能用({found})",
        "offer {rule} was not for this customer then ({found})",
    ),
    "offer_units": (
        "优惠 {rule} 拿的件数不可能(第 {line} 行)",
        "offer {rule} took units it cannot have (line {line})",
    ),
    "offer_gain": (
        "优惠 {rule} 写的是共减 {found} 分,按规则是 {expected}",
        "offer {rule} says {found} fen off, its rule gives {expected}",
    ),
    "offer_split": (
        "第 {line} 行优惠 {rule} 分摊了 {found} 分,应为 {expected}",
        "line {line}: {found} fen of offer {rule} and should be {expected}",
    ),
    "offer_cap": (
        "优惠 {rule} 写的是用了 {found} 次,应为 {expected}",
        "offer {rule} says {found} uses and should say {expected}",
    ),
    "exclusive_twice": (
        "互斥组 {rule} 里用了 {found} 条,只能一条",
        "{found} of the exclusive group {rule} are used, only one may be",
    ),
    "budget_over": (
        "活动 {rule} 用了 {found},只剩 {expected}",
        "campaign {rule}: {found} is used and {expected} was left",
    ),
    "coupon_off": (
        "券 {rule} 写的是减 {found} 分,按规则是 {expected}",
        "coupon {rule} says {found} fen off, its rule gives {expected}",
    ),
    "points_off": (
        "用了 {found} 积分,按规则是 {expected}",
        "{found} points are used, the rule gives {expected}",
    ),
    "result_hash": (
        "随小票走的摘要不符:写的是 {found},应为 {expected}",
        "the hash that travels with the sale says {found} and should say {expected}",
    ),
    "below_best": (
        "应付 {found} 分,低于按规则能有的最低价 {expected}",
        "{found} fen due is less than the least the rules allow, {expected}",
    ),
    "bundle_name": (
        "凭证写的规则包是 {found},这份是 {expected}",
        "the certificate says bundle {found}, this one is {expected}",
    ),
    "rule_name": (
        "优惠 {rule} 写的名称是「{found}」,规则里是「{expected}」",
        "offer {rule} is named {found}, its rule says {expected}",
    ),
    "gift_other": (
        "赠品 {rule} 写的是 {found},按规则是 {expected}",
        "gift {rule} says {found}, its rule gives {expected}",
    ),
    "reason_other": (
        "优惠 {rule} 没用上的原因写的是 {found},应为 {expected}",
        "why {rule} took nothing off says {found} and should say {expected}",
    ),
    "gap_other": (
        "写的差距是 {found} 分,与 {expected} 不符",
        "a gap of {found} fen does not go with {expected}",
    ),
}


def flaw_text(flaw: str, language: str, **fields: object) -> str:
    """Return a flaw in words."""
    zh, en = FLAWS.get(flaw, (flaw, flaw))
    return (zh if language == "zh" else en).format_map(fields)
