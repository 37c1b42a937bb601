"""A member as the till screen shows her."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.insight.till_tags import TillWord, shown
from retail_core.wire.member import CallNote, MemberRecord
from retail_core.wire.standing import CouponHeld, GiftDue, TierStanding


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """One line of a purchase."""

    sku: str
    name: str
    qty_milli: int


@dataclass(frozen=True, slots=True)
class LastPurchase:
    """What she bought last, anywhere in the chain."""

    receipt_id: UUID | None
    store: UUID | None
    wall_ms: int
    total_fen: int
    lines: tuple[BoughtLine, ...]
    store_name: str = ""


@dataclass(frozen=True, slots=True)
class MemberView:
    """What a shop knows of a member; `pending_local_points` are not yet in `points_free`.

    `ver` is 0 for a member enrolled here whom the cloud has not confirmed yet. `birthday` is month
    and day of this year, 0 if unknown.
    """

    member_id: UUID
    ver: int
    name: str
    tier: str
    tags: tuple[str, ...]
    points_free: int
    points_pending: int
    pending_local_points: int
    phone_masked: str
    home_store: UUID
    last_purchase: LastPurchase | None
    as_of_ms: int
    standing: TierStanding | None = None
    coupons: tuple[CouponHeld, ...] = ()
    gifts: tuple[GiftDue, ...] = ()
    birthday: int = 0
    worked: tuple[TillWord, ...] = ()
    calls: tuple[CallNote, ...] = ()


def view_of(
    member_id: UUID, ver: int, record: MemberRecord, *, pending_local: int, as_of_ms: int
) -> MemberView:
    """Build the view of a held record."""
    return MemberView(
        member_id=member_id,
        ver=ver,
        name=record.name,
        tier=record.tier,
        tags=record.tags,
        points_free=record.points_free,
        points_pending=record.points_pending,
        pending_local_points=pending_local,
        phone_masked=record.phone_masked,
        home_store=UUID(bytes=record.home_store),
        last_purchase=_last_purchase(record),
        as_of_ms=as_of_ms,
        standing=record.standing,
        coupons=record.coupons,
        gifts=record.gifts,
        birthday=record.birthday,
        worked=shown(record.worked),
        calls=record.calls,
    )


def _last_purchase(record: MemberRecord) -> LastPurchase | None:
    if not record.last_wall_ms and record.last_receipt is None:
        return None
    return LastPurchase(
        receipt_id=_uuid(record.last_receipt),
        store=_uuid(record.last_store),
        wall_ms=record.last_wall_ms,
        total_fen=record.last_total_fen,
        lines=tuple(BoughtLine(line.sku, line.name, line.qty_milli) for line in record.last_lines),
        store_name=record.last_store_name,
    )


def _uuid(raw: bytes | None) -> UUID | None:
    return None if raw is None else UUID(bytes=raw)
