"""Enrolling a member at a till."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from retail_core.growth.birthdays import Birthday
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import MemberEnrolled
from retail_core.wire.standing import BirthSaid

MEMBERSHIP = "membership"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CLAIM_CHARS = 10
CLAIM_RANDOM_BYTES = 7
CLAIM_TTL_S = 24 * 60 * 60  # a shop may be offline for a day before the cloud learns of the code
_BITS_PER_CHAR = 5


@dataclass(frozen=True, slots=True)
class EnrolCommand:
    """What the clerk entered; `consents` maps a kind to what the customer said to it.

    `is_14_or_older` is what she declared; None when she was not asked.
    """

    name: str
    phone: str
    language: str
    consents: Mapping[str, bool]
    declared_tags: tuple[str, ...] = ()
    operator: UUID | None = None
    till: UUID | None = None
    is_14_or_older: bool | None = None
    birthday: Birthday | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member of this shop; `existing` when the phone number belonged to one already.

    The claim code is shown once and kept only as a hash; an existing member gets none.
    `consent_events` names the journal's record of each consent that was given, `record` is what
    this shop holds of a new member.
    """

    member_id: UUID
    existing: bool
    claim_code: str = ""
    claim_uri: str = ""
    claim_expires_s: int = 0
    consent_events: Mapping[str, UUID] | None = None
    record: MemberRecord | None = None


def record_of(enrolled: MemberEnrolled, home_store: UUID) -> MemberRecord:
    """Return what a shop holds of a member it has just enrolled."""
    return MemberRecord(
        wallet=enrolled.wallet,
        name=enrolled.name,
        tier=enrolled.tier,
        tags=enrolled.declared_tags,
        points_free=0,
        points_pending=0,
        phone_masked=enrolled.phone_masked,
        phone_hash=enrolled.phone_hash,
        phone_keys=(),
        cards=(),
        home_store=home_store.bytes,
        birthday=_in_this_year(enrolled.birthday),
    )


def _in_this_year(said: BirthSaid | None) -> int:
    """Return a solar birthday as month and day; a lunar one waits for the cloud's word."""
    return 0 if said is None or said.lunar else said.month * 100 + said.day


def claim_code(randomness: bytes) -> str:
    """Return 10 Crockford base-32 characters (50 bits) of 7 random bytes."""
    if len(randomness) != CLAIM_RANDOM_BYTES:
        raise ValueError(f"need {CLAIM_RANDOM_BYTES} random bytes, got {len(randomness)}")
    bits = int.from_bytes(randomness, "big")
    mask = len(CROCKFORD) - 1
    return "".join(CROCKFORD[bits >> _BITS_PER_CHAR * at & mask] for at in range(CLAIM_CHARS))
