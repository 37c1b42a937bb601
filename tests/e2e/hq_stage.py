"""The real cloud for a browser to look at: PostgreSQL, mosquitto, `cloud-broker run`, three boxes.

The boxes speak MQTT as boxes do and send again until the cloud has acknowledged.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.adapters.mosquitto_files import BrokerDevice, hash_password
from cloud_broker.bootstrap import Office, build_office
from cloud_broker.services.fleet.provision import Provisioned, StoreAsked, TillAsked
from cloud_broker.settings import Settings
from retail_core.wire.codec import decode_ack, encode
from retail_core.wire.lane import CheckIn, CheckInSeen, Seen, decode_check_in
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.topics import shard_of
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S, comes_about, eventually
from tests.fakes.cloud_box import Person, SimBox
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    ("上海徐汇店", "上海", "华东"),
    ("成都春熙路店", "成都", "西南"),
    ("北京国贸店", "北京", "华北"),
)
TILLS = (TillAsked("1号收银台", "api"),)
OPENING = clock_time(4)
WELL = {"camera": "ok", "qr": "ok", "nfc": "ok", "till_tap": "ok", "cloud": "ok"}


class Box:
    """A shop's box on the line: speaks in SimBox's words, over MQTT as itself."""

    def __init__(self, made: Provisioned) -> None:
        self.made = made
        self.sim = SimBox(
            made.tenant, store=made.store, device=made.device, legal_entity=made.legal_entity
        )
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=str(made.device))
        self._client.username_pw_set(str(made.device), made.broker_password)
        self._client.on_message = self._hear
        self._acked: set[int] = set()
        self.calls: list[CheckIn] = []
        self.answers_calls: Seen | None = Seen.SHOWN

    def connect(self, port: int) -> None:
        """Come on the line."""
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        eventually(self._client.is_connected)
        for tail in ("ack", "lane"):
            self._client.subscribe(self.sim.topic(tail), qos=1)

    def leave(self) -> None:
        """Go off the line; safe when never on it."""
        self._client.disconnect()
        self._client.loop_stop()

    def says(self, state: str = "ok", **said: object) -> None:
        """Say how the box is."""
        self.sim.wall_ms = now_ms()
        payload = self.sim.presence(state, **{"devices": WELL} | said)
        self._client.publish(self.sim.topic("st"), payload, qos=1, retain=True).wait_for_publish(
            PATIENCE_S
        )

    def sells(self, person: Person | None, fen: int, **changes: object) -> None:
        """Sell something now and send it up."""
        self.sim.wall_ms = now_ms() - 1_000
        self.sim.sells(person, fen=fen, **{"business_date": business_date()} | changes)
        self.sends_newest()

    def sends_newest(self) -> None:
        """Send the newest record up, again until the cloud has it: the broker may forget."""
        newest = len(self.sim.events)
        payload = self.sim.frame(newest)
        deadline = time.monotonic() + PATIENCE_S
        while newest not in self._acked:
            assert time.monotonic() < deadline, "the cloud never acknowledged"
            self._client.publish(self.sim.topic(), payload, qos=1).wait_for_publish(PATIENCE_S)
            comes_about(lambda: newest in self._acked, within_s=1)

    def _hear(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/lane"):
            self._called(decode_check_in(bytes(message.payload)))
            return
        for first, last in decode_ack(bytes(message.payload)).ranges:
            self._acked.update(range(first, last + 1))

    def _called(self, call: CheckIn) -> None:
        self.calls.append(call)
        if self.answers_calls is not None:
            seen = CheckInSeen(WIRE_VERSION, call.checkin, self.answers_calls)
            self._client.publish(self.sim.topic("seen"), encode(seen), qos=1)


@dataclass
class Cloud:
    """The running cloud and its three shops."""

    settings: Settings
    office: Office
    boxes: tuple[Box, ...]
    password: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    person: Person = field(default_factory=lambda: Person(name="李敏"))
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Return where the pages are."""
        return f"http://127.0.0.1:{self.settings.http_port}"

    def start(self) -> None:
        """Start `cloud-broker run` and wait until it answers."""
        settings = self.settings
        secret = {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "BROKER_PASSWORD": settings.broker_password.get_secret_value(),
        }
        plain = {
            "SECRETS_DIR": str(settings.secrets_dir),
            "HTTP_PORT": str(settings.http_port),
            "BROKER_PORT": str(settings.broker_port),
        }
        given = secret | plain | dict(self.more)
        named = {f"REGULARS_{name}": value for name, value in given.items()}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cloud_broker", "run"],
                cwd=ROOT,
                env=dict(os.environ) | named,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._lives() and _listens(settings.http_port))

    def _lives(self) -> bool:
        """Say what it said where it ended: another program may hold its port."""
        ended = self.process is not None and self.process.poll() is not None
        assert not ended, self.log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        return True

    def stop(self, *, kill: bool = False) -> None:
        """End it, in order or without a word."""
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(PATIENCE_S)
            self.process = None


def now_ms() -> int:
    """Return the wall clock."""
    return time.time_ns() // 1_000_000


def business_date() -> int:
    """Return the shops' business day, which begins at four."""
    local = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(hours=4)
    return int(f"{local:%Y%m%d}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _provision(office: Office) -> tuple[Provisioned, ...]:
    tenant = office.provision.tenant("熟客示范", "demo")
    return tuple(
        office.provision.store(
            tenant,
            StoreAsked(name, city, region, "总公司", "Asia/Shanghai", OPENING, TILLS, ()),
            who="test",
        )
        for name, city, region in PLACES
    )


def _hashed(made: Provisioned) -> str:
    return hash_password(made.broker_password, b"s" * 12)


@contextmanager
def _broker(made: tuple[Provisioned, ...]) -> Iterator[Broker]:
    devices = [
        BrokerDevice(
            one.tenant,
            shard_of(one.store),
            one.device,
            hash_password(one.broker_password, b"s" * 12),
        )
        for one in made
    ]
    # Not below pytest's own folder: mosquitto gives up root before it opens its files.
    folder = Path(tempfile.mkdtemp(prefix="regulars-test-mq-"))
    folder.chmod(0o755)
    broker = Broker(folder, devices)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _begin(cloud: Cloud) -> None:
    """Enrol the member in Shanghai and sell once in each shop."""
    first = cloud.boxes[0]
    first.sim.wall_ms = now_ms() - 2_000
    first.sim.enrols(cloud.person)
    first.sends_newest()
    for kind in ("membership", "face.local"):
        first.sim.consents(cloud.person, kind)
        first.sends_newest()
    for number, box in enumerate(cloud.boxes):
        box.sells(cloud.person if number == 0 else None, 12_800 + 100 * number)


@contextmanager
def running_cloud(
    database_url: str, folder: Path, more: Mapping[str, str] | None = None
) -> Iterator[Cloud]:
    """Run the whole cloud with three provisioned shops, whose boxes are on the line.

    `more` are further settings, as `SMS_PROVIDER`.
    """
    with ExitStack() as stack:
        drafted = Settings(
            database_url=database_url,
            secrets_dir=folder / "secrets",
            http_port=free_port(),
            broker_password=INGEST_PASSWORD,
        )
        office = build_office(drafted)
        stack.callback(office.close)
        made = _provision(office)
        password = office.access.add_user(made[0].tenant, "hq", "王芳", "operations")
        broker = stack.enter_context(_broker(made))
        settings = drafted.model_copy(update={"broker_port": broker.port})
        boxes = tuple(Box(one) for one in made)
        running = Cloud(settings, office, boxes, password, folder / "log", more=more or {})
        running.start()
        stack.callback(running.stop)
        for box in boxes:
            stack.callback(box.leave)
            box.connect(broker.port)
            box.says()
        _begin(running)
        yield running
