"""Receipts as a box looks them up, and as a member claims them later."""

from dataclasses import dataclass
from datetime import date, time
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FoundRefund:
    """A refund of a receipt: when, where, by whom, and the box's own words (an encoded body)."""

    wall_ms: int
    store_name: str
    operator: UUID | None
    body: bytes


@dataclass(frozen=True, slots=True)
class FoundReceipt:
    """A receipt with where it was sold; `body` is the encoded sale.

    `member` is who bought it or claimed it, `operator_member` the clerk's own membership,
    `token_hash` what is kept of the token of the box that sold it.
    """

    receipt_id: UUID
    store: UUID
    store_name: str
    legal_entity: UUID
    zone: str
    day_starts_at: time
    token_hash: bytes
    till: UUID | None
    operator: UUID | None
    operator_member: UUID | None
    member: UUID | None
    day: date
    wall_ms: int
    body: bytes
    refunds: tuple[FoundRefund, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptClaimed:
    """A receipt that somebody claimed."""

    receipt_id: UUID
    member: UUID
    wallet: UUID
    points: int


class ReceiptRepo(Protocol):
    """Receipts one by one."""

    def found(self, receipt_id: UUID) -> FoundReceipt | None:
        """Return a receipt with every refund of it; None when none has come, or is not kept."""
        ...

    def by_number(self, number: str, day: date, limit: int) -> tuple[UUID, ...]:
        """Return a business day's receipts with a printed number, of whatever shop."""
        ...

    def claim(self, claimed: ReceiptClaimed, now_ms: int) -> bool:
        """Enter a claim; False when the receipt was claimed before."""
        ...
