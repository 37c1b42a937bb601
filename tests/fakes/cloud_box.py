"""A store's box as the cloud sees it: events, frames, the hash chain, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from uuid import UUID

import msgspec

from retail_core.clock import Instant, TimeQuality
from retail_core.ids import uuid7
from retail_core.loyalty.postings import brand_account, member_account
from retail_core.wire.codec import (
    GENESIS_HASH,
    Actors,
    draft_event,
    encode,
    encode_body,
    event_hash,
)
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import (
    CardIssued,
    ClaimIssued,
    ConsentGiven,
    Event,
    Hello,
    MemberEnrolled,
    Presence,
    ProofSuspect,
    ProofUsed,
    Sale,
    SaleLine,
    UpFrame,
    WirePosting,
)
from retail_core.wire.refund import Refund, RefundLine
from retail_core.wire.topics import DeviceTopic, shard_of

WALL_MS = 1_795_000_000_000
_numbers = count(1)


def fresh_id() -> UUID:
    """An id nobody else has in this run."""
    return uuid7(WALL_MS, next(_numbers).to_bytes(10, "big"))


@dataclass(frozen=True)
class Person:
    """A member as her box enrols her."""

    member: UUID = field(default_factory=fresh_id)
    wallet: UUID = field(default_factory=fresh_id)
    name: str = "王芳"
    phone: str = "8613800138000"

    @property
    def phone_hash(self) -> bytes:
        return sha256(self.phone.encode()).digest()

    @property
    def claim_code(self) -> str:
        return f"CLAIM{self.member.int % 100_000:05d}"


@dataclass
class SimBox:
    """One device of one store; `events` is its journal, sequence 1 first."""

    tenant: UUID
    store: UUID = field(default_factory=fresh_id)
    device: UUID = field(default_factory=fresh_id)
    legal_entity: UUID = field(default_factory=fresh_id)
    epoch: int = 7
    till: UUID = field(default_factory=fresh_id)
    operator: UUID | None = None
    quality: TimeQuality = TimeQuality.SYNCED
    wall_ms: int = WALL_MS
    events: list[Event] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=lambda: [GENESIS_HASH])
    boot: UUID = field(default_factory=fresh_id)

    def topic(self, tail: str = "up") -> str:
        return str(DeviceTopic(self.tenant, shard_of(self.store), self.device, tail))

    # ---- events ---------------------------------------------------------------------------------

    def journal(self, type_: str, body: bytes, member: UUID | None = None) -> Event:
        self.wall_ms += 1_000
        at = Instant(self.wall_ms, self.wall_ms - WALL_MS, self.boot, self.quality)
        event = draft_event(fresh_id(), type_, at, body, Actors(self.till, self.operator, member))
        self.events.append(event)
        self.hashes.append(event_hash(self.hashes[-1], event))
        return event

    def enrols(self, person: Person) -> Event:
        body = MemberEnrolled(
            wallet=person.wallet.bytes,
            name=person.name,
            tier="silver",
            phone_hash=person.phone_hash,
            phone_masked="138****8000",
            claim_hash=sha256(person.claim_code.encode()).digest(),
            claim_expires_ms=self.wall_ms + 600_000,
            declared_tags=("敏感肌",),
        )
        return self.journal(EventType.MEMBER_ENROLLED, encode_body(body), person.member)

    def consents(self, person: Person, kind: str = "membership") -> Event:
        body = ConsentGiven(kind, "1", sha256(kind.encode()).digest(), "zh", "till")
        return self.journal(EventType.CONSENT_GIVEN, encode_body(body), person.member)

    def issues_card(self, person: Person, uid: bytes = b"\x04card") -> Event:
        body = CardIssued("ntag424", sha256(uid).digest())
        return self.journal(EventType.CARD_ISSUED, encode_body(body), person.member)

    def issues_link(self, person: Person, code: str) -> Event:
        """A clerk lets another phone claim her place."""
        body = ClaimIssued(sha256(code.encode()).digest(), self.wall_ms + 600_000)
        return self.journal(EventType.CLAIM_ISSUED, encode_body(body), person.member)

    def proves(self, person: Person, code: bytes) -> Event:
        body = ProofUsed("member_code", sha256(code).digest())
        return self.journal(EventType.PROOF_USED, encode_body(body), person.member)

    def suspects(self, person: Person, shown: int, last: int) -> Event:
        """A card that seems to be copied."""
        subject = sha256(b"\x04card").digest()
        body = ProofSuspect("sun_card", "R312", subject, shown, last)
        return self.journal(EventType.PROOF_SUSPECT, encode_body(body), person.member)

    def sells(self, person: Person | None = None, *, fen: int = 5_900, **changes: object) -> Event:
        sale = msgspec.structs.replace(self.sale(person, fen=fen), **changes)
        member = None if person is None else person.member
        return self.journal(EventType.SALE, encode_body(sale), member)

    def sale(self, person: Person | None, *, fen: int = 5_900, points: int = 59) -> Sale:
        """Two lines; the points of a member's sale stand on the first."""
        postings: tuple[WirePosting, ...] = ()
        if person is not None:
            postings = (
                WirePosting(
                    line=1,
                    rule="earn",
                    kind="earn",
                    nth=0,
                    debit=brand_account(self.legal_entity, "liability"),
                    credit=member_account(person.wallet, "free"),
                    points=points,
                    issuer=self.legal_entity.bytes,
                ),
            )
        return Sale(
            receipt_id=fresh_id().bytes,
            source="api",
            till_receipt_no=str(len(self.events) + 1),
            business_date=20261118,
            shelf_fen=fen,
            total_fen=fen,
            lines=(
                SaleLine(1, fresh_id().bytes, "A1", "洗面奶", 1_000, fen - 100, fen - 100),
                SaleLine(2, None, "", "购物袋", 1_000, 100, 100),
            ),
            tenders=(("wechat", fen),),
            postings=postings,
        )

    def refunds(self, sold: Event, *lines: tuple[int, int], fen: int, **changes: object) -> Event:
        """Goods of a sale come back here, whoever sold them: (line, thousandths)."""
        sale = msgspec.msgpack.decode(sold.body, type=Sale)
        body = Refund(
            refund_id=fresh_id().bytes,
            receipt_id=sale.receipt_id,
            source="api",
            till_receipt_no=str(len(self.events) + 1),
            business_date=20261119,
            reason="尺码不合适",
            lines=tuple(RefundLine(line, qty_milli) for line, qty_milli in lines),
            money_fen=fen,
            tenders=(("wechat", fen),),
        )
        said = msgspec.structs.replace(body, **changes)
        member = None if sold.member is None else UUID(bytes=sold.member)
        return self.journal(EventType.REFUND, encode_body(said), member)

    # ---- messages -------------------------------------------------------------------------------

    def frame(self, first: int = 1, last: int | None = None) -> bytes:
        """The journal's events first..last as a frame."""
        return encode(self.up(first, len(self.events) if last is None else last))

    def up(self, first: int, last: int) -> UpFrame:
        return UpFrame(
            v=1,
            tenant=self.tenant.bytes,
            store=self.store.bytes,
            device=self.device.bytes,
            epoch=self.epoch,
            first_seq=first,
            prev_hash=self.hashes[first - 1],
            events=tuple(self.events[first - 1 : last]),
        )

    def hello(self, *, lowest_unacked: int = 1, feed_pos: int = 0, **held: int) -> bytes:
        return encode(
            Hello(
                v=1,
                epoch=self.epoch,
                lowest_unacked=lowest_unacked,
                next_seq=max(len(self.events) + 1, lowest_unacked),
                feed_pos=feed_pos,
                catalogue_version=held.get("catalogue", 0),
                bundle_version=held.get("bundle", 0),
            )
        )

    def presence(self, state: str = "ok", **said: object) -> bytes:
        plain = Presence(
            v=1,
            state=state,
            boot_id=self.boot.bytes,
            wall_ms=self.wall_ms,
            software="0.1",
            epoch=self.epoch,
            can_sell=state != "gone",
            devices={"camera": "ok", "nfc": "ok"},
        )
        return encode(msgspec.structs.replace(plain, **said))


def receipts_of(events: Sequence[Event]) -> list[UUID]:
    """The receipts of sales among events."""
    decoder = msgspec.msgpack.Decoder(Sale)
    return [
        UUID(bytes=decoder.decode(event.body).receipt_id)
        for event in events
        if event.type == EventType.SALE
    ]
