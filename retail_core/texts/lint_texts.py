"""What the linter of rule bundles says, by the finding's key: zh first, en beside it."""

LINTS: dict[str, tuple[str, str]] = {
    "never_holds": ("{rules} 永远用不上:{why}", "{rules} can never be used: {why}"),
    "names_no_article": (
        "{rules} 没有点到商品表里的任何商品",
        "{rules} names no article of the catalogue",
    ),
    "dominated": (
        "{first} 总被 {others} 盖过:那条谁都能用,省得不少于它",
        "{first} is outdone by {others}, open to the same customers and saving no less",
    ),
    "always_loses": (
        "{rules} 在为它做的每个篮子里都输给 {winners}",
        "{rules} loses to {winners} in every basket made for it",
    ),
    "never_saves": (
        "{rules} 在为它做的每个篮子里都省不了钱",
        "{rules} saves nothing in any basket made for it",
    ),
    "not_tried": (
        "{rules} 没能试到({reasons})",
        "{rules} could not be tried ({reasons})",
    ),
    "under_cost": (
        "亏本:这个篮子成本 {cost},应付只有 {due}({rules})",
        "under cost: this basket costs {cost} and {due} is due ({rules})",
    ),
    "stacking": (
        "叠加过头:这个篮子便宜了 {off},上限 {cap}({rules})",
        "stacks too high: {off} off this basket, the cap is {cap} ({rules})",
    ),
    "tie": (
        "{rules} 省得一样多、优先级也一样,由编号决定用哪条",
        "{rules} take off the same at the same priority: only their ids decide",
    ),
    "threshold": (
        "{rules} 的门槛 {bar} 偏低:{share} 的小票刚好过线(多不到 5%),不用多买就能得",
        "{rules}: {share} of past receipts pass its threshold {bar} by less than 5 % as it is",
    ),
    "idle_campaign": (
        "活动 {campaign} 没有规则用:它的预算什么也不限制",
        "no rule uses the campaign {campaign}: its budget limits nothing",
    ),
    "lone_exclusive": (
        "互斥名 {exclusive} 只有 {rules} 用:它不和任何规则互斥",
        "only {rules} has the exclusive name {exclusive}: it excludes no other rule",
    ),
}
WHYS: dict[str, tuple[str, str]] = {
    "over_before_bundle": ("规则包生效前就结束了", "it is over before the bundle begins"),
    "no_slot_in_window": ("起止日期里没有它的时段", "none of its hours lie between its dates"),
    "restricted_everywhere": (
        "它的门店或大区都不参加",
        "all its stores or regions are restricted from it",
    ),
    "no_days_of_membership": ("入会天数上限是 0", "its days of membership end at 0"),
    "campaign_is_empty": ("它的活动没有预算", "its campaign has no budget"),
    "excepts_all_it_names": ("点到的商品又全部排除了", "it excepts everything it names"),
}
SEVERITIES: dict[str, tuple[str, str]] = {
    "error": ("错误", "error"),
    "warning": ("注意", "warning"),
    "info": ("提示", "info"),
}


def lint_text(kind: str, language: str, **fields: object) -> str:
    """Return a finding in words."""
    zh, en = LINTS.get(kind, (kind, kind))
    return (zh if language == "zh" else en).format_map(fields)
