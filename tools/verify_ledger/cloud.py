"""The cloud in the simulator: the lease desk, the chains and the ledger that ship, in memory.

Unlike the real one it does not pass over events it has seen before it comes to leases: those have
to be idempotent by themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from uuid import UUID

from cloud_broker.domain import chain as chains
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.lease_desk import LeaseDesk, Message
from retail_core.errors import Fault
from retail_core.loyalty import lease_books
from retail_core.loyalty.lease_books import Anchor, RightBook
from retail_core.loyalty.lease_box import Closing, Draw
from retail_core.loyalty.lease_fence import Handshake
from retail_core.loyalty.lease_postings import moved, redeem_posting
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.loyalty.postings import (
    Ledger,
    Posting,
    brand_account,
    member_account,
    posting_key,
    reverse,
)
from tools.verify_ledger.card import Ack, Earned, Feed, Hello, Rec, Redeemed, Up

TENANT = UUID(int=0xA)
BRAND = UUID(int=0xB)
NS = 1 << 64


def uid(number: int) -> UUID:
    """Return an identifier for a number."""
    return UUID(int=NS + number)


@dataclass(slots=True)
class Cloud:
    """Durable state; every call is one transaction."""

    desk: LeaseDesk = field(default_factory=LeaseDesk)
    chains: dict[tuple[UUID, int], DeviceChain] = field(default_factory=dict)
    feeds: dict[UUID, list[Message]] = field(default_factory=dict)
    anchors: dict[UUID, Anchor] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    ledger: Ledger = field(default_factory=Ledger)
    counter: int = 0
    acks_to_highest: bool = False
    wanted: list[tuple[Right, UUID, int]] = field(default_factory=list)

    def prepare(self, rights: Iterable[Right]) -> None:
        """Open an empty book of each right."""
        self.desk.books = {right: lease_books.opened(right, 0) for right in rights}

    # ---- decisions ------------------------------------------------------------------------------

    def credit(self, right: Right, amount: int) -> None:
        """Bring points in (or out, when below 0) by another way than leases."""
        before = self.desk.books
        self.desk.books = before | {right: lease_books.credit(self._book(right), amount)}
        if right.kind == RightKind.POINTS:
            free, owed = member_account(right.id, "free"), brand_account(BRAND, "liability")
            pair = (owed, free) if amount > 0 else (free, owed)
            self._post(Posting(0, "x", "x", 0, *pair, abs(amount), BRAND))

    def grant(self, right: Right, device: UUID, amount: int, lasts_ms: int | None) -> bool:
        """Lend, when the desk allows it."""
        book = self._book(right)
        tenure = self.desk.tenures.get(device)
        if tenure is None or amount < 1:
            return False
        nth = lease_books.next_nth(book, device, tenure.epoch)
        try:
            term = None
            if lasts_ms is not None:
                term = self.desk.term(device, self.anchors[device], lasts_ms)
            self._moving(lambda: self.desk.grant(right, device, amount, nth, term))
        except Fault:
            return False
        return True

    def ask(self, right: Right, device: UUID, amount: int) -> None:
        """Let a device ask for what lies elsewhere, as a member who stands there does."""
        self._moving(lambda: self.desk.lend_up_to(right, device, amount))
        holders = {key.device for key, lease in self._book(right).leases.items() if lease.held} - {
            device
        }
        for other in sorted(holders):
            self.decide("recall", right, other)
        self.wanted = [one for one in self.wanted if one[:2] != (right, device)]
        if holders:
            self.wanted.append((right, device, amount))

    def _serve(self, right: Right) -> None:
        """Lend what came back to those who asked for it, the first to ask first."""
        waiting = [one for one in self.wanted if one[0] == right]
        for one in waiting:
            missing = [0]

            def lend(one: tuple[Right, UUID, int] = one, left: list[int] = missing) -> None:
                left[0] = self.desk.lend_up_to(*one)

            self._moving(lend)
            if not missing[0]:
                self.wanted.remove(one)

    def refund(self, receipt: UUID, refund: UUID, spent: Redeemed, amount: int) -> None:
        """Take back a part of a receipt, whether or not it has arrived."""
        for draw in spent.draws:
            part = min(amount, draw.amount)
            amount -= part
            if part and draw.key in self._book(draw.key.right).leases:
                self._moving(partial(self._refund, draw, refund, receipt, part))

    def decide(self, name: str, *args: object) -> None:
        """Run a decision of the desk: reclaim, write_off, release, recall."""
        self._moving(lambda: getattr(self.desk, name)(*args))

    # ---- the line -------------------------------------------------------------------------------

    def take(self, device: UUID, up: Up, now_ms: int) -> list[Ack | Feed]:
        """Book a message; return the answers."""
        key = (device, up.journal_epoch)
        known = self.chains.get(key, DeviceChain())
        if up.greeting:
            proven = chains.proof_for(known, up.first_seq, up.next_seq)
            spans = tuple(span for span, _ in proven)
            ends = tuple(end for _, end in proven)
            answers: list[Ack | Feed] = [Ack(up.journal_epoch, spans, ends)]
            return [*answers, *self._missed(device, up.pos)]
        head = len(self.feeds.get(device, ()))
        last = up.first_seq + len(up.records) - 1
        self._join(key, up, known)
        for rec in up.records:
            self._book_event(device, rec, now_ms)
        for place, rec in enumerate(up.records):
            if isinstance(rec.body, Hello):
                seq = up.first_seq + place
                shake = Handshake(rec.body.board, rec.body.boot, up.journal_epoch, seq)
                self.desk.shook(device, shake)
        waiting = self.desk.waiting.get(device)
        if waiting is not None:
            judged = self.chains.get((device, waiting.journal_epoch), DeviceChain())
            self._moving(lambda: self.desk.judge(device, judged))
        first = 1 if self.acks_to_highest else up.first_seq
        ack = Ack(up.journal_epoch, ((first, last),), (up.records[-1].hash,))
        return [ack, *self._missed(device, head)]

    def _join(self, key: tuple[UUID, int], up: Up, known: DeviceChain) -> None:
        forked = sum(
            rec.event_id not in self.seen and chains.used_before(known, up.first_seq + place)
            for place, rec in enumerate(up.records)
        )
        hashes = [up.records[0].prev, *(rec.hash for rec in up.records)]
        joined = chains.join(known, up.first_seq, hashes).chain
        self.chains[key] = replace(joined, breaks=joined.breaks + forked)

    def _missed(self, device: UUID, pos: int) -> list[Ack | Feed]:
        feed = self.feeds.get(device, [])
        cuts = [*range(pos, len(feed), 2), len(feed)]
        return [Feed(low, high, tuple(feed[low:high])) for low, high in pairwise(cuts)]

    # ---- booking --------------------------------------------------------------------------------

    def _book_event(self, device: UUID, rec: Rec, now_ms: int) -> None:
        match rec.body:
            case Earned(right, points) if rec.event_id not in self.seen:
                self.credit(right, points)
            case Redeemed() as sale:
                for draw in sale.draws:
                    self._moving(partial(self._spend, sale.receipt, draw))
            case Closing(lease, final):
                self._moving(lambda: self.desk.returned(lease, final))
                self._serve(lease.right)
            case _:
                pass
        self.seen.add(rec.event_id)
        known = self.anchors.get(device)
        if known is None or known.boot != rec.boot or known.mono_ms < rec.mono_ms:
            self.anchors[device] = Anchor(rec.boot, rec.mono_ms, now_ms)

    def _spend(self, receipt: UUID, draw: Draw) -> None:
        before = self._book(draw.key.right).leases.get(draw.key)
        self.desk.spent(draw.key, receipt, draw.amount)
        if draw.key.right.kind != RightKind.POINTS or before is None:
            return
        after = self._book(draw.key.right).leases[draw.key]
        posting = redeem_posting(draw, _rule(draw.key), BRAND)
        new = self.ledger.post(posting_key(TENANT, receipt, posting), posting)
        # A refund that came before its sale is posted with it.
        self._post_back(draw, draw.amount - (after.kept - before.kept) if new else 0)

    def _refund(self, draw: Draw, refund: UUID, receipt: UUID, amount: int) -> None:
        before = self._book(draw.key.right).leases[draw.key]
        self.desk.refunded(draw.key, refund, receipt, amount)
        after = self._book(draw.key.right).leases[draw.key]
        self._post_back(draw, before.kept - after.kept)

    def _post_back(self, draw: Draw, points: int) -> None:
        if draw.key.right.kind == RightKind.POINTS and points:
            sold = redeem_posting(replace(draw, amount=points), _rule(draw.key), BRAND)
            (inverse,) = reverse([sold])
            self._post(inverse)

    def _moving(self, work: Callable[[], object]) -> None:
        """Do work at the desk, then book what it moved and publish what it said."""
        before = dict(self.desk.books)
        work()
        for right, book in self.desk.books.items():
            if right.kind == RightKind.POINTS and book is not before[right]:
                self._post_moves(before[right], book)
        for device, message in self.desk.said:
            self.feeds.setdefault(device, []).append(message)
        self.desk.said.clear()
        self.desk.found.clear()

    def _post_moves(self, before: RightBook, after: RightBook) -> None:
        for key, lease in after.leases.items():
            old = before.leases.get(key)
            if old is not lease:
                for posting in moved(old, lease, BRAND):
                    self._post(posting)

    def _post(self, posting: Posting) -> None:
        self.counter += 1
        self.ledger.post(posting_key(TENANT, uid(self.counter), posting), posting)

    def _book(self, right: Right) -> RightBook:
        return self.desk.books[right]


def _rule(key: LeaseKey) -> str:
    return f"{key.right.id}:{key.device}:{key.epoch}"
