"""Members who check in on their phones: told by the cloud, believed by the phone's own signature.

A tag names its till; the till's lane checks the code and is the only one that shows her.

The line's thread only queues; this one may ask the cloud for a member it does not hold yet. Each
call is answered, so that the phone can say what became of it.
"""

import queue
from collections.abc import Callable, Mapping
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudLink
from edge_agent.services.members.members import Members
from edge_agent.services.recognition.identify import Identification, Identify
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity.member_code import parse
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.lane import CheckIn, CheckInSeen, Seen, decode_check_in
from retail_core.wire.messages import WIRE_VERSION

QUEUE_MAX = 16
TURN_S = 0.5
_CODES = {
    Seen.BUSY: FaultCode.CHECKIN_LANE_BUSY,
    Seen.EXPIRED: FaultCode.CHECKIN_EXPIRED,
}
Show = Callable[[Identification, UUID, int], object]


class LaneCalls:
    """Takes calls in turn; `standing` says who is served at a till, `show` tells its counter."""

    def __init__(  # noqa: PLR0913 -- the parts of the counters
        self,
        link: CloudLink,
        members: Members,
        clock: Clock,
        tally: FaultTally,
        *,
        at: Mapping[UUID, Identify],
        standing: Callable[[UUID], UUID | None],
        show: Show,
    ) -> None:
        self._link = link
        self._members = members
        self._clock = clock
        self._tally = tally
        self._at = at
        self._standing = standing
        self._show = show
        self._inbox: queue.Queue[bytes] = queue.Queue(QUEUE_MAX)

    def put(self, payload: bytes) -> None:
        """Take a message of the line; never blocks. One too many is dropped: its phone hears so."""
        try:
            self._inbox.put_nowait(payload)
        except queue.Full:
            self._tally.count(FaultCode.CHECKIN_LANE_BUSY)

    def turn(self) -> None:
        """Wait a moment for a call and answer it. Faults of the wire when it cannot be read."""
        try:
            payload = self._inbox.get(timeout=TURN_S)
        except queue.Empty:
            return
        call = decode_check_in(payload)
        outcome, code = self._judge(call)
        if code is not None:
            self._tally.count(code)
        seen = CheckInSeen(WIRE_VERSION, call.checkin, outcome, code.value if code else "")
        self._link.publish_seen(seen)

    def _judge(self, call: CheckIn) -> tuple[Seen, FaultCode | None]:
        till, now = UUID(bytes=call.lane), self._clock.now()
        identify = self._at.get(till)
        if identify is None:
            return Seen.REFUSED, FaultCode.CHECKIN_LANE_UNKNOWN
        # A clock that was never set cannot say that time is up; it refuses the code below.
        if now.quality != TimeQuality.UNKNOWN and now.wall_ms > call.expires_ms:
            return Seen.EXPIRED, _CODES[Seen.EXPIRED]
        try:
            if self._taken(till, call.code):
                return Seen.BUSY, _CODES[Seen.BUSY]
        except Fault as fault:
            return Seen.REFUSED, fault.code
        result = identify.page(call.code)
        if result.outcome != "member":
            return Seen.REFUSED, next(iter(result.reasons), None)
        self._show(result, till, call.number)
        return Seen.SHOWN, None

    def _taken(self, till: UUID, code: str) -> bool:
        """Tell whether somebody else stands there: whoever is served is not pushed aside."""
        standing = self._standing(till)
        if standing is None:
            return False
        held = self._members.find("phone_key", parse(code).key_id).held
        return held is None or held.member_id != standing
