"""Takes what platforms push: proved, kept once, booked; what cannot be read waits with why."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import msgspec

from cloud_broker.domain.connectors.known import CONNECTORS
from cloud_broker.domain.connectors.shape import Json, Opened, Pushed
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.collection import ChannelEvent, Refusal, Source
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.insight.collecting import ORDER
from cloud_broker.services.insight.order_book import OrderBook
from cloud_broker.services.insight.sources import Sources
from retail_core.errors import Fault
from retail_core.insight.channel_orders.words import OrderWord, Said, encode_word
from retail_core.insight.collection import limits
from retail_core.insight.collection.plain import Hashed
from retail_core.texts.faults import FaultCode

_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Push:
    """A request of a platform, at the address of a source."""

    tenant: UUID
    source: UUID
    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform wants to hear."""

    text: str
    media: str


@dataclass(frozen=True, slots=True)
class Connecting:
    """Connects."""

    units: Units
    clock: Clock
    ids: IdSource
    sources: Sources
    orders: OrderBook

    def take(self, push: Push) -> Answer:
        """Book what a platform says. Faults CONNECTOR_SIGNATURE, …_LATE, …_SHAPE."""
        now = self.clock.now_ms()
        with self.units.begin(push.tenant) as unit:
            source = unit.collection.source(push.source)
        if source is None or source.ended_ms is not None or source.kind not in CONNECTORS:
            # Nobody is told apart here: a wrong address looks like a wrong signature.
            raise Fault(FaultCode.CONNECTOR_SIGNATURE)
        secrets = self.sources.secrets_of(push.tenant, source)
        pushed = Pushed(push.method, push.query, push.headers, push.body)
        opened = CONNECTORS[source.kind].opened(pushed, secrets, now)
        if opened.rows:
            with self.units.begin(push.tenant) as unit:
                self._book(unit, push, source, opened, now)
        return Answer(opened.answer, opened.media)

    def _book(self, unit: Unit, push: Push, source: Source, opened: Opened, now_ms: int) -> None:
        hashed = self.sources.hashed(push.tenant)
        said: list[OrderWord] = []
        refused: list[tuple[Fault, Json]] = []
        for row in opened.rows:
            try:
                said += _words(source, row, hashed)
            except Fault as fault:
                refused.append((fault, row))
        events = {_name_of(word): word for word in said}
        new = unit.journal.claim_keys(f"collect:{source.source_id}", list(events))
        unit.collection.add_events(
            [self._event(word, source, now_ms) for key, word in events.items() if key in new]
        )
        booked = self.orders.book(
            unit, push.tenant, [Said(source.source_id, word) for word in said], now_ms
        )
        conflicts = [
            Fault(
                FaultCode.CHANNEL_ORDER_CONFLICT, order=one.word.order_no, version=one.word.version
            )
            for one in booked.conflicts
        ]
        kept = [(fault, msgspec.json.encode(row)) for fault, row in refused]
        kept += [
            (fault, encode_word(one.word).encode())
            for fault, one in zip(conflicts, booked.conflicts, strict=True)
        ]
        unit.collection.refuse([self._refusal(source, *one, now_ms) for one in kept])

    def _event(self, word: OrderWord, source: Source, now_ms: int) -> ChannelEvent:
        """Say in the log what was said of an order: one order of time with tills' sales."""
        return ChannelEvent(
            event_id=self.ids.uuid7(),
            source=source.source_id,
            channel=word.channel,
            kind=ORDER,
            received_ms=now_ms,
            at_ms=_moment(word, now_ms),
            name=f"Order {(word.status or 'updated').replace('_', ' ').title()}",
            user_id="",
            anonymous_id="",
            session_id="",
            sku="",
            category="",
            body=encode_word(word).encode(),
        )

    def _refusal(self, source: Source, fault: Fault, payload: bytes, now_ms: int) -> Refusal:
        detail = ", ".join(f"{name}={value}" for name, value in sorted(fault.fields.items()))
        return Refusal(
            self.ids.uuid7(),
            source.source_id,
            now_ms,
            fault.code.value,
            detail[:200],
            ORDER,
            payload,
        )


def _words(source: Source, row: Json, hashed: Hashed) -> tuple[OrderWord, ...]:
    """Read a row, and hold what was read to the limits of an order."""
    try:
        found = CONNECTORS[source.kind].words(row, source.channel, hashed)
        return tuple(msgspec.convert(msgspec.to_builtins(one), OrderWord) for one in found)
    except msgspec.MsgspecError as error:
        # The message names a field and a limit, and quotes nothing.
        raise Fault(FaultCode.CONNECTOR_SHAPE, field=str(error).rpartition("$")[2][:80]) from None


def _moment(word: OrderWord, now_ms: int) -> int:
    """Return when it was said there, where its version is a time; else when it came."""
    return word.version if limits.AGE_MAX_MS < word.version <= now_ms else now_ms


def _name_of(word: OrderWord) -> bytes:
    return sha256(b"order\n" + encode_word(word).encode()).digest()[:_KEY_BYTES]
