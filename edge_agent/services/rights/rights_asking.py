"""A member's rights that lie in other stores, fetched while she stands here.

Nobody waits for it: what can be redeemed here now is shown at once, and shown again when more has
come. A member is asked for once in a while; only who may redeem here is asked for at all.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from edge_agent.ports.cloud_desk import CloudDesk
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core import limits
from retail_core.errors import Fault
from retail_core.loyalty.leases import Right, RightKind
from retail_core.tally import FaultTally
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.rights import AskState, RightAsked, RightsAnswer, RightsAsked

QUEUE_MAX = 16
TURN_S = 0.5
AGAIN_S = 5.0
KEPT_MAX = 64

State = Literal["none", "asking", "coming", "dark"]
Wants = tuple[tuple[Right, int], ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How it stands with what lies elsewhere: points on their way, and where nobody answers."""

    state: State = "none"
    coming: int = 0
    dark: int = 0


NOTHING_ELSEWHERE = Elsewhere()


@dataclass(slots=True)
class _Asked:
    wants: Wants
    stands: Elsewhere
    at_s: float


class RightsAsking:
    """`look` never blocks; `turn` is the thread's work; `told` hears of members with news."""

    def __init__(
        self,
        desk: CloudDesk,
        leases: LeaseDesk,
        tally: FaultTally,
        connected: Callable[[], bool] = lambda: True,
    ) -> None:
        self._connected = connected
        self._desk = desk
        self._leases = leases
        self._tally = tally
        self._told: Callable[[UUID], None] = _nobody
        self._lock = threading.Lock()
        self._asked: dict[UUID, _Asked] = {}
        self._inbox: queue.Queue[tuple[UUID, bool]] = queue.Queue(QUEUE_MAX)

    def tell(self, told: Callable[[UUID], None]) -> None:
        """Call `told` with a member when something of hers may have come."""
        self._told = told

    def look(self, member: UUID, wants: Wants) -> Elsewhere:
        """Ask for what is wanted and is not here, unless it was asked just now or nobody hears."""
        missing = tuple(one for one in wants if self._leases.spendable(one[0]) < one[1])
        now_s = time.monotonic()
        with self._lock:
            known = self._asked.get(member)
            if not missing or not self._connected():
                self._asked.pop(member, None)
                return NOTHING_ELSEWHERE
            if known is not None and now_s < known.at_s + AGAIN_S:
                return known.stands
            stands = Elsewhere("asking") if known is None else known.stands
            self._asked[member] = _Asked(missing, stands, now_s)
            while len(self._asked) > KEPT_MAX:
                self._asked.pop(next(iter(self._asked)))
        try:
            self._inbox.put_nowait((member, True))
        except queue.Full:
            return NOTHING_ELSEWHERE
        return stands

    def arrived(self) -> None:
        """Take note that leases came: whoever was asked for may have hers."""
        with self._lock:
            came = [
                member
                for member, asked in self._asked.items()
                if any(self._leases.spendable(right) for right, _ in asked.wants)
            ]
        for member in came:
            with suppress(queue.Full):  # the screen is told by what comes next
                self._inbox.put_nowait((member, False))

    def turn(self, wait_s: float = TURN_S) -> None:
        """Ask the cloud for one member's rights, or show that they have come."""
        try:
            member, ask = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
        except queue.Empty:
            return
        with self._lock:
            asked = self._asked.get(member)
        if asked is None or not ask:
            self._told(member)
            return
        try:
            answer = self._desk.ask_rights(_message(asked.wants))
            self._leases.take(answer.grants)
            asked.stands = _stands(answer)
        except Fault as fault:
            self._tally.count(fault.code)
            asked.stands = NOTHING_ELSEWHERE
        self._told(member)


def _message(wants: Sequence[tuple[Right, int]]) -> RightsAsked:
    some = wants[: limits.RIGHTS_ASKED_MAX]
    return RightsAsked(
        WIRE_VERSION,
        tuple(RightAsked(right.kind.value, right.id.bytes, amount) for right, amount in some),
    )


def _stands(answer: RightsAnswer) -> Elsewhere:
    """Sum up: points count by their amount, a coupon only by its state."""
    states = {one.state for one in answer.stands}
    points = [one for one in answer.stands if one.kind == RightKind.POINTS]
    coming, dark = sum(one.coming for one in points), sum(one.dark for one in points)
    if AskState.ASKED in states:
        return Elsewhere("coming", coming, dark)
    if AskState.DARK in states:
        return Elsewhere("dark", 0, dark)
    return NOTHING_ELSEWHERE


def _nobody(_member: UUID) -> None:
    """Stand in until a screen listens."""
