"""How rules are read out to people who write them, piece by piece: zh first, en beside it."""

PHRASES: dict[str, tuple[str, str]] = {
    # what a rule is about
    "every_article": ("全部商品", "every article"),
    "categories": ("“{names}”类商品", "articles of {names}"),
    "brands": ("“{names}”品牌的商品", "articles of the brand {names}"),
    "tags": ("带“{names}”标签的商品", "articles tagged {names}"),
    "skus": ("货号 {names} ", "article {names}"),
    "except": ("{items}(不含{excepted})", "{items} (but not {excepted})"),
    # what it gives
    "share": ("打 {tenths} 折", "{percent} % off"),
    "less": ("减 {amount}", "{amount} off"),
    "costs": ("卖 {amount}", "at {amount}"),
    "each": ("{items}每件{rebate}", "{items}: {rebate} each"),
    "listed": (
        "{n} 种商品按价目表卖,如 {example}",
        "{n} articles at listed prices, such as {example}",
    ),
    "listed_one": ("{sku} 卖 {amount}", "{sku} at {amount}"),
    "cheapest_free": (
        "{items}每 {need} 件,最便宜的 {free} 件免费",
        "{items}: of every {need}, the cheapest {free} free",
    ),
    "cheapest_share": (
        "{items}每 {need} 件,最便宜的 {free} 件{rebate}",
        "{items}: of every {need}, the cheapest {free} at {rebate}",
    ),
    "set": ("{items}任选 {need} 件{rebate}", "any {need} {items}: {rebate}"),
    "set_costs": ("{items}任选 {need} 件共 {amount}", "any {need} {items} for {amount}"),
    "together": ("{slots},一起{rebate}", "{slots}, together {rebate}"),
    "slot": ("{items} {need} 件", "{need} {items}"),
    "held": ("凭券:", "with a coupon: "),
    "automatic": ("自动:", "without a coupon: "),
    "off_total": ("{items}{threshold}{rebate}", "{items}: {rebate}{threshold}"),
    "from_sum": ("满 {amount} ", " from {amount}"),
    "every_sum": ("每满 {amount} ", " for every {amount}"),
    "at_most": ("(最多减 {amount})", " ({amount} at most)"),
    "gift": ("{bought}送 {sku} {units} 件", "{units} of {sku} free {bought}"),
    "bought_units": ("{items}{every}买 {n} 件", "for {every}{n} {items}"),
    "bought_sum": ("{items}{every}满 {amount} ", "for {every}{amount} of {items}"),
    "every": ("每", "every "),
    # who may have it, when and where, how often
    "tiers": ("档位:{names}", "tier: {names}"),
    "member_tags": ("会员带标签 {names} 之一", "members tagged {names}"),
    "valid_from": ("从 {moment} 起", "from {moment}"),
    "valid_until": ("到 {moment} 为止", "until {moment}"),
    "hours": ("{hours}", "{hours}"),
    "days": ("{days} {start}–{end}", "{days} {start}–{end}"),
    "next_day": ("次日 {end}", "{end} next day"),
    "stores": ("只在门店 {names}", "only in {names}"),
    "regions": ("只在大区 {names}", "only in the region {names}"),
    "channels": ("只在渠道 {names}", "only in the channel {names}"),
    "groups": ("客户组 {names}", "customer group {names}"),
    "tags_all": ("会员须带全部标签 {names}", "members with all of {names}"),
    "tags_none": ("会员不能带标签 {names}", "members without {names}"),
    "members_only": ("仅限会员", "members only"),
    "member_days_from": ("入会满 {n} 天", "members for {n} days or more"),
    "member_days_until": ("入会不满 {n} 天", "members for less than {n} days"),
    "birthday": ("生日前后 {n} 天内", "within {n} days of the birthday"),
    "basket_from": ("整单原价满 {amount}", "baskets from {amount}"),
    "stock_from": ("每种库存至少 {n} 件", "with at least {n} in stock"),
    "per_receipt": ("每单最多 {n} 次", "{n} a receipt at most"),
    "per_member": ("每位会员一共最多 {n} 次", "{n} a member at most"),
    "per_member_day": ("每位会员每天最多 {n} 次", "{n} a member and day at most"),
    "per_store_day": ("每店每天最多 {n} 次", "{n} a store and day at most"),
    "exclusive": ("与“{name}”里的其他规则只用一条", "one of the rules “{name}” only"),
    "campaign": ("从活动 {name} 的预算里出", "from the budget {name}"),
    "priority": ("优先级 {n}", "priority {n}"),
    "no_points": ("不能同时用积分", "not together with points"),
}
DAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)
EVERY_DAY = ("每天", "every day")
COMMA = ("、", ", ")
AND = (" + ", " + ")


def phrase(key: str, language: str, **fields: object) -> str:
    """Return a piece in one language; KeyError for one that nobody wrote."""
    return PHRASES[key][language == "en"].format_map(fields)
