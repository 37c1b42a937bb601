"""The tap between a simulated till and printer on real pseudo-terminals."""

import os
import queue
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from edge_agent.drivers.lines.transport import Port, open_port
from edge_agent.drivers.profiles import SerialLine, TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter, sale_bytes
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import PATIENCE_MS, comes_about

pytestmark = pytest.mark.integration

PROFILE = load_profile(
    Path(__file__).resolve().parents[2] / "device_configs", "generic-zh-32", TillProfile
)
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]


@pytest.fixture
def till() -> Iterator[OldTill]:
    till = OldTill()
    yield till
    till.stop()


@pytest.fixture
def printer() -> Iterator[RecordingPrinter]:
    printer = RecordingPrinter()
    yield printer
    printer.stop()


@pytest.fixture
def tally() -> FaultTally:
    return FaultTally()


@pytest.fixture
def tap(till: OldTill, printer: RecordingPrinter, tally: FaultTally) -> Iterator[EscposTap]:
    tap = EscposTap("till", PROFILE, (till.port, printer.port), tally=tally)
    tap.start()
    assert comes_about(lambda: tap.state() == "ok")
    yield tap
    tap.stop()


def test_every_byte_arrives_unchanged_and_the_receipt_is_read(
    till: OldTill, printer: RecordingPrinter, tap: EscposTap
) -> None:
    sent = till.print_sale("0042", ITEMS, discount_fen=100)
    receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
    assert receipt is not None
    assert (receipt.receipt_no, receipt.total_fen, receipt.fault) == ("0042", 1_850, None)
    assert [line.amount_fen for line in receipt.lines] == [700, 1_250, -100]
    assert comes_about(lambda: printer.received() == sent)
    assert len(tap.forward_micros()) > 0


def test_the_printers_answers_come_back(till: OldTill, tap: EscposTap) -> None:
    assert till.ask_status(1) == b"\x16"
    assert till.ask_status(4) == b"\x12"
    assert tap.next_receipt(timeout_ms=1) is None


def test_a_long_job_passes_whole(till: OldTill, printer: RecordingPrinter, tap: EscposTap) -> None:
    image = b"\x1dv0\x00\x30\x00\x00\x08" + os.urandom(0x30 * 0x800)
    sent = till.print_bytes(image + sale_bytes("0043", ITEMS))
    receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
    assert receipt is not None
    assert (receipt.receipt_no, receipt.total_fen) == ("0043", 1_950)
    assert comes_about(lambda: printer.received() == sent)


def test_a_broken_reader_does_not_stop_the_printing(
    till: OldTill, printer: RecordingPrinter, tap: EscposTap, tally: FaultTally
) -> None:
    class Broken(JobReader):
        def feed(self, data: bytes, now_ms: int) -> list[TappedReceipt]:
            raise RuntimeError("broken on purpose")

    tap._jobs = Broken("till", PROFILE)
    first = till.print_sale("0001", ITEMS)
    assert comes_about(lambda: tally.snapshot().get("T103") == 1)
    second = till.print_sale("0002", ITEMS)
    receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
    assert receipt is not None
    assert receipt.receipt_no == "0002"
    assert comes_about(lambda: printer.received() == first + second)


def test_a_reader_that_lags_behind_loses_its_copy_never_the_line(
    till: OldTill, printer: RecordingPrinter
) -> None:
    tap = EscposTap("till", PROFILE, (till.port, printer.port))
    tap._copies = queue.Queue(4)
    go_on = threading.Event()

    class Slow(JobReader):
        def feed(self, data: bytes, now_ms: int) -> list[TappedReceipt]:
            go_on.wait(20)
            return super().feed(data, now_ms)

    tap._jobs = Slow("till", PROFILE)
    tap.start()
    try:
        sent = 0
        while not tap._missed.is_set():
            sent += len(till.print_bytes(b"x" * 100 + b"\n"))
            assert comes_about(partial(arrived, printer, sent))
        go_on.set()
        assert comes_about(lambda: not tap._missed.is_set())
        till.print_bytes(b"\x1dV\x00")
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert receipt.fault is FaultCode.TILL_STREAM_TRUNCATED
    finally:
        go_on.set()
        tap.stop()


def arrived(printer: RecordingPrinter, count: int) -> bool:
    return len(printer.received()) == count


class Cables:
    """A pair of stable paths that can be plugged into other devices."""

    def __init__(self, folder: Path) -> None:
        self.paths = (str(folder / "till"), str(folder / "printer"))

    def plug(self, end: int, port: str) -> None:
        Path(self.paths[end]).unlink(missing_ok=True)
        Path(self.paths[end]).symlink_to(port)


def test_an_unplugged_printer_loses_no_byte(tmp_path: Path, tally: FaultTally) -> None:
    cables = Cables(tmp_path)
    till, printer = OldTill(), RecordingPrinter()
    cables.plug(0, till.port)
    cables.plug(1, printer.port)
    tap = EscposTap("till", PROFILE, cables.paths, tally=tally)
    tap.start()
    try:
        assert comes_about(lambda: tap.state() == "ok")
        printer.stop()
        assert comes_about(lambda: tap.state() == "gone")
        assert tally.snapshot() == {"T101": 1}
        sent = till.print_sale("0044", ITEMS)
        printer = RecordingPrinter()
        cables.plug(1, printer.port)
        assert comes_about(lambda: tap.state() == "ok")
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert receipt.receipt_no == "0044"
        assert comes_about(lambda: printer.received() == sent)
    finally:
        tap.stop()
        till.stop()
        printer.stop()


def test_a_till_that_comes_late_is_found(tmp_path: Path, tally: FaultTally) -> None:
    cables = Cables(tmp_path)
    printer = RecordingPrinter()
    cables.plug(1, printer.port)
    tap = EscposTap("till", PROFILE, cables.paths, tally=tally)
    tap.start()
    assert comes_about(lambda: tap.state() == "gone")
    till = OldTill()
    cables.plug(0, till.port)
    try:
        assert comes_about(lambda: tap.state() == "ok")
        till.print_sale("0045", ITEMS)
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert tally.snapshot() == {"T101": 1}
    finally:
        tap.stop()
        till.stop()
        printer.stop()


def test_what_was_printed_before_the_tap_came_is_not_lost(
    till: OldTill, printer: RecordingPrinter
) -> None:
    sent = till.print_sale("0047", ITEMS)
    tap = EscposTap("till", PROFILE, (till.port, printer.port))
    tap.start()
    try:
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert receipt is not None
        assert (receipt.receipt_no, receipt.fault) == ("0047", None)
        assert comes_about(lambda: printer.received() == sent)
    finally:
        tap.stop()


def test_a_line_is_ours_alone(till: OldTill, tap: EscposTap) -> None:
    with pytest.raises(Fault) as fault:
        open_port(till.port, SerialLine())
    assert fault.value.code is FaultCode.TILL_PORT_OPEN


@pytest.mark.parametrize("path", ["/nonexistent/port", "tcp://127.0.0.1:nothing", "/etc/hostname"])
def test_what_is_no_line_is_a_fault(path: str) -> None:
    with pytest.raises(Fault) as fault:
        open_port(path, SerialLine())
    assert fault.value.code is FaultCode.TILL_PORT_OPEN
    assert path in fault.value.text()


@pytest.mark.enable_socket
def test_a_network_printer_is_a_line_too(till: OldTill) -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        address = f"tcp://127.0.0.1:{printer.getsockname()[1]}"
        tap = EscposTap("till", PROFILE, (till.port, address))
        tap.start()
        try:
            link, _peer = printer.accept()
            with link:
                sent = till.print_sale("0046", ITEMS)
                got = b""
                while len(got) < len(sent):
                    got += link.recv(4_096)
                assert got == sent
                link.sendall(b"\x16")
                assert till._line.read(5_000) == b"\x16"
            assert tap.next_receipt(timeout_ms=PATIENCE_MS) is not None
            assert comes_about(lambda: tap.state() == "gone" or link.fileno() == -1)
        finally:
            tap.stop()


def test_nothing_is_left_open_after_stop(till: OldTill, printer: RecordingPrinter) -> None:
    opened: list[Port] = []

    def open_and_note(path: str, line: SerialLine) -> Port:
        opened.append(open_port(path, line))
        return opened[-1]

    before = threading.active_count()
    tap = EscposTap("till", PROFILE, (till.port, printer.port), open_line=open_and_note)
    tap.start()
    assert comes_about(lambda: tap.state() == "ok")
    tap.stop()
    assert threading.active_count() == before
    assert len(opened) == 2
    for port in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(port.fd)
