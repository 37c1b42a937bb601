"""What English pages call rules, and what was given out under their names."""

import json

from retail_core.pricing.rules.bundle import parse_bundle

RULES = {
    "version": 1,
    "offers": [
        {"kind": "tier_price", "id": "gold", "name": "会员价", "name_en": "Gold price"}
        | {"permille": 950},
        {"kind": "tier_price", "id": "silver", "name": "会员价", "name_en": "Silver price"}
        | {"permille": 980},
        {"kind": "tier_price", "id": "plain", "name": "周末价", "permille": 990},
    ],
    "coupons": [
        {"kind": "threshold", "id": "ten", "name": "立减十元", "name_en": "Ten off"}
        | {"fen_off": 1000}
    ],
    "gifts": [
        {"id": "brush", "name": "送牙刷", "name_en": "A toothbrush", "sku": "B", "need": 2},
    ],
    "newcomer": {"name": "新客礼", "name_en": "Welcome gift", "sku": "CREAM"},
    "tasks": [
        {"kind": "checkin", "id": "sign", "name": "签到"}
        | {"reward": {"gift": {"sku": "CUP", "name": "马克杯", "name_en": "Mug"}}}
    ],
}


def test_a_rule_is_called_by_its_own_english_name_and_what_has_none_keeps_the_one_it_has() -> None:
    english = parse_bundle(json.dumps(RULES).encode()).english
    assert english.of("会员价", "gold") == "Gold price"
    assert english.of("会员价", "silver") == "Silver price"
    assert english.of("周末价", "plain") == "周末价"
    assert english.of("立减十元", "ten") == "Ten off"
    assert english.of("送牙刷", "brush") == "A toothbrush"


def test_a_gift_in_hand_is_found_by_the_name_it_was_given_under() -> None:
    english = parse_bundle(json.dumps(RULES).encode()).english
    assert (english.of("新客礼"), english.of("马克杯")) == ("Welcome gift", "Mug")
    assert english.of("去年的礼物") == "去年的礼物"
