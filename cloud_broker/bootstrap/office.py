"""The composition of what the commands need: the database, the keys, no network."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from cloud_broker.adapters import device_file
from cloud_broker.adapters.broker_probe import probe_brokers
from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.ids_system import SystemIds
from cloud_broker.adapters.keyring_files import FileKeyRing
from cloud_broker.adapters.mosquitto_files import (
    BrokerDevice,
    WebSocketDoor,
    hash_password,
    write_files,
)
from cloud_broker.adapters.passwords_argon2 import Argon2Passwords
from cloud_broker.adapters.postgres.sync_reads import PostgresSyncReads
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.services.access.people import HqAccess
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.booking.sync_doctor import SyncDoctor
from cloud_broker.services.faces.faces import FaceOffice, FilingLines
from cloud_broker.services.faces.models import ModelSigner
from cloud_broker.services.fleet.provision import BROKER_SALT_BYTES, Provision, Provisioned
from cloud_broker.services.goods.office import MasterOffice
from cloud_broker.services.insight.channels import Channels, channels
from cloud_broker.services.persons.person_filters import PersonFilters
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.settings import BrokerSettings, Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import shard_of


@dataclass(frozen=True, slots=True)
class Office:
    """What the commands of `cloud-broker` work with."""

    settings: Settings
    engine: Engine
    units: PostgresUnits
    clock: SystemClock
    ids: SystemIds
    keys: FileKeyRing
    provision: Provision
    access: HqAccess
    publisher: CataloguePublisher
    faces: FaceOffice
    models: ModelSigner
    masters: MasterOffice
    filters: PersonFilters
    doctor: SyncDoctor
    channels: Channels

    def tenant(self) -> UUID:
        """Return the tenant the settings name; Fault API_NOT_FOUND when there is none."""
        found = self.units.tenant(self.settings.tenant)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"tenant {self.settings.tenant!r}")
        return found

    def write_device_file(self, path: Path, made: Provisioned) -> None:
        """Write what a box is told; Fault SETUP_CONFIG_INVALID when the file exists."""
        broker = self.settings.broker_for_stores(shard_of(made.store))
        text = device_file.render(
            made,
            url=self.settings.url_for_stores,
            broker=broker.for_stores,
            websocket_url=broker.websocket_url,
        )
        device_file.write(path, text)

    def write_broker_files(self, folder: Path) -> tuple[tuple[Path, ...], int]:
        """Write every broker's files; return the configurations and how many boxes they know.

        Several brokers get a folder each, by number, and know the boxes of their own shards alone.
        """
        password = self.settings.broker_password.get_secret_value()
        if not password:
            detail = "broker_password: 不能为空 must not be empty"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="settings", detail=detail)
        devices: list[BrokerDevice] = []
        for tenant in self.units.tenants():
            with self.units.begin(tenant) as unit:
                devices += [
                    BrokerDevice(tenant, one.shard, one.device, one.broker_hash)
                    for one in unit.fleet.broker_accounts()
                ]
        hashed = hash_password(password, self.ids.random_bytes(BROKER_SALT_BYTES))
        made: list[Path] = []
        for number, broker in enumerate(self.settings.all_brokers, start=1):
            own = [device for device in devices if device.shard in broker.shards]
            place = folder / str(number) if self.settings.brokers else folder
            door = self._door(broker)
            files = write_files(place, own, hashed, host=broker.host, port=broker.port, door=door)
            made.append(files.config)
        return tuple(made), len(devices)

    def _door(self, broker: BrokerSettings) -> WebSocketDoor | None:
        if broker.websocket_port is None:
            return None
        settings = self.settings
        return WebSocketDoor(
            broker.host,
            broker.websocket_port,
            settings.websocket_certificate,
            settings.websocket_key,
        )

    def close(self) -> None:
        """Close the database pool."""
        self.engine.dispose()


def build_office(settings: Settings) -> Office:
    """Put together what needs the database and the keys, and no network."""
    engine = make_engine(settings.database_url.get_secret_value())
    units = PostgresUnits(engine)
    clock = SystemClock()
    ids = SystemIds(clock)
    passwords = Argon2Passwords()
    keys = FileKeyRing(settings.secrets_dir)
    publisher = CataloguePublisher(units, clock, ids, keys, settings.zone)
    return Office(
        settings=settings,
        engine=engine,
        units=units,
        clock=clock,
        ids=ids,
        keys=keys,
        provision=Provision(units, clock, ids, passwords, keys, hash_password),
        access=HqAccess(units, clock, ids, passwords, _by_password(settings)),
        publisher=publisher,
        faces=FaceOffice(
            *(units, clock, ids, keys),
            FilingLines(settings.face_filing_warning, settings.face_filing_at),
        ),
        models=ModelSigner(units, clock, keys),
        masters=MasterOffice(units, clock, ids, publisher, settings.zone),
        filters=PersonFilters(units, clock),
        channels=channels(units, clock, ids, keys, settings.zone),
        doctor=SyncDoctor(
            PostgresSyncReads(units),
            RepairBench(units, clock),
            clock,
            lambda: probe_brokers(
                [(one.host, one.port) for one in settings.all_brokers],
                settings.broker_password.get_secret_value(),
            ),
        ),
    )


def _by_password(settings: Settings) -> frozenset[str] | None:
    """Return who may sign in by password, None for everybody."""
    oidc = settings.oidc
    return None if oidc is None or oidc.local else frozenset(oidc.break_glass)
