"""Our taps before a printer and a scanner that others wrote: emupos, in a process of its own."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from escpos.printer import Network  # type: ignore[import-untyped] # it has no types

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.driver import SerialScannerTap
from edge_agent.drivers.scanner.kinds import ScanKinds
from edge_agent.drivers.scanner.sim import ScannedTill
from edge_agent.drivers.till_escpos.driver import EscposTap
from tests.factories.waiting import PATIENCE_MS, PATIENCE_S, comes_about, eventually

ROOT = Path(__file__).resolve().parents[2]
EMUPOS = ROOT / "var" / "emupos" / "bin" / "emupos"
AUTO = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)
COLA = "6901234567892"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.skipif(
        not EMUPOS.exists(), reason="emupos is not set up; `make emupos` does, on Python 3.13"
    ),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@dataclass
class Shop:
    """The emulated devices of one shop, and the page they are handled by."""

    api: str
    printer: str
    scanner: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Do something to a device, as a hand would."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 -- our own child's address
            f"{self.api}/api/v1{path}",
            data=data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            said: bytes = answer.read()
            kind = answer.headers.get_content_type()
            return json.loads(said) if kind == "application/json" and said else said.decode()

    def receipts(self) -> list[str]:
        """Return the texts of what came out of the printer, oldest first."""
        path = "/devices/front/receipts"
        found = sorted(self.call("GET", path), key=lambda one: str(one["completed_at"]))
        return [self.call("GET", f"{path}/{one['id']}/text") for one in found]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("emu")
    api, printer = free_port(), free_port()
    (folder / "emupos.yaml").write_text(
        f"""schema: 1
api: {{ host: 127.0.0.1, port: {api} }}
devices:
  - id: front
    type: printer
    profile: epson-tm-t20iii
    connections: [ {{ tcp: {{ host: 127.0.0.1, port: {printer} }} }} ]
    receipts_dir: ./receipts
  - id: lane2
    type: scanner
    mode: serial
    connections: [ {{ serial: {{ pty: true }} }} ]
""",
        encoding="utf-8",
    )
    environment = os.environ | {"TMPDIR": str(folder)}
    with (folder / "out.txt").open("wb") as out:
        child = subprocess.Popen(
            [EMUPOS, "run"], cwd=folder, env=environment, stdout=out, stderr=out
        )
    made = Shop(
        f"http://127.0.0.1:{api}",
        f"tcp://127.0.0.1:{printer}",
        str(folder / "emupos" / "lane2"),
    )
    try:
        assert comes_about(lambda: answers(made)), (folder / "out.txt").read_text()
        yield made
    finally:
        child.terminate()
        child.wait(timeout=PATIENCE_S)


def answers(shop: Shop) -> bool:
    try:
        return bool(shop.call("GET", "/health")["status"] == "ok")
    except OSError:
        time.sleep(0.05)
        return False


@pytest.fixture
def tapped(shop: Shop) -> Iterator[tuple[EscposTap, int]]:
    """A tap that is the till's network printer, before the emulated one."""
    port = free_port()
    tap = EscposTap("till", AUTO, (f"tcp-listen://127.0.0.1:{port}", shop.printer))
    tap.start()
    assert comes_about(lambda: tap.state() == "ok")
    yield tap, port
    tap.stop()


def test_a_strange_writer_through_us_to_a_strange_printer(
    shop: Shop, tapped: tuple[EscposTap, int]
) -> None:
    tap, port = tapped
    till = Network("127.0.0.1", port=port, timeout=10)
    till.text("Corner Store\nReceipt No: 000421\n")
    till.text("Tea                 2      7.00\n")
    till.text("Coffee              1     12.50\n")
    till.text("TOTAL                     19.50\n")
    till.text("CASH                      20.00\nCHANGE                     0.50\n")
    till.cashdraw(2)
    till.cut()
    till.close()
    receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
    assert receipt is not None
    assert (receipt.total_fen, receipt.receipt_no, receipt.drawer) == (1_950, "000421", True)
    eventually(lambda: len(shop.receipts()) == 1)
    printed = shop.receipts()[0]
    assert [word in printed for word in ("Corner Store", "19.50", "000421")] == [True] * 3
    drawer = next(one for one in shop.call("GET", "/devices") if one["id"] == "front")
    assert "open" in json.dumps(drawer["state"])
    shop.call("POST", "/devices/front/drawer/close")


def test_the_printer_s_troubles_reach_the_till(shop: Shop, tapped: tuple[EscposTap, int]) -> None:
    _tap, port = tapped

    def paper() -> bytes:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as till:
            till.sendall(b"\x10\x04\x04")
            return till.recv(1)

    assert paper() == b"\x12"
    shop.call("PUT", "/devices/front/faults/paper-out")
    assert paper() == b"\x7e"
    shop.call("DELETE", "/devices/front/faults/paper-out")
    assert paper() == b"\x12"


def test_a_strange_scanner_is_heard_and_its_till_too(shop: Shop) -> None:
    profile = ScannerProfile(kind="scanner", name="s", title_zh="枪", title_en="s")
    till = ScannedTill()
    tap = SerialScannerTap(ScanKinds("till"), profile, (shop.scanner, till.port))
    tap.start()
    try:
        eventually(lambda: tap.state() == "ok")
        shop.call("POST", "/devices/lane2/scans", {"data": COLA, "countdown_seconds": 0})
        event = tap.next_event(timeout_ms=PATIENCE_MS)
        assert event is not None
        assert (event.kind, event.code) == ("article", COLA)
        typed = COLA.encode() + b"\r"
        assert till.received(len(typed)) == typed
    finally:
        tap.stop()
        till.stop()
