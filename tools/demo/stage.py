"""Sets the stage: database, broker, cloud, peripherals and three boxes, each the real program."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.drivers.camera_opencv.sim import MjpegServer
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools import embedded_pg
from tools.demo import scenes
from tools.demo.client import Client, wait_until
from tools.demo.ids import free_port
from tools.demo.line import Line
from tools.demo.processes import Child
from tools.demo.shops import CLERK_NUMBER, PLACES, Place, Shop
from tools.virtual_pcsc import READER_NAME, VirtualPcsc, ensure_pcscd

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
HQ_LOGIN = "hq"
CLOUD_PORT, BROKER_PORT, AGENT_PORT = 8100, 18830, 8101
CAMERA_FPS = 15
MODELS_SIGNED = "models.signed"


@dataclass(frozen=True, slots=True)
class TillPorts:
    """Where an old till's printer line is cut through: device paths and the profile's name."""

    till: str
    printer: str
    profile: str


@dataclass(slots=True)
class Stage:
    """Everything that was started; `close()` ends it in reverse order."""

    folder: Path
    models: Path
    ends: ExitStack = field(default_factory=ExitStack)
    children: list[Child] = field(default_factory=list)
    cloud: Client = field(default_factory=lambda: Client(""))
    hq: Client = field(default_factory=lambda: Client(""))
    hq_password: str = ""
    broker_port: int = 0
    _broker: Child | None = None
    _broker_folder: Path | None = None
    config: Path = Path()

    def close(self) -> None:
        """Stop everything that was started."""
        self.ends.close()

    # ---- the cloud ------------------------------------------------------------------------------

    def database(self) -> None:
        """Start PostgreSQL on fresh data and bring the schema up."""
        base = self.folder / "pg"
        embedded_pg.destroy(base)
        server = embedded_pg.start(base)
        self.ends.callback(embedded_pg.stop, base)
        self.broker_port = free_port(BROKER_PORT)
        http_port = free_port(CLOUD_PORT)
        self.config = self.folder / "cloud.toml"
        self.config.touch(mode=0o600)
        self.config.write_text(
            f'database_url = "{server.app_url}"\n'
            f'migrate_url = "{server.owner_url}"\n'
            f'secrets_dir = "{self.folder / "secrets"}"\n'
            f"http_port = {http_port}\n"
            f"broker_port = {self.broker_port}\n"
            f'broker_password = "{secrets.token_urlsafe(32)}"\n'
            'sms_provider = "screen"\n'
        )
        self.office("migrate")
        self.office("provision-tenant", "--name", "熟客演示连锁", "--slug", "demo")
        self.cloud = Client(f"http://127.0.0.1:{http_port}")

    def goods(self) -> None:
        """Import the catalogue and publish the offers."""
        examples = ROOT / "device_configs" / "examples"
        self.office("import", "catalogue", str(examples / "catalogue.csv"))
        self.office("publish-bundle", str(examples / "bundle.json"))
        # Only models that HQ signed are used; that a lawyer agreed is the demo's own word.
        self.office(
            *("sign-models", str(self.models / "manifest.toml")),
            *("--out", str(self.folder / MODELS_SIGNED)),
            *("--signed-off", "fr_feature:演示 demo", "--signed-off", "fr_liveness:演示 demo"),
        )

    def office(self, *command: str, environment: dict[str, str] | None = None) -> Any:
        """Run a `cloud-broker` command and return its JSON."""
        call = [str(BIN / "cloud-broker"), *command, "--config", str(self.config), "--json"]
        done = subprocess.run(
            call,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        if done.returncode != 0:
            raise RuntimeError(f"cloud-broker {command[0]}: {done.stderr.strip() or done.stdout}")
        return json.loads(done.stdout)

    def broker(self) -> None:
        """Start mosquitto with a password and an ACL for each box."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="mosquitto")
        # Started by root, mosquitto becomes an account that must reach its files: not so in a home.
        folder = Path(tempfile.mkdtemp(prefix="regulars-broker-"))
        folder.chmod(0o711)
        self.ends.callback(shutil.rmtree, folder, ignore_errors=True)
        made = self.office("broker-files", "--out", str(folder))
        self._broker = self._child("broker", [program, "-c", made["config"]])
        self._broker_folder = folder

    def broker_learns(self) -> None:
        """Let the running broker know boxes that were provisioned after its start."""
        if self._broker is not None and self._broker_folder is not None:
            self.office("broker-files", "--out", str(self._broker_folder))
            self._broker.reload()

    def cloud_program(self) -> None:
        """Start `cloud-broker run` and sign HQ's own program in."""
        made = self.office(
            "hq-user", "--login", HQ_LOGIN, "--name", "总部", "--role", "admin", "--token", "demo"
        )
        self.hq_password = made["password"]
        self.hq = Client(self.cloud.base, made["api_token"])
        child = self._child(
            "cloud", [str(BIN / "cloud-broker"), "run", "--config", str(self.config)]
        )
        self._await(child, lambda: self.hq.get("/v1/hq/overview"))

    # ---- the shops ------------------------------------------------------------------------------

    def reader(self) -> VirtualPcsc:
        """Start pcscd with a virtual contactless reader."""
        service = ensure_pcscd()
        self.ends.callback(service.stop)
        return service

    def shop(self, place: Place, reader: VirtualPcsc | None, till: TillPorts | None) -> Shop:
        """Provision a shop and prepare its agent behind a network line of its own."""
        folder = self.folder / place.key
        http_line, broker_line = free_port(0), free_port(0)
        line = Line(
            {
                http_line: ("127.0.0.1", int(self.cloud.base.rpartition(":")[2])),
                broker_line: ("127.0.0.1", self.broker_port),
            }
        )
        line.start()
        self.ends.callback(line.stop)
        device_file = folder / "device.toml"
        made = self._provision(place, device_file, till, (http_line, broker_line))
        # Phones come over their own network, not over the line of the shop that is cut in the
        # story: a link of the till and a counter's tag are one page.
        pages = f'pages_url = "{self.cloud.base}"'
        said = device_file.read_text(encoding="utf-8")
        device_file.write_text(
            said.replace("[cloud]\n", f"[cloud]\n{pages}\n", 1), encoding="utf-8"
        )
        device = tomllib.loads(device_file.read_text(encoding="utf-8"))
        camera = MjpegServer(scenes.empty(), fps=CAMERA_FPS)
        self.ends.callback(camera.stop)
        port = free_port(AGENT_PORT + PLACES.index(place))
        config = folder / "agent.toml"
        config.write_text(
            agent_config(folder, self.models, port, camera.url, with_nfc=reader is not None),
            encoding="utf-8",
        )
        agent = Child(
            place.key,
            [str(BIN / "edge-agent"), "run", "--config", str(config)],
            self.folder / "logs" / f"{place.key}.log",
            reader.environment if reader is not None else {},
        )
        self.ends.callback(agent.stop)
        tills = {one["kind"]: one for one in device["tills"]}
        base = f"http://127.0.0.1:{port}"
        return Shop(
            place=place,
            agent=agent,
            line=line,
            camera=camera,
            till=Client(base, tills["api"]["token"]),
            screen=Client(base, device["screen"]["token"]),
            till_id=tills["api"]["id"],
            escpos_till_id=tills["escpos"]["id"] if "escpos" in tills else "",
            store_id=device["identity"]["store"],
            clerk_pin=made["pins"][CLERK_NUMBER],
            card_keys=(
                bytes.fromhex(device["keys"]["sun_meta_key"]),
                bytes.fromhex(device["keys"]["sun_master_key"]),
            ),
        )

    def _provision(
        self, place: Place, file: Path, till: TillPorts | None, lines: tuple[int, int]
    ) -> Any:
        tills = ["--till", "api:1号收银台"]
        if till is not None:
            tills += ["--till", f"escpos:老收银机:{till.profile}:{till.till}:{till.printer}"]
        return self.office(
            *("provision-store", "--name", place.name, "--city", place.city),
            *("--region", place.region, "--out", str(file), *tills),
            *("--operator", f"{CLERK_NUMBER}:{place.clerk}"),
            environment={
                "REGULARS_PUBLIC_URL": f"http://127.0.0.1:{lines[0]}",
                "REGULARS_STORES_BROKER_PORT": str(lines[1]),
            },
        )

    def open_shop(self, shop: Shop) -> None:
        """Start a shop's agent and wait until it can sell with the cloud in sight."""
        shop.agent.start()
        self._await(shop.agent, shop.online)

    def let_faces(self, place: Place) -> None:
        """Put assessment, signs and approval of one shop on record: without them faces stay off."""
        self.office(
            *("face", "enable", "--store", place.name, "--assessment", "PIA-演示-01"),
            *("--signage", "店门与收银台", "--approved-by", "演示法务"),
            *("--approved-on", "2026-07-01"),
        )

    def _child(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> Child:
        log = self.folder / "logs" / f"{name}.log"
        child = Child(name, command, log, environment or {})
        child.start()
        self.children.append(child)
        self.ends.callback(child.stop)
        return child

    def _await(self, child: Child, check: Any) -> None:
        try:
            wait_until(40, f"{child.name} to answer", lambda: _alive(child) and check())
        except (TimeoutError, ChildProcessError) as error:
            raise RuntimeError(f"{error}\n{child.tail()}") from error


def _alive(child: Child) -> bool:
    if not child.alive():
        raise ChildProcessError(f"{child.name} ended")
    return True


def agent_config(folder: Path, models: Path, port: int, camera: str, *, with_nfc: bool) -> str:
    """Return an agent's own config file."""
    reader = READER_NAME if with_nfc else ""
    return f"""\
device_file = "{folder / "device.toml"}"
data_dir = "{folder / "data"}"
models_dir = "{models}"
profiles_dir = "{ROOT / "device_configs"}"
api_port = {port}

[camera]
source = "mjpeg:{camera}"
fps = 30

[nfc]
reader = "{reader}"

[face]
enabled = true
bundle = "{folder.parent / MODELS_SIGNED}"
# The pictures come from files: the passive hint would judge paper, not people.
liveness = "off"
"""
