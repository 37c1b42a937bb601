"""Tenants, stores, boxes, and what the boxes say of themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.arrivals import Place


@dataclass(frozen=True, slots=True)
class NewStore:
    """A store to be entered."""

    store: UUID
    legal_entity: UUID
    region: UUID
    name: str
    city: str
    zone: str
    day_starts_at: time
    shard: int


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A box to be entered; only hashes of its secrets are kept."""

    device: UUID
    store: UUID
    slot: int
    token_hash: bytes
    broker_hash: str


@dataclass(frozen=True, slots=True)
class NewTill:
    """A till to be entered."""

    till: UUID
    store: UUID
    name: str
    kind: str
    profile: str = ""
    port: str = ""
    printer: str = ""


@dataclass(frozen=True, slots=True)
class NewOperator:
    """A person at a store's till."""

    operator: UUID
    store: UUID
    number: str
    name: str
    pin_hash: str
    role: str


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """What the MQTT broker has to know of a box."""

    device: UUID
    shard: int
    broker_hash: str


@dataclass(frozen=True, slots=True)
class DeviceState:
    """The last presence of a box; `retained` ones say nothing about when it was alive."""

    device: UUID
    store: UUID
    state: str
    boot_id: UUID
    wall_ms: int
    software: str
    epoch: int
    outbox_depth: int
    feed_pos: int
    can_sell: bool
    devices: Mapping[str, str]
    faults: Mapping[str, int]
    seen_ms: int
    retained: bool = False
    figures: Mapping[str, int] = field(default_factory=dict)
    session: UUID | None = None
    on_purpose: bool = False


class FleetRepo(Protocol):
    """Master data of stores and boxes."""

    def add_tenant(self, name: str, slug: str, now_ms: int) -> None:
        """Enter the tenant of this transaction."""
        ...

    def add_legal_entity(self, legal_entity: UUID, name: str) -> UUID:
        """Enter a legal entity and return its id; one with the same name is returned instead."""
        ...

    def add_region(self, region: UUID, name: str) -> UUID:
        """Enter a region and return its id; one with the same name is returned instead."""
        ...

    def add_store(self, store: NewStore, now_ms: int) -> None:
        """Enter a store with an empty feed; Fault API_BODY_INVALID when the name is taken."""
        ...

    def add_device(self, device: NewDevice, now_ms: int) -> None:
        """Enter a box; whoever was in its slot is retired."""
        ...

    def add_till(self, till: NewTill, now_ms: int) -> None:
        """Enter a till."""
        ...

    def add_operator(self, operator: NewOperator, now_ms: int) -> None:
        """Enter a person."""
        ...

    def store_names(self) -> dict[UUID, str]:
        """Return every store's name."""
        ...

    def device_by_token(self, token_hash: bytes) -> Place | None:
        """Return where the box with this token stands, if it is not retired."""
        ...

    def places(self, devices: Collection[UUID]) -> dict[UUID, Place]:
        """Return where boxes stand; retired and unknown ones are absent."""
        ...

    def places_ever(self, devices: Collection[UUID]) -> dict[UUID, Place]:
        """Return where boxes stand or stood; unknown ones are absent."""
        ...

    def devices_of(self, stores: Collection[UUID]) -> dict[UUID, tuple[Place, ...]]:
        """Return the boxes of stores."""
        ...

    def broker_accounts(self) -> tuple[BrokerAccount, ...]:
        """Return every box that may connect."""
        ...

    def save_states(self, states: Sequence[DeviceState]) -> frozenset[UUID]:
        """Store the last presences; return the stores where something visible changed.

        An end of another boot or session than the one stored is passed over: it came late.
        """
        ...
