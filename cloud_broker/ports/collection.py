"""What other channels tell: sources with their keys, events in the log, what could not be read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from retail_core.insight.collection.plain import Person

SourceKind = Literal["sdk", "oms", "wechat_mini", "douyin"]
RefusedState = Literal["open", "taken", "dropped"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where events or orders come from; `sealed` is what a connector proves its words with."""

    source_id: UUID
    name: str
    channel: str
    kind: SourceKind
    made_by: str
    made_ms: int
    origins: tuple[str, ...] = ()
    sealed: bytes | None = None
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A key of a source, by its hash; `ends_ms` None: good until it is ended."""

    key_hash: bytes
    source: UUID
    made_by: str
    made_ms: int
    used_ms: int | None = None
    ends_ms: int | None = None

    def good(self, now_ms: int) -> bool:
        """Tell whether it opens anything now."""
        return self.ends_ms is None or now_ms < self.ends_ms


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """An event of a channel as it goes into the log; `body` is JSON that names nobody."""

    event_id: UUID
    source: UUID
    channel: str
    kind: str
    received_ms: int
    at_ms: int
    name: str
    user_id: str
    anonymous_id: str
    session_id: str
    sku: str
    category: str
    body: bytes
    member: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that could not be used, as it was sent, and why."""

    refused_id: UUID
    source: UUID
    received_ms: int
    code: str
    detail: str
    kind: str
    payload: bytes
    state: RefusedState = "open"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the log: after the event with this id, received at this moment (microseconds)."""

    received_us: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log, a till's or a channel's; a till's has no channel."""

    place: Place
    type: str
    store: UUID
    device: UUID
    member: UUID | None
    at_ms: int
    channel: str
    name: str
    user_id: str
    anonymous_id: str
    session_id: str
    sku: str
    category: str
    body: bytes


class CollectionRepo(Protocol):
    """Sources, their keys and what they said."""

    def add_source(self, source: Source) -> bool:
        """Enter a source; False when its name is taken."""
        ...

    def sources(self) -> tuple[Source, ...]:
        """Return every source by name, ended ones too."""
        ...

    def source(self, source_id: UUID) -> Source | None:
        """Return a source."""
        ...

    def change_source(
        self, source_id: UUID, origins: Sequence[str], sealed: bytes | None, ended_ms: int | None
    ) -> None:
        """Say anew from which pages a source takes, by what it proves itself, and its end."""
        ...

    def add_key(self, key: WriteKey) -> None:
        """Enter a key."""
        ...

    def key(self, key_hash: bytes) -> tuple[WriteKey, Source] | None:
        """Return a key with its source, ended or not."""
        ...

    def keys(self, source_id: UUID) -> tuple[WriteKey, ...]:
        """Return a source's keys, newest first."""
        ...

    def end_keys(self, source_id: UUID, at_ms: int, but: bytes = b"") -> int:
        """End a source's keys at a moment, but for one; those that end sooner stay as they are."""
        ...

    def key_used(self, key_hash: bytes, now_ms: int) -> None:
        """Note that a key was used; at most once a minute is written."""
        ...

    def add_events(self, events: Sequence[ChannelEvent]) -> None:
        """Append to the log."""
        ...

    def note_persons(self, source_id: UUID, persons: Sequence[Person], now_ms: int) -> None:
        """Keep what was said of who somebody is; traits add to those said before."""
        ...

    def members_of(self, source_id: UUID, actors: Collection[str]) -> Mapping[str, UUID]:
        """Return which members actors are, by the phone numbers they said."""
        ...

    def refuse(self, items: Sequence[Refusal]) -> None:
        """Keep what could not be used."""
        ...

    def refused(self, state: RefusedState, limit: int) -> tuple[Refusal, ...]:
        """Return what could not be used, newest first."""
        ...

    def count_refused(self) -> Mapping[str, int]:
        """Return how much waits, by code."""
        ...

    def refusal(self, refused_id: UUID) -> Refusal | None:
        """Return one, locked until the end of the transaction."""
        ...

    def decide(self, refused_id: UUID, state: RefusedState, who: str, now_ms: int) -> None:
        """Take it off the list."""
        ...

    def settled_us(self, now_ms: int) -> int:
        """Return before which moment (microseconds) nothing more can come into the log."""
        ...

    def replay(self, after: Place, until_us: int, limit: int) -> tuple[Logged, ...]:
        """Return events after a place and before a moment, in the log's one order."""
        ...
