"""What time and later earnings do to points: they mature, they expire, they pay what is owed."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from uuid import UUID

from retail_core.loyalty.lots import Lot, is_over
from retail_core.loyalty.policy import Policies, matures_on
from retail_core.loyalty.postings import (
    EXPIRE,
    MATURE,
    SETTLE,
    Posting,
    brand_account,
    member_account,
)


def maturing(
    pending: Sequence[tuple[Lot, int]], wallet: UUID, day: date, policies: Policies
) -> list[tuple[UUID, Posting]]:
    """Return, with the receipt each is posted under, which pending points are free from this day.

    A receipt's points mature together, what was refunded of them is gone from its lot already.
    """
    accounts = member_account(wallet, "pending"), member_account(wallet, "free")
    return [
        (lot.receipt_id, Posting(0, MATURE, MATURE, 0, *accounts, points, lot.issuer))
        for lot, points in pending
        if matures_on(lot.day, policies.on(lot.day)) <= day
    ]


def expiring(
    lots: Sequence[tuple[Lot, int]], wallet: UUID, free: int, day: date
) -> list[tuple[UUID, Posting]]:
    """Return, with the id each is posted under, what expired before this day.

    Points that lie in a shop's lease or a basket's reservation stay until they come back.
    """
    account, made = member_account(wallet, "free"), []
    for lot, points in lots:
        over = min(points, free) if is_over(lot, day) else 0
        if over:
            free -= over
            breakage = brand_account(lot.issuer, "breakage")
            posting = Posting(0, "expiry", EXPIRE, 0, account, breakage, over, lot.issuer)
            made.append((_expiry_id(wallet, lot, day), posting))
    return made


def settling(wallet: UUID, free: int, owed: int, issuer: UUID) -> Posting | None:
    """Return what pays back, from points she has now, points she had spent and then returned."""
    points = min(free, owed)
    if points <= 0:
        return None
    accounts = member_account(wallet, "free"), member_account(wallet, "owed")
    return Posting(0, "owed", SETTLE, 0, *accounts, points, issuer)


def without(lots: Sequence[tuple[Lot, int]], paid: Posting) -> tuple[tuple[Lot, int], ...]:
    """Return the lots, the next to leave first, after a payment took its issuer's before others."""
    left, parts = dict(lots), paid.points
    for lot in sorted(left, key=lambda one: one.issuer != paid.issuer):
        taken = min(left[lot], parts)
        left[lot] -= taken
        parts -= taken
    return tuple((lot, points) for lot, points in left.items() if points)


def _expiry_id(wallet: UUID, lot: Lot, day: date) -> UUID:
    """Return an id that the same run on the same day finds again."""
    said = f"{wallet}/{lot.expires}/{lot.day}/{lot.receipt_id}/{lot.issuer}/{day}"
    return UUID(bytes=sha256(said.encode()).digest()[:16])
