"""Codes by SMS, the summary of known persons and a provider, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.catalogue import Announcement
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.persons import FilterVersion, NewFilter
from cloud_broker.ports.sms import SmsCode, SmsMessage, SmsSender
from cloud_broker.ports.unit import Units
from cloud_broker.services.members.sms_codes import SmsCodes
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.persons import ADDITIONS_MAX
from tests.fakes.cloud_basics import FakeKeyRing

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class RecruitingShelf:
    """What one tenant has of both."""

    codes: dict[UUID, SmsCode] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)
    filters: dict[int, NewFilter] = field(default_factory=dict)


class FakeSmsRepo:
    """A `SmsRepo`."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.recruiting

    def made(
        self, phone_hash: bytes, device: UUID, since_ms: int
    ) -> tuple[Sequence[int], Sequence[int]]:
        recent = [one for one in self._shelf.codes.values() if one.created_ms > since_ms]
        return (
            [one.created_ms for one in recent if one.phone_hash == phone_hash],
            [one.created_ms for one in recent if one.device == device],
        )

    def add(self, code: SmsCode) -> None:
        where = (code.member, code.store, code.lane)
        self._shelf.ended |= {
            one.code_id
            for one in self._shelf.codes.values()
            if (one.member, one.store, one.lane) == where
        }
        self._shelf.codes[code.code_id] = code

    def open_code(self, member: UUID, store: UUID, lane: str) -> SmsCode | None:
        held = [
            one
            for one in self._shelf.codes.values()
            if (one.member, one.store, one.lane) == (member, store, lane)
            and one.code_id not in self._shelf.ended
        ]
        return held[-1] if held else None

    def tried(self, code_id: UUID) -> None:
        held = self._shelf.codes[code_id]
        self._shelf.codes[code_id] = replace(held, tries=held.tries + 1)

    def end(self, code_id: UUID, now_ms: int) -> None:
        del now_ms
        self._shelf.ended.add(code_id)

    def forget(self, before_ms: int) -> int:
        old = [one.code_id for one in self._shelf.codes.values() if one.created_ms < before_ms]
        for code_id in old:
            del self._shelf.codes[code_id]
        return len(old)


class FakePersonFilterRepo:
    """A `PersonFilterRepo` over the identities that were entered."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.recruiting

    def newest(self) -> FilterVersion | None:
        held = self._shelf.filters
        return held[max(held)].version if held else None

    def content(self, version: int) -> bytes | None:
        held = self._shelf.filters
        return held[version].content if held and version == max(held) else None

    def additions(self, after: int) -> tuple[bytes | None, ...]:
        held = sorted(self._shelf.filters.items())
        return tuple(new.additions for version, new in held if version > after)

    def add(self, new: NewFilter, who: str, now_ms: int) -> bool:
        del who, now_ms
        made, held = new.version, self._shelf.filters
        if made.version in held:
            return False
        held[made.version] = new
        for old in [one for one in held if one <= made.version - ADDITIONS_MAX]:
            del held[old]
        told = Announcement("persons", made.version, made.sha256, made.size)
        self._state.waiting.append(told)
        return True

    def persons(self) -> int:
        return len(self._phones())

    def phones(self, since_ms: int, after: bytes, limit: int) -> list[bytes]:
        since = self._state.identity_since
        return [
            one
            for one in self._phones()
            if one > after and since.get(("phone", one), 0) >= since_ms
        ][:limit]

    def _phones(self) -> list[bytes]:
        return sorted(hashed for kind, hashed in self._state.identities if kind == "phone")


def sms_codes(
    units: Units, clock: Clock, ids: IdSource, sender: SmsSender | None = None
) -> SmsCodes:
    """The service under the keys that tests share."""
    return SmsCodes(units, FakeKeyRing(), clock, ids, sender, "熟客美妆")


class FakeSmsSender:
    """A provider that keeps what it was given; `down` refuses everything."""

    def __init__(self) -> None:
        self.sent: list[SmsMessage] = []
        self.down = False

    def send(self, message: SmsMessage) -> None:
        if self.down:
            raise Fault(FaultCode.SMS_NOT_SENT)
        self.sent.append(message)
