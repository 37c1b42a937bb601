"""A recording is made of a capture, played into a tap, and understood as the till was."""

from pathlib import Path

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import PtyEnd, RecordingPrinter, sale_bytes
from tests.factories.waiting import PATIENCE_MS, comes_about
from tools.record_device import main

pytestmark = pytest.mark.integration
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
PHONE = "13912345678"


def test_a_capture_becomes_a_recording_that_plays(tmp_path: Path) -> None:
    raw, tape, again = (tmp_path / name for name in ("raw.bin", "tape.jsonl", "again.bin"))
    raw.write_bytes(f"手机 {PHONE}\n".encode("gb18030") + sale_bytes("0001", ITEMS))
    assert main(["redact", str(raw), str(tape)]) == 0
    assert main(["bytes", str(tape), str(again)]) == 0
    assert len(again.read_bytes()) == len(raw.read_bytes())
    assert PHONE.encode() not in again.read_bytes()
    printer, till = RecordingPrinter(), PtyEnd()
    profile = load_profile(PROFILES, "generic-zh-32", TillProfile)
    tap = EscposTap("t", profile, (till.port, printer.port))
    tap.start()
    try:
        till.write(again.read_bytes())
        receipt = tap.next_receipt(timeout_ms=PATIENCE_MS)
        assert comes_about(lambda: printer.received() == again.read_bytes())
    finally:
        tap.stop()
        till.close()
        printer.stop()
    assert receipt is not None
    assert (receipt.total_fen, receipt.fault, len(receipt.lines)) == (1_950, None, 2)


def test_a_recording_is_sent_to_a_line(tmp_path: Path) -> None:
    raw, tape = tmp_path / "raw.bin", tmp_path / "tape.jsonl"
    raw.write_bytes(sale_bytes("0001", ITEMS))
    assert main(["redact", str(raw), str(tape)]) == 0
    printer = RecordingPrinter()
    try:
        assert main(["play", str(tape), printer.port]) == 0
        assert comes_about(lambda: printer.received() == raw.read_bytes())
    finally:
        printer.stop()


def test_what_is_no_recording_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bytes", str(tmp_path / "none.jsonl"), str(tmp_path / "x")]) == 3
    assert "T193" in capsys.readouterr().err
