"""What a bundle may not say, and how the refusal names the rule, the field and what to do."""

from typing import Any

import pytest

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import (
    parse_bundle,
)
from retail_core.texts.faults import FaultCode
from tests.factories.bundle_content import MIX, SET, SLOT, TIER, content, refusal


@pytest.mark.parametrize(
    ("raw", "owner", "reason"),
    [
        (b"", "bundle", "input data was truncated"),
        (b"not json", "bundle", "JSON is malformed: "),
        (b"[]", "bundle", "expected `object`, got `array`"),
        (content() + b"x", "bundle", "JSON is malformed: trailing"),
        (b'{"chain":"\xff"}', "bundle", "it is not UTF-8 text"),
        (b'{"version":1,"version":2}', "bundle", "the field version is there twice"),
        (content(TIER | {"permile": 900}), "t", "object contains unknown field `permile`"),
        (content(MIX, TIER | {"kind": "gift"}), "t", "kind: invalid value 'gift'"),
        (content(TIER | {"permille": "900"}), "t", "permille: expected `int | null`, got `str`"),
        (content(TIER | {"permille": 900.5}), "t", "permille: expected `int | null`, got `float`"),
        (content(TIER | {"id": 3}), "bundle", "offers[0].id: expected `str`"),
        (content(TIER | {"items": {"sku": ["A"]}}), "t", "items: object contains unknown field"),
        (
            content(SLOT | {"slots": [{"weekday": 0, "start": "08:00", "end": "10:00", "x": 1}]}),
            "s",
            "slots[0]: object contains unknown field `x`",
        ),
        (
            content({key: TIER[key] for key in ("kind", "id", "permille")}),
            "t",
            "object missing required field `name`",
        ),
        (content(surprise=1), "bundle", "object contains unknown field `surprise`"),
        (
            content(earn={"id": "e", "fen_per_point": 100, "x": 1}),
            "e",
            "object contains unknown field `x`",
        ),
        (content(valid_from="2026-08-01T00:00:00Z"), "bundle", "valid_from: expected `datetime`"),
        (content(valid_from="1 August"), "bundle", "valid_from: invalid RFC3339 encoded datetime"),
        (content(TIER | {"items": {"skus": [""]}}), "t", "items.skus[0]: expected `str` of length"),
        (content(TIER | {"when": {"slots": [{}]}}), "t", "when.slots[0]: object missing required"),
    ],
)
def test_what_is_no_bundle_is_refused_whole(raw: bytes, owner: str, reason: str) -> None:
    offer, said = refusal(raw)
    assert (offer, said[: len(reason)]) == (owner, reason)


def test_a_bundle_from_the_future_says_so() -> None:
    with pytest.raises(Fault) as refused:
        parse_bundle(content(format=2, surprise=1))
    assert refused.value.code == FaultCode.BUNDLE_FORMAT
    assert refused.value.fields == {"format": 2, "known": 1}


def test_a_bundle_nested_without_end_is_refused() -> None:
    owner, reason = refusal(b'{"x":' + b"[" * 200_000)
    assert (owner, reason) == ("bundle", "object contains unknown field `x`")


def test_a_bundle_has_a_size() -> None:
    padded = content() + b" " * limits.BUNDLE_BYTES_MAX
    assert refusal(padded) == ("bundle", "it is larger than 16 MB")


HOURS = {"weekday": 0, "start": "08:00", "end": "10:00"}
NIGHT = {"weekday": 6, "start": "22:00", "end": "06:00"}
PART = {"items": {"categories": ["洗发"]}}
BUNDLE = {
    "kind": "slot_bundle",
    "id": "b",
    "name": "洗护套装",
    "price_fen": 9900,
    "slots": [PART, {"items": {"categories": ["护发"]}}],
}
LIST = {"kind": "price_list", "id": "l", "name": "团购价", "prices": {"A1": 100}}
TAG = {"kind": "tag_price", "id": "g", "name": "学生价", "member_tags": ["学生"], "fen_off": 100}
PERCENT = {"kind": "set_percent", "id": "sp", "name": "3件8折", "need": 3, "permille": 800}
AMOUNT = {"kind": "set_amount", "id": "sa", "name": "2件减10", "need": 2, "fen_off": 1000}


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        (TIER | {"permille": 0}, "permille: expected `int` >= 1"),
        (TIER | {"permille": 1000}, "permille: expected `int` <= 999"),
        (SLOT | {"permille": 0}, "permille: expected `int` >= 1"),
        (TIER | {"fen_off": 1}, "permille: give exactly one of"),
        (TIER | {"permille": None}, "permille: give exactly one of"),
        (TIER | {"permille": None, "fen_off": 0}, "fen_off: expected `int` >= 1"),
        (TIER | {"permille": None, "price_fen": -1}, "price_fen: expected `int` >= 0"),
        (
            TIER | {"tiers": ["gold", "ruby", "jade"]},
            "tiers: not in tier_names: jade, ruby; add them there or take them out",
        ),
        (MIX | {"tiers": ["ruby"]}, "tiers: not in tier_names: ruby"),
        (SLOT | {"slots": []}, "slots: expected `array` of length >= 1"),
        (SLOT | {"slots": [HOURS | {"weekday": 7}]}, "slots[0].weekday: expected `int` <= 6"),
        (SLOT | {"slots": [HOURS | {"start": "8:00"}]}, "slots[0].start: expected `str` matching"),
        (SLOT | {"slots": [HOURS | {"start": "24:00"}]}, "slots[0].start: expected `str` matching"),
        (SLOT | {"slots": [HOURS | {"end": "08:00"}]}, "slots[0]: the slot is empty"),
        (SLOT | {"slots": [HOURS | {"end": "10:00\n"}]}, "slots[0]: not a time of day"),
        (
            SLOT | {"slots": [HOURS, HOURS | {"start": "09:59", "end": "11:00"}]},
            "slots[1]: it overlaps slots[0]",
        ),
        (SLOT | {"slots": [HOURS | {"end": "02:00"}, NIGHT, HOURS]}, "slots[2]: it overlaps"),
        (
            SLOT | {"slots": [NIGHT, HOURS | {"start": "05:59"}]},
            "slots[1]: it overlaps slots[0]",
        ),
        (MIX | {"when": {"slots": [HOURS, HOURS]}}, "when.slots[1]: it overlaps when.slots[0]"),
        (SLOT | {"when": {"slots": [HOURS]}}, "when.slots: a time slot price has its hours"),
        (MIX | {"need": 1}, "need: expected `int` >= 2"),
        (MIX | {"need": 101}, "need: expected `int` <= 100"),
        (SET | {"need": 1}, "need: expected `int` >= 2"),
        (SET | {"need": 101}, "need: expected `int` <= 100"),
        (MIX | {"free": 0}, "free: expected `int` >= 1"),
        (MIX | {"free": 3}, "free: it must lie between 1 and need - 1 (2)"),
        (MIX | {"permille": 1000}, "permille: expected `int` <= 999"),
        (SET | {"price_fen": -1}, "price_fen: expected `int` >= 0"),
        (SET | {"price_fen": limits.AMOUNT_FEN_MAX + 1}, "price_fen: expected `int` <= 1000000"),
        (SET | {"price_fen": 10**40}, "price_fen: expected `int` <= 1000000"),
        (PERCENT | {"permille": 0}, "permille: expected `int` >= 1"),
        (AMOUNT | {"fen_off": 0}, "fen_off: expected `int` >= 1"),
        (TIER | {"name": ""}, "name: expected `str` of length >= 1"),
        (TIER | {"name": "x" * 201}, "name: expected `str` of length <= 200"),
        (TIER | {"id": "x" * 65}, "id: expected `str` of length <= 64"),
        (TAG | {"member_tags": []}, "member_tags: a tag price needs the tags it is for"),
        (TAG | {"member_tags": ["爱买贵的"]}, "member_tags: 爱买贵的 is a guess about a person"),
        (MIX | {"when": {"tags_all": ["爱买贵的"]}}, "member_tags: 爱买贵的 is a guess"),
        (MIX | {"when": {"tags_none": ["爱买贵的"]}}, "member_tags: 爱买贵的 is a guess"),
        (LIST | {"prices": {}}, "prices: expected `object` of length >= 1"),
        (LIST | {"prices": {"A1": -1}}, "prices[...]: expected `int` >= 0"),
        (LIST | {"prices": {"": 1}}, "prices.*: expected `str` of length >= 1"),
        (LIST | {"items": {"skus": ["A1"]}}, "items: a price list names its articles in prices"),
        (LIST | {"except_items": {"skus": ["A1", "A2"]}}, "except_items: all that prices names"),
        (BUNDLE | {"slots": [PART]}, "slots: expected `array` of length >= 2"),
        (BUNDLE | {"slots": [PART] * 9}, "slots: expected `array` of length <= 8"),
        (BUNDLE | {"items": {"skus": ["A1"]}}, "items: a bundle names its articles in slots"),
        (BUNDLE | {"slots": [PART | {"need": 100}, PART]}, "slots: a bundle may have at most 100"),
        (BUNDLE | {"slots": [PART | {"need": 0}, PART]}, "slots[0].need: expected `int` >= 1"),
        (
            BUNDLE | {"except_items": {"categories": ["护发"], "skus": ["A"]}},
            "slots[1].items: all that it names is in except_items",
        ),
        (BUNDLE | {"permille": 900}, "permille: give exactly one of"),
        (MIX | {"except_items": {}}, "except_items: it names nothing"),
        (
            MIX | {"items": {"brands": ["B"]}, "except_items": {"brands": ["B", "C"]}},
            "except_items: all that items names is excepted",
        ),
        (MIX | {"campaign": "summer"}, "campaign: no campaign is called summer"),
        (
            MIX | {"when": {"valid_from": "2026-08-01T00:00:00", "valid_until": "2026-08-01"}},
            "when.valid_until: invalid RFC3339 encoded datetime",
        ),
        (
            MIX
            | {
                "when": {
                    "valid_from": "2026-08-01T00:00:00",
                    "valid_until": "2026-08-01T00:00:00",
                }
            },
            "when.valid_until: it must be later than valid_from",
        ),
        (
            MIX | {"when": {"member_days_from": 30, "member_days_until": 30}},
            "when.member_days_until: it must be more than member_days_from",
        ),
        (
            MIX | {"when": {"member_days_until": 0}},
            "when.member_days_until: it must be more than member_days_from",
        ),
        (MIX | {"when": {"member_days_from": -1}}, "when.member_days_from: expected `int` >= 0"),
        (MIX | {"when": {"birthday_within_days": 183}}, "when.birthday_within_days: expected"),
        (MIX | {"when": {"stock_from": 0}}, "when.stock_from: expected `int` >= 1"),
        (MIX | {"when": {"basket_shelf_from_fen": -1}}, "when.basket_shelf_from_fen: expected"),
        (
            MIX | {"when": {"tags_all": ["a", "b"], "tags_none": ["b"]}},
            "when.tags_none: b is asked for and excluded at once",
        ),
        (
            MIX | {"member_tags": ["a", "b"], "when": {"tags_none": ["a", "b", "c"]}},
            "when.tags_none: a, b is asked for and excluded at once",
        ),
        (MIX | {"caps": {"per_receipt": 0}}, "caps.per_receipt: expected `int` >= 1"),
        (MIX | {"priority": 10**12}, "priority: expected `int` <= 1000000000"),
    ],
)
def test_offers_that_mean_nothing_are_refused(offer: dict[str, Any], reason: str) -> None:
    sound = MIX | {"id": "sound"}
    owner, said = refusal(content(sound, offer, inferred_tags=["爱买贵的"]))
    assert (owner, said[: len(reason)]) == (offer["id"], reason)


def test_every_refusal_of_hours_is_said_in_chinese() -> None:
    for end, zh in (
        ("08:00", "时段为空,全天请写 00:00 到 24:00"),
        ("10:00\n", "不是钟点,请写 HH:MM"),
    ):
        with pytest.raises(Fault) as refused:
            parse_bundle(content(SLOT | {"slots": [HOURS | {"end": end}]}))
        assert refused.value.text("zh") == f"优惠 s 不对:slots[0]:{zh}"


OFF20 = {
    "kind": "threshold",
    "id": "c",
    "name": "满100减20",
    "threshold_fen": 10000,
    "fen_off": 2000,
}
HALF = {"kind": "percent", "id": "h", "name": "8折券", "permille": 800}
GIFT = {"kind": "gift", "id": "f", "name": "小样", "sku": "S1", "need": 2}


@pytest.mark.parametrize(
    ("fields", "owner", "reason"),
    [
        ({"coupons": [OFF20 | {"fen_off": 0}]}, "c", "fen_off: expected `int` >= 1"),
        (
            {"coupons": [OFF20 | {"threshold_fen": 0, "repeat": True}]},
            "c",
            "repeat: it needs a threshold_fen to repeat",
        ),
        ({"coupons": [HALF | {"permille": 1000}]}, "h", "permille: expected `int` <= 999"),
        ({"coupons": [HALF | {"max_off_fen": 0}]}, "h", "max_off_fen: expected `int` >= 1"),
        (
            {"coupons": [HALF | {"when": {"stock_from": 1}}]},
            "h",
            "when.stock_from: the whole receipt counts",
        ),
        ({"coupons": [HALF], "gifts": [GIFT | {"id": "h"}]}, "h", "id: the id is used more than"),
        (
            {"coupons": [HALF], "points": {"id": "h"}},
            "h",
            "id: the id is used more than once",
        ),
        ({"gifts": [GIFT | {"need": 0}]}, "f", "need: give exactly one of need and threshold_fen"),
        ({"gifts": [GIFT | {"threshold_fen": 1}]}, "f", "need: give exactly one of need and"),
        ({"gifts": [GIFT | {"exclusive": "x"}]}, "f", "exclusive: gifts do not take part in it"),
        ({"gifts": [GIFT | {"sku": ""}]}, "f", "sku: expected `str` of length >= 1"),
        ({"points": {"id": "p", "step": 0}}, "p", "step: expected `int` >= 1"),
        ({"points": {"id": "p", "max_permille": 1001}}, "p", "max_permille: expected `int` <="),
        ({"points": {"id": "p", "fen_per_point": 0}}, "p", "fen_per_point: expected `int` >= 1"),
        ({"campaigns": [{"id": "k", "budget_fen": 0}]}, "k", "budget_fen: expected `int` >= 1"),
        ({"campaigns": [{"id": "k"}, {"id": "k"}]}, "k", "id: the id is used more than once"),
        (
            {"restrictions": [{"off": ["x"]}]},
            "bundle",
            "restrictions[0]: it applies nowhere; name stores or regions",
        ),
        (
            {"restrictions": [{"stores": ["S1"]}]},
            "bundle",
            "restrictions[0]: it takes nothing away",
        ),
        (
            {"restrictions": [{"stores": ["S1"], "off": ["z", "y"], "per_receipt": {"w": 1}}]},
            "bundle",
            "restrictions[0]: no offer, coupon or gift is called w, y, z",
        ),
        (
            {"restrictions": [{"stores": ["S1"], "per_receipt": {"w": 0}}]},
            "bundle",
            "restrictions[0].per_receipt[...]: expected `int` >= 1",
        ),
    ],
)
def test_rules_that_mean_nothing_are_refused(
    fields: dict[str, Any], owner: str, reason: str
) -> None:
    found, said = refusal(content(**fields))
    assert (found, said[: len(reason)]) == (owner, reason)
