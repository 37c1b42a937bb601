"""The event log again, from any point: tills' sales and channels' events in one order.

The order is that of arrival, by the key of the log, so that the same question gives the same answer
for ever. Reading ends where something may still come in before what is there.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.collection import Logged, Place
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body

PAGE = 1_000
NOBODY = UUID(int=0)
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Replaying:
    """Reads the log."""

    units: Units
    clock: Clock

    def rows(
        self, tenant: UUID, after: Place, until_us: int | None, types: Collection[str] = ()
    ) -> Iterator[Logged]:
        """Yield events after a place and before a moment, at most until all is settled.

        `types` are what events begin with (`channel.`, `sale`); none of them takes all.
        """
        with self.units.begin(tenant) as unit:
            settled = unit.collection.settled_us(self.clock.now_ms())
        end = settled if until_us is None else min(until_us, settled)
        wanted = tuple(types)
        while True:
            with self.units.begin(tenant) as unit:
                rows = unit.collection.replay(after, end, PAGE)
            yield from (one for one in rows if not wanted or one.type.startswith(wanted))
            if len(rows) < PAGE:
                return
            after = rows[-1].place


def place_of(text: str) -> Place:
    """Return a place by a time, or as `place_text` writes one. Fault REPLAY_FROM."""
    head, dot, event = text.partition(".")
    try:
        if dot and head.isdecimal() and len(event) == len(str(NOBODY)):
            return Place(int(head), UUID(event))
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        micros = round(moment.timestamp() * _US)
    except ValueError:
        raise Fault(FaultCode.REPLAY_FROM, value=text[:60]) from None
    if micros < 0:
        raise Fault(FaultCode.REPLAY_FROM, value=text[:60])
    return Place(micros, NOBODY)


def place_text(place: Place) -> str:
    """Return a place as a text, to go on after it."""
    return f"{place.received_us}.{place.event_id}"


def told(one: Logged) -> dict[str, object]:
    """Return an event for programs: its place, whose it is, and what it says by name."""
    said: dict[str, object] = {
        "at": place_text(one.place),
        "event": str(one.place.event_id),
        "type": one.type,
        "happened_ms": one.at_ms,
        "device": str(one.device),
    }
    named = {
        "store": "" if one.store == NOBODY else str(one.store),
        "member": "" if one.member is None else str(one.member),
        "channel": one.channel,
        "name": one.name,
        "user_id": one.user_id,
        "anonymous_id": one.anonymous_id,
        "session_id": one.session_id,
        "sku": one.sku,
        "category": one.category,
    }
    said |= {name: value for name, value in named.items() if value}
    return said | {"body": _body(one)}


def _body(one: Logged) -> object:
    """Return what an event says; one of a kind that this release does not know, as it is."""
    if one.channel or one.type.startswith("segment."):
        return msgspec.json.decode(one.body)
    try:
        return _plain(decode_body(one.type, msgspec.Raw(one.body)))
    except Fault:
        return {"unread": one.body.hex()}


def _plain(value: Any) -> object:
    """Return a wire structure by its fields' names; bytes are hex."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(one) for name, one in msgspec.structs.asdict(value).items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
