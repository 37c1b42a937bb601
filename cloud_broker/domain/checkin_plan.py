"""Whether a member may check in at a lane now.

A lane's tag is a plain address: whoever has read it once can open it from home. So a check-in is a
claim to stand somewhere, and these keep it honest: the lane exists and its shop is online; a code
that the phone signed this minute goes along, which the box checks as if it had been held up to its
camera; page and till show the same number; it lives for a minute; a member has one at a time; and
the box takes none while somebody else is being served.
"""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.store_state import Heard, judge
from retail_core.errors import Fault
from retail_core.identity.member_code import parse
from retail_core.texts.faults import FaultCode
from retail_core.wire.lane import NUMBER_MAX, NUMBER_MIN

LIFE_MS = 60_000
KEPT_MS = 30 * 24 * 3600 * 1000
_AWAY = frozenset({"gone", "never"})


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """A till, the names of it and its store, and what its store's box last said."""

    store: UUID
    lane: UUID
    store_name: str
    lane_name: str
    heard: Heard | None

    @property
    def online(self) -> bool:
        """Whether the box can be told."""
        return judge(self.heard)[0] not in _AWAY


@dataclass(frozen=True, slots=True)
class NewCheckIn:
    """A check-in to be told to a store."""

    checkin: UUID
    member: UUID
    store: UUID
    lane: UUID
    number: int
    code: str
    opened_ms: int
    expires_ms: int


def number_of(randomness: bytes) -> int:
    """Return the two digits that the page and the till both show."""
    return NUMBER_MIN + int.from_bytes(randomness, "big") % (NUMBER_MAX - NUMBER_MIN + 1)


def check(lane: LaneFacts | None, code: str, key_id: bytes) -> LaneFacts:
    """Return the lane when the member may check in there, or raise why not.

    Faults CHECKIN_LANE_UNKNOWN, CHECKIN_STORE_OFFLINE; QR_FOREIGN, PHONE_SIGNATURE for a code that
    is none, or another phone's.
    """
    if lane is None:
        raise Fault(FaultCode.CHECKIN_LANE_UNKNOWN)
    if not lane.online:
        raise Fault(FaultCode.CHECKIN_STORE_OFFLINE)
    if parse(code).key_id != key_id:
        raise Fault(FaultCode.PHONE_SIGNATURE)
    return lane
