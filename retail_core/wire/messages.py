"""Wire messages v1. Within a version fields are only added, at the end, with a default.

Array-like structs: a sale of five lines is about 140 bytes instead of 500 as JSON. UUIDs travel as
their 16 bytes. Money in fen, quantities in thousandths, points as integers.
"""

from enum import StrEnum

import msgspec

WIRE_VERSION = 1


class EventType(StrEnum):
    """What a box can tell the cloud; the value is the type on the wire."""

    SALE = "sale"
    MEMBER_ENROLLED = "member.enrolled"
    CARD_ISSUED = "card.issued"
    CONSENT_GIVEN = "consent.given"


class Event(msgspec.Struct, array_like=True, frozen=True):
    """One journal record. Tenant, store, device, epoch and seq stand in the frame around it."""

    event_id: bytes
    type: str
    wall_ms: int
    time_quality: int
    boot_id: bytes
    mono_ms: int
    body: msgspec.Raw
    till: bytes | None = None
    operator: bytes | None = None
    member: bytes | None = None


class UpFrame(msgspec.Struct, array_like=True, frozen=True):
    """Consecutive events of one (device, epoch): event i has sequence `first_seq + i`."""

    v: int
    tenant: bytes
    store: bytes
    device: bytes
    epoch: int
    first_seq: int
    prev_hash: bytes
    events: tuple[Event, ...]


class Rejected(msgspec.Struct, array_like=True, frozen=True):
    """An event that was stored in the repair queue instead of being applied."""

    seq: int
    code: str


class AckFrame(msgspec.Struct, array_like=True, frozen=True):
    """Committed ranges (inclusive) of one (device, epoch), and frames allowed in flight."""

    v: int
    epoch: int
    ranges: tuple[tuple[int, int], ...]
    credit: int
    rejected: tuple[Rejected, ...] = ()


class Hello(msgspec.Struct, array_like=True, frozen=True):
    """Sent after every (re)connect: what the box still holds and how far it has read."""

    v: int
    epoch: int
    lowest_unacked: int
    next_seq: int
    feed_pos: int
    catalogue_version: int
    bundle_version: int
    software: str = ""


class ChangeKind(StrEnum):
    """What a change of the feed carries."""

    MEMBER = "member"
    MEMBER_GONE = "member.gone"


class Change(msgspec.Struct, array_like=True, frozen=True):
    """One change for this store; apply only when `ver` is above the version held."""

    pos: int
    kind: str
    key: bytes
    ver: int
    body: msgspec.Raw


class ChangeFrame(msgspec.Struct, array_like=True, frozen=True):
    """Changes chained by the previous position: `prev_pos` must be the position applied so far."""

    v: int
    feed_epoch: int
    prev_pos: int
    pos: int
    changes: tuple[Change, ...]
    committed_ms: int = 0


class Published(msgspec.Struct, array_like=True, frozen=True):
    """A new catalogue or rule bundle is there; its bytes are fetched over HTTP and checked."""

    v: int
    kind: str
    version: int
    sha256: bytes
    size: int


class Presence(msgspec.Struct, array_like=True, frozen=True):
    """Retained birth, heartbeat and will of a device (the will carries the birth's boot id)."""

    v: int
    state: str
    boot_id: bytes
    wall_ms: int
    software: str = ""
    epoch: int = 0
    outbox_depth: int = 0
    feed_pos: int = 0
    can_sell: bool = False
    devices: dict[str, str] = {}
    faults: dict[str, int] = {}


class CloudPresence(msgspec.Struct, array_like=True, frozen=True):
    """Whether ingest is up; boxes hold their frames while it is not."""

    v: int
    up: bool
    boot_id: bytes


# ---- event bodies -------------------------------------------------------------------------------


class SaleLine(msgspec.Struct, array_like=True, frozen=True):
    """One line as charged; `offers` name what lowered it: (offer id, fen off)."""

    line: int
    article: bytes | None
    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    offers: tuple[tuple[str, int], ...] = ()


class WirePosting(msgspec.Struct, array_like=True, frozen=True):
    """A ledger posting; its key is (tenant, receipt, line, rule, kind, nth)."""

    line: int
    rule: str
    kind: str
    nth: int
    debit: str
    credit: str
    points: int
    issuer: bytes
    redeemer: bytes | None = None


class Sale(msgspec.Struct, array_like=True, frozen=True):
    """A finished sale, from the local API (`api`) or read off a printed receipt (`tap`)."""

    receipt_id: bytes
    source: str
    till_receipt_no: str
    business_date: int | None
    shelf_fen: int
    total_fen: int
    lines: tuple[SaleLine, ...]
    tenders: tuple[tuple[str, int], ...] = ()
    postings: tuple[WirePosting, ...] = ()
    bundle_version: int = 0
    bundle_hash: bytes = b""
    certificate_hash: bytes = b""
    solver_status: str = ""


class MemberEnrolled(msgspec.Struct, array_like=True, frozen=True):
    """A member enrolled at a till; the phone number travels only as a keyed hash and a mask."""

    wallet: bytes
    name: str
    tier: str
    phone_hash: bytes | None
    phone_masked: str
    claim_hash: bytes
    claim_expires_ms: int
    declared_tags: tuple[str, ...] = ()


class ConsentGiven(msgspec.Struct, array_like=True, frozen=True):
    """Append-only record of a separate consent."""

    kind: str
    text_version: str
    text_hash: bytes
    language: str
    channel: str
    given: bool = True


class CardIssued(msgspec.Struct, array_like=True, frozen=True):
    """An NFC card bound to a member: the chip's UID as a keyed hash."""

    kind: str
    uid_hash: bytes


# ---- feed bodies --------------------------------------------------------------------------------


class PhoneKey(msgspec.Struct, array_like=True, frozen=True):
    """The public half of a phone's member-code key."""

    key_id: bytes
    public_key: bytes


class Purchase(msgspec.Struct, array_like=True, frozen=True):
    """One line of a member's last purchase."""

    sku: str
    name: str
    qty_milli: int


class MemberRecord(msgspec.Struct, array_like=True, frozen=True):
    """Everything a shop may hold of a member; `ver` of the change orders it."""

    wallet: bytes
    name: str
    tier: str
    tags: tuple[str, ...]
    points_free: int
    points_pending: int
    phone_masked: str
    phone_hash: bytes | None
    phone_keys: tuple[PhoneKey, ...]
    cards: tuple[bytes, ...]
    home_store: bytes
    last_receipt: bytes | None = None
    last_store: bytes | None = None
    last_wall_ms: int = 0
    last_total_fen: int = 0
    last_lines: tuple[Purchase, ...] = ()
    posted_receipts: tuple[bytes, ...] = ()
