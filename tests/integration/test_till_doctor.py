"""A technician listens to a till over the running agent; what leaves the box has stand-ins."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from typer.testing import CliRunner

from edge_agent.api.routes.tech_watch import REVOKED
from edge_agent.api.server import Server, bind
from edge_agent.cli.tills import app
from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.recording import read_recording
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter, sale_bytes
from tests.factories.agent_api import PRINTING_TILL, Box
from tests.factories.agent_files import DEVICE, SCREEN_TOKEN, TILL_TOKEN
from tests.factories.ports import free_port
from tests.factories.terminals import PairingDesk
from tests.factories.waiting import comes_about

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
PHONE = "13912345678"
JOB = f"会员 手机 {PHONE}\n".encode("gb18030") + sale_bytes("0001", ITEMS) + b"\x1b\x7f"
ADDRESS = f"/v1/tech/tills/{PRINTING_TILL}/watch"


class Listened:
    """An old till with a box beside it, on a socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.till, self.printer = OldTill(), RecordingPrinter()
        lines = f'port = "{self.till.port}"\nprinter = "{self.printer.port}"\n'
        device = DEVICE.replace('port = "/dev/null"\nprinter = "/dev/null"\n', lines)
        folder.mkdir()
        (folder / "device_configs").symlink_to(PROFILES)
        self.box = Box(folder, device=device)
        self.box.agent.devices.start()
        self.config = self.box.settings.config_path

    def stop(self) -> None:
        self.box.agent.stop()
        self.till.stop()
        self.printer.stop()


@pytest.fixture
def listened(tmp_path: Path) -> Iterator[Listened]:
    made = Listened(tmp_path / "box")
    yield made
    made.stop()


def heard(listened: Listened, job: bytes) -> list[dict[str, Any]]:
    """Listen, print a job, and return what is told until a report that knows of it."""
    told: list[dict[str, Any]] = []
    client = listened.box.client(SCREEN_TOKEN)
    with client as screen, screen.websocket_connect(ADDRESS) as socket:
        told.append(socket.receive_json())
        listened.till.print_bytes(job)
        while not (told[-1]["type"] == "report" and told[-1]["bytes"] >= len(job)):
            told.append(socket.receive_json())
    return told


def test_bytes_come_decoded_and_nobody_stands_in_them(listened: Listened) -> None:
    told = heard(listened, JOB)
    everything = json.dumps(told, ensure_ascii=False)
    assert PHONE not in everything
    parts = [part for one in told if one["type"] == "line" for part in one["parts"]]
    assert "ESC @" in {part["text"] for part in parts}
    assert any("可口可乐330ml" in part["text"] for part in parts)
    (job,) = [one for one in told if one["type"] == "job"]
    assert (job["kind"], job["lines"], job["total_fen"]) == ("sale", 2, 1_950)
    report = told[-1]
    assert report["unknown"] == {"1b 7f": 1}
    assert "T192" in [fault["code"] for fault in report["faults"]]
    assert report["agreement"]["allowed"] is False


def test_a_tills_token_may_not_listen(listened: Listened) -> None:
    client = listened.box.client(TILL_TOKEN)
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(ADDRESS):
        pass
    assert refused.value.json()["code"] == "A111"


def hear_until_the_end(socket: WebSocketTestSession) -> None:
    while True:
        socket.receive_json()


def test_a_token_taken_away_hears_no_more(listened: Listened) -> None:
    desk = PairingDesk(listened.box)
    token = desk.pair(kind="screen", name="tablet")
    client = listened.box.client(token)
    with client as tablet, tablet.websocket_connect(ADDRESS) as socket:
        assert socket.receive_json()["type"] == "report"
        (terminal,) = [
            one["terminal_id"]
            for one in desk.manager.get("/v1/terminals").json()["terminals"]
            if one["name"] == "tablet"
        ]
        assert desk.manager.delete(f"/v1/terminals/{terminal}").status_code == 200
        with pytest.raises(WebSocketDisconnect) as closed:
            hear_until_the_end(socket)
    assert closed.value.code == REVOKED


def print_until(listened: Listened, stopped: threading.Event) -> None:
    """Print a job now and then, as a shop does."""
    while not stopped.wait(0.3):
        listened.till.print_bytes(JOB)


def test_the_command_records_what_the_reader_understands_again(
    listened: Listened, tmp_path: Path
) -> None:
    port = free_port()
    told = listened.config.read_text("utf-8").replace("api_port = 18431", f"api_port = {port}")
    listened.config.write_text(told, encoding="utf-8")
    server = Server(listened.box.app, listened.box.agent.release_waiters)
    line = bind(listened.box.settings.config.api_host, port)
    serving = threading.Thread(target=server.run, args=([line],), daemon=True)
    serving.start()
    tape = tmp_path / "tape.jsonl"
    stopped = threading.Event()
    printing = threading.Thread(target=print_until, args=(listened, stopped), daemon=True)
    try:
        assert comes_about(lambda: server.started)
        printing.start()
        given = ["doctor", "-c", str(listened.config), "--seconds", "3", "--record", str(tape)]
        said = CliRunner().invoke(app, given)
    finally:
        stopped.set()
        printing.join()
        server.ask_to_end()
        serving.join()
    assert said.exit_code == 1, said.output
    assert "T192" in said.output
    assert PHONE not in said.output
    recording = read_recording(tape)
    assert recording.profile == "generic-zh-32"
    assert PHONE.encode() not in recording.data
    jobs = JobReader("t", load_profile(PROFILES, recording.profile, TillProfile))
    receipts = [found for one in recording.blocks for found in jobs.feed(one.data, one.at_ms)]
    assert receipts
    assert all(found.total_fen == 1_950 and found.fault is None for found in receipts[1:])
