"""Every state of the till screen as the events that lead to it."""

from typing import Any

from edge_agent.drivers.qr.draw import drawn

Event = dict[str, Any]
MEMBER_ID = "01890000-0000-7000-8000-0000000000aa"
DAY_MS = 86_400_000
NOW_MS = 1_785_470_400_000


def health(**changes: Any) -> Event:
    """The box when all is well."""
    devices = dict.fromkeys(("camera", "face", "qr", "nfc", "till_tap", "cloud"), "ok")
    facts: Event = {
        "type": "health",
        "state": "ok",
        "can_sell": True,
        "reasons": [],
        "store_name": "上海徐汇店",
        "devices": devices | changes.pop("devices", {}),
        "cloud_seen_ms": None,
        "outbox_depth": 0,
        "lanes": [{"id": "1", "name": ""}],
    }
    return facts | changes


STANDING: Event = {
    "tier_name": "金卡",
    "tier_name_en": "Gold",
    "since": 20260301,
    "until": 20270228,
    "counted_from": 20260301,
    "spend_fen": 296_200,
    "visits": 17,
    "grace_until": 0,
    "keep": {"tier": "gold", "fen": 3_800, "visits": 0, "both": True},
    "next": {"tier": "black", "fen": 503_800, "visits": 7, "both": True},
    "text_zh": "金卡:自 2026-03-01 起消费 ¥2,962.00,到店 17 天。有效至 2027-02-28;"
    "再消费 ¥38.00,到期后继续保留。",
    "text_en": "金卡: ¥2,962.00 on 17 days since 2026-03-01. It holds until 2027-02-28; "
    "¥38.00 more keeps it beyond.",
}
COUPONS = [
    {
        "id": "01890000-0000-7000-8000-0000000000c1",
        "rule": "gold50",
        "name": "金卡满 300 减 30",
        "first_day": 20260701,
        "last_day": 20260831,
    },
    {
        "id": "01890000-0000-7000-8000-0000000000c2",
        "rule": "mask10",
        "name": "面膜 9 折券",
        "first_day": 20260701,
        "last_day": 20260810,
    },
]
GIFT: Event = {
    "id": "01890000-0000-7000-8000-0000000000d1",
    "kind": "birthday",
    "name": "生日礼盒 · 面霜小样",
    "sku": "gift-1",
    "last_day": 20260831,
    "here": True,
    "ready": True,
}


def member(**changes: Any) -> Event:
    """李敏 as the box shows her."""
    facts: Event = {
        "member_id": MEMBER_ID,
        "name": "李敏",
        "tier": "gold",
        "tier_name": "金卡",
        "tier_name_en": "Gold",
        "tags": ["敏感肌", "国货爱好者"],
        "points_free": 2_340,
        "points_pending": 0,
        "pending_local_points": 121,
        "phone_masked": "138****8000",
        "last_purchase": {
            "store_name": "",
            "wall_ms": NOW_MS - 19 * DAY_MS,
            "total_fen": 12_800,
            "lines": [{"sku": "milk", "name": "玉泽皮肤屏障修护身体乳", "qty_milli": 1_000}],
        },
        "as_of_ms": NOW_MS,
        "standing": STANDING,
        "coupons": COUPONS,
        "gifts": [],
        "birthday_today": False,
        "worked": [worked("lifecycle", ("生命周期", "Life as a customer"), ("复购", "repeat"))],
    }
    return facts | changes


def worked(key: str, name: tuple[str, str], value: tuple[str, str] = ("", "")) -> Event:
    """Say a tag that HQ worked out as the box does, zh and en."""
    names = {"key": key, "name": name[0], "name_en": name[1]}
    return names | {"value": value[0], "value_en": value[1]}


LOW = ["prefetch", "show_member", "earn", "member_price"]
HIGH = [*LOW, "see_wallet", "redeem_points", "redeem_coupon"]
NO_WALLET: Event = {
    "points_free": None,
    "points_pending": 0,
    "pending_local_points": 0,
    "worked": [],
}


def recognition(outcome: str = "member", **changes: Any) -> Event:
    """What a recognition says; a face sees no wallet."""
    facts: Event = {
        "type": "recognition",
        "outcome": outcome,
        "assurance": "low",
        "factor": "face_vote",
        "member": member(**NO_WALLET) if outcome == "member" else None,
        "reasons": [],
        "allowed": LOW if outcome == "member" else [],
        "challenge": None,
    }
    return facts | changes


def verified(**changes: Any) -> Event:
    """Somebody who showed her code."""
    facts: Event = {
        "factor": "member_code",
        "assurance": "high",
        "allowed": HIGH,
        "member": member(),
    }
    return recognition(**(facts | changes))


LINK_URI = "https://m.example/m/#c=8Z4KQ2M7PA"
LINK: Event = {
    "type": "link",
    "name": "李敏",
    "uri": LINK_URI,
    "expires_s": 86_400,
    "rows": drawn(LINK_URI),
}


def to_turn(above_fen: int = 0) -> Event:
    """A face in a store that asks for a turn of the head."""
    needed = {"allows": ["earn", "member_price"], "above_fen": above_fen}
    return recognition(allowed=LOW[:2], challenge=needed)


def challenge(prompt: str, zh: str, en: str, progress: float, **changes: Any) -> Event:
    """A step of the turn of the head, or how it ended."""
    facts: Event = {
        "type": "challenge",
        "outcome": "running",
        "prompt": prompt,
        "zh": zh,
        "en": en,
        "progress": progress,
    }
    return facts | changes


def coach(zh: str, en: str, accepted: int = 0, **changes: Any) -> Event:
    """What a customer hears while her face is enrolled."""
    facts: Event = {
        "type": "enrol_hint",
        "ok": False,
        "code": None,
        "hint_zh": zh,
        "hint_en": en,
        "accepted": accepted,
        "wanted": 3,
    }
    return facts | changes


def line(number: int, name: str, shelf_fen: int, *offers: tuple[str, int], qty: int = 1) -> Event:
    """One line of a basket."""
    return {
        "line": number,
        "sku": f"sku-{number}",
        "name": name,
        "qty_milli": qty * 1_000,
        "shelf_fen": shelf_fen,
        "net_fen": shelf_fen - sum(off for _name, off in offers),
        "offers": [{"offer_id": name, "name": name, "fen_off": off} for name, off in offers],
    }


GOODS = [
    line(1, "玉泽皮肤屏障修护身体乳 50ml", 12_800, ("金卡 95 折", 640)),
    line(2, "薇诺娜舒敏保湿丝滑面贴膜", 26_700, ("面膜三件免一件", 8_900), qty=3),
    line(3, "散装柠檬糖", 770) | {"qty_milli": 385},
]
LONG_NAME = "超长名称的进口护肤礼盒限量版套装,名字长到需要换行显示并在第二行末尾截断"
MANY = [
    line(number, LONG_NAME if number % 7 == 0 else f"第 {number} 号商品", 12_345 * number)
    for number in range(1, 61)
]


def basket(lines: list[Event] | None = None, **changes: Any) -> Event:
    """A priced basket."""
    facts: Event = {
        "type": "basket",
        "member_id": MEMBER_ID,
        "lines": GOODS if lines is None else lines,
        "total_fen": 30_730,
        "saved_fen": 9_540,
        "points_earned": 307,
        "status": "optimal",
        "gap_fen": 0,
        "applied": [
            {"offer_id": "a", "name": "面膜三件免一件", "fen_off": 8_900, "lines": [2]},
            {"offer_id": "b", "name": "金卡 95 折", "fen_off": 640, "lines": [1]},
        ],
        "rejected": [
            {"offer_id": "c", "name": "周末早市 9 折", "reason": "outside_slot"},
            {"offer_id": "d", "name": "面膜第二件半价", "reason": "beaten"},
        ],
    }
    return facts | changes


def sale(**changes: Any) -> Event:
    """A sale just done."""
    buyer = {"member_id": MEMBER_ID, "name": "李敏", "tier": "gold"}
    facts: Event = {
        "type": "sale",
        "seq": 1_284,
        "total_fen": 30_730,
        "saved_fen": 9_540,
        "points_earned": 307,
        "member": buyer,
    }
    return facts | changes


def tapped(**changes: Any) -> Event:
    """A printed receipt just read."""
    facts: Event = {
        "type": "tapped",
        "till_name": "老收银机",
        "outcome": "booked",
        "fault": None,
        "member_name": "李敏",
        "total_fen": 26_880,
        "points_earned": 268,
        "lines": [line(1, "玉泽修护乳", 12_800), line(2, "特惠洗发水(赠)", 14_080, qty=2)],
        "unmapped": ["特惠洗发水(赠)"],
    }
    return facts | changes


def reason(code: str, zh: str, en: str) -> Event:
    """Why somebody was not recognised."""
    return {"code": code, "zh": zh, "en": en}


WELL = health()
OFFLINE = health(
    state="degraded",
    devices={"cloud": "gone", "nfc": "gone", "camera": "stalled", "face": "stalled"},
    outbox_depth=37,
)
MASKED: Event = {
    "name": "李*",
    "tags": [],
    "worked": [],
    "points_free": None,
    "pending_local_points": 0,
}
GRAND: Event = {
    "name": "欧阳娜娜·克里斯蒂娜·亚历山德罗芙娜",
    "tags": ["敏感肌", "国货爱好者", "新品尝鲜", "每周三固定来店的晨练后采购人群", "母婴"],
    "points_free": 12_345_678,
    "worked": [
        worked("rfm_segment", ("RFM 客群", "RFM segment"), ("沉睡大客", "big, asleep")),
        worked("orders_quarter", ("近 90 天单数", "Purchases, 90 days"), ("12,345", "12,345")),
        worked(
            "category_favourite", ("最爱品类", "Favourite category"), ("护肤" * 12, "护肤" * 12)
        ),
        *(worked("second_due", ("催第二单", "Second is due")) for _ in range(5)),
    ],
}
BLURRED = reason("R104", "画面模糊,请稍停一下", "the picture is blurred; hold still")
EXPIRED = reason("R202", "会员码已过期,请刷新", "the member code has expired; refresh it")
MISMATCH = reason("T105", "小票合计与明细不符", "the receipt's total does not equal its lines")

LOOKALIKE = reason(
    "R112",
    "和另一位会员很像,请核对是不是同一个人",
    "very like another member; check whether it is the same person",
)
FLAT = reason(
    "R119",
    "看起来像照片,请本人转头,或出示会员码",
    "this looks like a picture; turn the head in person, or show the member code",
)
STRAIGHT = challenge("straight", "请看镜头,先别动", "Look at the camera and hold still", 0.0)
TO_LEFT = challenge("left", "请慢慢向左转头", "Slowly turn your head to your left", 0.17)
RIGHT_WORDS = {"zh": "请慢慢向右转头", "en": "Slowly turn your head to your right"}
ENDED: Event = {"member_id": MEMBER_ID, "reason": None, "allowed": LOW, "challenge": None}
PASSED = challenge("passed", "确认好了", "Confirmed", 1.0, outcome="passed") | ENDED
NOT_PASSED = challenge("failed", "没有确认", "Not confirmed", 0.17, outcome="failed") | {
    "member_id": MEMBER_ID,
    "reason": FLAT,
    "allowed": LOW[:2],
    "challenge": {"allows": ["earn", "member_price"], "above_fen": 0},
}

# A text event is a key that is pressed.
STATES: dict[str, list[Event | str]] = {
    "idle": [WELL],
    "armed": [WELL, {"type": "recognition", "outcome": "armed"}],
    "member": [WELL, recognition(), basket()],
    "why": [WELL, recognition(), basket(), "#why"],
    "ask-again": [WELL, recognition("ask", reasons=[BLURRED])],
    "two-candidates": [WELL, recognition("ask"), basket()],
    "unknown": [WELL, recognition("unknown", reasons=[EXPIRED])],
    "phone": [WELL, "F3"],
    "masked": [WELL, recognition(factor="phone_number", member=member(**MASKED)), basket()],
    "verified": [WELL, verified(), basket()],
    "checked-in": [WELL, verified(factor="phone_page", number=47), basket()],
    "walked-up": [
        health(lanes=[{"id": "1", "name": "", "walk_up": "on"}]),
        recognition(walked_up=True),
        basket(),
    ],
    "walk-up-stopped": [health(lanes=[{"id": "1", "name": "", "walk_up": "unheard"}])],
    "link": [WELL, LINK],
    "offline": [OFFLINE, verified(), basket()],
    "turn-needed": [WELL, to_turn(), basket()],
    "turn-above": [WELL, to_turn(20_000), basket()],
    "turn-straight": [WELL, to_turn(), basket(), STRAIGHT],
    "turn-left": [WELL, to_turn(), basket(), TO_LEFT],
    "turn-right": [WELL, to_turn(), basket(), TO_LEFT | {"prompt": "right"} | RIGHT_WORDS],
    "turn-passed": [WELL, to_turn(), basket(), TO_LEFT, PASSED],
    "turn-failed": [WELL, to_turn(), basket(), TO_LEFT, NOT_PASSED],
    "coach-hint": [WELL, coach("请靠近一点", "come a little closer")],
    "coach-turn": [
        WELL,
        coach("很好,请慢慢向左转一点点", "good; now turn a little to your left", 1),
    ],
    "coach-good": [WELL, coach("这张可以", "this one is good", 2, ok=True)],
    "coach-done": [WELL, coach("这张可以", "this one is good", 3, ok=True, done=True, enough=True)],
    "coach-lookalike": [
        WELL,
        coach("这张可以", "this one is good", 2, done=True, enough=False, lookalike=LOOKALIKE),
    ],
    "coach-failed": [
        WELL,
        coach("本店没有开启人脸识别", "face recognition is off in this store", done=True)
        | {"code": "R110"},
    ],
    "coach-none": [
        WELL,
        coach("画面模糊,请稍停一下", "the picture is blurred; hold still", done=True),
    ],
    "sale": [WELL, recognition(), basket(), sale()],
    "sale-offline": [OFFLINE, sale(member=None, saved_fen=0, points_earned=0)],
    "tapped": [WELL, tapped()],
    "tapped-refused": [
        WELL,
        tapped(outcome="refused", fault=MISMATCH, member_name="", unmapped=[]),
    ],
    "sixty-lines": [
        WELL,
        verified(member=member(**GRAND)),
        basket(MANY, total_fen=123_456_789, saved_fen=0),
    ],
    "repriced": [WELL, recognition(), basket(), basket(total_fen=29_000)],
}
