"""The composition of the boxes' door: HTTPS beside the ordinary port, and who tends the brokers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from cryptography import x509

from cloud_broker.adapters.ca_files import write_private
from cloud_broker.api.box_door import DoorServer, DoorTls, build_box_door
from cloud_broker.api.deps import ApiDeps
from cloud_broker.api.enrol_routes import EnrolDeps
from cloud_broker.api.server import bind
from cloud_broker.bootstrap.boxes import (
    authority_of,
    enrolling_of,
    gate_of,
    pem_of,
    publish_all_revoked,
)
from cloud_broker.bootstrap.office import Office
from cloud_broker.bootstrap.releases import newest_root
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.fleet.box_gate import BoxGate
from retail_core.tally import FaultTally

TEND_EVERY_MS = 60_000
REVOKED_EVERY_MS = 3_600_000
DOOR_RENEWED_BEFORE = timedelta(days=60)
_MS = 1_000
_NEVER = -REVOKED_EVERY_MS


@contextmanager
def opened_door(office: Office, deps: ApiDeps) -> Iterator[None]:
    """Serve boxes over HTTPS for as long as the program runs, where a port is set for it."""
    settings = office.settings
    if settings.door_port is None:
        yield
        return
    names = (urlsplit(settings.door_for_stores).hostname or "", settings.door_host)
    tls = door_tls(office, tuple(dict.fromkeys(name for name in names if name)))
    with bind(settings.door_host, settings.door_port) as listening:
        server = DoorServer(build_box_door(deps, enrol_deps(office)), tls)
        thread = threading.Thread(
            target=server.run, args=([listening],), name="box-door", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            server.ask_to_end()
            thread.join()


def gate_worker(office: Office, tally: FaultTally) -> BesideWorker:
    """Return the thread that keeps the brokers' lists equal to ours; the caller starts it."""
    keeper = GateKeeper(office, BoxGate(office.units, office.clock, gate_of(office.settings)))
    # Brokers know the boxes of all tenants, so once for all of them.
    return BesideWorker("box-gate", keeper.run, lambda: office.units.tenants()[:1], tally)


def enrol_deps(office: Office) -> EnrolDeps:
    """Put together what the door's routes work with."""
    settings = office.settings
    return EnrolDeps(
        enrolling=enrolling_of(office),
        keys=office.keys,
        clock=office.clock,
        url=settings.door_for_stores,
        pages_url=settings.url_for_stores,
        broker_of=lambda shard: settings.broker_for_stores(shard).for_certified,
        release_root=lambda: newest_root(office),
    )


def door_tls(office: Office, names: tuple[str, ...]) -> DoorTls:
    """Return the door's files; our own authority makes its certificate anew before it ends."""
    settings, authority = office.settings, authority_of(office.settings)
    folder = settings.ca_dir or Path()
    boxes = folder / "boxes.pem"
    write_private(boxes, pem_of(authority.chain()), 0o644)
    if settings.door_certificate is not None and settings.door_key is not None:
        return DoorTls(settings.door_certificate, settings.door_key, boxes)
    certificate, key = folder / "door.pem", folder / "door.key"
    if not _holds(certificate, office.clock.now_ms()):
        chain, secret = authority.server(names, office.clock.now_ms())
        write_private(key, secret)
        write_private(certificate, chain, 0o644)
    return DoorTls(certificate, key, boxes)


@dataclass(slots=True)
class GateKeeper:
    """Now and then: the brokers' lists against ours, and a fresh list of the revoked."""

    office: Office
    gate: BoxGate
    _tended_ms: int = field(default=_NEVER, init=False)
    _revoked_ms: int = field(default=_NEVER, init=False)

    def run(self, _tenant: UUID) -> int:
        """Do what is due; Faults BROKER_GATE_DOWN, CRL_WRONG, CA_*."""
        now = self.office.clock.now_ms()
        if now - self._tended_ms >= TEND_EVERY_MS:
            self.gate.tend()
            self._tended_ms = now
        if now - self._revoked_ms >= REVOKED_EVERY_MS:
            publish_all_revoked(self.office)
            self._revoked_ms = now
        return 0


def _holds(certificate: Path, now_ms: int) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError):
        return False
    left = found.not_valid_after_utc.timestamp() - now_ms / _MS
    return left > DOOR_RENEWED_BEFORE.total_seconds()
