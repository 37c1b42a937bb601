"""The boxes' door and a mosquitto with certificates, both real, over a store in memory.

`secure_cloud` is one a module: an authority, the door on a loopback port, and a broker with the
dynamic-security plugin. A test that asks for it is marked `integration` and may open sockets.
"""

import contextlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud_broker.adapters.ca_files import FileAuthority, write_private
from cloud_broker.adapters.dynsec import own_users
from cloud_broker.adapters.dynsec_gate import ControlledBroker, DynsecGate
from cloud_broker.adapters.mosquitto_files import hash_password
from cloud_broker.adapters.mosquitto_secure import (
    BrokerTls,
    SecureDoors,
    Speakers,
    publish_revoked,
    write_secure_files,
)
from cloud_broker.api.box_door import DoorServer, DoorTls, build_box_door
from cloud_broker.api.enrol_routes import EnrolDeps
from cloud_broker.api.server import bind
from cloud_broker.services.fleet.enrolling import Enrolling
from edge_agent.cli.provision import provision_box
from retail_core import limits
from retail_core.fleet.enrol_code import EnrolTicket
from retail_core.tally import FaultTally
from tests.factories.cloud_api import api_deps
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import SimBox
from tests.fakes.cloud_hq import EmptyQueries, NotingDesk
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

PASSWORD = "the-cloud-knows-it"
PASSPHRASE = "of-the-authority"
HOST = "127.0.0.1"
CLOUD_MS = int(time.time()) * 1_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real broker."""
    for item in items:
        if "secure_cloud" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.enable_socket)


@dataclass
class SecureCloud:
    """All of it; `folder` has the broker's files, `units` what the cloud knows."""

    folder: Path
    authority: FileAuthority
    units: FakeUnits
    clock: FakeCloudClock
    tally: FaultTally
    enrolling: Enrolling
    gate: DynsecGate
    url: str
    port: int
    tls_port: int
    rates: FakeCloudClock = field(default_factory=FakeCloudClock)
    made: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    tenants: list[UUID] = field(default_factory=list)
    release_root: bytes = b""

    def store(self, tenant: UUID | None = None) -> SimBox:
        """Enter a store; its box of the fixture is retired, so that the slot is free."""
        self.made += 1
        if tenant is None:
            tenant = new_tenant(self.units)
            self.tenants.append(tenant)
        box = new_box(self.units, tenant, f"店{self.made}")
        with self.units.begin(tenant) as unit:
            unit.enrolments.retire(box.device, self.clock.now_ms())
        return box

    def ticket(self, box: SimBox, *, replace: bool = False) -> EnrolTicket:
        """Draw a code for a store's first slot."""
        shown = self.enrolling.code(box.tenant, box.store, who="test", replace=replace)
        return EnrolTicket(self.url, shown.code, self.authority.pin())

    def provisioned(self, box: SimBox | None = None, *, replace: bool = False) -> Path:
        """Provision a box as the technician's command does and return its folder."""
        self.made += 1
        self.rates.advance(60_000)  # one address may not try so often as tests do
        folder = self.folder / f"box{self.made}"
        provision_box(folder, self.ticket(box or self.store(), replace=replace))
        return folder

    def publish_revoked(self) -> bool:
        """Give the broker a fresh list, as the running cloud does every hour."""
        now, revoked = self.clock.now_ms(), dict[int, int]()
        for tenant in self.tenants:
            with self.units.begin(tenant) as unit:
                revoked |= unit.enrolments.revoked(now)
        self.made += 1
        fresh = self.authority.revocations(revoked, now + self.made, now)
        return publish_revoked(self.folder, fresh, self.authority.chain()[0], now)

    def start(self) -> None:
        """Start the broker and wait until it listens."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            pytest.skip("mosquitto is missing: apt-get install mosquitto")
        with (self.folder / "log").open("ab") as log:
            command = [program, "-c", str(self.folder / "mosquitto.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port)):
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """End the broker; safe to call twice."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
            self.process = None

    def trust(self, identity: Path | None = None) -> ssl.SSLContext:
        """Return a context that trusts our root and comes with a certificate, or with none."""
        context = ssl.create_default_context(cafile=self.folder / "boxes.pem")
        if identity is not None:
            context.load_cert_chain(identity)
        return context


def pem_of(chain: tuple[bytes, ...]) -> bytes:
    """Return DER certificates as PEM."""
    return b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in chain)


@pytest.fixture(scope="module")
def secure_cloud() -> Iterator[SecureCloud]:
    """Put it together, once for a module's tests; each enters stores of its own."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="regulars-test-ca-"))
        folder.chmod(0o755)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cloud = _cloud(folder)
        _serve(cloud, stack)
        stack.callback(cloud.stop)
        cloud.start()
        yield cloud


def _cloud(folder: Path) -> SecureCloud:
    clock, units, tally = FakeCloudClock(CLOUD_MS), FakeUnits(), FaultTally()
    authority = FileAuthority(folder / "ca", PASSPHRASE)
    authority.create("Test", CLOUD_MS)
    port, tls_port, door = free_port(), free_port(), free_port()
    own = {user: hash_password(PASSWORD, b"0" * 12) for user in own_users()}
    chain, key = authority.server((HOST,), CLOUD_MS)
    write_private(folder / "door.pem", chain)
    write_private(folder / "door.key", key)
    tls = BrokerTls(pem_of(authority.chain()), chain, key, authority.revocations({}, 1, CLOUD_MS))
    write_secure_files(folder, SecureDoors(HOST, port, HOST, tls_port), tls, Speakers(own, (), {}))
    every = frozenset(range(limits.SHARDS))
    gate = DynsecGate([ControlledBroker(HOST, port, every)], PASSWORD)
    deps = api_deps(units, clock, tally, EmptyQueries(), NotingDesk(UUID(int=1)))
    enrolling = Enrolling(units, clock, deps.ids, deps.time.keys, authority, gate)
    url = f"https://{HOST}:{door}"
    return SecureCloud(
        *(folder, authority, units, clock, tally, enrolling, gate, url, port, tls_port)
    )


def _serve(cloud: SecureCloud, stack: contextlib.ExitStack) -> None:
    deps = replace(
        api_deps(cloud.units, cloud.clock, cloud.tally, EmptyQueries(), NotingDesk(UUID(int=1))),
        hosts=frozenset({HOST}),
        enrolling=cloud.enrolling,
    )
    enrol = EnrolDeps(
        cloud.enrolling,
        cloud.enrolling.keys,
        cloud.rates,
        cloud.url,
        "https://pages.example",
        lambda _shard: (HOST, cloud.tls_port),
        lambda: cloud.release_root,
    )
    tls = DoorTls(cloud.folder / "door.pem", cloud.folder / "door.key", cloud.folder / "boxes.pem")
    listening = stack.enter_context(bind(HOST, int(cloud.url.rpartition(":")[2])))
    server = DoorServer(build_box_door(deps, enrol), tls)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()

    def end() -> None:
        server.ask_to_end()
        thread.join()

    stack.callback(end)
