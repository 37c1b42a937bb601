"""A new store: rows in the database, and the one file that tells its box who it is."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import time
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.fleet import NewDevice, NewOperator, NewStore, NewTill
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.secrets import KeyRing, Passwords, TenantKeys
from cloud_broker.ports.unit import Units
from retail_core.ids import StoreId, TenantId
from retail_core.wire.topics import shard_of

TOKEN_BYTES = 32
PIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class TillAsked:
    """A till as the technician names it; an `escpos` one needs profile, port and printer."""

    name: str
    kind: str
    profile: str = ""
    port: str = ""
    printer: str = ""


@dataclass(frozen=True, slots=True)
class OperatorAsked:
    """A person at the store's tills; without a PIN one is drawn and shown once."""

    number: str
    name: str
    role: str = "clerk"
    pin: str = ""


@dataclass(frozen=True, slots=True)
class StoreAsked:
    """What HQ enters for a new store."""

    name: str
    city: str
    region: str
    legal_entity: str
    zone: str
    day_starts_at: time
    tills: tuple[TillAsked, ...]
    operators: tuple[OperatorAsked, ...]


@dataclass(frozen=True, slots=True)
class TillIssued:
    """A till with its id and, for an API till, its token."""

    asked: TillAsked
    till: UUID
    token: str


@dataclass(frozen=True, slots=True)
class OperatorIssued:
    """A person with the PIN in clear, which is shown once, and its hash."""

    asked: OperatorAsked
    operator: UUID
    pin: str
    pin_hash: str


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Everything a device file needs; it holds secrets and is never logged."""

    tenant: UUID
    store: UUID
    device: UUID
    legal_entity: UUID
    asked: StoreAsked
    device_token: str
    broker_password: str
    screen_token: str
    storage_key: bytes
    keys: TenantKeys
    tills: tuple[TillIssued, ...]
    operators: tuple[OperatorIssued, ...]


class BrokerHash:
    """How the MQTT broker wants a password hashed."""

    def __call__(self, password: str, salt: bytes) -> str:
        """Return the entry of its password file."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Provision:
    """Enters tenants and stores."""

    units: Units
    clock: Clock
    ids: IdSource
    passwords: Passwords
    keys: KeyRing
