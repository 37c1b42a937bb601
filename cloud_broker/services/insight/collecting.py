"""Takes what SDKs send: checked, kept once, in the log that tills write into.

A message counts once for ever: its key stands in a table without months. One that cannot be used is
kept with its reason where people see it; the sender hears that all went well, as Segment's senders
do, because sending it again would change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.collection import ChannelEvent, Refusal, RefusedState, Source
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.insight.heard import heard
from cloud_broker.services.insight.sources import Sources, hash_of, tenant_of
from retail_core.errors import Fault
from retail_core.insight.collection import limits
from retail_core.insight.collection.ecommerce import counted
from retail_core.insight.collection.messages import Message, read
from retail_core.insight.collection.plain import Hashed, logged, person
from retail_core.insight.persons.hearing import said_by_message
from retail_core.texts.faults import FaultCode

BATCH: Final = "batch"
# What a connector said: its platform says it again, and people read it here.
ORDER: Final = "order"
REFUSED_MAX = 500
_DETAIL_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an SDK: `kind` is a message's, or `batch`; `origin` "" comes from no page."""

    kind: str
    body: bytes
    key: str = ""
    origin: str = ""


@dataclass(slots=True)
class Took:
    """What came of a call: new events, ones that came before, ones that could not be used."""

    stored: int = 0
    again: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Sorted:
    """The messages of a call by what becomes of them."""

    good: dict[bytes, Message] = field(default_factory=dict)
    bad: list[tuple[Fault, object]] = field(default_factory=list)
    again: int = 0


@dataclass(frozen=True, slots=True)
class Collecting:
    """Collects."""

    units: Units
    clock: Clock
    ids: IdSource
    sources: Sources

    def take(self, call: Call) -> Took:
        """Keep what a call says. Faults COLLECT_KEY_WRONG, COLLECT_ORIGIN_REFUSED, …_UNREADABLE."""
        content = _decoded(call.body)
        key = call.key or _key_within(content)
        tenant, now = tenant_of(key), self.clock.now_ms()
        hashed = self.sources.hashed(tenant)
        with self.units.begin(tenant) as unit:
            source = _admitted(unit, key, call.origin, now)
            if content is None:
                fault = Fault(FaultCode.COLLECT_UNREADABLE)
                unit.collection.refuse([self._refusal(source, fault, call.body, call.kind, now)])
                took = None
            else:
                sorted_ = _sorted(content, call.kind, now)
                took = self._keep(unit, source, sorted_, now, hashed)
        # Said after the refusal is durable: the sender hears it, and HQ sees what it was.
        if took is None:
            raise Fault(FaultCode.COLLECT_UNREADABLE)
        return took

    def refused(self, tenant: UUID, state: RefusedState = "open") -> tuple[Refusal, ...]:
        """Return what could not be used, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.collection.refused(state, REFUSED_MAX)

    def count_refused(self, tenant: UUID) -> Mapping[str, int]:
        """Return how much waits, by code."""
        with self.units.begin(tenant) as unit:
            return unit.collection.count_refused()

    def again(self, tenant: UUID, refused_id: UUID, *, who: str) -> Took:
        """Try once more what could not be used, as of when it came; what is good leaves the list.

        Fault API_NOT_FOUND, or what is still wrong with it.
        """
        now, hashed = self.clock.now_ms(), self.sources.hashed(tenant)
        with self.units.begin(tenant) as unit:
            item, source = _waiting(unit, refused_id)
            if item.kind == ORDER:
                raise Fault(FaultCode.COLLECT_KIND, kind=ORDER)
            content = _decoded(item.payload)
            if content is None:
                raise Fault(FaultCode.COLLECT_UNREADABLE)
            sorted_ = _sorted(content, item.kind, item.received_ms)
            if sorted_.bad:
                raise sorted_.bad[0][0]
            took = self._keep(unit, source, sorted_, now, hashed)
            unit.collection.decide(refused_id, "taken", who, now)
            unit.hq.audit(AuditEntry(who, "collect.taken", str(refused_id), {}), now)
        return took

    def drop(self, tenant: UUID, refused_id: UUID, *, who: str) -> None:
        """Let go of what nobody needs; that it was there stays. Fault API_NOT_FOUND."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            _waiting(unit, refused_id)
            unit.collection.decide(refused_id, "dropped", who, now)
            unit.hq.audit(AuditEntry(who, "collect.dropped", str(refused_id), {}), now)

    # ---- inside ---------------------------------------------------------------------------------

    def _keep(
        self, unit: Unit, source: Source, sorted_: _Sorted, now_ms: int, hashed: Hashed
    ) -> Took:
        new = unit.journal.claim_keys(f"collect:{source.source_id}", list(sorted_.good))
        messages = [one for key, one in sorted_.good.items() if key in new]
        persons = [person(one, hashed) for one in messages]
        said = [found for found in persons if found.says_something]
        if said:
            unit.collection.note_persons(source.source_id, said, now_ms)
        ours = _ours(unit, messages)
        pairs = [
            (pair, one.at_ms)
            for one, found in zip(messages, persons, strict=True)
            for pair in said_by_message(one, source.source_id, found, ours.get(one.actor))
        ]
        unit.evidence.hear(heard(pairs, f"channel:{source.source_id}", now_ms))
        members = _members(unit, source, messages, ours)
        unit.collection.add_events(
            [self._event(one, source, now_ms, hashed, members.get(one.actor)) for one in messages]
        )
        unit.collection.refuse(
            [
                self._refusal(source, fault, msgspec.json.encode(raw), "", now_ms)
                for fault, raw in sorted_.bad
            ]
        )
        again = sorted_.again + len(sorted_.good) - len(messages)
        return Took(len(messages), again, len(sorted_.bad))

    def _event(
        self, one: Message, source: Source, now_ms: int, hashed: Hashed, member: UUID | None
    ) -> ChannelEvent:
        counts = counted(one)
        return ChannelEvent(
            event_id=self.ids.uuid7(),
            source=source.source_id,
            channel=source.channel,
            kind=one.kind,
            received_ms=now_ms,
            at_ms=one.at_ms,
            name=counts.name,
            user_id=one.user_id,
            anonymous_id=one.anonymous_id,
            session_id=one.session_id,
            sku=counts.sku,
            category=counts.category,
            body=msgspec.json.encode(logged(one, hashed)),
            member=member,
        )

    def _refusal(
        self, source: Source, fault: Fault, payload: bytes, kind: str, now_ms: int
    ) -> Refusal:
        detail = ", ".join(f"{name}={value}" for name, value in sorted(fault.fields.items()))
        return Refusal(
            self.ids.uuid7(),
            source.source_id,
            now_ms,
            fault.code.value,
            detail[:_DETAIL_CHARS_MAX].replace("\x00", "�"),
            kind,
            payload,
        )


def _decoded(body: bytes) -> dict[str, Any] | None:
    """Return a call as JSON; None for what is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _key_within(content: dict[str, Any] | None) -> str:
    """Return the key a page's SDK writes into the call itself, to be sent without a question."""
    found = (content or {}).get("writeKey")
    return found if isinstance(found, str) else ""


def _admitted(unit: Unit, key: str, origin: str, now_ms: int) -> Source:
    found = unit.collection.key(hash_of(key))
    if found is None:
        raise Fault(FaultCode.COLLECT_KEY_WRONG)
    held, source = found
    if not held.good(now_ms) or source.ended_ms is not None or source.kind != "sdk":
        raise Fault(FaultCode.COLLECT_KEY_WRONG)
    if origin and origin.lower() not in source.origins:
        raise Fault(FaultCode.COLLECT_ORIGIN_REFUSED, origin=origin[:100])
    unit.collection.key_used(held.key_hash, now_ms)
    return source


def _sorted(content: dict[str, Any], kind: str, now_ms: int) -> _Sorted:
    """Read the messages of a call; each stands for itself."""
    found = _Sorted()
    rows: Sequence[object] = [content]
    if kind == BATCH:
        batch = content.get("batch")
        if not isinstance(batch, list) or len(batch) > limits.BATCH_EVENTS_MAX:
            found.bad.append((Fault(FaultCode.COLLECT_SHAPE, field="batch"), content))
            return found
        rows = [_with_context(row, content) for row in batch]
    for row in rows:
        try:
            _check_size(row)
            one = read(row, "" if kind == BATCH else kind, now_ms, content.get("sentAt"))
        except Fault as fault:
            found.bad.append((fault, _kept(row, kind)))
            continue
        found.again += one.key in found.good
        found.good.setdefault(one.key, one)
    return found


def _check_size(row: object) -> None:
    if len(msgspec.json.encode(row)) > limits.CALL_BYTES_MAX:
        raise Fault(FaultCode.COLLECT_EVENT_TOO_LARGE, limit_bytes=limits.CALL_BYTES_MAX)


def _kept(row: object, kind: str) -> object:
    """Return what is kept of a message that cannot be used: all of it but the key."""
    if not isinstance(row, dict):
        return {"message": row}
    said = {name: value for name, value in row.items() if name != "writeKey"}
    return said if kind in {BATCH, ""} else {**said, "type": kind}


def _with_context(row: object, batch: dict[str, Any]) -> object:
    """Give a message of a batch what was said once for all of them."""
    shared = batch.get("context")
    if not isinstance(row, dict) or not isinstance(shared, dict):
        return row
    own = row.get("context")
    if own is not None and not isinstance(own, dict):
        return row
    return {**row, "context": {**shared, **(own or {})}}


def _ours(unit: Unit, messages: Sequence[Message]) -> Mapping[str, UUID]:
    """Return who of those that messages are about goes by our own number."""
    by_actor: dict[str, UUID] = {}
    for one in messages:
        try:
            by_actor[one.actor] = UUID(one.user_id)
        except ValueError:
            continue
    known = unit.members.wallets(set(by_actor.values())) if by_actor else {}
    return {actor: member for actor, member in by_actor.items() if member in known}


def _members(
    unit: Unit, source: Source, messages: Sequence[Message], ours: Mapping[str, UUID]
) -> Mapping[str, UUID]:
    """Return which members messages are about: by our own number, or by the number of a phone."""
    others = {one.actor for one in messages} - ours.keys()
    return {**unit.collection.members_of(source.source_id, others), **ours} if others else ours


def _waiting(unit: Unit, refused_id: UUID) -> tuple[Refusal, Source]:
    item = unit.collection.refusal(refused_id)
    source = None if item is None else unit.collection.source(item.source)
    if item is None or source is None or item.state != "open":
        raise Fault(FaultCode.API_NOT_FOUND, what=f"refused {refused_id}")
    return item, source
