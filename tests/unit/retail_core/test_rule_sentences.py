"""Rules in sentences: each kind, each condition, in both languages."""

from string import Formatter
from typing import Any

import pytest

from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.offers import OfferBase
from retail_core.pricing.wording.sentences import said, share
from retail_core.texts.rule_phrases import DAYS, PHRASES, phrase
from tests.factories.bundle_content import content

ZH = {"standard": "普通", "gold": "金卡"}
EN = {"standard": "Member", "gold": "Gold"}
BASE = {"id": "r", "name": "n"}
TIER = BASE | {"kind": "tier_price", "permille": 950}
SKIN = {"items": {"categories": ["护肤"]}}
DAY = [{"weekday": day, "start": "08:00", "end": "10:00"} for day in range(7)]


def read(rule: dict[str, Any]) -> OfferBase:
    kind = rule["kind"]
    group = {"threshold": "coupons", "percent": "coupons", "gift": "gifts"}.get(kind, "offers")
    rules = {"offers": [], group: [rule]}
    bundle = parse_bundle(content(campaigns=[{"id": "b"}], **rules))
    return (*bundle.offers, *bundle.coupons, *bundle.gifts)[0]


GIVES: list[tuple[dict[str, Any], str, str]] = [
    (TIER, "全部商品每件打 9.5 折", "every article: 5 % off each"),
    (
        TIER | {"permille": None, "fen_off": 150} | SKIN,
        "“护肤”类商品每件减 ¥1.50",
        "articles of 护肤: ¥1.50 off each",
    ),
    (
        TIER | {"permille": None, "price_fen": 0, "items": {"skus": ["B", "A"]}},
        "货号 A、B 每件卖 ¥0.00",
        "article A, B: at ¥0.00 each",
    ),
    (
        TIER | {"items": {"brands": ["花"], "tags": ["油"]}, "except_items": {"skus": ["A"]}},
        "“花”品牌的商品、带“油”标签的商品(不含货号 A )每件打 9.5 折",
        "articles of the brand 花, articles tagged 油 (but not article A): 5 % off each",
    ),
    (
        BASE | {"kind": "price_list", "prices": {"B": 200, "A": 4500}},
        "2 种商品按价目表卖,如 A 卖 ¥45.00",
        "2 articles at listed prices, such as A at ¥45.00",
    ),
    (
        BASE | {"kind": "mix_and_match", "need": 3, "free": 2},
        "全部商品每 3 件,最便宜的 2 件免费",
        "every article: of every 3, the cheapest 2 free",
    ),
    (
        BASE | {"kind": "mix_and_match", "need": 2, "permille": 500},
        "全部商品每 2 件,最便宜的 1 件打 5 折",
        "every article: of every 2, the cheapest 1 at 50 % off",
    ),
    (
        BASE | {"kind": "set_price", "need": 2, "price_fen": 9900} | SKIN,
        "“护肤”类商品任选 2 件共 ¥99.00",
        "any 2 articles of 护肤 for ¥99.00",
    ),
    (
        BASE | {"kind": "set_percent", "need": 3, "permille": 855} | SKIN,
        "“护肤”类商品任选 3 件打 8.55 折",
        "any 3 articles of 护肤: 14.5 % off",
    ),
    (
        BASE | {"kind": "set_amount", "need": 2, "fen_off": 500} | SKIN,
        "“护肤”类商品任选 2 件减 ¥5.00",
        "any 2 articles of 护肤: ¥5.00 off",
    ),
    (
        BASE
        | {"kind": "slot_bundle", "price_fen": 9900}
        | {"slots": [{"items": {"tags": ["洗发"]}}, {"items": {"tags": ["护发"]}, "need": 2}]},
        "带“洗发”标签的商品 1 件 + 带“护发”标签的商品 2 件,一起卖 ¥99.00",
        "1 articles tagged 洗发 + 2 articles tagged 护发, together at ¥99.00",
    ),
    (
        BASE | {"kind": "threshold", "fen_off": 1500, "threshold_fen": 10_000, "automatic": True},
        "自动:全部商品满 ¥100.00 减 ¥15.00",
        "without a coupon: every article: ¥15.00 off from ¥100.00",
    ),
    (
        BASE | {"kind": "threshold", "fen_off": 5, "threshold_fen": 100, "repeat": True},
        "凭券:全部商品每满 ¥1.00 减 ¥0.05",
        "with a coupon: every article: ¥0.05 off for every ¥1.00",
    ),
    (
        BASE | {"kind": "percent", "permille": 900} | SKIN,
        "凭券:“护肤”类商品打 9 折",
        "with a coupon: articles of 护肤: 10 % off",
    ),
    (
        BASE | {"kind": "percent", "permille": 999, "max_off_fen": 5_000, "threshold_fen": 200},
        "凭券:全部商品满 ¥2.00 打 9.99 折(最多减 ¥50.00)",
        "with a coupon: every article: 0.1 % off (¥50.00 at most) from ¥2.00",
    ),
    (
        BASE | {"kind": "gift", "sku": "S", "need": 2} | SKIN,
        "“护肤”类商品买 2 件送 S 1 件",
        "1 of S free for 2 articles of 护肤",
    ),
    (
        BASE | {"kind": "gift", "sku": "S", "units": 3, "threshold_fen": 9900, "repeat": True},
        "全部商品每满 ¥99.00 送 S 3 件",
        "3 of S free for every ¥99.00 of every article",
    ),
]

TERMS: list[tuple[dict[str, Any], str, str]] = [
    ({"tiers": ["gold", "standard"]}, "档位:普通、金卡", "tier: Member, Gold"),
    ({"member_tags": ["b", "a"]}, "会员带标签 a、b 之一", "members tagged a, b"),
    ({"when": {"valid_from": "2026-07-01T00:00:00"}}, "从 2026-07-01 起", "from 2026-07-01"),
    (
        {"when": {"valid_until": "2026-07-01T09:30:00"}},
        "到 2026-07-01 09:30 为止",
        "until 2026-07-01 09:30",
    ),
    ({"when": {"slots": DAY}}, "每天 08:00–10:00", "every day 08:00–10:00"),
    (
        {"when": {"slots": [DAY[6], DAY[1], {"weekday": 4, "start": "21:00", "end": "02:00"}]}},
        "周二、周日 08:00–10:00、周五 21:00–次日 02:00",
        "Tue, Sun 08:00–10:00, Fri 21:00–02:00 next day",
    ),
    ({"when": {"stores": ["乙", "甲"]}}, "只在门店 乙、甲", "only in 乙, 甲"),
    ({"when": {"regions": ["东"]}}, "只在大区 东", "only in the region 东"),
    ({"when": {"channels": ["web"]}}, "只在渠道 web", "only in the channel web"),
    ({"when": {"groups": ["g"]}}, "客户组 g", "customer group g"),
    ({"when": {"tags_all": ["a"]}}, "会员须带全部标签 a", "members with all of a"),
    ({"when": {"tags_none": ["a"]}}, "会员不能带标签 a", "members without a"),
    ({"when": {"members_only": True}}, "仅限会员", "members only"),
    ({"when": {"member_days_from": 0}}, "入会满 0 天", "members for 0 days or more"),
    ({"when": {"member_days_until": 30}}, "入会不满 30 天", "members for less than 30 days"),
    ({"when": {"birthday_within_days": 0}}, "生日前后 0 天内", "within 0 days of the birthday"),
    ({"when": {"basket_shelf_from_fen": 9900}}, "整单原价满 ¥99.00", "baskets from ¥99.00"),
    ({"when": {"stock_from": 3}}, "每种库存至少 3 件", "with at least 3 in stock"),
    ({"caps": {"per_receipt": 1}}, "每单最多 1 次", "1 a receipt at most"),
    ({"caps": {"per_member": 1}}, "每位会员一共最多 1 次", "1 a member at most"),
    ({"caps": {"per_member_day": 1}}, "每位会员每天最多 1 次", "1 a member and day at most"),
    ({"caps": {"per_store_day": 1}}, "每店每天最多 1 次", "1 a store and day at most"),
    ({"exclusive": "x"}, "与“x”里的其他规则只用一条", "one of the rules “x” only"),
    ({"campaign": "b"}, "从活动 b 的预算里出", "from the budget b"),
    ({"priority": -2}, "优先级 -2", "priority -2"),
]


@pytest.mark.parametrize(("rule", "zh", "en"), GIVES)
def test_what_a_rule_gives(rule: dict[str, Any], zh: str, en: str) -> None:
    plain = {name: value for name, value in rule.items() if value is not None}
    found = read(plain)
    assert (said(found, ZH, "zh").gives, said(found, EN, "en").gives) == (zh, en)


@pytest.mark.parametrize(("more", "zh", "en"), TERMS)
def test_each_condition(more: dict[str, Any], zh: str, en: str) -> None:
    rule = read(TIER | more)
    assert (said(rule, ZH, "zh").terms, said(rule, EN, "en").terms) == ((zh,), (en,))


def test_conditions_stand_in_the_order_of_the_question_who_when_where_how_often() -> None:
    every: dict[str, Any] = {}
    for more, _, _ in TERMS:
        for name, value in more.items():
            every[name] = (
                every[name] | value if isinstance(value, dict) and name in every else value
            )
    every["when"] |= {"tags_all": ["c"], "slots": TERMS[5][0]["when"]["slots"]}
    every["when"] |= {"valid_until": "2026-08-01T00:00:00"}
    found = said(read(TIER | every), ZH, "zh").terms
    wanted = [zh for more, zh, _ in TERMS if more not in (TERMS[4][0], TERMS[3][0])]
    wanted.insert(3, "到 2026-08-01 为止")
    assert list(found) == [one.replace("全部标签 a", "全部标签 c") for one in wanted]


def test_the_hours_of_a_time_price_and_a_coupon_without_points_are_conditions() -> None:
    slot = read(TIER | {"kind": "time_slot_price", "slots": DAY[:1]})
    assert said(slot, ZH, "zh").terms == ("周一 08:00–10:00",)
    coupon = read(BASE | {"kind": "threshold", "fen_off": 1, "with_points": False})
    assert said(coupon, ZH, "zh").terms == ("不能同时用积分",)
    assert said(coupon, EN, "en").gives == "with a coupon: every article: ¥0.01 off"


@pytest.mark.parametrize(
    ("permille", "zh", "en"),
    [(1, "打 0.01 折", "99.9 % off"), (100, "打 1 折", "90 % off"), (990, "打 9.9 折", "1 % off")],
)
def test_a_share_has_no_needless_zeros(permille: int, zh: str, en: str) -> None:
    assert (share(permille, "zh"), share(permille, "en")) == (zh, en)


@pytest.mark.parametrize("key", PHRASES)
def test_no_phrase_lacks_a_field_in_one_language(key: str) -> None:
    zh, en = PHRASES[key]
    fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (zh, en)]
    if key != "share":
        assert fields[0] == fields[1]
    assert len(DAYS) == 7
    with pytest.raises(KeyError):
        phrase("no such phrase", "zh")
