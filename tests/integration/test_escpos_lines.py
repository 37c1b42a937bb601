"""The proxy on lines that are not two serial ports, with writers and servers we did not write."""

import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import serial
from escpos.printer import Network  # type: ignore[import-untyped] # it has no types
from serial.rfc2217 import PortManager

from edge_agent.drivers.lines.port import WakeUp
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import Job, SerialLine, TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter, sale_bytes
from retail_core.errors import Fault
from tests.factories.waiting import PATIENCE_MS, comes_about

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

AUTO = load_profile(
    Path(__file__).resolve().parents[2] / "device_configs", "generic-auto", TillProfile
)
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]


@pytest.fixture
def printer() -> Iterator[RecordingPrinter]:
    printer = RecordingPrinter()
    yield printer
    printer.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@pytest.fixture
def box(printer: RecordingPrinter) -> Iterator[tuple[EscposTap, int]]:
    """A tap that is the till's network printer, and its port."""
    port = free_port()
    tap = EscposTap("till", AUTO, (f"tcp-listen://127.0.0.1:{port}", printer.port))
    tap.start()
    assert comes_about(lambda: tap.state() == "ok")
    yield tap, port
    tap.stop()


def print_receipt(port: int, number: str) -> None:
    """Print as a till with python-escpos does: connect, print, hang up."""
    till = Network("127.0.0.1", port=port, timeout=10)
    till.hw("INIT")
    till.set(align="center", bold=True, double_width=True, double_height=True)
    till.text("Corner Store\n")
    till.set(align="left", normal_textsize=True)
    till.text(f"Receipt No: {number}\n")
    till.text("Käse Gouda          2      7.00\n")
    till.text("Coffee              1     12.50\n")
    till.text("TOTAL              19.50\n")
    till.text("CASH               20.00\nCHANGE              0.50\n")
    till.qr("https://example.org/r/42", native=True)
    till.barcode("123456", "CODE39")
    till.cashdraw(2)
    till.cut()
    till.close()


def test_a_till_prints_to_the_box_as_to_its_network_printer(
    box: tuple[EscposTap, int], printer: RecordingPrinter
) -> None:
    tap, port = box
    for number in ("000421", "000422"):
        print_receipt(port, number)
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert (receipt.receipt_no, receipt.kind, receipt.fault) == (number, "sale", None)
        assert (receipt.total_fen, receipt.drawer) == (1_950, True)
        assert [line.amount_fen for line in receipt.lines] == [700, 1_250]
        assert tap.state() == "ok", "a till that hangs up is not a line that is gone"
    assert b"Corner Store" in printer.received()


def test_two_tills_on_one_port_are_not_one_receipt(box: tuple[EscposTap, int]) -> None:
    tap, port = box
    for number in ("0001", "0002"):
        with socket.create_connection(("127.0.0.1", port), 5) as till:
            till.sendall(f"Receipt No: {number}\nMilk  6.00\nTOTAL  6.00\nCASH  6.00\n".encode())
    for number in ("0001", "0002"):
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert (receipt.receipt_no, receipt.total_fen, receipt.fault) == (number, 600, None)


def test_a_receipt_over_several_connections_is_one(printer: RecordingPrinter) -> None:
    port = free_port()
    profile = AUTO.model_copy(update={"job": Job(connections="several")})
    tap = EscposTap("till", profile, (f"tcp-listen://127.0.0.1:{port}", printer.port))
    tap.start()
    try:
        assert comes_about(lambda: tap.state() == "ok")
        for part in (b"Receipt No: 000429\nCoffee  2  7.00\n", b"TOTAL  7.00\n", b"\x1dV\x00"):
            with socket.create_connection(("127.0.0.1", port), 5) as till:
                till.sendall(part)
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert (receipt.receipt_no, receipt.total_fen, receipt.fault) == ("000429", 700, None)
        assert comes_about(lambda: printer.received().endswith(b"\x1dV\x00"))
    finally:
        tap.stop()


def test_the_printers_answer_reaches_the_till_that_asks(box: tuple[EscposTap, int]) -> None:
    _tap, port = box
    with socket.create_connection(("127.0.0.1", port), 5) as till:
        till.sendall(b"\x10\x04\x01")
        assert till.recv(1) == b"\x16"
    with socket.create_connection(("127.0.0.1", port), 5) as till:
        till.sendall(b"\x10\x04\x04")
        assert till.recv(1) == b"\x12"


def test_a_stranger_on_the_network_is_not_let_in(printer: RecordingPrinter) -> None:
    port = free_port()
    tap = EscposTap("till", AUTO, (f"tcp-listen://127.0.0.1:{port}?peer=192.0.2.1", printer.port))
    tap.start()
    try:
        assert comes_about(lambda: tap.state() == "ok")
        with socket.create_connection(("127.0.0.1", port), 5) as till:
            assert till.recv(1) == b""
        assert printer.received() == b""
    finally:
        tap.stop()


@pytest.mark.parametrize(
    "address",
    [
        "tcp-listen://127.0.0.1",
        "tcp-listen://:x",
        "rfc2217://",
        "tcp-listen://127.0.0.1:0?peers=192.0.2.1",
        "tcp-listen://127.0.0.1:0?peer=",
        "tcp-listen://127.0.0.1:0?peer=till-1",
        "tcp-listen://0.0.0.0:0",
    ],
)
def test_an_address_that_is_none_is_a_fault(address: str) -> None:
    with pytest.raises(Fault):
        open_port(address, SerialLine())


class PortWithLines(serial.Serial):  # type: ignore[misc] # pyserial has no types
    """A pseudo-terminal has no modem lines; a printer's port has, and they say it is ready."""

    cts = dsr = cd = True
    ri = False

    def _update_rts_state(self) -> None:
        """There is no such wire."""

    def _update_dtr_state(self) -> None:
        """There is no such wire."""


class DeviceServer:
    """A device server as pyserial writes one: a printer's port over RFC 2217."""

    def __init__(self, port: str) -> None:
        self.serial = PortWithLines(port, timeout=0.05)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.address = f"rfc2217://127.0.0.1:{self.door.getsockname()[1]}"
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def write(self, data: bytes) -> None:
        self.link.sendall(data)

    def serve(self) -> None:
        with suppress(OSError):
            self.link, _peer = self.door.accept()
            manager = PortManager(self.serial, self)
            back = threading.Thread(target=self.answers, args=(manager,), daemon=True)
            back.start()
            while not self.stopping.is_set() and (data := self.link.recv(1_024)):
                self.serial.write(b"".join(manager.filter(data)))
            self.stopping.set()
            back.join()

    def answers(self, manager: PortManager) -> None:
        while not self.stopping.is_set():
            data = self.serial.read(self.serial.in_waiting or 1)
            if data:
                self.write(b"".join(manager.escape(data)))

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError, AttributeError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        with suppress(AttributeError):
            self.link.close()
        self.door.close()
        self.serial.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyserial's own
def test_a_printer_behind_a_device_server_prints_and_answers(printer: RecordingPrinter) -> None:
    server, till = DeviceServer(printer.port), OldTill()
    profile = AUTO.model_copy(update={"line": SerialLine(baud_rate=19_200)})
    tap = EscposTap("till", profile, (till.port, server.address))
    tap.start()
    try:
        assert comes_about(lambda: tap.state() == "ok")
        assert server.serial.baudrate == 19_200, "line settings travel"
        sent = till.print_bytes(b"\xff\xfe every byte \x00\xff" + sale_bytes("0048", ITEMS))
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert receipt.receipt_no == "0048"
        assert comes_about(lambda: printer.received() == sent)
        assert till.ask_status(1) == b"\x16"
        server.stop()
        assert comes_about(lambda: tap.state() == "gone")
    finally:
        tap.stop()
        server.stop()
        till.stop()


def test_a_printer_that_cannot_answer_is_a_line_too(tmp_path: Path) -> None:
    pipe = tmp_path / "lp0"
    os.mkfifo(pipe)
    paper = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    till = OldTill()
    tap = EscposTap("till", AUTO, (till.port, str(pipe)))
    tap.start()
    try:
        assert comes_about(lambda: tap.state() == "ok")
        sent = till.print_sale("0049", ITEMS)
        got = bytearray()

        def printed() -> bool:
            with suppress(BlockingIOError):
                got.extend(os.read(paper, 65_536))
            return bytes(got) == sent

        assert comes_about(printed)
        assert tap.next_receipt(timeout_ms=PATIENCE_MS) is not None
        assert tap.state() == "ok"
        os.close(paper)
        assert comes_about(lambda: tap.state() == "gone")
    finally:
        tap.stop()
        till.stop()


def test_a_nudge_ends_one_wait_and_a_set_all_of_them() -> None:
    wake = WakeUp()
    wake.nudge()
    wake.settle()
    wake.set()
    wake.settle()
    assert wake.is_set
    assert not port_waits(wake)
    wake.close()


def port_waits(wake: WakeUp) -> bool:
    """Whether somebody who waits on the wake-up alone would go on waiting."""
    return not select.select([wake], [], [], 0)[0]
