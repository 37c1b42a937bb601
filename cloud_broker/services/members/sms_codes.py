"""Codes by SMS: who holds the phone may spend at this lane, for this visit.

The number is in the request that asks and in the message that goes out; here rests its keyed hash,
as everywhere. The message goes out after the commit: a provider that hangs holds no row.
"""

import hmac
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.ingest_effects import PHONE
from cloud_broker.domain.sms_rules import (
    DAY_MS,
    KEPT_MS,
    LIFE_MS,
    TRIES_MAX,
    Purpose,
    digits_of,
    text_of,
    wait_ms,
)
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.sms import SmsCode, SmsMessage, SmsSender
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import same_persons
from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.texts.faults import FaultCode

Outcome = Literal["right", "wrong", "over"]
_PURPOSE = b"regulars code by sms\x00"
_RANDOM_BYTES = 8
_MS = 1_000


@dataclass(frozen=True, slots=True)
class SmsAsked:
    """A till asks for a code to a number that the customer said."""

    member: UUID
    lane: str
    phone: str = field(repr=False)
    language: str = "zh"
    purpose: Purpose = "till"


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a try; `left` tries remain of this code."""

    outcome: Outcome
    left: int = 0


class SmsCodes:
    """Sends and checks codes; `sender` is None where HQ has not set SMS up."""

    def __init__(
        self,
        units: Units,
        keys: KeyRing,
        clock: Clock,
        ids: IdSource,
        sender: SmsSender | None,
        brand: str,
    ) -> None:
        self._units = units
        self._keys = keys
        self._clock = clock
        self._ids = ids
        self._sender = sender
        self._brand = brand

    @property
    def on(self) -> bool:
        """Whether HQ has set SMS up."""
        return self._sender is not None

    def send(self, tenant: UUID, place: Place, asked: SmsAsked) -> int:
        """Send a code and return for how many seconds it holds.

        Faults SMS_OFF, SMS_MEMBER_UNCONFIRMED, SMS_PHONE_OTHER, SMS_TOO_OFTEN, SMS_NOT_SENT.
        """
        if self._sender is None:
            raise Fault(FaultCode.SMS_OFF)
        digits = normalise_phone(asked.phone)
        code = digits_of(self._ids.random_bytes(_RANDOM_BYTES))
        with self._units.begin(tenant) as unit:
            made = self._make(unit, tenant, place, (asked, digits, code))
            unit.sms.add(made)
        text = text_of(code, self._brand, asked.language, asked.purpose)
        try:
            self._sender.send(SmsMessage(made.code_id, digits, code, text))
        except Fault:
            # Not sent, but counted: a provider that is down is not asked a hundred times.
            with self._units.begin(tenant) as unit:
                unit.sms.end(made.code_id, self._clock.now_ms())
            raise
        return LIFE_MS // _MS

    def check(self, tenant: UUID, place: Place, member: UUID, lane: str, code: str) -> Checked:
        """Try a code at the lane it was sent for; a right one is used up."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            held = unit.sms.open_code(member, place.store, lane)
            if held is None or held.expires_ms <= now_ms or held.tries >= TRIES_MAX:
                return Checked("over")
            unit.sms.tried(held.code_id)
            if not hmac.compare_digest(held.code_hash, self._hash(tenant, held.code_id, code)):
                return Checked("wrong", TRIES_MAX - held.tries - 1)
            unit.sms.end(held.code_id, now_ms)
        return Checked("right")

    def forget(self, tenant: UUID) -> int:
        """Delete codes that no limit counts any more; return how many."""
        with self._units.begin(tenant) as unit:
            return unit.sms.forget(self._clock.now_ms() - KEPT_MS)

    # ---- inside ---------------------------------------------------------------------------------

    def _make(
        self, unit: Unit, tenant: UUID, place: Place, said: tuple[SmsAsked, str, str]
    ) -> SmsCode:
        asked, digits, code = said
        phone_hash = hmac.digest(self._keys.keys(tenant).phone_hash_key, digits.encode(), "sha256")
        _check_owner(unit, asked.member, phone_hash)
        now_ms = self._clock.now_ms()
        wait = wait_ms(*unit.sms.made(phone_hash, place.device, now_ms - DAY_MS), now_ms)
        if wait:
            raise Fault(FaultCode.SMS_TOO_OFTEN, seconds=-(-wait // _MS))
        code_id = self._ids.uuid7()
        return SmsCode(
            code_id=code_id,
            member=asked.member,
            store=place.store,
            device=place.device,
            lane=asked.lane,
            phone_hash=phone_hash,
            code_hash=self._hash(tenant, code_id, code),
            created_ms=now_ms,
            expires_ms=now_ms + LIFE_MS,
        )

    def _hash(self, tenant: UUID, code_id: UUID, code: str) -> bytes:
        """Hash under a key that no box has: a million codes are tried in a second."""
        key = hmac.digest(self._keys.keys(tenant).bundle_seed, _PURPOSE, "sha256")
        return hmac.digest(key, code_id.bytes + code.encode(), "sha256")


def _check_owner(unit: Unit, member: UUID, phone_hash: bytes) -> None:
    """Faults SMS_MEMBER_UNCONFIRMED when she is not here yet, SMS_PHONE_OTHER for another's."""
    if member not in unit.members.wallets([member]):
        raise Fault(FaultCode.SMS_MEMBER_UNCONFIRMED)
    key = (PHONE, phone_hash)
    owner = unit.members.identities([key]).get(key)
    if owner is None or owner not in same_persons(unit, [member]):
        raise Fault(FaultCode.SMS_PHONE_OTHER)
