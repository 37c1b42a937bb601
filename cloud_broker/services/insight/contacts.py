"""Who may be written to: express words for each channel, and stopping at any time.

A word is a row that stays; the address is there while the last word is a yes.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from cloud_broker.domain.contacts import (
    NONCE_BYTES,
    PURPOSES,
    TEXT_VERSION,
    address_of,
    hash_of,
    seal,
    text_hash,
)
from cloud_broker.domain.ingest_effects import PHONE
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.messages import Contact, Said
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import same_persons
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import Channel
from retail_core.texts.faults import FaultCode

_MS = 1_000


@dataclass(frozen=True, slots=True)
class OptIn:
    """A member's yes to a channel; `said_by` is where she said it, `at_ms` when, 0 for now."""

    member: UUID
    channel: Channel
    address: str = field(repr=False)
    language: str = "zh"
    said_by: str = "member"
    at_ms: int = 0


class Contacts:
    """Keeps words and addresses."""

    def __init__(self, units: Units, keys: KeyRing, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._keys = keys
        self._clock = clock
        self._ids = ids

    def opt_in(self, tenant: UUID, said: OptIn) -> None:
        """Keep a yes and where to write.

        Fault CONTACT_INVALID when a number is not the one she is a member by.
        """
        with self._units.begin(tenant) as unit:
            self.enter(unit, tenant, said)

    def enter(self, unit: Unit, tenant: UUID, said: OptIn) -> None:
        """Keep a yes in the transaction at hand; Fault CONTACT_INVALID."""
        keys, now_ms = self._keys.keys(tenant), self._clock.now_ms()
        address = address_of(said.channel, said.address)
        hashed = hash_of(keys.phone_hash_key, said.channel, address)
        if said.channel == "sms":
            _check_hers(unit, said.member, hashed)
        nonce = self._ids.random_bytes(NONCE_BYTES)
        sealed = seal(keys.bundle_seed, said.member, said.channel, address, nonce)
        unit.messages.save_contact(Contact(said.member, said.channel, sealed, hashed, now_ms))
        word = (said.channel, said.language, said.said_by, said.at_ms or now_ms)
        unit.messages.say([self._word(said.member, word, given=True)], now_ms)

    def opt_out(
        self, tenant: UUID, member: UUID, channel: Channel, language: str = "zh", by: str = "member"
    ) -> None:
        """Keep a no of hers, for every member that she is, and forget where to write."""
        with self._units.begin(tenant) as unit:
            self._end(unit, same_persons(unit, [member]), (channel, language, by))

    def enter_file(self, tenant: UUID, text: str) -> dict[str, int]:
        """Enter who agreed to SMS before, from a CSV of `phone` and `at` (ISO 8601).

        A number that is no member's is counted and passed over; who said a word later keeps it. All
        or nothing: Fault OPT_IN_ROW names the row that cannot be read.
        """
        counts = {"entered": 0, "unknown": 0, "older": 0}
        key = self._keys.keys(tenant).phone_hash_key
        with self._units.begin(tenant) as unit:
            for phone, at_ms in _rows_of(text, self._clock.now_ms()):
                hashed = hash_of(key, "sms", phone)
                owner = unit.members.identities([(PHONE, hashed)]).get((PHONE, hashed))
                if owner is None:
                    counts["unknown"] += 1
                elif unit.messages.said_since(owner, PURPOSES["sms"], at_ms):
                    counts["older"] += 1
                else:
                    said = OptIn(owner, "sms", "+" + phone, said_by="file", at_ms=at_ms)
                    self.enter(unit, tenant, said)
                    counts["entered"] += 1
        return counts

    def stop(self, tenant: UUID, channel: Channel, address: str) -> int:
        """Keep the no of whoever an address is; return how many members that were."""
        try:
            plain = address_of(channel, address)
        except Fault:
            return 0
        hashed = hash_of(self._keys.keys(tenant).phone_hash_key, channel, plain)
        with self._units.begin(tenant) as unit:
            found = unit.messages.members_at(channel, hashed)
            if found:
                self._end(unit, same_persons(unit, found), (channel, "zh", "reply"))
        return len(found)

    def standing(self, tenant: UUID, member: UUID) -> dict[Channel, bool]:
        """Return by which channels she may be written to."""
        with self._units.begin(tenant) as unit:
            return {
                channel: member in unit.messages.allowed([member], channel, purpose)
                for channel, purpose in PURPOSES.items()
            }

    # ---- inside ---------------------------------------------------------------------------------

    def _end(
        self, unit: Unit, members: Sequence[UUID] | set[UUID], how: tuple[Channel, str, str]
    ) -> None:
        now_ms = self._clock.now_ms()
        channel, language, by = how
        word = (channel, language, by, now_ms)
        unit.messages.say([self._word(one, word, given=False) for one in sorted(members)], now_ms)
        unit.messages.drop_contacts(members, channel)

    def _word(self, member: UUID, how: tuple[Channel, str, str, int], *, given: bool) -> Said:
        channel, language, by, at_ms = how
        return Said(
            consent=self._ids.uuid7(),
            member=member,
            kind=PURPOSES[channel],
            given=given,
            text_version=TEXT_VERSION,
            text_hash=text_hash(channel, language),
            language=language,
            channel=by,
            wall_ms=at_ms,
        )


def _check_hers(unit: Unit, member: UUID, phone_hash: bytes) -> None:
    key = (PHONE, phone_hash)
    owner = unit.members.identities([key]).get(key)
    if owner is None or owner not in same_persons(unit, [member]):
        raise Fault(FaultCode.CONTACT_INVALID)


def _rows_of(text: str, now_ms: int) -> Iterator[tuple[str, int]]:
    """Yield numbers and when they agreed; Fault OPT_IN_ROW."""
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            phone = address_of("sms", row.get("phone") or "")
        except Fault:
            raise Fault(FaultCode.OPT_IN_ROW, row=number, field="phone") from None
        try:
            at = datetime.fromisoformat((row.get("at") or "").strip())
        except ValueError:
            raise Fault(FaultCode.OPT_IN_ROW, row=number, field="at") from None
        said_ms = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * _MS)
        # Nobody agreed tomorrow.
        if not 0 < said_ms <= now_ms:
            raise Fault(FaultCode.OPT_IN_ROW, row=number, field="at")
        yield phone, said_ms
