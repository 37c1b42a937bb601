"""Things a shop floor is made of: a shop, articles, members, drafts of events."""

from datetime import time
from uuid import UUID

import msgspec

from edge_agent.domain.shop import Shop
from edge_agent.ports.journal import Draft
from retail_core.catalog.article import Article
from retail_core.clock import Instant, TimeQuality
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.member import MemberRecord, PhoneKey
from retail_core.wire.messages import Change, Sale, SaleLine
from retail_core.wire.refund import UsesGone
from tests.fakes.clock import BOOT, NOON_MS
from tests.fakes.ids import FakeIdSource

_ids = FakeIdSource(seed=99)


def make_id() -> UUID:
    """A fresh identifier."""
    return _ids.uuid7()


TILL = UUID("01900000-0000-7000-8000-0000000071aa")
SHOP = Shop(
    tenant=UUID("01900000-0000-7000-8000-000000000001"),
    store=UUID("01900000-0000-7000-8000-000000000002"),
    device=UUID("01900000-0000-7000-8000-000000000003"),
    legal_entity=UUID("01900000-0000-7000-8000-000000000004"),
    store_name="上海徐汇店",
    city="上海",
    zone="Asia/Shanghai",
    day_starts_at=time(4),
)
SOAP = Article(
    article_id=UUID("01900000-0000-7000-8000-00000000a001"),
    sku="SOAP",
    name="玫瑰香皂",
    unit="块",
    price_fen=1_990,
    barcodes=("6900000000011",),
    brand="花间",
    category="洗护",
)
MASK = Article(
    article_id=UUID("01900000-0000-7000-8000-00000000a002"),
    sku="MASK",
    name="补水面膜",
    unit="盒",
    price_fen=9_900,
    barcodes=("6900000000028", "6900000000035"),
    brand="花间",
    category="护肤",
    tags=frozenset({"敏感肌可用"}),
)
BUNDLE = """{
  "version": 3,
  "tier_names": {"silver": "银卡", "gold": "金卡"},
  "offers": [
    {"kind": "tier_price", "id": "gold95", "name": "金卡 95 折", "tiers": ["gold"],
     "permille": 950},
    {"kind": "time_slot_price", "id": "lunch9", "name": "午间 9 折", "permille": 900,
     "slots": [{"weekday": 4, "start": "11:30", "end": "13:30"}]}
  ],
  "earn": {"id": "base", "fen_per_point": 100}
}""".encode()


def make_record(**changes: object) -> MemberRecord:
    """A gold member of this shop."""
    base = MemberRecord(
        wallet=make_id().bytes,
        name="王芳",
        tier="gold",
        tags=("敏感肌",),
        points_free=120,
        points_pending=0,
        phone_masked="138****8000",
        phone_hash=b"p" * 32,
        phone_keys=(PhoneKey(b"k" * 8, b"K" * 32),),
        cards=(b"c" * 32,),
        home_store=SHOP.store.bytes,
    )
    return msgspec.structs.replace(base, **changes)


def make_change(pos: int, member_id: UUID, ver: int, record: MemberRecord) -> Change:
    """A change of the feed that carries a member."""
    return Change(pos, ChangeKind.MEMBER, member_id.bytes, ver, msgspec.Raw(encode_body(record)))


def make_gone(pos: int, member_id: UUID, ver: int) -> Change:
    """A change of the feed that takes a member away."""
    return Change(pos, ChangeKind.MEMBER_GONE, member_id.bytes, ver, msgspec.Raw(b"\xc0"))


def make_uses_gone(
    pos: int, receipt: bytes, ver: int, times: int, *, day: int = 20260731
) -> Change:
    """A change of the feed: of a receipt of this store a rule was not used so often after all."""
    body = msgspec.Raw(encode_body(UsesGone(day, (("sun1", times),))))
    return Change(pos, ChangeKind.USES_BACK, receipt, ver, body)


def make_sale(receipt_id: UUID | None = None, total_fen: int = 1_990) -> Sale:
    """A sale of one soap."""
    line = SaleLine(1, SOAP.article_id.bytes, SOAP.sku, SOAP.name, 1_000, total_fen, total_fen)
    return Sale(
        receipt_id=(receipt_id or make_id()).bytes,
        source="api",
        till_receipt_no="0001",
        business_date=20_260_731,
        shelf_fen=total_fen,
        total_fen=total_fen,
        lines=(line,),
        tenders=(("cash", total_fen),),
    )


def make_draft(
    *,
    wall_ms: int = NOON_MS,
    quality: TimeQuality = TimeQuality.SYNCED,
    event_id: UUID | None = None,
    member: UUID | None = None,
    sale: Sale | None = None,
) -> Draft:
    """A sale about to be journalled."""
    return Draft(
        event_id=event_id or make_id(),
        type=EventType.SALE,
        at=Instant(wall_ms, 5_000, BOOT, quality),
        body=encode_body(sale or make_sale()),
        till=TILL,
        member=member,
    )
