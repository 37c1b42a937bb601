"""The site of the rig: database, broker, cloud and boxes without a camera, all real programs."""

import os
import random
import signal
import tomllib
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tools import embedded_pg
from tools.demo.client import Client, wait_until
from tools.demo.ids import free_port
from tools.demo.processes import Child
from tools.demo.shops import CLERK_NUMBER
from tools.demo.stage import ROOT, Stage
from tools.kill_rig.line import Line, Loop
from tools.kill_rig.nursery import Nursery
from tools.kill_rig.till import Till

PATIENCE_S = 90.0
SKUS = ["SK-007", "SK-003", "SN-001", "SN-004", "DR-008", "DR-009"]
CONSENTS = {"membership": True}
CONFIG = """\
device_file = "{folder}/device.toml"
data_dir = "{folder}/data"
models_dir = "{models}"
profiles_dir = "{profiles}"
api_port = {port}

[camera]

[face]
enabled = false
"""


@dataclass(slots=True)
class Program:
    """A program that a nursery starts; `kill` is SIGKILL."""

    name: str
    nursery: Nursery
    arguments: list[str]
    log: Path
    pid: int = 0
    restarts: int = 0

    def start(self) -> None:
        """Start it."""
        self.pid = self.nursery.start(self.arguments, self.log)

    def signal(self, what: signal.Signals) -> None:
        """Send a signal to it and to what it started."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, what)

    def keep(self) -> None:
        """Start it again when it has ended by itself, as systemd does."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            self.restarts += 1
            self.start()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        self.pid = 0


@dataclass(slots=True)
class Shop:
    """A box with its line and its till."""

    name: str
    store_id: str
    agent: Program
    line: Line
    till: Till
    screen: Client
    operator_pin: str

    def health(self) -> Any:
        """Return what the box says of itself."""
        return self.till.client.get("/v1/health")

    def online(self) -> bool:
        """Return whether it can sell and has what the cloud published."""
        health = self.health()
        return bool(
            health["can_sell"]
            and health["devices"].get("cloud") == "ok"
            and health["versions"].get("catalogue") not in {None, "0"}
            and health["versions"].get("bundle") not in {None, "0"}
        )

    def drained(self) -> bool:
        """Return whether the cloud has everything."""
        health = self.health()
        return bool(health["outbox_depth"] == 0 and health["devices"].get("cloud") == "ok")


@dataclass
class Site:
    """Everything that was started; `close` ends it."""

    folder: Path
    seed: int
    control: str = ""
    ends: ExitStack = field(default_factory=ExitStack)
    shops: list[Shop] = field(default_factory=list)
    loop: Loop = field(default_factory=Loop)
    dsn: str = ""
    data_dir: Path = Path()

    def __post_init__(self) -> None:
        self.edge = Nursery("edge", self.control)
        self.cloud_nursery = Nursery("cloud", self.control)
        self.stage = Stage(self.folder, ROOT / "models", cloud_runs=self.cloud_nursery)
        self.cloud = Program("ingest", self.cloud_nursery, [], self.folder / "logs" / "cloud.log")
        self.ends.callback(self.edge.stop)
        self.ends.callback(self.cloud_nursery.stop)

    def build(self, shops: int) -> None:
        """Start everything and open the shops."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        self.ends.callback(self.stage.close)
        self.cloud_nursery.wait()
        self.stage.database()
        server = embedded_pg.status(self.folder / "pg")
        if server is None:
            raise RuntimeError("the database did not start")
        self.data_dir = server.data_dir
        self.dsn = psycopg.conninfo.make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
        examples = ROOT / "device_configs" / "examples"
        self.stage.office("import", "catalogue", str(examples / "catalogue.csv"))
        self.stage.office("publish-bundle", str(examples / "bundle.json"))
        self.loop.start()
        self.ends.callback(self.loop.stop)
        for at in range(shops):
            self.shops.append(self._shop(at))
        self.stage.broker()
        self.edge.wait()
        config = str(self.stage.config)
        self.cloud.arguments = ["cloud-broker", "run", "--config", config]
        self.ends.callback(self.cloud.kill)
        self.cloud.start()
        for shop in self.shops:
            shop.agent.start()
            self.ends.callback(shop.agent.kill)
        for shop in self.shops:
            wait_until(PATIENCE_S, f"{shop.name} to open", shop.online)
        for shop in self.shops:
            shop.till.members.append(self._enrol(shop))

    @property
    def broker(self) -> Child:
        """The broker's process."""
        return next(one for one in self.stage.children if one.name == "broker")

    def database_dies(self, how: signal.Signals) -> None:
        """Kill the postmaster (SIGKILL), or have it stop at once without a checkpoint (SIGQUIT)."""
        with suppress(OSError, ValueError):
            first = (self.data_dir / "postmaster.pid").read_text().splitlines()[0]
            os.kill(int(first), how)

    def database_starts(self) -> None:
        """Start the database again, which recovers from its log."""
        wait_until(PATIENCE_S, "the database to start again", self._started, pause_s=0.2)

    def _started(self) -> bool:
        with suppress(Exception):
            embedded_pg.start(self.folder / "pg")
            return True
        return False

    def keep(self) -> None:
        """Start again what has ended by itself."""
        for program in (self.cloud, *(shop.agent for shop in self.shops)):
            program.keep()

    def close(self) -> None:
        """End everything, in reverse order."""
        self.ends.close()

    # ---- shops ----------------------------------------------------------------------------------

    def _shop(self, at: int) -> Shop:
        name = f"门店{at + 1}"
        folder = self.folder / f"shop{at + 1}"
        ports = (free_port(0), free_port(0))
        line = Line(
            self.loop,
            {
                ports[0]: ("127.0.0.1", int(self.stage.cloud.base.rpartition(":")[2])),
                ports[1]: ("127.0.0.1", self.stage.broker_port),
            },
        )
        line.start()
        self.ends.callback(line.stop)
        made = self.stage.office(
            *("provision-store", "--name", name, "--city", "上海", "--region", "华东"),
            *("--out", str(folder / "device.toml"), "--till", "api:1号收银台"),
            *("--operator", f"{CLERK_NUMBER}:王芳"),
            environment={
                "REGULARS_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
                "REGULARS_STORES_BROKER_PORT": str(ports[1]),
            },
        )
        device = tomllib.loads((folder / "device.toml").read_text(encoding="utf-8"))
        port = free_port(0)
        config = folder / "agent.toml"
        places = {"folder": folder, "models": ROOT / "models", "profiles": ROOT / "device_configs"}
        config.write_text(CONFIG.format(**places, port=port), encoding="utf-8")
        log = self.folder / "logs" / f"shop{at + 1}.log"
        run = ["edge-agent", "run", "--config", str(config)]
        base = f"http://127.0.0.1:{port}"
        rng = random.Random(f"{self.seed}/{at}")  # noqa: S311 -- a rig repeats itself
        return Shop(
            name=name,
            store_id=device["identity"]["store"],
            agent=Program(f"shop{at + 1}", self.edge, run, log),
            line=line,
            till=Till(Client(base, device["tills"][0]["token"]), SKUS, [], rng),
            screen=Client(base, device["screen"]["token"]),
            operator_pin=made["pins"][CLERK_NUMBER],
        )

    def _enrol(self, shop: Shop) -> str:
        till, at = shop.till.client, self.shops.index(shop)
        signed_in = {"number": CLERK_NUMBER, "pin": shop.operator_pin}
        token = till.post("/v1/operators/login", signed_in)["operator_token"]
        person = {
            "name": f"会员{at}",
            "phone": f"138000{at:05d}",
            "language": "zh",
            "consents": CONSENTS,
            "is_14_or_older": True,
            "declared_tags": [],
        }
        return str(till.post("/v1/enrolments", person, operator=token)["member_id"])
