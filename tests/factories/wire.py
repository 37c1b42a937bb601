"""Wire messages for tests: one fixed example of each, and arbitrary ones by their types."""

from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from retail_core.clock import Instant, TimeQuality
from retail_core.wire.codec import GENESIS_HASH, Actors, draft_event, encode_body
from retail_core.wire.growth import GiftHanded
from retail_core.wire.health import BoxVitals, IssueTold
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.lane import CheckIn, CheckInSeen, Seen
from retail_core.wire.lease import (
    LeaseEpoch,
    LeaseGrant,
    LeaseHello,
    LeaseRecall,
    LeaseReturned,
)
from retail_core.wire.member import CallNote, MemberRecord, PhoneKey, Purchase, TagTold
from retail_core.wire.messages import (
    AckFrame,
    CardIssued,
    Change,
    ChangeFrame,
    ClaimIssued,
    CloudPresence,
    ConsentGiven,
    CouponTaken,
    Event,
    FaceErased,
    FaceHeld,
    GiftTaken,
    Hello,
    LeaseSpend,
    MemberEnrolled,
    Presence,
    PricedFor,
    ProofSuspect,
    ProofUsed,
    Published,
    Rejected,
    Sale,
    SaleLine,
    UpFrame,
    WirePosting,
)
from retail_core.wire.persons import PersonsPlan
from retail_core.wire.refund import Refund, RefundLine, RestLine, RestPoint, UsesGone
from retail_core.wire.returns import ReturnLine, ReturnUnmatched
from retail_core.wire.standing import (
    CouponHeld,
    GiftDue,
    RuleUse,
    TaskReached,
    TierAsk,
    TierStanding,
)
from tests.factories.wire_sync import sync_examples
from tests.factories.wire_tills import till_agreement

T = TypeVar("T", bound=msgspec.Struct)

WALL_MS = 1_795_000_000_000


def uid(number: int) -> UUID:
    """A uuid7 that is the same in every run."""
    return UUID(int=(WALL_MS << 80) | (0x7 << 76) | (0b10 << 62) | number)


TENANT, STORE, DEVICE, TILL, OPERATOR, MEMBER, WALLET, ARTICLE, RECEIPT, BOOT, BRAND = (
    uid(number) for number in range(1, 12)
)
AT = Instant(WALL_MS, 86_400_000, BOOT, TimeQuality.SYNCED)


def sale(*, lines: int = 5) -> Sale:
    """A member's sale: a tier price on each line, points earned on each."""
    return Sale(
        receipt_id=RECEIPT.bytes,
        source="api",
        till_receipt_no="000123",
        business_date=20261122,
        shelf_fen=2_000 * lines,
        total_fen=1_900 * lines,
        lines=tuple(
            SaleLine(
                number, ARTICLE.bytes, f"SKU{number:04d}", "舒缓面霜", 1_000, 2_000, 1_900,
                (("tier-gold", 100),),
            )
            for number in range(1, lines + 1)
        ),
        tenders=(("wechat", 1_900 * lines),),
        postings=tuple(
            WirePosting(
                number, "earn-base", "earn", 0,
                f"brand:{BRAND}:liability", f"member:{WALLET}:free", 19, BRAND.bytes,
            )
            for number in range(1, lines + 1)
        ),
        bundle_version=7,
        bundle_hash=bytes(range(32)),
        certificate_hash=bytes(range(32, 64)),
        solver_status="optimal",
    )  # fmt: skip


def bare_sale(*, lines: int = 5) -> Sale:
    """A sale to nobody known, at shelf prices: the least a sale can be."""
    full = sale(lines=lines)
    return Sale(
        full.receipt_id, full.source, full.till_receipt_no, full.business_date,
        full.shelf_fen, full.shelf_fen,
        tuple(
            SaleLine(line.line, None, line.sku, "", line.qty_milli, line.shelf_fen, line.shelf_fen)
            for line in full.lines
        ),
    )  # fmt: skip


def redeeming_sale() -> Sale:
    """A sale that spends points and a coupon of leases of its device."""
    spends = (
        LeaseSpend("points", WALLET.bytes, 2, 7, 40),
        LeaseSpend("coupon", uid(31).bytes, 2, 1, 1),
    )
    posting = WirePosting(
        0, "points", "redeem", 7, f"member:{WALLET}:leased:{DEVICE}:2",
        f"brand:{BRAND}:clearing", 40, BRAND.bytes, BRAND.bytes,
    )  # fmt: skip
    facts = PricedFor(
        29_916_660,
        tier="gold",
        tags=("vip",),
        store="上海店",
        groups=("staff",),
        joined=20260501,
        birthday=731,
        personal=False,
        use_known=True,
        used=(RuleUse("birthday", 3, 1),),
        store_used=(("door", 40),),
        campaigns=(("autumn", 12_000, 60),),
        stock=(("SKU0001", 7),),
    )
    return msgspec.structs.replace(
        sale(lines=1),
        postings=(posting,),
        lease_spends=spends,
        priced_for=facts,
        uses=(("birthday", 1),),
        coupon=CouponTaken(uid(31).bytes, "pack10", 100),
        gifts=(GiftTaken("tote", "SKU9001", 1),),
        counter_ms=41_500,
    )


def event(number: int = 0, body: msgspec.Struct | None = None, type_: str = "sale") -> Event:
    """An event with an id of its own."""
    content = encode_body(sale() if body is None else body)
    return draft_event(uid(1_000 + number), type_, AT, content, Actors(TILL, OPERATOR, MEMBER))


def up_frame(*events: Event, first_seq: int = 1) -> UpFrame:
    """A frame of one device."""
    return UpFrame(
        1, TENANT.bytes, STORE.bytes, DEVICE.bytes, 77, first_seq, GENESIS_HASH,
        events or (event(),), AT.boot_id.bytes, AT.mono_ms + 5_000,
    )  # fmt: skip


def member_record() -> MemberRecord:
    """A member with a phone, a card and a last purchase."""
    return MemberRecord(
        wallet=WALLET.bytes,
        name="王芳",
        tier="gold",
        tags=("敏感肌", "vip"),
        points_free=1_250,
        points_pending=95,
        phone_masked="138****8000",
        phone_hash=bytes(range(32)),
        phone_keys=(PhoneKey(bytes(8), bytes(range(32))),),
        cards=(bytes(range(32, 64)),),
        home_store=STORE.bytes,
        last_receipt=RECEIPT.bytes,
        last_store=STORE.bytes,
        last_wall_ms=WALL_MS,
        last_total_fen=9_500,
        last_lines=(Purchase("SKU0001", "舒缓面霜", 1_000),),
        posted_receipts=(RECEIPT.bytes,),
        digit_secret=bytes(range(20)),
        withdrawn_ms=WALL_MS, joined=20240229, birthday=815,
        groups=("staff",),
        personal=False,
        coupons=(CouponHeld(uid(21).bytes, "full-300-30", 20260801, 20260831),),
        used=(RuleUse("second-half", 7, 1),),
        used_on=20260815,
        gifts=(GiftDue(uid(22).bytes, "mall", "SKU0009", "旅行装", 20260930, STORE.bytes),),
        standing=TierStanding(
            20260101, 20261231, 20260101, 238_600, 9,
            keep=TierAsk("gold", 3_800, 0), next=TierAsk("black", 761_400, 15),
        ),
        tasks=(TaskReached("sign-in", "2026-11-22", (1,), 20261122),),
        walk_up_withdrawn_ms=WALL_MS, guardian_withdrawn_ms=WALL_MS,
        calls=(CallNote("问问新品", 20261231, uid(53).bytes),),
        worked=(TagTold("lifecycle", "at_risk"), TagTold("second_due")),
    )  # fmt: skip


def _enrolled() -> MemberEnrolled:
    return MemberEnrolled(
        WALLET.bytes, "王芳", "basic", bytes(range(32)), "138****8000", bytes(range(32)),
        WALL_MS + 600_000, ("敏感肌",),
    )  # fmt: skip


def _sick_presence() -> Presence:
    return Presence(
        *(1, "degraded", BOOT.bytes, WALL_MS, "0.1.0", 77),
        can_sell=True,
        vitals=BoxVitals(throttled=0x50005, temperature_c=81, priced=1, booked=1),
        issues=(IssueTold("H103", "", WALL_MS, {"celsius": "81"}),),
    )


def examples() -> dict[str, msgspec.Struct]:
    """One example of each message, by the name of its golden file."""
    consent = ConsentGiven("face.local", "2026-11", bytes(range(32)), "zh", "till", age="14+")
    card = CardIssued("ntag424", bytes(range(32)))
    record = msgspec.Raw(encode_body(member_record()))
    return {
        "up": up_frame(
            event(0),
            event(1, _enrolled(), EventType.MEMBER_ENROLLED),
            event(2, consent, EventType.CONSENT_GIVEN),
            event(3, card, EventType.CARD_ISSUED),
        ),
        **sync_examples(record),
        "persons_plan": PersonsPlan(7, bytes(range(32)), 36_089, whole=False, additions=(b"RPA1",)),
        "ack": AckFrame(
            1, 77, ((1, 40), (42, 42)), 2, (Rejected(40, "W101"),), packing=1,
            cloud_epoch=1_785_000_000_000,
        ),
        "hello": Hello(1, 77, 41, 43, 9_001, 12, 7, "0.1.0"),
        "change": ChangeFrame(
            1, 3, 9_001, 9_007,
            (
                Change(9_005, ChangeKind.MEMBER, MEMBER.bytes, 4, record),
                Change(9_007, ChangeKind.MEMBER_GONE, uid(99).bytes, 9, msgspec.Raw(b"\xc0")),
            ),
            WALL_MS,
        ),
        "published": Published(1, "bundle", 7, bytes(range(32)), 18_231),
        "presence": Presence(
            1, "degraded", BOOT.bytes, WALL_MS, "0.1.0", 77, 3, 9_007, can_sell=True,
            devices={"camera": "ok", "nfc": "gone"}, faults={"R302": 2},
        ),
        "presence_sick": _sick_presence(),
        "cloud_presence": CloudPresence(1, up=True, boot_id=BOOT.bytes),
        "body_sale": sale(),
        "body_sale_bare": bare_sale(),
        "body_member_enrolled": _enrolled(),
        "body_consent_given": consent,
        "body_card_issued": card,
        "body_proof_used": ProofUsed("member_code", bytes(range(32))),
        "body_proof_suspect": ProofSuspect("sun_card", "R312", bytes(range(32)), 7, 9),
        "body_face_held": FaceHeld(3, "mbf@0123456789ab"),
        "body_face_erased": FaceErased(b"{}", bytes(range(64)), bytes(range(32))),
        "body_claim_issued": ClaimIssued(bytes(range(32)), WALL_MS),
        "check_in": CheckIn(1, uid(21).bytes, TILL.bytes, 47, "M1:" + "A1" * 64 + "B", WALL_MS),
        "check_in_seen": CheckInSeen(1, uid(21).bytes, Seen.REFUSED, "R203"),
        "body_member": member_record(),
        "body_sale_redeeming": redeeming_sale(),
        "body_lease_hello": LeaseHello(bytes(range(32))),
        "body_lease_returned": LeaseReturned("points", WALLET.bytes, 2, 7, 40),
        "lease_epoch": LeaseEpoch(DEVICE.bytes, 2, BOOT.bytes),
        "lease_granted": LeaseGrant(
            DEVICE.bytes, "points", WALLET.bytes, 2, 7, 90, BOOT.bytes, 90_000_000
        ),
        "body_refund": refund(), "uses_back": UsesGone(20260731, (("slot1", 2),)),
        "body_gift_handed": gift_handed(),
        "body_till_agreement": till_agreement(),
        "body_return_unmatched": return_unmatched(),
        "lease_recalled": LeaseRecall(DEVICE.bytes, "coupon", uid(31).bytes),
    }  # fmt: skip


def gift_handed() -> GiftHanded:
    """A mall gift that was picked up under a lease of its device."""
    return GiftHanded(uid(50).bytes, uid(51).bytes, "mall", "CUP-01", "马克杯", 20261122, 2, 1)


def return_unmatched() -> ReturnUnmatched:
    """A refund off a printer line whose sale this shop has never seen."""
    return ReturnUnmatched(
        review_id=uid(52).bytes,
        kind="refund",
        till_receipt_no="0077",
        original_no="0042",
        business_date=20261122,
        reason="T109",
        total_fen=1_990,
        lines=(ReturnLine("玫瑰香皂", 1_000, 1_990),),
    )


def refund() -> Refund:
    """A part of a receipt comes back, the rest priced again."""
    return Refund(
        refund_id=uid(41).bytes, receipt_id=RECEIPT.bytes, source="api",
        till_receipt_no="000124", business_date=20261123, reason="尺码不合适",
        lines=(RefundLine(2, 1_000),), money_fen=1_800, points_fen=100,
        tenders=(("wechat", 1_800),), repriced=True, rest=(RestLine(1, 1_900),),
        rest_points=(RestPoint(1, "earn-base", "earn", 19),), coupons=("C8F2",),
        points_back=100, points_taken=19, uses=(("second-half", 1),), uses_on=20261122,
    )  # fmt: skip


# ---- arbitrary messages -------------------------------------------------------------------------


def anything(message: type[T]) -> st.SearchStrategy[T]:
    """Arbitrary messages of a type, valid by every rule that the type can say."""
    return cast("st.SearchStrategy[T]", _of(inspect.type_info(message)))


def ack_frames() -> st.SearchStrategy[AckFrame]:
    """Acks whose ranges ascend."""
    return st.builds(
        lambda frame, cuts: msgspec.structs.replace(
            frame, ranges=tuple(zip(cuts[::2], cuts[1::2], strict=False)), ends=()
        ),
        anything(AckFrame),
        st.lists(st.integers(1, 1 << 40), max_size=20, unique=True).map(sorted),
    )


def hellos() -> st.SearchStrategy[Hello]:
    """Hellos that wait for something already given out."""
    return anything(Hello).filter(lambda hello: hello.lowest_unacked <= hello.next_seq)


def change_frames() -> st.SearchStrategy[ChangeFrame]:
    """Feed frames whose positions ascend."""

    def in_order(frame: ChangeFrame, positions: list[int]) -> ChangeFrame:
        prev_pos, *inner = positions
        changes = tuple(
            msgspec.structs.replace(change, pos=pos)
            for change, pos in zip(frame.changes, inner, strict=False)
        )
        return msgspec.structs.replace(frame, prev_pos=prev_pos, pos=positions[-1], changes=changes)

    positions = st.lists(st.integers(0, 1 << 40), min_size=1, max_size=8, unique=True).map(sorted)
    return st.builds(in_order, anything(ChangeFrame), positions)


_INT64 = 1 << 63
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_RAW = st.integers(0, 1 << 32).map(lambda value: msgspec.Raw(msgspec.msgpack.encode(value)))
_SCALARS: dict[type[inspect.Type], st.SearchStrategy[Any]] = {
    inspect.StrType: _TEXT,
    inspect.BoolType: st.booleans(),
    inspect.NoneType: st.none(),
    inspect.RawType: _RAW,
}


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.IntType(ge=low, le=high):
            return st.integers(
                -_INT64 if low is None else low, _INT64 - 1 if high is None else high
            )
        case inspect.BytesType(min_length=least, max_length=most):
            return st.binary(min_size=least or 0, max_size=most)
        case inspect.UnionType(types=types):
            return st.one_of(*(_of(inner) for inner in types))
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _of(field.type) for field in fields})
        case _:
            return _SCALARS[type(info)] if type(info) in _SCALARS else _of_many(info)


def _of_many(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            size = min(most or 4, 4)
            return st.lists(_of(item), min_size=least or 0, max_size=size).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*(_of(item) for item in items))
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_of(key), _of(value), max_size=4)
        case _:
            raise TypeError(f"no strategy for {info}")
