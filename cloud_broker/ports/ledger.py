"""The books of points: postings the cloud makes, refunds, adjustments, merges and policies.

Whatever is written here is never changed: a decision, an undoing, a new policy is a row of its own.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.domain.points import BookedRefund, HeldReceipt, NewPosting
from retail_core.loyalty.chain import Link
from retail_core.loyalty.closing import DayTotals, Difference
from retail_core.loyalty.lots import Dated
from retail_core.loyalty.policy import LoyaltyPolicy, Policies

Decision = Literal["approved", "refused"]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points to be given (or, below 0, taken) by hand; who decided is empty while it is open."""

    adjustment_id: UUID
    member: UUID
    wallet: UUID
    issuer: UUID
    points: int
    reason: str
    proposed_by: str
    proposed_ms: int
    decision: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """One member's wallet was merged into another's, and perhaps taken apart again."""

    merge_id: UUID
    source: UUID
    target: UUID
    from_wallet: UUID
    into_wallet: UUID
    reason: str
    by: str
    at_ms: int
    undone: bool = False


@dataclass(frozen=True, slots=True)
class DayClosed:
    """A day that was closed: what the till said and where the books differ."""

    store: UUID
    day: date
    report: dict[str, object]
    differences: tuple[Difference, ...]
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class WrongAccount:
    """An account whose balance is not the sum of its postings."""

    account: str
    balance: int
    posted: int


class LedgerRepo(Protocol):
    """Points and everything that moves them."""

    def held(self, receipts: Collection[UUID]) -> dict[UUID, HeldReceipt]:
        """Return receipts with all booked for them, locked against another refund."""
        ...

    def known_refunds(self, refunds: Collection[UUID]) -> set[UUID]:
        """Return which refunds are booked."""
        ...

    def locked(self, accounts: Collection[str]) -> dict[str, int]:
        """Return balances, locked until the end; an account never used has 0."""
        ...

    def add_refunds(self, refunds: Sequence[BookedRefund]) -> None:
        """Append refunds with their lines."""
        ...

    def add_postings(self, postings: Sequence[NewPosting]) -> None:
        """Append the cloud's own postings."""
        ...

    def holders(self, wallets: Collection[UUID]) -> dict[UUID, UUID]:
        """Return where the points of merged wallets are now; others are absent."""
        ...

    def doers(self, under: Collection[UUID]) -> dict[UUID, UUID]:
        """Return which members receipts, claims, adjustments and orders of the mall are."""
        ...

    def group(self, wallet: UUID) -> tuple[UUID, ...]:
        """Return this wallet and all it was ever merged with, directly or not."""
        ...

    def dated(self, wallets: Collection[UUID]) -> tuple[Dated, ...]:
        """Return every posting that touches these wallets, with its day."""
        ...


class PointsDeskRepo(Protocol):
    """What people decide: policies, adjustments by two persons, merges."""

    def policies(self) -> Policies:
        """Return every version of the points policy."""
        ...

    def add_policy(self, first: date, policy: LoyaltyPolicy, by: str, now_ms: int) -> int:
        """Append a version that holds from a day on; return its number."""
        ...

    def propose(self, adjustment: Adjustment) -> None:
        """Enter an adjustment that waits for a second person."""
        ...

    def adjustment(self, adjustment_id: UUID) -> Adjustment | None:
        """Return an adjustment and what was decided."""
        ...

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return those that wait for a second person, oldest first."""
        ...

    def decide(self, adjustment_id: UUID, decision: Decision, by: str, now_ms: int) -> None:
        """Enter the second person's word; StoreRefusedError for a second word or the same one."""
        ...

    def add_merge(self, merge: Merge) -> None:
        """Enter a merge."""
        ...

    def merge(self, merge_id: UUID) -> Merge | None:
        """Return a merge, undone or not."""
        ...

    def merges(self) -> tuple[Merge, ...]:
        """Return the merges that stand, oldest first."""
        ...

    def undo_merge(self, merge_id: UUID, reason: str, by: str, now_ms: int) -> None:
        """Enter that a merge is undone; StoreRefusedError when it was before."""
        ...


class ClosingRepo(Protocol):
    """The books as a day's or month's end looks at them."""

    def wallets(self, *, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Return wallets in the order of their ids."""
        ...

    def wallet_count(self) -> int:
        """Return how many there are."""
        ...

    def entities(self) -> dict[UUID, str]:
        """Return the legal entities' names."""
        ...

    def day(self, store: UUID, day: date) -> dict[str, DayTotals]:
        """Return a store's business day, till by till (the till's name, '' for none)."""
        ...

    def day_receipts(self, store: UUID, day: date) -> dict[str, int]:
        """Return the day's receipts with a number (`till/number`) and their totals in fen."""
        ...

    def close_day(self, closed: DayClosed) -> int:
        """Append a close; return how often the day was closed now."""
        ...

    def wrong_accounts(self) -> tuple[WrongAccount, ...]:
        """Return accounts whose balance is not what was posted."""
        ...

    def balances(self, wallets: Collection[UUID]) -> dict[str, int]:
        """Return every account of these wallets."""
        ...

    def negative_purses(self) -> tuple[WrongAccount, ...]:
        """Return members' purses below 0, all but what is owed."""
        ...

    def total(self) -> int:
        """Return what all accounts add up to."""
        ...

    def chains(self) -> tuple[tuple[UUID, int], ...]:
        """Return every (device, epoch) that ever sent something."""
        ...

    def links(self, device: UUID, epoch: int) -> Iterator[Link]:
        """Return the stored events of one chain in sequence."""
        ...

    def hashes_at(self, device: UUID, seq: int) -> tuple[bytes, ...]:
        """Return the hashes of a device's stored events at a sequence, of whatever epoch."""
        ...

    def refused_refunds(self) -> tuple[UUID, ...]:
        """Return repairs of refunds whose receipt was not known when they came, oldest first."""
        ...

    def in_repair(self, device: UUID, epoch: int) -> frozenset[int]:
        """Return the sequences that wait to be booked, or wait or waited in the repair queue."""
        ...
