"""A cloud of real processes: its settings, its commands, its boxes."""

import json
import subprocess
import sys
import time
import tomllib
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psycopg
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.mosquitto_files import BrokerFiles
from tests.fakes.cloud_box import SimBox
from tests.fakes.cloud_line import BoxLine
from tests.plugins.mosquitto import Broker
from tests.plugins.postgres import Database

_IDS = ("tenant", "store", "device", "legal_entity")


@dataclass
class Cloud:
    """Settings, broker and database of one cloud, and its commands."""

    folder: Path
    database: Database
    brokers: tuple[Broker, ...]
    http_port: int
    stack: ExitStack

    @property
    def broker(self) -> Broker:
        """The only broker, or the first."""
        return self.brokers[0]

    @property
    def config(self) -> Path:
        return self.folder / "cloud.toml"

    def command(self, *arguments: str, code: int = 0) -> str:
        """Run one command in this process and return what it printed."""
        done = CliRunner().invoke(app, [*arguments, "--config", str(self.config)])
        assert done.exit_code == code, done.output
        return done.output

    def refused_to_run(self, role: str) -> str:
        """Start a process that should not start, and return what it said."""
        line = [sys.executable, "-m", "cloud_broker", "run", "--role", role]
        done = subprocess.run(
            [*line, "--config", str(self.config)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 3
        return done.stdout + done.stderr

    def said(self, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.command(*arguments, "--json"))
        return answer

    def run(self, role: str) -> "subprocess.Popen[bytes]":
        line = [sys.executable, "-m", "cloud_broker", "run", "--role", role]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*line, "--config", str(self.config)], stdout=log, stderr=log
            )
        self.stack.callback(process.wait, 30)
        self.stack.callback(process.kill)
        return process

    def up(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.url}/v1/health").status_code == 200
        return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def store(self, name: str) -> SimBox:
        """Provision a store and return its box, as its device file describes it."""
        path = self.folder / f"{name}.toml"
        self.command("provision-store", "--name", name, "--city", "上海", "--out", str(path))
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        identity = {name: UUID(file["identity"][name]) for name in _IDS}
        return SimBox(
            identity["tenant"],
            identity["store"],
            identity["device"],
            identity["legal_entity"],
            wall_ms=int(time.time() * 1000),
        )

    def line(self, box: SimBox) -> BoxLine:
        """Connect a box with the password of its device file."""
        files = [tomllib.loads(path.read_text()) for path in self.folder.glob("*店.toml")]
        (file,) = [one for one in files if one["identity"]["device"] == str(box.device)]
        told = file["cloud"]
        line = BoxLine(box, told["broker_host"], told["broker_port"], told["broker_password"])
        self.stack.callback(line.close)
        return line


def brought_up(cloud: Cloud, *names: str) -> list[SimBox]:
    cloud.command("migrate")
    cloud.command("provision-tenant", "--name", "熟客美妆", "--slug", "demo")
    boxes = [cloud.store(name) for name in names]
    brokers_learn(cloud)
    return boxes


def brokers_learn(cloud: Cloud) -> None:
    """Write what the brokers know, and start them again: the files are all they know."""
    base = cloud.broker.folder
    cloud.command("broker-files", "--out", str(base))
    for number, broker in enumerate(cloud.brokers, start=1):
        place = base / str(number) if len(cloud.brokers) > 1 else base
        broker.files = BrokerFiles(place / "mosquitto.conf", place / "passwd", place / "acl")
        broker.stop()
        broker.start()


def booked(cloud: Cloud) -> int:
    """Count receipts."""
    with psycopg.connect(cloud.database.super_dsn) as connection:
        row = connection.execute("select count(*) from receipt").fetchone()
    assert row is not None
    return int(row[0])
