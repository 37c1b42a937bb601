"""Wire messages v1. Within a version fields are only added, at the end, with a default.

Array-like structs: a sale of five lines is about 140 bytes instead of 500 as JSON. UUIDs travel as
their 16 bytes. Money in fen, quantities in thousandths, points as integers.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import (
    Count,
    Digest,
    Fen,
    Hash,
    Id,
    Points,
    Qty,
    SaleText,
    Seq,
    Text,
)
from retail_core.wire.health import BoxVitals, Issues
from retail_core.wire.standing import BirthSaid, Uses

WIRE_VERSION = 1

Events = Annotated[tuple["Event", ...], Meta(min_length=1, max_length=limits.FRAME_EVENTS_MAX)]
AckRanges = Annotated[tuple[tuple[Seq, Seq], ...], Meta(max_length=limits.ACK_RANGES_MAX)]
ChainEnds = Annotated[tuple[Hash, ...], Meta(max_length=limits.ACK_RANGES_MAX)]
Changes = Annotated[tuple["Change", ...], Meta(max_length=limits.CHANGES_PER_FRAME_MAX)]
OffersTaken = tuple[tuple[SaleText, Fen], ...]
RulesUsed = Annotated[tuple[tuple[SaleText, Count], ...], Meta(max_length=limits.MEMBER_USES_MAX)]
SaleLines = Annotated[tuple["SaleLine", ...], Meta(min_length=1, max_length=limits.LINES_MAX)]
LeaseSpends = Annotated[tuple["LeaseSpend", ...], Meta(max_length=limits.LEASE_SPENDS_MAX)]
Tenders = Annotated[tuple[tuple[SaleText, Fen], ...], Meta(max_length=limits.TENDERS_MAX)]


class Event(msgspec.Struct, array_like=True, frozen=True):
    """One journal record. Tenant, store, device, epoch and seq stand in the frame around it."""

    event_id: Id
    type: Text
    wall_ms: Count
    time_quality: Count
    boot_id: Id
    mono_ms: Count
    body: msgspec.Raw
    till: Id | None = None
    operator: Id | None = None
    member: Id | None = None


class UpFrame(msgspec.Struct, array_like=True, frozen=True):
    """Consecutive events of one (device, epoch): event i has sequence `first_seq + i`.

    `sent_boot` and `sent_mono_ms` say when it was sent by the box's own counting, so that the cloud
    can date what the box made in the same boot without knowing the time.
    """

    v: int
    tenant: Id
    store: Id
    device: Id
    epoch: Count
    first_seq: Seq
    prev_hash: Hash
    events: Events
    sent_boot: Id | None = None
    sent_mono_ms: Count = 0


class Rejected(msgspec.Struct, array_like=True, frozen=True):
    """An event that was stored in the repair queue instead of being applied."""

    seq: Seq
    code: Text


class NewestMark(msgspec.Struct, array_like=True, frozen=True):
    """How new a published thing is: whoever fetched it at another mark fetches it again."""

    kind: Text
    mark: Count


class AckFrame(msgspec.Struct, array_like=True, frozen=True):
    """Committed ranges (inclusive) of one (device, epoch), and frames allowed in flight.

    `ends` are the chain's hashes after each range's last event: a box whose card was set back has
    other events under these sequences, and must not take them for committed. `packing` is the
    newest packing of up-frames that the cloud reads (`retail_core/wire/packing.py`), 0 for none.
    `cloud_epoch` stands in the answer to a hello and rises with every restore of the database: who
    knows a lower one says what it holds and offers again what was lost; who has met a higher one
    sends nothing. There too stand `newest`, a mark of each published thing that is not announced to
    a box which was away, and how far the store's feed goes: who has fetched at these marks and read
    to this head has nothing to ask. `feed_epoch` 0 says that nothing is told of either.
    """

    v: int
    epoch: Count
    ranges: AckRanges
    credit: Count
    rejected: tuple[Rejected, ...] = ()
    ends: ChainEnds = ()
    packing: Count = 0
    cloud_epoch: Count = 0
    newest: tuple[NewestMark, ...] = ()
    feed_epoch: Count = 0
    feed_head: Count = 0


class Hello(msgspec.Struct, array_like=True, frozen=True):
    """Sent after every (re)connect: what the box still holds and how far it has read."""

    v: int
    epoch: Count
    lowest_unacked: Seq
    next_seq: Seq
    feed_pos: Count
    catalogue_version: Count
    bundle_version: Count
    software: Text = ""


class Change(msgspec.Struct, array_like=True, frozen=True):
    """One change for this store; apply only when `ver` is above the version held."""

    pos: Count
    kind: Text
    key: Id
    ver: Count
    body: msgspec.Raw


class ChangeFrame(msgspec.Struct, array_like=True, frozen=True):
    """Changes chained by the previous position: `prev_pos` must be the position applied so far."""

    v: int
    feed_epoch: Count
    prev_pos: Count
    pos: Count
    changes: Changes
    committed_ms: Count = 0


class Published(msgspec.Struct, array_like=True, frozen=True):
    """A new catalogue or rule bundle is there; its bytes are fetched over HTTP and checked.

    A small change travels along: `delta` leads who holds version `base`, whose bytes had
    `base_sha256`, to this one; whoever holds another fetches the whole.
    """

    v: int
    kind: Text
    version: Count
    sha256: Hash
    size: Count
    base: Count = 0
    base_sha256: Digest = b""
    delta: Annotated[bytes, Meta(max_length=limits.CATALOGUE_DELTA_BYTES_MAX)] = b""


class Presence(msgspec.Struct, array_like=True, frozen=True):
    """Retained birth, heartbeat and end of a device: `gone` by its will, `left` on purpose.

    All of one connection carry its `session`, so that a late will ends no later one.
    """

    v: int
    state: Text
    boot_id: Id
    wall_ms: Count
    software: Text = ""
    epoch: Count = 0
    outbox_depth: Count = 0
    feed_pos: Count = 0
    can_sell: bool = False
    devices: dict[Text, Text] = {}
    faults: dict[Text, Count] = {}
    catalogue_version: Count = 0
    bundle_version: Count = 0
    vitals: BoxVitals | None = None
    issues: Issues = ()
    session: Id | None = None


class CloudPresence(msgspec.Struct, array_like=True, frozen=True):
    """Whether ingest is up; boxes hold their frames while it is not."""

    v: int
    up: bool
    boot_id: Id


# ---- event bodies -------------------------------------------------------------------------------


class SaleLine(msgspec.Struct, array_like=True, frozen=True):
    """One line as charged; `offers` name what lowered it: (offer id, fen off)."""

    line: Count
    article: Id | None
    sku: SaleText
    name: SaleText
    qty_milli: Qty
    shelf_fen: Fen
    net_fen: Fen
    offers: OffersTaken = ()


class WirePosting(msgspec.Struct, array_like=True, frozen=True):
    """A ledger posting; its key is (tenant, receipt, line, rule, kind, nth)."""

    line: Count
    rule: SaleText
    kind: SaleText
    nth: Count
    debit: SaleText
    credit: SaleText
    points: Points
    issuer: Id
    redeemer: Id | None = None


class LeaseSpend(msgspec.Struct, array_like=True, frozen=True):
    """What a sale used up of a lease of its own device: points, a coupon (1), or of a budget."""

    kind: SaleText
    right: Id
    epoch: Seq
    nth: Seq
    amount: Seq


class PricedFor(msgspec.Struct, array_like=True, frozen=True):
    """What a price depended on besides the lines: to price it again, and no more.

    `opened_min` is wall time in the store's zone, in minutes since 1970; tier, tags and groups are
    those that the rules ask about, tier None for a basket without a member. `joined` is a day as
    20260731, `birthday` month and day as 731, 0 for none. While `use_known`, `used` says how often
    she had used counted rules, `store_used` the store that day, `campaigns` what was gone of each.
    `stock` is what lay there of its articles, where a rule asks for that.
    """

    opened_min: Count
    clock_known: bool = True
    tier: SaleText | None = None
    tags: tuple[SaleText, ...] = ()
    store: SaleText = ""
    region: SaleText = ""
    channel: SaleText = ""
    groups: tuple[SaleText, ...] = ()
    joined: Count = 0
    birthday: Count = 0
    personal: bool = True
    use_known: bool = False
    used: Uses = ()
    store_used: RulesUsed = ()
    campaigns: tuple[tuple[SaleText, Fen, Count], ...] = ()
    stock: tuple[tuple[SaleText, Count], ...] = ()


class CouponTaken(msgspec.Struct, array_like=True, frozen=True):
    """The coupon that lowered a sale by `fen_off`: `id` of hers, None when it came by itself."""

    id: Id | None
    rule: SaleText
    fen_off: Fen


class GiftTaken(msgspec.Struct, array_like=True, frozen=True):
    """Goods given on top by a gift rule."""

    rule: SaleText
    sku: SaleText
    units: Count


class Sale(msgspec.Struct, array_like=True, frozen=True):
    """A finished sale, from the local API (`api`) or read off a printed receipt (`tap`).

    `uses` counts the rules whose use is limited, as their caps do; on the day `uses_on`, that of
    the basket's opening, where it is not the business date. `counter_ms`: from the basket's opening
    to its end, 0 where nobody knows.
    """

    receipt_id: Id
    source: SaleText
    till_receipt_no: SaleText
    business_date: Count | None
    shelf_fen: Fen
    total_fen: Fen
    lines: SaleLines
    tenders: Tenders = ()
    postings: tuple[WirePosting, ...] = ()
    bundle_version: Count = 0
    bundle_hash: Digest = b""
    certificate_hash: Digest = b""
    solver_status: SaleText = ""
    lease_spends: LeaseSpends = ()
    priced_for: PricedFor | None = None
    uses: RulesUsed = ()
    coupon: CouponTaken | None = None
    gifts: tuple[GiftTaken, ...] = ()
    uses_on: Count = 0
    counter_ms: Count = 0


class MemberEnrolled(msgspec.Struct, array_like=True, frozen=True):
    """A member enrolled at a till; the phone number travels only as a keyed hash and a mask."""

    wallet: Id
    name: Text
    tier: Text
    phone_hash: Digest | None
    phone_masked: Text
    claim_hash: Digest
    claim_expires_ms: Count
    declared_tags: tuple[Text, ...] = ()
    birthday: BirthSaid | None = None


class ConsentGiven(msgspec.Struct, array_like=True, frozen=True):
    """Append-only record of a separate consent."""

    kind: Text
    text_version: Text
    text_hash: Digest
    language: Text
    channel: Text
    given: bool = True
    age: Text = ""


class CardIssued(msgspec.Struct, array_like=True, frozen=True):
    """An NFC card bound to a member: the chip's UID as a keyed hash."""

    kind: Text
    uid_hash: Digest


class ClaimIssued(msgspec.Struct, array_like=True, frozen=True):
    """A member's new phone may claim her place; the phone before it is revoked when it does."""

    claim_hash: Hash
    claim_expires_ms: Count


class ProofUsed(msgspec.Struct, array_like=True, frozen=True):
    """A one-time proof (code or card reading) used by a member; `proof` stands for it, a hash."""

    factor: Text
    proof: Hash


class FaceHeld(msgspec.Struct, array_like=True, frozen=True):
    """Templates of a member rest in this box: that they do, never what they are."""

    count: Count
    model_id: Text


class FaceErased(msgspec.Struct, array_like=True, frozen=True):
    """No template of a member is left in this box: the signed receipt of it."""

    receipt: Annotated[bytes, Meta(max_length=4096)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]
    public_key: Hash


class ProofSuspect(msgspec.Struct, array_like=True, frozen=True):
    """A proof that seems to be copied: the card `subject`, hashed, `shown` a counter below `last`.

    `code` is the fault to be shown to people.
    """

    factor: Text
    code: Text
    subject: Digest
    shown: Count = 0
    last: Count = 0
