"""What a technician is told of a line: silence, a wrong speed, a parity bit, unknown commands."""

import random

import pytest

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.command_names import named
from edge_agent.drivers.till_escpos.commands import COMMANDS
from edge_agent.drivers.till_escpos.examine import Examiner, decoded
from edge_agent.drivers.till_escpos.frames import Command, Tokenizer
from edge_agent.drivers.till_escpos.sim import sale_bytes
from retail_core.texts.faults import FaultCode

SALE = sale_bytes("0001", [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)])
ENGLISH = (
    b"\x1b@CORNER SHOP\nCola 2 7.00\nCoffee 1 12.50\nTOTAL 19.50\nCASH 20.00\nCHANGE 0.50\n" * 2
)


def examined(data: bytes, line: SerialLine | None = None) -> Examiner:
    examiner = Examiner(line or SerialLine())
    examiner.saw(data, 1_000)
    return examiner


def with_even_parity(data: bytes) -> bytes:
    """Read 7E1 text as if it were 8N1: the parity bit stands in the eighth."""
    return bytes(byte | (0x80 if byte.bit_count() % 2 else 0) for byte in data)


def test_nothing_came() -> None:
    assert Examiner(SerialLine()).faults() == [FaultCode.TILL_LINE_SILENT]


@pytest.mark.parametrize("data", [SALE, ENGLISH])
def test_a_good_line_is_well(data: bytes) -> None:
    assert examined(data).faults() == []


def test_garbage_suggests_other_speeds() -> None:
    chance = random.Random(3)  # noqa: S311 - noise, no secret
    guess = examined(chance.randbytes(600), SerialLine(baud_rate=19_200)).guess()
    assert guess.fault is FaultCode.TILL_LINE_GARBLED
    assert 19_200 not in guess.speeds
    assert guess.speeds[0] == 9_600


def test_a_parity_bit_is_told_from_chinese() -> None:
    text = ENGLISH.replace(b"\x1b@", b"").replace(b"\n", b" ")
    guess = examined(with_even_parity(text)).guess()
    assert (guess.fault, guess.seven_bits, guess.speeds) == (
        FaultCode.TILL_LINE_GARBLED,
        True,
        (),
    )
    assert not examined(SALE).guess().seven_bits


def test_unknown_commands_and_jobs_are_counted() -> None:
    examiner = examined(SALE + b"\x1b\x7f")
    examiner.job(TappedReceipt("t", "p", "", "sale", (), 1_950, ""))
    examiner.job(TappedReceipt("t", "p", "", "other", (), None, "", FaultCode.TILL_RECEIPT_RASTER))
    report = examiner.report(2_000)
    assert report["unknown"] == {"1b 7f": 1}
    assert report["jobs"] == {"sale": 1, "other": 1}
    assert report["bytes"] == len(SALE) + 2
    assert examiner.faults() == [FaultCode.TILL_COMMANDS_UNKNOWN, FaultCode.TILL_RECEIPT_RASTER]
    assert examined(SALE).report(60_000)["bytes_per_s"] == 0


def test_a_person_reads_the_bytes() -> None:
    parts = decoded(Tokenizer().feed(b"\x1ba\x01" + "合计 ".encode("gb18030") + b"19.50\n"))
    assert [(part["kind"], part["text"]) for part in parts] == [
        ("command", "ESC a"),
        ("text", "合计 19.50"),
        ("command", "LF"),
    ]
    assert parts[0]["hex"] == "1b 61 01"
    assert (parts[0]["zh"], parts[0]["en"]) == ("对齐", "alignment")


def test_every_command_has_a_name() -> None:
    for code in COMMANDS:
        name, zh, en = named(Command(code, b"", 0))
        assert name
        assert zh
        assert en
