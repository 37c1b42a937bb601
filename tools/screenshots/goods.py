"""Made-up goods, offers and people for the pictures."""

import json
from uuid import UUID

from retail_core.catalog.article import Article
from retail_core.wire.member import MemberRecord, Purchase
from retail_core.wire.standing import CouponHeld, GiftDue, TierAsk, TierStanding

HOME = UUID("01890000-0000-7000-8000-000000000002")
LIMIN = UUID("01890000-0000-7000-8000-0000000000aa")
OUYANG = UUID("01890000-0000-7000-8000-0000000000ab")
LIMIN_PHONE, OUYANG_PHONE = "8613800138000", "8613700137000"
NOON_MS = 1_785_470_400_000
DAY_MS = 86_400_000
LONG = "超长名称的进口护肤礼盒限量版套装,名字长到需要换行显示并在第二行末尾截断"


def barcode(number: int) -> str:
    """Return the EAN-13 of an article of our own."""
    digits = f"69012345{number:04d}"
    odd = sum(int(one) for one in digits[::2])
    even = sum(int(one) for one in digits[1::2])
    return f"{digits}{-(odd + 3 * even) % 10}"


_NAMED = (
    ("milk", "玉泽皮肤屏障修护身体乳 50ml", 12_800),
    ("mask", "薇诺娜舒敏保湿丝滑面贴膜", 8_900),
    ("sun", "安热沙小金瓶防晒霜 SPF50+", 9_900),
    ("candy", "散装柠檬糖", 2_000),
    ("box", LONG, 39_900),
    *((f"more-{n}", f"每日坚果 第 {n} 款", 1_290 + 100 * n) for n in range(1, 61)),
)
ARTICLES = tuple(
    Article(UUID(int=at), sku, name, "件", fen, (barcode(at),))
    for at, (sku, name, fen) in enumerate(_NAMED, start=1)
)
CODES = {article.sku: article.barcodes[0] for article in ARTICLES}
UNLISTED = "4006381333931"
BUNDLE = json.dumps(
    {
        "version": 3,
        "tier_names": {"standard": "普卡", "gold": "金卡", "black": "黑金卡"},
        "tier_names_en": {"standard": "Member", "gold": "Gold", "black": "Black Gold"},
        "offers": [
            {"kind": "tier_price", "id": "gold95", "name": "金卡 95 折", "tiers": ["gold"]}
            | {"name_en": "Gold: 5% off", "permille": 950},
            {"kind": "mix_and_match", "id": "half", "name": "第二件半价", "need": 2, "free": 1}
            | {"name_en": "Second at half price", "permille": 500, "items": {"skus": ["mask"]}},
            {"kind": "time_slot_price", "id": "early", "name": "周末早市 9 折", "permille": 900}
            | {"name_en": "Weekend mornings: 10% off"}
            | {"slots": [{"weekday": 5, "start": "08:00", "end": "10:00"}]},
        ],
        "coupons": [
            {"kind": "threshold", "id": "300less30", "name": "满 300 减 30", "automatic": True}
            | {"threshold_fen": 30_000, "fen_off": 3_000},
            {"kind": "threshold", "id": "less10", "name": "生日立减 10 元", "fen_off": 1_000}
            | {"name_en": "Birthday: ¥10 off"},
            {"kind": "percent", "id": "sun9", "name": "防晒 9 折券", "permille": 900}
            | {"name_en": "Sun care: 10% off", "items": {"skus": ["sun"]}},
        ],
        "points": {"id": "points", "step": 100, "min_points": 100},
        "earn": {"id": "base", "fen_per_point": 100},
    },
    ensure_ascii=False,
).encode()


def people() -> tuple[tuple[UUID, str, MemberRecord], ...]:
    """Return who is held: id, phone and record."""
    limin = MemberRecord(
        wallet=UUID(int=0xBB).bytes,
        name="李敏",
        tier="gold",
        tags=("敏感肌", "国货爱好者"),
        points_free=2_340,
        points_pending=121,
        phone_masked="138****8000",
        phone_hash=None,
        phone_keys=(),
        cards=(),
        home_store=HOME.bytes,
        last_receipt=UUID(int=0xCC).bytes,
        last_store=HOME.bytes,
        last_wall_ms=NOON_MS - 19 * DAY_MS,
        last_total_fen=12_800,
        last_lines=(Purchase("milk", "玉泽皮肤屏障修护身体乳", 1_000),),
        joined=20240612,
        birthday=731,
        coupons=(
            CouponHeld(UUID(int=0xC1).bytes, "less10", 20260724, 20260807),
            CouponHeld(UUID(int=0xC2).bytes, "sun9", 20260701, 20260831),
        ),
        gifts=(
            GiftDue(
                UUID(int=0xD1).bytes, "birthday", "cream", "生日礼 · 面霜小样", 20260831, HOME.bytes
            ),
        ),
        standing=TierStanding(
            since=20260301,
            until=20270228,
            counted_from=20260301,
            spend_fen=296_200,
            visits=17,
            keep=TierAsk("gold", 3_800, 0),
            next=TierAsk("black", 503_800, 7),
        ),
    )
    return ((LIMIN, LIMIN_PHONE, limin), (OUYANG, OUYANG_PHONE, _long(limin)))


def _long(record: MemberRecord) -> MemberRecord:
    """Return somebody whose every field is as long as it gets."""
    tags = ("敏感肌", "国货爱好者", "新品尝鲜", "每周三固定来店的晨练后采购人群", "母婴")
    return MemberRecord(
        wallet=UUID(int=0xBD).bytes,
        name="欧阳娜娜·克里斯蒂娜·亚历山德罗芙娜",
        tier="gold",
        tags=tags,
        points_free=12_345_678,
        points_pending=0,
        phone_masked="137****7000",
        phone_hash=None,
        phone_keys=(),
        cards=(),
        home_store=HOME.bytes,
        last_receipt=UUID(int=0xCD).bytes,
        last_store=HOME.bytes,
        last_wall_ms=NOON_MS - 190 * DAY_MS,
        last_total_fen=912_800,
        last_lines=tuple(Purchase(f"s{n}", LONG, 1_000) for n in range(5)),
        standing=record.standing,
    )
