"""A code by SMS: sent to the number the customer said, checked at the lane it was sent for.

The number stays in memory for the visit, so that it is typed once; it is on no disk of the box.
"""

import threading
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.person_line import CodeWanted, PersonLine
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.members.members import Members
from edge_agent.services.members.recruit import digits_of
from edge_agent.services.members.till_sessions import VISIT_MS
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class _Typed:
    member: UUID
    digits: str = field(repr=False)
    mono_ms: int = 0


class SmsDesk:
    """Codes at the lanes of one box; safe to call from any thread."""

    def __init__(self, line: PersonLine, replica: Replica, members: Members, clock: Clock) -> None:
        self._line = line
        self._replica = replica
        self._members = members
        self._clock = clock
        self._lock = threading.Lock()
        self._typed: dict[str, _Typed] = {}

    def typed(self, lane: str, member: UUID, phone: str) -> None:
        """Remember, for this visit, the number that was typed for a member at a lane."""
        with self._lock:
            now_ms = self._clock.now().mono_ms
            self._typed[lane] = _Typed(member, digits_of(phone), now_ms)

    def send(self, lane: str, member: UUID, phone: str | None, language: str) -> int:
        """Let a code be sent; return for how many seconds it holds.

        Faults SALE_MEMBER_UNKNOWN, RECRUIT_PHONE, SMS_PHONE_NEEDED and those of M147 to M154.
        """
        held = self._held(member)
        digits = self._remembered(lane, member) if phone is None else digits_of(phone)
        if digits is None:
            raise Fault(FaultCode.SMS_PHONE_NEEDED)
        own = held.record.phone_hash
        if own is not None and self._members.phone_hash(digits) != own:
            raise Fault(FaultCode.SMS_PHONE_OTHER)
        try:
            return self._line.send_code(CodeWanted(member, lane, digits, language))
        except Fault as fault:
            raise _for_the_clerk(fault) from None

    def check(self, lane: str, member: UUID, code: str) -> HeldMember:
        """Return the member whose phone it is; she may spend at this lane.

        Faults SALE_MEMBER_UNKNOWN, SMS_CODE_WRONG, SMS_CODE_OVER, SMS_OFFLINE.
        """
        held = self._held(member)
        try:
            checked = self._line.check_code(member, lane, code)
        except Fault as fault:
            raise _for_the_clerk(fault) from None
        if checked.outcome == "wrong" and checked.left:
            raise Fault(FaultCode.SMS_CODE_WRONG, left=checked.left)
        if checked.outcome != "right":
            raise Fault(FaultCode.SMS_CODE_OVER)
        with self._lock:
            self._typed.pop(lane, None)
        return held

    # ---- inside ---------------------------------------------------------------------------------

    def _held(self, member: UUID) -> HeldMember:
        held = self._replica.member(member)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN, member=member)
        return held

    def _remembered(self, lane: str, member: UUID) -> str | None:
        with self._lock:
            typed = self._typed.get(lane)
            if typed is None or self._clock.now().mono_ms - typed.mono_ms > VISIT_MS:
                self._typed.pop(lane, None)
                return None
        return typed.digits if typed.member == member else None


def _for_the_clerk(fault: Fault) -> Fault:
    """Return what a clerk can do something with: no line is said in words."""
    offline = {FaultCode.SYNC_LINK_DOWN, FaultCode.WIRE_MALFORMED, FaultCode.API_NOT_FOUND}
    return Fault(FaultCode.SMS_OFFLINE) if fault.code in offline else fault
