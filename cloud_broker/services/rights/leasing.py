"""Leases in the cloud: what boxes say of them goes into the books, what is free is lent out.

All of it in the transaction at hand: the books, the postings, the messages for the boxes' feeds.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, Place
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.lease_desk import Found, LeaseDesk
from cloud_broker.domain.points import NewPosting
from cloud_broker.domain.postings import sums_up
from cloud_broker.ports.feed import FeedRow, NewChange
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.unit import Unit
from retail_core.errors import Fault
from retail_core.ids import id_of
from retail_core.loyalty.cap_sharing import UNHEARD, said
from retail_core.loyalty.lease_books import RightBook
from retail_core.loyalty.lease_fence import Handshake, Tenure
from retail_core.loyalty.lease_postings import moved
from retail_core.loyalty.lease_wire import key_of
from retail_core.loyalty.leases import Lease, LeaseKey, Right, RightKind
from retail_core.loyalty.lots import Dated
from retail_core.loyalty.postings import Posting, leased_account, posting_key
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.growth import GiftHanded
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.lease import LeaseEpoch, LeaseGrant, LeaseHello, LeaseRecall, LeaseReturned
from retail_core.wire.messages import LeaseSpend

LeaseEvent = LeaseHello | LeaseReturned | GiftHanded
_KINDS: dict[type[LeaseEpoch | LeaseGrant | LeaseRecall], ChangeKind] = {
    LeaseEpoch: ChangeKind.LEASE_EPOCH,
    LeaseGrant: ChangeKind.LEASE_GRANTED,
    LeaseRecall: ChangeKind.LEASE_RECALLED,
}
_MS = 1_000


class Leasing:
    """One transaction's work on leases: load, do, `save`."""

    def __init__(self, unit: Unit, tenant: UUID, now_ms: int) -> None:
        self._unit = unit
        self._tenant = tenant
        self._now_ms = now_ms
        self._before: dict[Right, RightBook] = {}
        self._held: dict[UUID, Handshake] = {}
        self._direct: Counter[LeaseKey] = Counter()
        self._looked: set[UUID] = set()
        self._caps: dict[UUID, LeaseHello] = {}
        self._tenures: dict[UUID, Tenure] = {}
        self.desk = LeaseDesk()
        self.found: list[Found] = []

    def load(self, rights: Collection[Right]) -> None:
        """Lock and read the books of rights."""
        missing = [right for right in rights if right not in self._before]
        if missing:
            books = self._unit.leases.books(missing)
            self._before |= books
            self.desk.books |= books

    def load_devices(self, devices: Collection[UUID]) -> None:
        """Lock and read who may spend for devices."""
        missing = set(devices) - self._looked
        if missing:
            self._looked |= missing
            held = self._unit.leases.tenures(missing)
            self._tenures |= held
            self.desk.tenures |= held

    def lease(self, key: LeaseKey) -> Lease | None:
        """Return a lease of a right that was loaded; None for one that was never granted."""
        book = self.desk.books.get(key.right)
        return None if book is None else book.leases.get(key)

    def revive(self, key: LeaseKey, amount: int) -> None:
        """Know a lease again that a restore has lost.

        What a coupon or budget lacks then is the brand's at once, unless boxes are still awaited.
        """
        self.desk.revive(key, amount)
        newest, book = self._unit.restores.newest(), self.desk.books[key.right]
        thawed = newest is not None and newest.thawed_ms is not None
        if thawed and book.free < 0 and key.right.kind != RightKind.POINTS:
            self.desk.books[key.right] = replace(book, credited=book.credited - book.free)

    def refunded(self, key: LeaseKey, refund: UUID, receipt: UUID, amount: int) -> None:
        """Enter that a receipt gave back what it spent; the refund's postings freed it already."""
        before = self.lease(key)
        self.desk.refunded(key, refund, receipt, amount)
        if before is not self.lease(key) and key.right.kind == RightKind.POINTS:
            self._direct[key] += amount
            book = self.desk.books[key.right]
            self.desk.books[key.right] = replace(book, credited=book.credited - amount)

    # ---- what arrived ---------------------------------------------------------------------------

    def book(
        self,
        sales: Sequence[BookedSale],
        events: Sequence[tuple[Arrival, LeaseEvent]],
        chains: Mapping[ChainKey, DeviceChain],
    ) -> None:
        """Enter what a batch says of leases, and judge the handshakes that can be."""
        self.found += [
            Found(one.arrival.place.device, FaultCode.LEASE_CONFLICT, f"receipt={one.receipt_id}")
            for one in sales
            if not explained(one)
        ]
        redeeming = [one for one in sales if one.sale.lease_spends]
        self._load_named(redeeming, events)
        # First: what a journal says now goes before what an older one still waits for.
        self._held = self._unit.leases.waiting({device for device, _ in chains})
        self.desk.waiting |= self._held
        for one in redeeming:
            self._spent(one)
        for arrival, event in events:
            self._heard(arrival, event)
        self._judge(chains)

    def _load_named(
        self, sales: Sequence[BookedSale], events: Sequence[tuple[Arrival, LeaseEvent]]
    ) -> None:
        said: list[LeaseSpend | LeaseReturned] = [
            spend for one in sales for spend in one.sale.lease_spends
        ]
        said += [event for _, event in events if isinstance(event, LeaseReturned)]
        said += [_gift_spend(event) for _, event in events if isinstance(event, GiftHanded)]
        rights: set[Right] = set()
        for one in said:
            try:
                rights.add(key_of(one, self._tenant).right)
            except Fault:
                continue  # it is noted when its turn comes
        self.load(rights)

    def _spent(self, sold: BookedSale) -> None:
        device = sold.arrival.place.device
        for spend in sold.sale.lease_spends:
            self._used(device, spend, sold.receipt_id, f"receipt={sold.receipt_id}")

    def _used(self, device: UUID, spend: LeaseSpend, by: UUID, detail: str) -> None:
        try:
            key = key_of(spend, device)
            self._know_again(key, spend.amount)
            self.desk.spent(key, by, spend.amount)
        except Fault as fault:
            self.found.append(Found(device, fault.code, detail))

    def _heard(self, arrival: Arrival, event: LeaseEvent) -> None:
        device = arrival.place.device
        match event:
            case LeaseHello():
                boot = id_of(arrival.event.boot_id)
                shake = Handshake(event.board, boot, arrival.epoch, arrival.seq)
                self.desk.shook(device, shake)
                self._caps[device] = event
            case LeaseReturned():
                try:
                    key = key_of(event, device)
                    self._know_again(key, event.final)
                    self.desk.returned(key, event.final)
                except Fault as fault:
                    self.found.append(Found(device, fault.code, f"event={arrival.event_id}"))
            case GiftHanded():
                handed = id_of(event.handed)
                self._used(device, _gift_spend(event), handed, f"gift={id_of(event.gift)}")

    def _know_again(self, key: LeaseKey, amount: int) -> None:
        """After a restore, believe a device about a lease of a time that its own book forgot."""
        if self.lease(key) is not None or not amount or key.right not in self.desk.books:
            return
        if believes(self._unit, key.device):
            self.revive(key, amount)
            detail = f"right={key.right.id}, amount={amount}"
            self.found.append(Found(key.device, FaultCode.RESTORE_LEASE_AGAIN, detail))

    def _judge(self, chains: Mapping[ChainKey, DeviceChain]) -> None:
        for device, shake in list(self.desk.waiting.items()):
            key = (device, shake.journal_epoch)
            chain = chains.get(key)
            # What a frame of this journal says of leases may still wait to be booked.
            if chain is None or self._unit.waiting.of([key]):
                continue
            self.load_devices([device])
            self.load(self._unit.leases.lent_to(device))
            self.desk.judge(device, chain)

    # ---- the end --------------------------------------------------------------------------------

    def save(self, places: Mapping[UUID, Place]) -> tuple[FeedRow, ...]:
        """Write what changed; return the rows for the stores' feeds."""
        leases = self._unit.leases
        changed = [
            (self._before[right].leases.get(key), lease)
            for right, book in self.desk.books.items()
            for key, lease in book.leases.items()
            if self._before[right].leases.get(key) is not lease
        ]
        leases.save_leases([after for _, after in changed], self._now_ms)
        leases.save_free(
            {
                right: book.free
                for right, book in self.desk.books.items()
                if right.kind != RightKind.POINTS and book.free != self._before[right].free
            }
        )
        self._post(changed, places)
        leases.save_tenures(
            {
                device: tenure
                for device, tenure in self.desk.tenures.items()
                if self._tenures.get(device) is not tenure
            },
            self._now_ms,
        )
        judged = {device: None for device in self._held if device not in self.desk.waiting}
        leases.save_waiting({**judged, **self.desk.waiting})
        self._save_caps()
        self.found += self.desk.found
        return self._unit.feed.append(self._messages(places), self._now_ms)

    def _save_caps(self) -> None:
        """Enter how boxes say that they count their store's caps."""
        if not self._caps:
            return
        self.load_devices(self._caps)
        known = self._unit.leases.cap_stands(self._caps)
        now = {
            device: said(known.get(device, UNHEARD), hello.caps_word, hello.caps_from)
            for device, hello in self._caps.items()
        }
        self._unit.leases.save_cap_stands(
            {one: stand for one, stand in now.items() if stand != known.get(one, UNHEARD)}
        )

    def _post(
        self, changed: Iterable[tuple[Lease | None, Lease]], places: Mapping[UUID, Place]
    ) -> None:
        new: list[NewPosting] = []
        for before, after in changed:
            place = places.get(after.key.device)
            if after.key.right.kind == RightKind.POINTS and place is not None:
                new += [
                    self._dated(posting, before, after)
                    for posting in moved(before, after, place.legal_entity, self._direct[after.key])
                ]
        if new:
            self._unit.ledger.add_postings(new)
            moves: Counter[str] = sums_up(one.dated.posting for one in new)
            self._unit.journal.move_balances(moves, self._now_ms)

    def _dated(self, posting: Posting, before: Lease | None, after: Lease) -> NewPosting:
        because = _cause(before, after)
        key = posting_key(self._tenant, because, posting)
        day = datetime.fromtimestamp(self._now_ms / _MS, UTC).date()
        return NewPosting(
            Dated(key, posting, day, self._now_ms), because, after.key.right.id, self._now_ms
        )

    def _messages(self, places: Mapping[UUID, Place]) -> dict[UUID, list[NewChange]]:
        changes: dict[UUID, list[NewChange]] = {}
        for device, message in self.desk.said:
            place = places.get(device)
            if place is not None:
                body = encode_body(message)
                ver = message.nth if isinstance(message, LeaseGrant) else 1
                change = NewChange(_KINDS[type(message)], device, ver, body)
                changes.setdefault(place.store, []).append(change)
        return changes


def believes(unit: Unit, device: UUID) -> bool:
    """Tell whether a restore may have lost what a device says it was lent.

    Without a restore, or once all that it keeps is booked, the cloud's own book is whole.
    """
    newest = unit.restores.newest()
    if newest is None:
        return False
    box = unit.restores.boxes(newest.epoch).get(device)
    return box is None or box.settled_ms is None


def explained(sold: BookedSale) -> bool:
    """Tell whether the points a sale took from leased accounts are those of its own leases."""
    taken: Counter[str] = Counter()
    for posting in sold.postings:
        if ":leased:" in posting.debit:
            taken[posting.debit] += posting.points
    said: Counter[str] = Counter()
    for spend in sold.sale.lease_spends:
        if spend.kind == RightKind.POINTS:
            wallet, device = id_of(spend.right), sold.arrival.place.device
            said[leased_account(wallet, device, spend.epoch)] += spend.amount
    return taken == said


def _gift_spend(handed: GiftHanded) -> LeaseSpend:
    """Return what handing over a gift uses up: the one there is of its right."""
    return LeaseSpend(RightKind.COUPON, handed.gift, handed.epoch, handed.nth, 1)


def _cause(before: Lease | None, after: Lease) -> UUID:
    """Name a change of a lease: the same change has the same name, so it is posted once."""
    said = [_named(after.key), *(_stand(one) for one in (before, after) if one is not None)]
    return UUID(bytes=sha256("/".join(said).encode()).digest()[:16])


def _named(key: LeaseKey) -> str:
    return f"{key.right.kind}:{key.right.id}:{key.device}:{key.epoch}:{key.nth}"


def _stand(lease: Lease) -> str:
    spends = sorted((str(receipt), amount) for receipt, amount in lease.spends.items())
    return f"{lease.cover}:{lease.state}:{spends}:{sorted(map(str, lease.refunds))}"
