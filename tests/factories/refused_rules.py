"""Rules that nobody can mean: one bundle for each refusal, by the name its golden words have."""

from typing import Any

from tests.factories.bundle_content import MIX, SET, SLOT, TIER

HOURS: dict[str, Any] = {"weekday": 0, "start": "08:00", "end": "10:00"}
GUESSED = ["爱买贵的", "爱比价"]
LIST: dict[str, Any] = {"kind": "price_list", "id": "l", "name": "团购价", "prices": {"A1": 100}}
TAG: dict[str, Any] = {
    "kind": "tag_price",
    "id": "g",
    "name": "学生价",
    "member_tags": ["学生"],
    "fen_off": 100,
}
WASH: dict[str, Any] = {"items": {"categories": ["洗发"]}}
CARE: dict[str, Any] = {"items": {"categories": ["护发"]}}
BUNDLE = {
    "kind": "slot_bundle",
    "id": "b",
    "name": "洗护套装",
    "price_fen": 9900,
    "slots": [WASH, CARE],
}
OFF20 = {"kind": "threshold", "id": "c", "name": "满100减20", "fen_off": 2000}
HALF: dict[str, Any] = {"kind": "percent", "id": "h", "name": "8折券", "permille": 800}
OPEN = HALF | {"id": "o", "automatic": True}
GIFT: dict[str, Any] = {"kind": "gift", "id": "f", "name": "小样", "sku": "S1", "need": 2}
BOTTOM, TOP = {"code": "standard"}, {"code": "gold", "spend_fen": 100_000}
SIGN: dict[str, Any] = {
    "kind": "checkin",
    "id": "s",
    "name": "签到",
    "every": "day",
    "reward": {"points": 5},
}
SPEND: dict[str, Any] = {
    "kind": "spend",
    "id": "p",
    "name": "消费",
    "fen": 100,
    "reward": {"points": 5},
}
ITEM: dict[str, Any] = {"id": "cup", "sku": "CUP", "name": "杯", "points": 10}
BACKWARD: dict[str, Any] = {"first_day": "2026-11-02", "last_day": "2026-11-01"}
TWO_TAGS = {"tags_all": ["a", "b", "c"], "tags_none": ["b", "c"]}


def _offer(offer: dict[str, Any]) -> dict[str, Any]:
    return {"offers": [offer]}


def _plan(*tiers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"growth": {"tiers": tiers or (BOTTOM, TOP)} | more}


def _brings(**privileges: Any) -> dict[str, Any]:
    return _plan(BOTTOM, TOP | {"privileges": privileges}) | {"coupons": [HALF, OPEN]}


OFFERS: dict[str, dict[str, Any]] = {
    "two ways off": TIER | {"fen_off": 1},
    "no way off": TIER | {"permille": None},
    "tiers nobody has": TIER | {"tiers": ["gold", "ruby", "jade"]},
    "no such campaign": MIX | {"campaign": "summer"},
    "excepts everything": MIX | {"except_items": {}},
    "excepts all it names": MIX | {"items": {"brands": ["B"]}, "except_items": {"brands": ["B"]}},
    "ends as it begins": MIX
    | {"when": {"valid_from": "2026-08-01T00:00:00", "valid_until": "2026-08-01T00:00:00"}},
    "member days": MIX | {"when": {"member_days_from": 30, "member_days_until": 30}},
    "no member days": MIX | {"when": {"member_days_until": 0}},
    "tags both ways": MIX | {"when": TWO_TAGS},
    "own tags excluded": MIX | {"member_tags": ["b", "c"], "when": {"tags_none": ["b", "c"]}},
    "a guess as a tag": TAG | {"member_tags": GUESSED},
    "a guess as a condition": MIX | {"when": {"tags_all": GUESSED[:1]}},
    "a guess excluded": MIX | {"when": {"tags_none": GUESSED[:1]}},
    "a tag price for all": TAG | {"member_tags": []},
    "hours twice told": SLOT | {"when": {"slots": [HOURS]}},
    "an empty hour": SLOT | {"slots": [HOURS | {"end": "08:00"}]},
    "no hour at all": SLOT | {"slots": [HOURS | {"end": "10:00\n"}]},
    "hours overlap": SLOT | {"slots": [HOURS, HOURS | {"start": "09:59", "end": "11:00"}]},
    "condition hours overlap": MIX | {"when": {"slots": [HOURS, HOURS]}},
    "a list with items": LIST | {"items": {"skus": ["A1"]}},
    "a list with nothing": LIST | {"except_items": {"skus": ["A1", "A2"]}},
    "all free": MIX | {"free": 3},
    "a set with items": BUNDLE | {"items": {"skus": ["A1"]}},
    "a slot with nothing": BUNDLE | {"except_items": {"categories": ["护发"]}},
    "a set too large": BUNDLE | {"slots": [WASH | {"need": 100}, CARE]},
}
WHOLE: dict[str, dict[str, Any]] = {
    "an id twice": {"offers": [SET, SET]},
    "a coupon's id twice": {"coupons": [HALF], "gifts": [GIFT | {"id": "h"}]},
    "a campaign twice": {"campaigns": [{"id": "k"}, {"id": "k"}]},
    "points for no tier": {"earn": {"id": "e", "fen_per_point": 100, "tier_permille": {"ruby": 2}}},
    "repeats nothing": {"coupons": [OFF20 | {"repeat": True}]},
    "stock of a receipt": {"coupons": [HALF | {"when": {"stock_from": 1}}]},
    "a gift for nothing": {"gifts": [GIFT | {"need": 0}]},
    "a gift asked twice": {"gifts": [GIFT | {"threshold_fen": 1}]},
    "an exclusive gift": {"gifts": [GIFT | {"exclusive": "x"}]},
    "a gift of a campaign": {"campaigns": [{"id": "k"}], "gifts": [GIFT | {"campaign": "k"}]},
    "restricted nowhere": {"restrictions": [{"off": ["x"]}]},
    "restricts nothing": {"restrictions": [{"stores": ["S1"]}]},
    "restricts the unknown": {
        "restrictions": [{"regions": ["R1"], "off": ["z", "y"], "per_receipt": {"w": 1}}]
    },
    "a welcome of nothing": {"newcomer": {"name": "n"}},
    "a welcome of two": {"coupons": [HALF], "newcomer": {"coupon": "h", "sku": "S", "name": "n"}},
    "no such welcome": {"newcomer": {"name": "n", "coupon": "none"}},
    "a welcome all have": {"coupons": [OPEN], "newcomer": {"name": "n", "coupon": "o"}},
}
GROWN: dict[str, dict[str, Any]] = {
    "a tier twice": _plan(BOTTOM, TOP, TOP),
    "a gift's id twice": _plan(gifts=[{"id": "t", "sku": "S", "name": "试用"}] * 2),
    "an English name of no tier": _plan(BOTTOM, TOP) | {"tier_names_en": {"ruby": "Ruby"}},
    "tiers nobody named": _plan(BOTTOM, TOP, TOP | {"code": "ruby"}, TOP | {"code": "jade"}),
    "a tier left out": _plan(BOTTOM),
    "tiers out of order": _plan(TOP, BOTTOM),
    "the lowest asks": _plan(BOTTOM | {"spend_fen": 1}, TOP),
    "the lowest asks visits": _plan(BOTTOM | {"visits": 1}, TOP),
    "a tier for nothing": _plan(BOTTOM, {"code": "gold"}),
    "a lower higher tier": _plan(BOTTOM, TOP, {"code": "ruby", "spend_fen": 99_999})
    | {"tier_names": {"standard": "普通", "gold": "金卡", "ruby": "红宝石"}},
    "fewer visits above": _plan(
        BOTTOM, TOP | {"visits": 5}, {"code": "ruby", "spend_fen": 100_000, "visits": 4}
    )
    | {"tier_names": {"standard": "普通", "gold": "金卡", "ruby": "红宝石"}},
    "an unknown welcome": _brings(welcome=["none", "nil"]),
    "an automatic monthly": _brings(monthly=["o"]),
    "an unknown birthday": _brings(birthday=["none"]),
    "a coupon on trial": _brings(trial=["h"]),
    "a welcome twice": _brings(welcome=["h", "h"]),
    "a birthday twice": _brings(birthday=["h", "h"]),
}
TASKS: dict[str, dict[str, Any]] = {
    "a task twice": {"tasks": [SIGN, SIGN]},
    "a task for nothing": {"tasks": [SIGN | {"reward": {}}]},
    "a task's unknown coupon": {"tasks": [SIGN | {"reward": {"coupon": "none"}}]},
    "a task backward": {"tasks": [SIGN | BACKWARD]},
    "a streak of one": {
        "tasks": [SIGN | {"every": "once", "streak": 3, "streak_reward": {"points": 1}}]
    },
    "a streak for nothing": {"tasks": [SIGN | {"streak": 3}]},
    "no streak for something": {"tasks": [SIGN | {"streak_reward": {"points": 1}}]},
    "spend nothing": {"tasks": [SPEND | {"fen": 0}]},
    "an article twice": {"mall": {"items": [ITEM, ITEM]}},
    "an article backward": {"mall": {"items": [ITEM | BACKWARD]}},
    "an invitation for nothing": {"referral": {"inviter": {}}},
    "an invitation backward": {"referral": {"inviter": {"points": 1}} | BACKWARD},
    "a friend's unknown coupon": {
        "referral": {"inviter": {"points": 1}, "friend": {"coupon": "none"}}
    },
}
REFUSED: dict[str, dict[str, Any]] = {
    **{name: _offer(offer) for name, offer in OFFERS.items()},
    **WHOLE,
    **GROWN,
    **TASKS,
}
