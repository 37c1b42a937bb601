"""The cloud of a run, each part the real program: PostgreSQL, mosquitto, `cloud-broker`."""

import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.migrations.runner import upgrade
from cloud_broker.settings import load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools import embedded_pg
from tools.bench import sync_crowd
from tools.demo.client import wait_until
from tools.demo.ids import free_port
from tools.demo.processes import Child
from tools.fleet_sim.usage import family
from tools.pg_account import choose_places

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
EXAMPLES = ROOT / "device_configs" / "examples"
TENANT_NAME, TENANT_SLUG = "熟客仿真连锁", "fleet"
READY_S = 60.0
PRICE_COLUMN = "price"
BOOKS = {
    "receipts": "select count(*), sum(total_fen) from receipt",
    "postings": "select count(*), sum(points) from posting",
    "balances": "select count(*), sum(balance), sum(balance * balance) from account",
    "events": "select count(*) from event_log",
    "members": "select count(*), sum(ver) from member",
}
PROGRAMS = ("api", "ingest")
ASK = "import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=2)"


@dataclass(slots=True)
class Cloud:
    """Everything of the cloud that was started; `close()` ends it in reverse order.

    `host` is where stores find it; `inside` is put before the broker's and the API's command
    (`ip netns exec NAME`), to run them in a network namespace. `crowd` members are there already.
    """

    folder: Path
    host: str = "127.0.0.1"
    inside: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    ingest_workers: int = 1
    crowd: int = 0
    ends: ExitStack = field(default_factory=ExitStack)
    children: dict[str, Child] = field(default_factory=dict)
    server: embedded_pg.Server | None = None
    dsn: str = ""
    config: Path = Path()
    http_port: int = 0
    broker_port: int = 0
    _office: Office | None = None
    _broker_folder: Path = Path()

    def close(self) -> None:
        """Stop everything that was started."""
        self.ends.close()

    @property
    def office(self) -> Office:
        """What the commands of `cloud-broker` work with, in this process."""
        if self._office is None:
            self._office = build_office(load_settings(self.config))
            self.ends.callback(self._office.close)
        return self._office

    @property
    def tenant(self) -> UUID:
        """The one tenant."""
        return self.office.tenant()

    @property
    def release_dir(self) -> Path:
        """Where releases for the boxes lie."""
        return self.folder / "releases"

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://{self.host}:{self.http_port}"

    # ---- starting -------------------------------------------------------------------------------

    def database(self) -> None:
        """Start PostgreSQL on fresh data, or on a copy of the crowd's; bring the schema up."""
        base = self.folder / "pg"
        embedded_pg.destroy(base)
        if self.crowd:
            sync_crowd.copy(sync_crowd.kept(self.crowd), base)
        self.server = server = embedded_pg.start(base)
        self.ends.callback(embedded_pg.stop, base)
        upgrade(server.owner_url)
        dsn = make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
        self.database_at(self._database_url(server), server.owner_url, dsn)

    def database_at(self, url: str, owner_url: str, dsn: str) -> None:
        """Use a migrated database; `dsn` is its superuser's, to compare with in the end."""
        self.dsn = dsn
        self.broker_port, self.http_port = free_port(0), free_port(0)
        self.config = self.folder / "cloud.toml"
        self.config.touch(mode=0o600)
        self.config.write_text(
            f'database_url = "{url}"\n'
            f'migrate_url = "{owner_url}"\n'
            f'secrets_dir = "{self.folder / "secrets"}"\n'
            f'http_host = "{self.host}"\n'
            f"http_port = {self.http_port}\n"
            f'broker_host = "{self.host}"\n'
            f"broker_port = {self.broker_port}\n"
            f'broker_password = "{secrets.token_urlsafe(32)}"\n'
            f'release_dir = "{self.release_dir}"\n'
        )

    def goods(self) -> None:
        """Enter the tenant, what it sells and by which rules."""
        tenant = self._tenant()
        catalogue = (EXAMPLES / "catalogue.csv").read_text(encoding="utf-8-sig")
        self.office.publisher.apply(tenant, catalogue, who="fleet-sim", skip_errors=False)
        bundle = (EXAMPLES / "bundle.json").read_bytes()
        self.office.publisher.publish_bundle(tenant, bundle, who="fleet-sim")

    def _tenant(self) -> UUID:
        """Enter the tenant: a new one, or whose members the crowd are."""
        office = self.office
        if not self.crowd:
            return office.provision.tenant(TENANT_NAME, TENANT_SLUG)
        with office.units.begin(sync_crowd.TENANT) as unit:
            unit.fleet.add_tenant(TENANT_NAME, TENANT_SLUG, office.clock.now_ms())
        office.keys.keys(sync_crowd.TENANT)
        return sync_crowd.TENANT

    def broker(self) -> None:
        """Start mosquitto with a password and an ACL for each box."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="mosquitto")
        # Started by root, mosquitto becomes an account that must reach its files: not so in a home.
        folder = self._broker_folder = Path(tempfile.mkdtemp(prefix="regulars-fleet-"))
        folder.chmod(0o711)
        self.ends.callback(shutil.rmtree, folder, ignore_errors=True)
        (config,), _ = self.office.write_broker_files(folder)
        self._child("broker", [*self.inside, program, "-c", str(config)])

    def programs(self) -> None:
        """Start the API and ingest, each a process of its own."""
        roles = ["api", *("ingest" for _ in range(self.ingest_workers))]
        for number, role in enumerate(roles):
            name = role if number < len(PROGRAMS) else f"{role}-{number}"
            command = (str(BIN / "cloud-broker"), "run", "--role", role)
            self._child(name, [*self.inside, *command, "--config", str(self.config)])
        wait_until(READY_S, "the API to answer", lambda: self._alive("api") and self._answers())

    # ---- faults ---------------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """End a part as a power cut would, without a farewell."""
        if name == "database":
            self._database("-m", "immediate", "stop")
        else:
            self.children[name].kill()

    def start_again(self, name: str) -> None:
        """Start a killed part."""
        if name == "database":
            embedded_pg.start(self.folder / "pg", port=self._port())
        else:
            self.children[name].start()

    def _database(self, *command: str) -> None:
        places = choose_places((self.folder / "pg").resolve())
        subprocess.run(
            [str(places.binaries / "pg_ctl"), "-D", str(places.data), "-w", *command],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            user=places.account.uid,
            group=places.account.gid,
            extra_groups=None if places.account.uid is None else (),
        )

    def _port(self) -> int:
        return 0 if self.server is None else self.server.port

    def pause(self, name: str, seconds: float) -> None:
        """Let a part stand still for a while, as a machine does that swaps."""
        process = self.children[name].process
        if process is not None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            process.send_signal(signal.SIGCONT)

    # ---- books and goods ------------------------------------------------------------------------

    def books(self) -> dict[str, str]:
        """Return what the books say, to be compared with what they say later."""
        with psycopg.connect(self.dsn) as connection:
            return {
                name: str(connection.execute(query).fetchone()) for name, query in BOOKS.items()
            }

    def changed_catalogue(self) -> str:
        """Return the catalogue with one price a fen higher."""
        head, first, *rest = (EXAMPLES / "catalogue.csv").read_text("utf-8-sig").splitlines()
        column = head.split(",").index(PRICE_COLUMN)
        cells = first.split(",")
        cells[column] = f"{float(cells[column]) + 0.01:.2f}"
        return "\n".join((head, ",".join(cells), *rest)) + "\n"

    # ---- measures -------------------------------------------------------------------------------

    def processes(self) -> dict[str, list[int]]:
        """Return the processes of each part, as they are now."""
        found = {
            name: family(child.process.pid)
            for name, child in self.children.items()
            if child.process is not None
        }
        if self.server is not None:
            pid_file = self.server.data_dir / "postmaster.pid"
            with suppress(OSError, ValueError):
                found["postgres"] = family(int(pid_file.read_text().splitlines()[0]))
        return found

    # ---- inside ---------------------------------------------------------------------------------

    def _child(self, name: str, command: list[str]) -> None:
        child = Child(name, command, self.folder / "logs" / f"{name}.log", self.environment)
        child.start()
        self.children[name] = child
        self.ends.callback(child.stop)

    def _alive(self, name: str) -> bool:
        child = self.children[name]
        if not child.alive():
            raise ChildProcessError(f"{name} ended\n{child.tail()}")
        return True

    def _answers(self) -> bool:
        """Ask from where the API is: from a namespace nobody else can."""
        command = [*self.inside, sys.executable, "-c", ASK, f"{self.url}/healthz"]
        asked = subprocess.run(command, check=False, capture_output=True)
        return asked.returncode == 0 or b"HTTPError" in asked.stderr

    def _database_url(self, server: embedded_pg.Server) -> str:
        """Return the address for the programs; out of a namespace only the socket leads."""
        if not self.inside:
            return server.app_url
        account = server.app_url.rpartition("@")[0]
        place = f"host={server.socket_dir}&port={server.port}"
        return f"{account}@/{embedded_pg.DATABASE}?{place}"
