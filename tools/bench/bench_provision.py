"""`make bench-provision`: from two bare folders to the first sale, each step by its real command.

The cloud comes from nothing: database, schema, chain, authority, broker with certificates, goods
and rules. The box comes from the bundle a technician copies: its programs are put into a folder
without any index, it is let in by a one-time code with a key that it makes itself, meets the broker
by certificate alone, and sells. What a person types and carries is not in these seconds.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tools import embedded_pg
from tools.bench.report import ROOT, Bench, Row
from tools.demo.client import Client, wait_until
from tools.demo.ids import free_port
from tools.demo.processes import Child
from tools.wheelhouse import BUILT, Platform

BAR_S = 120.0
WAIT_S = 60.0
BIN = Path(sys.executable).parent
EXAMPLES = ROOT / "device_configs" / "examples"
# Whose Python it is that this bench runs on, and what a box of that kind has no wheel for.
SUITES = {11: "bookworm", 13: "trixie"}
NATIVE = frozenset({"pyscard"})
PLATFORM = f"linux-x86_64-cp3{sys.version_info.minor}"
BARCODE = "6900000010013"
STORE = "上海一店"


class Site:
    """A cloud and a box that come to be, step by step."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self.folder, self.ends = folder, ends
        self.config = folder / "cloud.toml"
        self.http, self.own, self.tls, self.door, self.api = (free_port(0) for _ in range(5))
        self.hq = Client("")
        self.qr = ""

    # ---- HQ -------------------------------------------------------------------------------------

    def database(self) -> None:
        """Start PostgreSQL on fresh data, bring the schema up, enter the chain."""
        base = self.folder / "pg"
        server = embedded_pg.start(base)
        self.ends.callback(embedded_pg.stop, base)
        self.config.touch(mode=0o600)
        self.config.write_text(
            f'database_url = "{server.app_url}"\nmigrate_url = "{server.owner_url}"\n'
            f'secrets_dir = "{self.folder / "secrets"}"\nhttp_port = {self.http}\n'
            f"broker_port = {self.own}\nbroker_tls_port = {self.tls}\ndoor_port = {self.door}\n"
            f'ca_dir = "{self.folder / "ca"}"\nbroker_dir = "{self.folder / "mq"}"\n'
            'ca_passphrase = "bench"\nbroker_password = "bench"\nbroker_admin_password = "bench"\n',
            encoding="utf-8",
        )
        self.office("migrate")
        self.office("provision-tenant", "--name", "熟客", "--slug", "bench")

    def authority_and_broker(self) -> None:
        """Make the authority, write the broker's files, start it."""
        self.office("ca-init", "--name", "熟客")
        self.office("broker-files", "--out", str(self.folder / "mq"))
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            raise SystemExit("mosquitto is missing: apt-get install mosquitto")
        self.child("broker", program, "-c", str(self.folder / "mq" / "mosquitto.conf"))

    def programs(self) -> None:
        """Import goods, publish rules, start the cloud's programs."""
        self.office("import", "catalogue", str(EXAMPLES / "catalogue.csv"))
        self.office("publish-bundle", str(EXAMPLES / "bundle.json"))
        made = self.office(
            "hq-user", "--login", "hq", "--name", "总部", "--role", "admin", "--token", "bench"
        )
        self.child("cloud", str(BIN / "cloud-broker"), "run", "--config", str(self.config))
        self.hq = Client(f"http://127.0.0.1:{self.http}", made["api_token"])
        wait_until(WAIT_S, "the cloud", lambda: self.hq.get("/v1/health"))

    def store(self) -> None:
        """Enter a store with a till and a clerk, draw its box's one-time code."""
        self.office(
            *("provision-store", "--name", STORE, "--city", "上海"),
            *("--till", "api:1号收银台", "--operator", "1001:李娜"),
        )
        self.qr = self.office("enrol-code", "--store", STORE)["qr"]

    # ---- the technician -------------------------------------------------------------------------

    def install(self, bundle: Path) -> None:
        """Put the bundle's programs into a folder, as `regulars-box install` does."""
        with tarfile.open(bundle) as tar:
            tar.extractall(self.folder, filter="data")
        wheels, program = self.folder / "regulars-box", self.folder / "program"
        subprocess.run([sys.executable, "-m", "venv", str(program)], check=True)
        subprocess.run(
            [
                *(str(program / "bin" / "python"), "-m", "pip", "--isolated", "install", "-q"),
                *("--disable-pip-version-check", "--no-cache-dir", "--no-index", "--no-deps"),
                *("--require-hashes", "--find-links", str(wheels / "wheels")),
                *("-r", str(wheels / "wheels.lock")),
            ],
            check=True,
        )

    def provision(self) -> None:
        """Let the box in by its code."""
        self.agent("provision", "--out", str(self.folder / "box"), "--qr", self.qr)

    def opens(self) -> None:
        """Start the box and wait until it may sell what HQ sells."""
        config = self.folder / "box" / "config.toml"
        text = config.read_text(encoding="utf-8")
        profiles = self.folder / "regulars-box" / "device_configs"
        more = f'api_port = {self.api}\nprofiles_dir = "{profiles}"\n'
        config.write_text(text + more, encoding="utf-8")
        self.child("box", self._edge, "run", "--config", str(config))
        till = self._till()
        lines = {"lines": [{"barcode": BARCODE, "qty_milli": 1_000}]}
        wait_until(WAIT_S, "goods and rules", lambda: till.post("/v1/quotes", lines)["total_fen"])

    def sells(self) -> int:
        """Sell one article at the till; return what was paid, in fen."""
        till, lines = self._till(), [{"barcode": BARCODE, "qty_milli": 1_000}]
        due: int = till.post("/v1/quotes", {"lines": lines})["total_fen"]
        till.post(
            "/v1/sales",
            {
                "till_receipt_no": "1",
                "lines": lines,
                "tenders": [{"kind": "cash", "amount_fen": due}],
                "quoted_total_fen": due,
            },
        )
        return due

    def booked(self, fen: int) -> None:
        """Wait until HQ sees the sale."""
        wait_until(
            WAIT_S,
            "the sale at HQ",
            lambda: [one for one in self.hq.get("/v1/hq/sales") if one["total_fen"] == fen],
        )

    # ---- programs -------------------------------------------------------------------------------

    def office(self, *command: str) -> Any:
        """Run a command of the cloud and return its JSON."""
        call = [str(BIN / "cloud-broker"), *command, "--config", str(self.config), "--json"]
        return json.loads(_output(call))

    def agent(self, *command: str) -> None:
        """Run a command of the box's own program."""
        _output([self._edge, *command])

    def child(self, name: str, *command: str) -> None:
        """Start a program that runs until the end."""
        child = Child(name, command, self.folder / f"{name}.log")
        child.start()
        self.ends.callback(child.stop)

    @property
    def _edge(self) -> str:
        return str(self.folder / "program" / "bin" / "edge-agent")

    def _till(self) -> Client:
        device = tomllib.loads((self.folder / "box" / "device.toml").read_text(encoding="utf-8"))
        return Client(f"http://127.0.0.1:{self.api}", device["tills"][0]["token"])


def _output(call: list[str]) -> str:
    done = subprocess.run(call, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(call[:3])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


@contextmanager
def bare() -> Iterator[Site]:
    """Yield a site in a folder of its own; what it started has ended after."""
    with ExitStack() as ends:
        # mosquitto gives up root's rights before it reads its files.
        name = tempfile.mkdtemp(prefix="regulars-bench-provision-")
        ends.callback(shutil.rmtree, name, ignore_errors=True)
        Path(name).chmod(0o755)
        yield Site(Path(name), ends)


def compile_natives(built: Path = BUILT) -> list[str]:
    """Compile what has no wheel, unless it is there; return the command, empty when there was none.

    It is done once in a folder, takes minutes, and is no part of what is timed.
    """
    made = Platform.read(PLATFORM)
    there = {path.name.split("-")[0] for path in built.glob(f"*-{made.tag}-*_{made.machine}.whl")}
    if there >= NATIVE:
        return []
    suite = SUITES.get(made.python[1])
    if suite is None:
        raise SystemExit(
            f"a box has Python 3.11 or 3.13, this is {PLATFORM}: run it by one of those"
        )
    command = [str(ROOT / "tools" / "native_wheels.sh"), suite, "amd64"]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"pyscard was not compiled: {' '.join(command)}")
    return command


def main() -> int:
    """Make the bundle, then run every step against the clock."""
    compile_natives()
    bundling = [sys.executable, "-m", "tools.wheelhouse", "bundle", PLATFORM]
    subprocess.run(bundling, check=True)
    bundle = ROOT / "var" / "box" / f"regulars-box-{PLATFORM}.tar"
    bench, paid = Bench("provision"), 0
    with bare() as site:

        def sell() -> None:
            nonlocal paid
            paid = site.sells()

        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("HQ: database, schema, chain", site.database),
            ("HQ: authority, broker with certificates", site.authority_and_broker),
            ("HQ: goods, rules, programs", site.programs),
            ("HQ: store and its one-time code", site.store),
            ("box: programs from the bundle", lambda: site.install(bundle)),
            ("box: key, certificate, settings", site.provision),
            ("box: open, with goods and rules", site.opens),
            ("till: first sale", sell),
            ("HQ: the sale is booked", lambda: site.booked(paid)),
        )
        began = time.monotonic()
        for name, step in steps:
            start = time.monotonic()
            step()
            bench.add(Row(name, time.monotonic() - start, "s"))
        bench.add(Row("bare folders → first sale at HQ", time.monotonic() - began, "s", BAR_S))
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
