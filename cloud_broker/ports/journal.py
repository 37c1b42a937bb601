"""What happened: events, receipts, postings; written once and never changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.ingest_effects import BookedSale, FirstUse, TapKey
from cloud_broker.domain.rule_uses import Use
from retail_core.wire.messages import ProofUsed

# A device and its epoch.
ChainKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One receipt as a ledger lists it."""

    receipt_id: UUID
    day: date
    total_fen: int
    points: int
    member: UUID | None
    source: str


class JournalRepo(Protocol):
    """The record of the past, and what is derived from it in the same transaction."""

    def chains(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        """Return what is committed, locked until the end; new keys come back empty."""
        ...

    def save_chains(self, chains: Mapping[ChainKey, DeviceChain], now_ms: int) -> None:
        """Store what is committed."""
        ...

    def committed(self, key: ChainKey) -> DeviceChain:
        """Return what is committed, without a lock."""
        ...

    def committed_of(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        """Return what is committed of several, without a lock; what was never opened is absent."""
        ...

    def claim_keys(self, source: str, keys: Sequence[bytes]) -> frozenset[bytes]:
        """Note that events were seen; return those that were not seen before."""
        ...

    def claim_proofs(self, uses: Sequence[tuple[Arrival, ProofUsed]]) -> dict[bytes, FirstUse]:
        """Enter uses of one-time proofs; return each proof's first use, these or an earlier one."""
        ...

    def known_receipts(self, receipts: Collection[UUID]) -> set[UUID]:
        """Return which receipts are booked."""
        ...

    def known_taps(self, keys: Collection[TapKey]) -> set[TapKey]:
        """Return which printed receipts are booked."""
        ...

    def told(self, keys: Collection[TapKey]) -> dict[TapKey, dict[bytes, UUID]]:
        """Return sales of tills that stand under these keys, by `content_of`.

        One of which anything was taken back is absent.
        """
        ...

    def add_events(self, arrivals: Sequence[Arrival]) -> None:
        """Append to the event log."""
        ...

    def add_sales(self, sales: Sequence[BookedSale]) -> None:
        """Append receipts with their lines and postings."""
        ...

    def count_uses(self, moves: Mapping[Use, int]) -> None:
        """Add to how often members used limited rules; what was taken back is below nothing."""
        ...

    def move_balances(self, moves: Mapping[str, int], now_ms: int) -> None:
        """Add to accounts' balances; each account's version goes up by one."""
        ...

    def balances(self, accounts: Collection[str]) -> dict[str, int]:
        """Return balances; an account never used is absent."""
        ...

    def ledger(self, store: UUID) -> tuple[LedgerLine, ...]:
        """Return a store's receipts in the order they were booked."""
        ...
