"""Both sync doctors as processes: a healthy line, a dead broker, a poisoned event tried again."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cloud_broker.adapters.mosquitto_files import BrokerDevice
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from edge_agent.cli.commands import app as box_app
from tests.factories.agent_files import DEVICE, write_agent
from tests.factories.hq_commands import Hq, opened_hq
from tests.factories.ports import free_port
from tests.fakes.cloud_line import BoxLine, account, wait_until
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
Starts = Callable[[Sequence[BrokerDevice]], Broker]


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def doctor(hq: Hq) -> tuple[int, dict[str, Any]]:
    """Run the doctor as a process of its own."""
    line = [sys.executable, "-m", "cloud_broker", "sync", "doctor", "--json"]
    done = subprocess.run([*line, "-c", str(hq.config)], check=False, capture_output=True)
    return done.returncode, json.loads(done.stdout)


def codes(said: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in said["findings"]}


def test_the_cloud_is_examined_and_its_poison_replayed(hq: Hq, mosquitto: Starts) -> None:
    broker = mosquitto([account(hq.box)])
    text = hq.config.read_text().replace('broker_password = "x"', "")
    named = f'broker_password = "{INGEST_PASSWORD}"\nbroker_port = {broker.port}\n'
    hq.config.write_text(text + named, encoding="utf-8")
    code, said = doctor(hq)
    assert (code, codes(said)) == (1, {"S141"}), "nothing but ingest is missing"
    assert [box["state"] for box in said["boxes"]] == ["never"]

    hq.box.wall_ms = int(time.time() * 1000)
    hq.box.sells()
    poison(hq)
    ingest = subprocess.Popen(
        [sys.executable, "-m", "cloud_broker", "run", "--role", "ingest", "-c", str(hq.config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    line = BoxLine(hq.box, broker.host, broker.port)
    try:
        wait_until(lambda: line.cloud_up is True)
        line.send("st", hq.box.presence("ok"))
        said = hq.said("sync", "doctor", code=1)
        assert codes(said) == {"S139"}, "a poisoned event waits"
        assert said["repairs"][0]["last_error"] == "refused by the database"
        done = hq.said("sync", "replay", "--code", said["repairs"][0]["code"])
        assert (done["tried"], done["booked"], done["failed"]) == (1, 1, [])
        assert hq.said("sync", "replay") == {"tried": 0, "booked": 0, "failed": [], "to_look_at": 0}
        assert "✓" in hq.command("sync", "doctor")
    finally:
        line.close()
        ingest.kill()
        ingest.wait(30)
    hq.box.journal("sale", b"\xc0")
    hq.sends()
    broken = hq.said("sync", "replay", code=1)
    assert [one["code"] for one in broken["failed"]] == ["W101"]
    assert f"W101 ×1  {broken['failed'][0]['id']}" in hq.command("sync", "replay", code=1)
    broker.kill()
    assert "S130" in hq.command("sync", "doctor", code=1)


def poison(hq: Hq) -> None:
    """Put the box's events into the repair queue, as a database that refuses them does."""
    units = PostgresUnits(make_engine(hq.database.url, connections=1))
    now = int(time.time() * 1000)
    frame = open_frame(Inbound(hq.box.topic(), hq.box.frame(), now))
    assert isinstance(frame, OpenFrame)
    with units.begin(hq.box.tenant) as unit:
        Batch(unit, hq.box.tenant, now, "refused by the database").book([frame], [])
    units.close()


def test_a_dead_broker_and_a_box_without_its_agent(tmp_path: Path) -> None:
    port = free_port()
    device = DEVICE.replace("broker_port = 18830", f"broker_port = {port}")
    config = write_agent(tmp_path, device=device)
    (tmp_path / "data").mkdir(exist_ok=True)
    line = [sys.executable, "-m", "edge_agent", "sync", "doctor", "-c", str(config), "--json"]
    done = subprocess.run(line, check=False, capture_output=True)
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert {"S148", "S130"} <= codes(said)
    assert (said["waiting"], said["connected"]) == (0, False)
    shown = CliRunner().invoke(box_app, ["sync", "doctor", "-c", str(config)])
    assert "S130" in shown.output
    assert "满一小时才算" in shown.output, "seconds say nothing of a month"
