"""Signing in by a code to her own number: a new phone without going to a shop.

Whoever asks is told the same, whether the number is a member's or nobody's: a list of numbers is
not to become a list of members. The number is in the request and in the message; here rests its
keyed hash, as everywhere.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Final
from uuid import UUID, uuid5

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.ingest_effects import PHONE
from cloud_broker.domain.sms_rules import LIFE_MS, Purpose
from cloud_broker.ports.privacy import Leaving
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.members.leaving import Leavings
from cloud_broker.services.members.phones import Claimed, PhoneHolder, Phones
from cloud_broker.services.members.sms_codes import SmsAsked, SmsCodes
from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.texts.faults import FaultCode

_MS: Final = 1_000
_NOWHERE: Final = UUID(int=0)
# Said by nobody who asks for a code: too often, another's, not a member's, not delivered.
_UNTOLD: Final = frozenset(
    {
        FaultCode.SMS_MEMBER_UNCONFIRMED,
        FaultCode.SMS_PHONE_OTHER,
        FaultCode.SMS_TOO_OFTEN,
        FaultCode.SMS_NOT_SENT,
    }
)


@dataclass(frozen=True, slots=True)
class PhoneSignIn:
    """Sends codes to members' own numbers and believes who read them; `tenants` finds a chain."""

    units: Units
    keys: KeyRing
    sms: SmsCodes
    phones: Phones
    leavings: Leavings
    tenants: Callable[[str], UUID]

    def ask(self, chain: str, phone: str, language: str) -> Callable[[], None]:
        """Return what sends a code: to be run after the answer, which is the same for everybody.

        Faults SMS_OFF, API_NOT_FOUND, and those of a number that is none.
        """
        if not self.sms.on:
            raise Fault(FaultCode.SMS_OFF)
        tenant, digits = self.tenants(chain), normalise_phone(phone)
        return lambda: self._send_quietly(tenant, digits, language)

    def claim(self, chain: str, phone: str, code: str, public_key: bytes | None) -> Claimed:
        """Let a phone speak for whoever read the code; who was about to leave has come back.

        Faults E112 (for a wrong code, too: tries that are counted would say whose number it is),
        E114.
        """
        tenant = self.tenants(chain)
        member = self._owner(tenant, normalise_phone(phone))
        if member is None:
            raise Fault(FaultCode.PHONE_CODE_OVER)
        tried = self.sms.check(tenant, _place(tenant, member), member, "sign_in", code)
        if tried.outcome != "right":
            raise Fault(FaultCode.PHONE_CODE_OVER)
        self.leavings.come_back(tenant, member, "member")
        return self.phones.bind(tenant, member, public_key, "phone.sign_in")

    def ask_to_leave(self, who: PhoneHolder, phone: str, language: str) -> int:
        """Send a code for closing the account; return for how many seconds it holds.

        Faults SMS_OFF, SMS_PHONE_OTHER, SMS_TOO_OFTEN, SMS_NOT_SENT.
        """
        return self._send(who.tenant, who.member, normalise_phone(phone), language, "leave")

    def leave(self, who: PhoneHolder, code: str) -> Leaving:
        """Close the account of whoever read the code; Faults E111, E112, E113."""
        tried = self.sms.check(
            who.tenant, _place(who.tenant, who.member), who.member, "leave", code
        )
        if tried.outcome == "wrong":
            raise Fault(FaultCode.PHONE_CODE_WRONG, left=tried.left)
        if tried.outcome == "over":
            raise Fault(FaultCode.PHONE_CODE_OVER)
        return self.leavings.by_herself(who.tenant, who.member)

    def _send_quietly(self, tenant: UUID, digits: str, language: str) -> None:
        member = self._owner(tenant, digits)
        if member is None:
            return
        try:
            self._send(tenant, member, digits, language, "sign_in")
        except Fault as fault:
            if fault.code not in _UNTOLD:
                raise

    def _send(
        self, tenant: UUID, member: UUID, digits: str, language: str, purpose: Purpose
    ) -> int:
        asked = SmsAsked(member, purpose, digits, language, purpose)
        return self.sms.send(tenant, _place(tenant, member), asked)

    def _owner(self, tenant: UUID, digits: str) -> UUID | None:
        key = self.keys.keys(tenant).phone_hash_key
        hashed = hmac.digest(key, digits.encode(), "sha256")
        with self.units.begin(tenant) as unit:
            return unit.members.find(PHONE, hashed)


def code_life_s() -> int:
    """Return for how many seconds a code holds."""
    return LIFE_MS // _MS


def _place(tenant: UUID, member: UUID) -> Place:
    """Return where a code is good: at no shop; each member's are counted by themselves."""
    return Place(uuid5(tenant, member.bytes.hex()), _NOWHERE, _NOWHERE, 0, "UTC", time(0))
