"""What a batch needs to know and what it does to the tables, as plain data."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.points import BookedRefund, HeldReceipt, NewPosting
from retail_core.identity.erasure import Receipt
from retail_core.insight.persons.plan import WALLET_CONSENT
from retail_core.loyalty.policy import Policies
from retail_core.loyalty.postings import Posting
from retail_core.texts.faults import FaultCode
from retail_core.wire.growth import CallAnswered, GiftHanded
from retail_core.wire.lease import LeaseHello, LeaseReturned
from retail_core.wire.messages import (
    CardIssued,
    ClaimIssued,
    ConsentGiven,
    FaceErased,
    FaceHeld,
    MemberEnrolled,
    Sale,
)
from retail_core.wire.tills import TillAgreement

TAP = "tap"
API = "api"
PHONE = "phone"
CARD = "card"

FACE_LOCAL = "face.local"
FACE_WALK_UP = "face.walk_up"
FACE_GUARDIAN = "face.minor_guardian"
CONSENT_KINDS = frozenset(
    {
        *("membership", FACE_LOCAL, "face.roaming", FACE_WALK_UP, FACE_GUARDIAN, "marketing"),
        WALLET_CONSENT,
    }
)
# Every store that holds her hears how her words on these stand now.
TOLD_CONSENTS = frozenset({FACE_LOCAL, FACE_WALK_UP, FACE_GUARDIAN})
CONSENT_AGES = frozenset({"", "14+", "under14"})

# What is printed on a tapped receipt: store, till, business date, number.
TapKey = tuple[UUID, UUID | None, date, str]


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Where a one-time proof was used first."""

    event_id: UUID
    store: UUID


@dataclass(slots=True)
class Facts:
    """What the tables hold of the things a batch names; the plan adds to it as it goes.

    `told` are sales of tills by what each was, `back` receipts of which the batch takes something
    back; `second`: a person says that an equal sale is another one.
    """

    receipts: set[UUID] = field(default_factory=set)
    taps: set[TapKey] = field(default_factory=set)
    told: dict[TapKey, dict[bytes, UUID]] = field(default_factory=dict)
    back: frozenset[UUID] = frozenset()
    second: bool = False
    wallets: dict[UUID, UUID] = field(default_factory=dict)
    wallet_owners: dict[UUID, UUID] = field(default_factory=dict)
    identities: dict[tuple[str, bytes], UUID] = field(default_factory=dict)
    consenting: set[UUID] = field(default_factory=set)
    proofs: dict[bytes, FirstUse] = field(default_factory=dict)
    tenant: UUID = field(default_factory=lambda: UUID(int=0))
    held: dict[UUID, HeldReceipt] = field(default_factory=dict)
    refunds: set[UUID] = field(default_factory=set)
    holders: dict[UUID, UUID] = field(default_factory=dict)
    kin: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)


@dataclass(frozen=True, slots=True)
class BookedSale:
    """A sale to be booked; `content` is what a till's own is known again by."""

    arrival: Arrival
    sale: Sale
    receipt_id: UUID
    day: date
    postings: tuple[Posting, ...]
    points: int
    wallet: UUID | None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member to be entered."""

    arrival: Arrival
    member: UUID
    enrolled: MemberEnrolled
    wallet: UUID


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to be bound to a member."""

    arrival: Arrival
    member: UUID
    card: CardIssued


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A right to put a new phone's key on a member."""

    arrival: Arrival
    member: UUID
    claim: ClaimIssued


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A consent to be entered."""

    arrival: Arrival
    member: UUID
    consent: ConsentGiven


@dataclass(frozen=True, slots=True)
class HeldFace:
    """Templates of a member rest in a store."""

    arrival: Arrival
    member: UUID
    held: FaceHeld

    def is_of(self, arrival: Arrival, member: UUID) -> bool:
        """Return whether this is about the same member in the same store."""
        return self.member == member and self.arrival.place.store == arrival.place.store


@dataclass(frozen=True, slots=True)
class ErasedFace:
    """No template of a member rests in a store any more; the receipt was checked."""

    arrival: Arrival
    member: UUID
    erased: FaceErased
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A gift that left a counter; `handed` makes it count once."""

    arrival: Arrival
    member: UUID
    body: GiftHanded
    handed: UUID
    gift: UUID
    day: date


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """What came of a call-back that a clerk was asked to make."""

    arrival: Arrival
    call: UUID
    body: CallAnswered


@dataclass(frozen=True, slots=True)
class TillNews:
    """How far a till agrees with what its box computes."""

    arrival: Arrival
    till: UUID
    body: TillAgreement


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should look at, though it was applied."""

    arrival: Arrival
    kind: str
    code: FaultCode
    detail: str
    member: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was not applied."""

    arrival: Arrival
    code: FaultCode
    detail: str


@dataclass(slots=True)
class Plan:
    """Effects in the order they have to be written."""

    applied: list[Arrival] = field(default_factory=list)
    members: list[NewMember] = field(default_factory=list)
    identities: dict[tuple[str, bytes], UUID] = field(default_factory=dict)
    cards: list[NewCard] = field(default_factory=list)
    claims: list[NewClaim] = field(default_factory=list)
    consents: list[NewConsent] = field(default_factory=list)
    held_faces: list[HeldFace] = field(default_factory=list)
    erased_faces: list[ErasedFace] = field(default_factory=list)
    sales: list[BookedSale] = field(default_factory=list)
    refunds: list[BookedRefund] = field(default_factory=list)
    postings: list[NewPosting] = field(default_factory=list)
    balances: Counter[str] = field(default_factory=Counter)
    lease_events: list[tuple[Arrival, LeaseHello | LeaseReturned | GiftHanded]] = field(
        default_factory=list
    )
    handed: list[HandedOver] = field(default_factory=list)
    calls: list[AnsweredCall] = field(default_factory=list)
    till_news: list[TillNews] = field(default_factory=list)
    unmapped_names: Counter[str] = field(default_factory=Counter)
    touched: set[UUID] = field(default_factory=set)
    interests: set[tuple[UUID, UUID]] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def buyers(self) -> set[UUID]:
        """Return who came, bought or gave back: their tiers are to be judged."""
        members = [one.arrival.member for one in self.sales]
        members += [one.member for one in self.refunds] + [one.member for one in self.members]
        return {member for member in members if member is not None}
