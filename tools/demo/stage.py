"""Sets the stage: database, broker, cloud, peripherals and three boxes, each the real program."""

import json
import secrets
import shutil
import sys
import tempfile
import threading
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
from tools.kill_rig.nursery import Nursery
from tools.virtual_pcsc import READER_NAME, VirtualPcsc, ensure_pcscd

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
HQ_LOGIN = "hq"
CLOUD_PORT, BROKER_PORT, AGENT_PORT = 8100, 18830, 8101
DOOR_PORT, BOXES_PORT = 8443, 18883
HOST = "127.0.0.1"
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
    """Everything that was started; `close()` ends it in reverse order.

    `cloud_runs` and `edge_runs` run the programs' short commands: a dozen of them are a second and
    a half of imports each, and here they are forked from one that has imported them.
    """

    folder: Path
    models: Path
    cloud_runs: Nursery | None = None
    edge_runs: Nursery | None = None
    ends: ExitStack = field(default_factory=ExitStack)
    children: list[Child] = field(default_factory=list)
    cloud: Client = field(default_factory=lambda: Client(""))
    hq: Client = field(default_factory=lambda: Client(""))
    hq_password: str = ""
    broker_port: int = 0
    door_port: int = 0
    boxes_port: int = 0
    broker_folder: Path = Path()
    config: Path = Path()
    _one_by_one: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Stop everything that was started."""
        self.ends.close()

    # ---- the cloud ------------------------------------------------------------------------------

    def database(self) -> None:
        """Start PostgreSQL on fresh data, bring the schema up, make the boxes' authority."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        made_here = self.cloud_runs is None
        if self.cloud_runs is None:
            self.cloud_runs = self._nursery("cloud")
        base = self.folder / "pg"
        embedded_pg.destroy(base)
        server = embedded_pg.start(base)
        self.ends.callback(embedded_pg.stop, base)
        self.broker_port, http_port = free_port(BROKER_PORT), free_port(CLOUD_PORT)
        self.boxes_port, self.door_port = free_port(BOXES_PORT), free_port(DOOR_PORT)
        # Started by root, mosquitto becomes an account that must reach its files: not so in a home.
        self.broker_folder = Path(tempfile.mkdtemp(prefix="regulars-broker-"))
        self.broker_folder.chmod(0o711)
        self.ends.callback(shutil.rmtree, self.broker_folder, ignore_errors=True)
        self.config = self.folder / "cloud.toml"
        self.config.touch(mode=0o600)
        self.config.write_text(
            f'database_url = "{server.app_url}"\n'
            f'migrate_url = "{server.owner_url}"\n'
            f'secrets_dir = "{self.folder / "secrets"}"\n'
            f"http_port = {http_port}\n"
            f"broker_port = {self.broker_port}\n"
            f'broker_password = "{secrets.token_urlsafe(32)}"\n'
            f'broker_admin_password = "{secrets.token_urlsafe(32)}"\n'
            f"broker_tls_port = {self.boxes_port}\n"
            f'broker_dir = "{self.broker_folder}"\n'
            f'ca_dir = "{self.folder / "ca"}"\n'
            f'ca_passphrase = "{secrets.token_urlsafe(32)}"\n'
            f"door_port = {self.door_port}\n"
            'sms_provider = "screen"\n'
        )
        if made_here:
            self.cloud_runs.wait()
        self.office("migrate")
        self.office("provision-tenant", "--name", "熟客演示连锁", "--slug", "demo")
        self.office("ca-init", "--name", "熟客演示连锁")
        self.cloud = Client(f"http://{HOST}:{http_port}")

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
        if self.cloud_runs is None:
            raise RuntimeError("the stage has no database yet")
        call = ["cloud-broker", *command, "--config", str(self.config), "--json"]
        return json.loads(self.cloud_runs.run(call, self.folder / "logs", environment))

    def at_box(self, *command: str) -> str:
        """Run an `edge-agent` command as the technician does and return what it printed."""
        with self._one_by_one:
            if self.edge_runs is None:
                self.edge_runs = self._nursery("edge")
                self.edge_runs.wait()
        return self.edge_runs.run(["edge-agent", *command], self.folder / "logs")

    def broker(self) -> None:
        """Start mosquitto with certificates, as an installation does."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="mosquitto")
        made = self.office("broker-files", "--out", str(self.broker_folder))
        self._child("broker", [program, "-c", made["config"]])

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
        """Provision a shop by a one-time code; its box stands behind a network line of its own."""
        folder = self.folder / place.key
        made, line, lines = self._entered(place, till)
        code = self.code(place)
        self.at_box("provision", "--out", str(folder), "--qr", code)
        device_file = folder / "device.toml"
        _lead_over(device_file, lines)
        device = tomllib.loads(device_file.read_text(encoding="utf-8"))
        camera = MjpegServer(scenes.empty(), fps=CAMERA_FPS)
        self.ends.callback(camera.stop)
        port = free_port(AGENT_PORT + PLACES.index(place))
        config = folder / "config.toml"
        with config.open("a", encoding="utf-8") as text:
            text.write(
                agent_config(folder, self.models, port, camera.url, with_nfc=reader is not None)
            )
        agent = Child(
            place.key,
            [str(BIN / "edge-agent"), "run", "--config", str(config)],
            self.folder / "logs" / f"{place.key}.log",
            reader.environment if reader is not None else {},
        )
        self.ends.callback(agent.stop)
        tills = {one["kind"]: one for one in device["tills"]}
        base = f"http://{HOST}:{port}"
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
            used_code=code,
        )

    def code(self, place: Place, slot: int = 1) -> str:
        """Draw a shop's one-time code, as the QR code says it."""
        made = self.office("enrol-code", "--store", place.name, "--slot", str(slot))
        return str(made["qr"])

    def _entered(
        self, place: Place, till: TillPorts | None
    ) -> tuple[Any, Line, list[tuple[int, int]]]:
        """Enter a shop at HQ and lay its line; (what HQ said, line, (cloud's port, line's))."""
        tills = ["--till", "api:1号收银台"]
        if till is not None:
            tills += ["--till", f"escpos:老收银机:{till.profile}:{till.till}:{till.printer}"]
        # Shops may be set up side by side, but not so that two take the same port.
        with self._one_by_one:
            made = self.office(
                *("provision-store", "--name", place.name, "--city", place.city),
                *("--region", place.region, *tills),
                *("--operator", f"{CLERK_NUMBER}:{place.clerk}"),
            )
            lines = [(port, free_port(0)) for port in (self.door_port, self.boxes_port)]
            line = Line({near: (HOST, far) for far, near in lines})
            line.start()
            self.ends.callback(line.stop)
        return made, line, lines

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

    def _nursery(self, program: str) -> Nursery:
        nursery = Nursery(program)
        self.ends.callback(nursery.stop)
        return nursery

    def _child(self, name: str, command: list[str]) -> Child:
        child = Child(name, command, self.folder / "logs" / f"{name}.log")
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


def _lead_over(device_file: Path, lines: list[tuple[int, int]]) -> None:
    """Have a box reach the cloud over its shop's own line, as behind a router.

    The line ends where the cloud listens, so the certificates' names hold. Phones come over their
    own network and not over the line that the story cuts: the pages' address stays.
    """
    said = device_file.read_text(encoding="utf-8")
    for far, near in lines:
        for meant in (f'url = "https://{HOST}:{far}"\n', f"broker_port = {far}\n"):
            said = said.replace(meant, meant.replace(str(far), str(near)), 1)
    device_file.write_text(said, encoding="utf-8")


def agent_config(folder: Path, models: Path, port: int, camera: str, *, with_nfc: bool) -> str:
    """Return what the demo adds to a provisioned box's own config file."""
    reader = READER_NAME if with_nfc else ""
    return f"""\
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
