"""What other channels tell, their orders, and files of systems before, in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cloud_broker.domain.arrivals import Arrival, Place
from cloud_broker.domain.ingest_effects import NewMember
from cloud_broker.ports import collection as told
from cloud_broker.ports.channel_orders import PlacedOrder
from cloud_broker.ports.imports import (
    FileImport,
    ImportState,
    MovedMember,
    MovedTotals,
    NewcomerRow,
    OldConsent,
)
from retail_core.insight.channel_orders.words import Said, digest_of
from retail_core.insight.collection.plain import Person
from retail_core.wire.messages import Event, MemberEnrolled

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State

NOBODY = UUID(int=0)
_US = 1_000


@dataclass
class ChannelShelf:
    """Rows of the channels' tables."""

    sources: dict[UUID, told.Source] = field(default_factory=dict)
    keys: dict[bytes, told.WriteKey] = field(default_factory=dict)
    events: list[told.ChannelEvent] = field(default_factory=list)
    persons: dict[tuple[UUID, str], Person] = field(default_factory=dict)
    refused: dict[UUID, told.Refusal] = field(default_factory=dict)
    words: dict[tuple[UUID, UUID, int, int], Said] = field(default_factory=dict)
    orders: dict[UUID, PlacedOrder] = field(default_factory=dict)
    files: dict[UUID, FileImport] = field(default_factory=dict)
    moved: dict[tuple[UUID, int], MovedMember] = field(default_factory=dict)
    consents: list[OldConsent] = field(default_factory=list)


class FakeCollectionRepo:
    """A `CollectionRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.channels

    def add_source(self, source: told.Source) -> bool:
        if source.name in {one.name for one in self._shelf.sources.values()}:
            return False
        self._shelf.sources[source.source_id] = source
        return True

    def sources(self) -> tuple[told.Source, ...]:
        return tuple(sorted(self._shelf.sources.values(), key=lambda one: one.name))

    def source(self, source_id: UUID) -> told.Source | None:
        return self._shelf.sources.get(source_id)

    def change_source(
        self, source_id: UUID, origins: Sequence[str], sealed: bytes | None, ended_ms: int | None
    ) -> None:
        held = self._shelf.sources[source_id]
        self._shelf.sources[source_id] = replace(
            held, origins=tuple(origins), sealed=sealed, ended_ms=ended_ms
        )

    def add_key(self, key: told.WriteKey) -> None:
        self._shelf.keys[key.key_hash] = key

    def key(self, key_hash: bytes) -> tuple[told.WriteKey, told.Source] | None:
        held = self._shelf.keys.get(key_hash)
        return None if held is None else (held, self._shelf.sources[held.source])

    def keys(self, source_id: UUID) -> tuple[told.WriteKey, ...]:
        held = [one for one in self._shelf.keys.values() if one.source == source_id]
        return tuple(sorted(held, key=lambda one: (-one.made_ms, one.key_hash)))

    def end_keys(self, source_id: UUID, at_ms: int, but: bytes = b"") -> int:
        due = [
            one
            for one in self.keys(source_id)
            if one.key_hash != but and (one.ends_ms is None or one.ends_ms > at_ms)
        ]
        self._shelf.keys |= {one.key_hash: replace(one, ends_ms=at_ms) for one in due}
        return len(due)

    def key_used(self, key_hash: bytes, now_ms: int) -> None:
        held = self._shelf.keys[key_hash]
        if held.used_ms is None or held.used_ms < now_ms - 60_000:
            self._shelf.keys[key_hash] = replace(held, used_ms=now_ms)

    def add_events(self, events: Sequence[told.ChannelEvent]) -> None:
        self._shelf.events += events

    def note_persons(self, source_id: UUID, persons: Sequence[Person], now_ms: int) -> None:
        for one in persons:
            held = self._shelf.persons.get((source_id, one.actor), Person(one.actor))
            self._shelf.persons[source_id, one.actor] = Person(
                one.actor,
                one.phone_hash or held.phone_hash,
                one.email_hash or held.email_hash,
                {**held.traits, **one.traits},
            )

    def members_of(self, source_id: UUID, actors: Collection[str]) -> Mapping[str, UUID]:
        found: dict[str, UUID] = {}
        for actor in actors:
            held = self._shelf.persons.get((source_id, actor))
            if held is not None and held.phone_hash is not None and actor.startswith("u:"):
                member = self._state.identities.get(("phone", held.phone_hash))
                found |= {} if member is None else {actor: member}
        return found

    def refuse(self, items: Sequence[told.Refusal]) -> None:
        self._shelf.refused |= {one.refused_id: one for one in items}

    def refused(self, state: told.RefusedState, limit: int) -> tuple[told.Refusal, ...]:
        held = [one for one in self._shelf.refused.values() if one.state == state]
        held.sort(key=lambda one: (-one.received_ms, one.refused_id))
        return tuple(held[:limit])

    def count_refused(self) -> Mapping[str, int]:
        held = self._shelf.refused.values()
        return dict(sorted(Counter(one.code for one in held if one.state == "open").items()))

    def refusal(self, refused_id: UUID) -> told.Refusal | None:
        return self._shelf.refused.get(refused_id)

    def decide(self, refused_id: UUID, state: told.RefusedState, who: str, now_ms: int) -> None:
        held = self._shelf.refused[refused_id]
        self._shelf.refused[refused_id] = replace(held, state=state, payload=b"")

    def settled_us(self, now_ms: int) -> int:
        waiting = [frame.received_ms for frame in self._state.line.frames.values()]
        return min([now_ms - 10_000, *waiting]) * _US

    def replay(self, after: told.Place, until_us: int, limit: int) -> tuple[told.Logged, ...]:
        rows = [_of_channel(one) for one in self._shelf.events]
        rows += [_of_till(one) for one in self._state.events]
        rows.sort(key=lambda one: _order(one.place))
        return tuple(
            one
            for one in rows
            if _order(one.place) > _order(after) and one.place.received_us < until_us
        )[:limit]


class FakeChannelOrderRepo:
    """A `ChannelOrderRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.channels

    def add_words(self, words: Sequence[Said], now_ms: int) -> tuple[Said, ...]:
        conflicts = []
        for said in words:
            word = said.word
            key = (word.order_id, said.origin, word.version, word.part)
            held = self._shelf.words.setdefault(key, said)
            if digest_of(held.word) != digest_of(word):
                conflicts.append(said)
        return tuple(conflicts)

    def words(self, orders: Collection[UUID]) -> Mapping[UUID, tuple[Said, ...]]:
        found: dict[UUID, tuple[Said, ...]] = {}
        for (order, origin, _, _), said in self._shelf.words.items():
            file = self._shelf.files.get(origin)
            if order in orders and (file is None or file.state not in {"undoing", "undone"}):
                found[order] = (*found.get(order, ()), said)
        return found

    def lock(self, orders: Collection[UUID]) -> None:
        """One unit at a time works here."""

    def save(self, orders: Sequence[PlacedOrder], now_ms: int) -> None:
        self._shelf.orders |= {one.order.order_id: one for one in orders}

    def drop(self, orders: Collection[UUID]) -> None:
        for order in orders:
            self._shelf.orders.pop(order, None)

    def of_origin(self, origin: UUID, after: UUID, limit: int) -> tuple[UUID, ...]:
        held = {order for order, by, _, _ in self._shelf.words if by == origin and order > after}
        return tuple(sorted(held)[:limit])

    def order(self, order_id: UUID) -> PlacedOrder | None:
        held = self._shelf.orders.get(order_id)
        if held is None:
            return None
        # What the table keeps of it: neither how the store was called, nor the buyer's own word.
        buyer = msgspec.structs.replace(held.order.buyer, member="")
        return replace(held, order=msgspec.structs.replace(held.order, store="", buyer=buyer))

    def totals(self) -> Mapping[str, tuple[int, int, int]]:
        found: dict[str, tuple[int, int, int]] = {}
        for one in sorted(self._shelf.orders.values(), key=lambda one: one.order.channel):
            count, net, back = found.get(one.order.channel, (0, 0, 0))
            net, back = net + one.order.net_fen, back + one.order.refunded_fen
            found[one.order.channel] = count + 1, net, back
        return found

    def codes(self) -> Mapping[str, UUID]:
        found: dict[str, UUID] = {}
        for revision in self._state.revisions:
            for code in revision.article.barcodes:
                found.setdefault(code, revision.article.article_id)
        return found | self._state.articles


class FakeFileImportRepo:
    """A `FileImportRepo`."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.channels

    def begin(self, new: FileImport) -> FileImport:
        for held in self._shelf.files.values():
            same = (held.kind, held.sha256) == (new.kind, new.sha256)
            if same and held.state in {"running", "done"}:
                return held
        self._shelf.files[new.import_id] = new
        return new

    def get(self, import_id: UUID) -> FileImport | None:
        return self._shelf.files.get(import_id)

    def files(self, limit: int) -> tuple[FileImport, ...]:
        held = sorted(self._shelf.files.values(), key=lambda one: (-one.began_ms, one.import_id))
        return tuple(held[:limit])

    def advance(
        self, before: FileImport, rows_done: int, counts: Mapping[str, int], now_ms: int
    ) -> bool:
        held = self._shelf.files[before.import_id]
        if held.rows_done != before.rows_done or held.state != "running":
            return False
        self._shelf.files[held.import_id] = replace(held, rows_done=rows_done, counts=dict(counts))
        return True

    def turn(self, import_id: UUID, state: ImportState, now_ms: int) -> None:
        self._shelf.files[import_id] = replace(self._shelf.files[import_id], state=state)


class FakeMoverRepo:
    """A `MoverRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.channels

    def card_owners(self, cards: Collection[bytes]) -> Mapping[bytes, UUID]:
        return {card: self._state.cards[card] for card in cards if card in self._state.cards}

    def add_newcomers(self, rows: Sequence[NewcomerRow], now_ms: int) -> None:
        for one in rows:
            self._state.members[one.member] = _member(one)
            self._state.versions[one.member] = 0

    def bind_cards(self, cards: Mapping[bytes, UUID], now_ms: int) -> None:
        for card, member in cards.items():
            self._state.cards.setdefault(card, member)

    def end_cards(self, cards: Collection[bytes], now_ms: int) -> None:
        for card in cards:
            self._state.cards.pop(card, None)

    def add_consents(self, consents: Sequence[OldConsent], now_ms: int) -> None:
        self._shelf.consents += consents

    def note_moved(self, import_id: UUID, rows: Sequence[MovedMember]) -> None:
        self._shelf.moved |= {(import_id, one.row): one for one in rows}

    def moved(self, import_id: UUID, after_row: int, limit: int) -> tuple[MovedMember, ...]:
        held = [
            one
            for (of, row), one in sorted(self._shelf.moved.items())
            if of == import_id and row > after_row
        ]
        return tuple(held[:limit])

    def still_given(self, import_id: UUID, limit: int) -> tuple[MovedMember, ...]:
        held = [one for one in self.moved(import_id, -1, 10**9) if one.taken_back is None]
        return tuple(held[:limit])

    def taken_back(self, import_id: UUID, points: Mapping[int, int]) -> None:
        for row, count in points.items():
            held = self._shelf.moved[import_id, row]
            self._shelf.moved[import_id, row] = replace(held, taken_back=count)

    def active(self, members: Collection[UUID], import_id: UUID) -> frozenset[UUID]:
        found = {one.arrival.member for one in self._state.sales.values()}
        found |= set(self._state.cards.values())
        found |= {
            one.member
            for (of, _), one in self._shelf.moved.items()
            if of != import_id and one.taken_back is None
        }
        wallets = {
            one.wallet for one in self._state.postings if one.dated.key.receipt_id != import_id
        }
        found |= {one.member for one in self._state.members.values() if one.wallet in wallets}
        return frozenset(member for member in members if member in found)

    def forget_numbers(self, members: Collection[UUID]) -> None:
        held = self._state.identities
        for key in [key for key, member in held.items() if member in members and key[0] == "phone"]:
            del held[key]

    def totals(self, import_id: UUID) -> MovedTotals:
        rows = self.moved(import_id, -1, 10**9)
        points = sum(
            one.dated.posting.points
            for one in self._state.postings
            if one.dated.key.receipt_id == import_id and one.dated.key.kind == "opening"
        )
        members = {one.member for one in rows}
        made = {one.member for one in rows if one.made}
        tiers = Counter(self._state.members[member].enrolled.tier for member in made)
        return MovedTotals(len(rows), len(members), points, dict(sorted(tiers.items())))


def _order(place: told.Place) -> tuple[int, UUID]:
    return place.received_us, place.event_id


def _of_channel(one: told.ChannelEvent) -> told.Logged:
    return told.Logged(
        told.Place(one.received_ms * _US, one.event_id),
        f"channel.{one.kind}",
        NOBODY,
        one.source,
        one.member,
        one.at_ms,
        one.channel,
        one.name,
        one.user_id,
        one.anonymous_id,
        one.session_id,
        one.sku,
        one.category,
        one.body,
    )


def _of_till(one: Arrival) -> told.Logged:
    place = told.Place(one.received_ms * _US, one.event_id)
    texts = ("", "", "", "", "", "", "")
    said = (place, one.event.type, one.place.store, one.place.device, one.member)
    return told.Logged(*said, one.event.wall_ms, *texts, bytes(one.event.body))


def _member(one: NewcomerRow) -> NewMember:
    place = Place(NOBODY, one.store, NOBODY, 0, "Asia/Shanghai", time(4))
    event = Event(NOBODY.bytes, "", one.joined_ms, 0, NOBODY.bytes, 0, msgspec.Raw(b""))
    enrolled = MemberEnrolled(
        one.wallet.bytes, one.name, one.tier, one.phone_hash or b"", one.phone_masked, b"", 0, ()
    )
    arrival = Arrival(place, 0, 0, event, b"", b"", one.joined_ms)
    return NewMember(arrival, one.member, enrolled, one.wallet)
