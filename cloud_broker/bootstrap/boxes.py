"""The composition of what lets boxes in: the authority, the brokers' gate and their files."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud_broker.adapters.ca_files import FileAuthority, write_private
from cloud_broker.adapters.canary import Cage
from cloud_broker.adapters.certificate_ends import note
from cloud_broker.adapters.dynsec import ADMIN_USER, own_users
from cloud_broker.adapters.dynsec_gate import ControlledBroker, DynsecGate
from cloud_broker.adapters.mosquitto_files import hash_password
from cloud_broker.adapters.mosquitto_secure import (
    BrokerTls,
    SecureDoors,
    Speakers,
    publish_revoked,
    write_secure_files,
)
from cloud_broker.bootstrap.office import Office
from cloud_broker.services.fleet.box_desk import BoxDesk
from cloud_broker.services.fleet.enrolling import Enrolling
from cloud_broker.services.fleet.provision import BROKER_SALT_BYTES
from cloud_broker.settings import BrokerSettings, Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def authority_of(settings: Settings) -> FileAuthority:
    """Return the boxes' authority; Fault SETUP_CONFIG_INVALID when the settings name none."""
    if settings.ca_dir is None:
        detail = "ca_dir: 没有写,先在设置里写一个文件夹 not set: name a folder there first"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="settings", detail=detail)
    return FileAuthority(settings.ca_dir, settings.ca_passphrase.get_secret_value())


def gate_of(settings: Settings) -> DynsecGate:
    """Return what tells the brokers who may speak."""
    brokers = [ControlledBroker(one.host, one.port, one.shards) for one in settings.all_brokers]
    return DynsecGate(brokers, settings.broker_admin_password.get_secret_value())


def enrolling_of(office: Office) -> Enrolling:
    """Put together what gives and takes certificates."""
    return Enrolling(
        office.units,
        office.clock,
        office.ids,
        office.keys,
        authority_of(office.settings),
        gate_of(office.settings),
    )


def box_desk(office: Office, enrolling: Enrolling) -> BoxDesk:
    """Put together what the page of a store's boxes works with."""
    return BoxDesk(enrolling, office.settings.door_for_stores, authority_of(office.settings).pin)


def write_server_certificate(office: Office, names: tuple[str, ...], folder: Path) -> Path:
    """Certify a server of ours and return where its chain lies, with the key beside it."""
    chain, key = authority_of(office.settings).server(names, office.clock.now_ms())
    folder.mkdir(parents=True, exist_ok=True)
    if office.settings.ca_dir is not None:
        note(office.settings.ca_dir, names, chain)
    write_private(folder / "server.key", key)
    write_private(folder / "server.pem", chain, 0o644)
    return folder / "server.pem"


def write_certified_files(office: Office, folder: Path) -> tuple[tuple[Path, ...], int]:
    """Write every broker's files for boxes with certificates; return configurations and boxes."""
    settings = office.settings
    secrets = {
        user: (settings.broker_admin_password if user == ADMIN_USER else settings.broker_password)
        for user in own_users()
    }
    if not all(secret.get_secret_value() for secret in secrets.values()):
        detail = "broker_password, broker_admin_password: 不能为空 must not be empty"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="settings", detail=detail)
    hashed = {
        user: hash_password(secret.get_secret_value(), office.ids.random_bytes(BROKER_SALT_BYTES))
        for user, secret in secrets.items()
    }
    made, told = [], 0
    for number, broker in enumerate(settings.all_brokers, start=1):
        place = folder / str(number) if settings.brokers else folder
        speakers = _speakers(office, broker, hashed)
        told += len(tuple(speakers.boxes))
        made.append(write_secure_files(place, _doors(broker), _tls(office, broker), speakers))
    return tuple(made), told


def publish_all_revoked(office: Office) -> bool:
    """Give every broker of `broker_dir` a fresh list; return whether all were told of it."""
    settings = office.settings
    if settings.broker_dir is None:
        return False
    authority, now = authority_of(settings), office.clock.now_ms()
    canary = cage_of(settings).fresh(authority, now)
    fresh = authority.revocations(_revoked(office) | {canary: now}, now, now)
    many = len(settings.brokers)
    places = [settings.broker_dir / str(one + 1) for one in range(many)] or [settings.broker_dir]
    publish = partial(publish_revoked, authority=authority.chain()[0], now_ms=now)
    told = [publish(place, fresh) for place in places]  # each, whatever became of the others
    return all(told)


def cage_of(settings: Settings) -> Cage:
    """Return the canary of our authority; Fault SETUP_CONFIG_INVALID without one."""
    brokers = [(one.host, one.tls_port) for one in settings.all_brokers if one.tls_port is not None]
    return Cage(authority_of(settings).folder, brokers)


# ---- inside -------------------------------------------------------------------------------------


def _speakers(office: Office, broker: BrokerSettings, hashed: Mapping[str, str]) -> Speakers:
    boxes: list[tuple[UUID, UUID, UUID]] = []
    passwords: dict[UUID, str] = {}
    now = office.clock.now_ms()
    for tenant in office.units.tenants():
        with office.units.begin(tenant) as unit:
            old = {one.device: one.broker_hash for one in unit.fleet.broker_accounts()}
            with_password = unit.fleet.places([one for one, hash_ in old.items() if hash_])
            standing = {one.device: one for one in unit.enrolments.certified(now)} | with_password
        passwords |= {device: old[device] for device in with_password}
        boxes += [
            (tenant, place.store, place.device)
            for place in standing.values()
            if place.shard in broker.shards
        ]
    return Speakers(hashed, boxes, passwords)


def _tls(office: Office, broker: BrokerSettings) -> BrokerTls:
    authority, now = authority_of(office.settings), office.clock.now_ms()
    names = tuple(dict.fromkeys((broker.for_certified[0], broker.host)))
    chain, key = authority.server(names, now)
    canary = cage_of(office.settings).serial()
    known = {} if canary is None else {canary: now}
    revoked = authority.revocations(_revoked(office) | known, now, now)
    return BrokerTls(pem_of(authority.chain()), chain, key, revoked)


def _doors(broker: BrokerSettings) -> SecureDoors:
    if broker.tls_port is None:
        detail = "broker_tls_port"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="settings", detail=detail)
    # Boxes come from outside where the stores are told another address than ours.
    outside = "0.0.0.0" if broker.stores_host else broker.host  # noqa: S104 -- that is the point
    return SecureDoors(broker.host, broker.port, outside, broker.tls_port)


def _revoked(office: Office) -> dict[int, int]:
    now, found = office.clock.now_ms(), dict[int, int]()
    for tenant in office.units.tenants():
        with office.units.begin(tenant) as unit:
            found |= unit.enrolments.revoked(now)
    return found


def pem_of(chain: tuple[bytes, ...]) -> bytes:
    """Return DER certificates as one PEM."""
    found = (x509.load_der_x509_certificate(one) for one in chain)
    return b"".join(one.public_bytes(Encoding.PEM) for one in found)
