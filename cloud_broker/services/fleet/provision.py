"""A new store: rows in the database, and the one file that tells its box who it is."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import time
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.fleet import NewDevice, NewOperator, NewStore, NewTill
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.secrets import KeyRing, Passwords, TenantKeys
from cloud_broker.ports.unit import Unit, Units
from retail_core.wire.topics import shard_of

TOKEN_BYTES = 32
BROKER_SALT_BYTES = 12
PIN_DIGITS = 6
# These call the box, and show a token or a secret there.
CALLING = frozenset({"api", "software"})
FIRST_SLOT = 1


@dataclass(frozen=True, slots=True)
class TillAsked:
    """A till as the technician names it, with what its kind needs.

    `escpos`: profile, port and printer; `framed`: profile and port; `software`: profile.
    """

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


# How the MQTT broker wants a password hashed: (password, salt) → the entry of its password file.
BrokerHash = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class Provision:
    """Enters tenants and stores; what it returns is shown once and kept nowhere in clear."""

    units: Units
    clock: Clock
    ids: IdSource
    passwords: Passwords
    keys: KeyRing
    broker_hash: BrokerHash

    def tenant(self, name: str, slug: str) -> UUID:
        """Enter a tenant with its keys and return its id."""
        tenant = self.ids.uuid7()
        with self.units.begin(tenant) as unit:
            unit.fleet.add_tenant(name, slug, self.clock.now_ms())
        self.keys.keys(tenant)
        return tenant

    def store(self, tenant: UUID, asked: StoreAsked, *, who: str, box: bool = True) -> Provisioned:
        """Enter a store with one box, its tills and its people.

        A store of this name that a file brought and that has no box yet gets this one. Without
        `box` it waits for one that comes with an enrolment code.
        """
        made = self._issue(tenant, asked)
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            fleet = unit.fleet
            waiting = _waiting_for_a_box(unit, asked.name)
            if waiting is None:
                entity = fleet.add_legal_entity(made.legal_entity, asked.legal_entity)
                region = fleet.add_region(self.ids.uuid7(), asked.region)
                fleet.add_store(self._store_row(made, entity, region), now)
            else:
                made = replace(made, store=waiting)
            if box:
                fleet.add_device(self._device_row(made), now)
                entity = fleet.places([made.device])[made.device].legal_entity
                made = replace(made, legal_entity=entity)
            for till in made.tills:
                fleet.add_till(_till_row(made.store, till), now)
            for operator in made.operators:
                fleet.add_operator(_operator_row(made.store, operator), now)
            detail = {"name": asked.name, "device": str(made.device) if box else ""}
            unit.hq.audit(AuditEntry(who, "store.provision", str(made.store), detail), now)
        return made

    def _issue(self, tenant: UUID, asked: StoreAsked) -> Provisioned:
        return Provisioned(
            tenant=tenant,
            store=self.ids.uuid7(),
            device=self.ids.uuid7(),
            legal_entity=self.ids.uuid7(),
            asked=asked,
            # Begins with the tenant, so that it is looked up among that tenant's rows only.
            device_token=f"{tenant}.{self._token()}",
            broker_password=self._token(),
            screen_token=self._token(),
            storage_key=self.ids.random_bytes(TOKEN_BYTES),
            keys=self.keys.keys(tenant),
            tills=tuple(
                TillIssued(till, self.ids.uuid7(), self._token() if till.kind in CALLING else "")
                for till in asked.tills
            ),
            operators=tuple(self._operator(operator) for operator in asked.operators),
        )

    def _operator(self, asked: OperatorAsked) -> OperatorIssued:
        drawn = int.from_bytes(self.ids.random_bytes(8), "big") % 10**PIN_DIGITS
        pin = asked.pin or f"{drawn:0{PIN_DIGITS}d}"
        return OperatorIssued(asked, self.ids.uuid7(), pin, self.passwords.hash(pin))

    def _store_row(self, made: Provisioned, entity: UUID, region: UUID) -> NewStore:
        asked = made.asked
        return NewStore(
            store=made.store,
            legal_entity=entity,
            region=region,
            name=asked.name,
            city=asked.city,
            zone=asked.zone,
            day_starts_at=asked.day_starts_at,
            shard=shard_of(made.store),
        )

    def _device_row(self, made: Provisioned) -> NewDevice:
        salt = self.ids.random_bytes(BROKER_SALT_BYTES)
        return NewDevice(
            device=made.device,
            store=made.store,
            slot=FIRST_SLOT,
            token_hash=sha256(made.device_token.encode()).digest(),
            broker_hash=self.broker_hash(made.broker_password, salt),
        )

    def _token(self) -> str:
        return urlsafe_b64encode(self.ids.random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()


def _waiting_for_a_box(unit: Unit, name: str) -> UUID | None:
    """Return the store of this name, if it has no box."""
    found = next(
        (store for store, known in unit.fleet.store_names().items() if known == name), None
    )
    return None if found is None or unit.fleet.devices_of([found]) else found


def _till_row(store: UUID, issued: TillIssued) -> NewTill:
    asked = issued.asked
    return NewTill(
        *(issued.till, store, asked.name, asked.kind, asked.profile, asked.port, asked.printer)
    )


def _operator_row(store: UUID, issued: OperatorIssued) -> NewOperator:
    asked = issued.asked
    return NewOperator(
        issued.operator, store, asked.number, asked.name, issued.pin_hash, asked.role
    )
