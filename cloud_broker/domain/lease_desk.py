"""What the cloud does about leases, in memory: facts in, changed books and messages out.

Whoever uses it loads the books of the rights that are touched, does the work, and writes what
changed in the transaction that books the events. The simulator does the same with dictionaries.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from cloud_broker.domain.chain import DeviceChain
from retail_core.errors import Fault
from retail_core.loyalty import lease_books as books
from retail_core.loyalty import lease_fence as fence
from retail_core.loyalty.lease_books import Anchor, RightBook
from retail_core.loyalty.lease_fence import Handshake, Tenure, Verdict
from retail_core.loyalty.lease_wire import grant_message
from retail_core.loyalty.leases import LeaseKey, Right, Term
from retail_core.texts.faults import FaultCode
from retail_core.wire.lease import LeaseEpoch, LeaseGrant, LeaseRecall

Message = LeaseEpoch | LeaseGrant | LeaseRecall


class Said(NamedTuple):
    """A message for a device's feed."""

    device: UUID
    message: Message


class Found(NamedTuple):
    """Something a person should see: a fenced or doubled device, a spend told too late."""

    device: UUID
    code: FaultCode
    detail: str


@dataclass(slots=True)
class LeaseDesk:
    """Books by right, tenures and waiting handshakes by device; the rest is what came of it."""

    books: dict[Right, RightBook] = field(default_factory=dict)
    tenures: dict[UUID, Tenure] = field(default_factory=dict)
    waiting: dict[UUID, Handshake] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    # ---- what devices say -----------------------------------------------------------------------

    def spent(self, key: LeaseKey, receipt: UUID, amount: int) -> None:
        """Enter a spend, also one of a lease taken back; Fault LEASE_UNKNOWN, LEASE_CONFLICT."""
        book = self._book(key)
        after = books.settle(book, key, receipt, amount)
        self.books[key.right] = after
        if after.late > book.late:
            detail = f"receipt={receipt}, late={after.late - book.late}"
            self.found.append(Found(key.device, FaultCode.LEASE_LATE, detail))

    def returned(self, key: LeaseKey, final: int) -> None:
        """Take a lease back by its device's word; Fault LEASE_UNKNOWN, LEASE_CONFLICT."""
        self.books[key.right] = books.close(self._book(key), key, final)

    def refunded(self, key: LeaseKey, refund: UUID, receipt: UUID, amount: int) -> None:
        """Give back what a receipt had spent of a lease; Fault LEASE_UNKNOWN, LEASE_CONFLICT."""
        self.books[key.right] = books.refund(self._book(key), key, refund, receipt, amount)

    def revive(self, key: LeaseKey, amount: int) -> None:
        """Know a lease again that a device holds and a restore of the cloud has lost."""
        self.books[key.right] = books.revive(self.books[key.right], key, amount)

    def raise_epoch(self, device: UUID, epoch: int) -> None:
        """Follow a device into the lease epoch it was given before a restore, never back."""
        tenure = self.tenures.get(device)
        if tenure is not None and tenure.epoch < epoch:
            self.tenures[device] = replace(tenure, epoch=epoch)

    def shook(self, device: UUID, shake: Handshake) -> None:
        """Note a handshake; it is judged when its journal is here up to it."""
        known = self.waiting.get(device)
        if known is None or known.journal_epoch != shake.journal_epoch or known.seq < shake.seq:
            self.waiting[device] = shake

    def judge(self, device: UUID, chain: DeviceChain) -> Verdict | None:
        """Judge the waiting handshake by what is committed of its journal; None to wait on."""
        shake = self.waiting.get(device)
        if shake is None or not _is_here(chain, shake.seq):
            return None
        del self.waiting[device]
        shake = Handshake(shake.board, shake.boot, shake.journal_epoch, shake.seq, chain.breaks)
        verdict, tenure = fence.admit(self.tenures.get(device), shake)
        if verdict == Verdict.STALE:
            return verdict
        self.tenures[device] = tenure
        if verdict in {Verdict.FENCED, Verdict.FROZEN}:
            self._fence(device, tenure)
        message = LeaseEpoch(device.bytes, tenure.epoch, shake.boot.bytes, tenure.frozen)
        self.said.append(Said(device, message))
        return verdict

    # ---- what the cloud decides -----------------------------------------------------------------

    def grant(
        self, right: Right, device: UUID, amount: int, nth: int, term: Term | None = None
    ) -> LeaseKey:
        """Lend a part of what is free to a device that was let in.

        Raises Fault LEASE_WAITS for one that was not, LEDGER_OVERDRAWN when not so much is free.
        """
        tenure = self.tenures.get(device)
        if tenure is None or tenure.frozen:
            raise Fault(FaultCode.LEASE_WAITS)
        key = LeaseKey(right, device, tenure.epoch, nth)
        self.books[right] = books.grant(self._book(key), key, amount, term)
        self.said.append(Said(device, grant_message(self.books[right].leases[key])))
        return key

    def lend_up_to(self, right: Right, device: UUID, amount: int) -> int:
        """Lend what is free of what a device wants to hold in all; return what is still missing.

        A device that was not let in is lent nothing.
        """
        book, tenure = self.books[right], self.tenures.get(device)
        missing = amount - books.lent_to(book, device)
        part = min(missing, book.free)
        if tenure is None or tenure.frozen or part < 1:
            return max(0, missing)
        self.grant(right, device, part, books.next_nth(book, device, tenure.epoch))
        return missing - part

    def term(self, device: UUID, anchor: Anchor, lasts_ms: int) -> Term:
        """Return the end of a timed lease; Fault LEASE_WAITS unless the anchor's boot is let in."""
        tenure = self.tenures.get(device)
        if tenure is None or tenure.frozen or tenure.shake.boot != anchor.boot:
            raise Fault(FaultCode.LEASE_WAITS)
        return books.term_of(anchor, lasts_ms)

    def recall(self, right: Right, device: UUID) -> None:
        """Ask a device for what it holds of a right."""
        message = LeaseRecall(device.bytes, right.kind, right.id.bytes)
        self.said.append(Said(device, message))

    def reclaim(self, now_ms: int) -> None:
        """Take back timed leases that are over."""
        for right, book in self.books.items():
            self.books[right] = books.reclaim(book, now_ms)

    def write_off(self, device: UUID) -> None:
        """Take back what is in doubt with a device, on a person's word that its card is lost."""
        tenure = self.tenures.get(device)
        before = 0 if tenure is None else tenure.epoch - 1
        for right, book in self.books.items():
            self.books[right] = books.write_off(book, device, before)

    def retire(self, device: UUID) -> None:
        """Put everything in doubt that a box holds which another one replaced."""
        tenure = self.tenures.get(device)
        if tenure is not None:
            self.tenures[device] = replace(tenure, epoch=tenure.epoch + 1)
            for right, book in self.books.items():
                self.books[right] = books.fence(book, device, tenure.epoch)

    def release(self, device: UUID) -> None:
        """Let a device in again that was alive twice, on a person's word."""
        if (tenure := self.tenures.get(device)) is not None:
            self.tenures[device] = fence.released(tenure)

    # ---- inside ---------------------------------------------------------------------------------

    def _fence(self, device: UUID, tenure: Tenure) -> None:
        for right, book in self.books.items():
            self.books[right] = books.fence(book, device, tenure.epoch - 1)
        code = FaultCode.LEASE_TWINS if tenure.frozen else FaultCode.LEASE_FENCED
        self.found.append(Found(device, code, f"epoch={tenure.epoch}"))

    def _book(self, key: LeaseKey) -> RightBook:
        book = self.books.get(key.right)
        if book is None:
            raise Fault(FaultCode.LEASE_UNKNOWN, right=key.right.id, epoch=key.epoch, nth=key.nth)
        return book


def _is_here(chain: DeviceChain, seq: int) -> bool:
    """Tell whether the journal is here up to a sequence and beyond, without any gap.

    A piece beyond a gap may be what a card has lost that was set back into the gap.
    """
    return len(chain.ranges) == 1 and chain.ranges[0][0] <= seq <= chain.ranges[0][1]
