"""Slips as bytes: byte-exact, as wide as the paper, and the printer left as the till had it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.slip import AppendStyle, Slip, SlipLine
from edge_agent.drivers.qr.draw import drawn
from edge_agent.drivers.till_escpos.appendix import Roll, appendix, finished
from edge_agent.drivers.till_escpos.frames import Text, Tokenizer
from edge_agent.drivers.till_escpos.held_cut import parted
from edge_agent.drivers.till_escpos.mode import Mode, ModeReader
from edge_agent.drivers.till_escpos.sim import sale_bytes
from edge_agent.drivers.till_escpos.status import PrinterStatus
from tests.factories.paper_picture import PaperPicture

LINK = "https://hq.example/m/#r=1ABCDEFGHJKLMNPQRSTUVWXYZ234567ABCDEFGHJKLMN"
ZH = (SlipLine("- 会员 -", centred=True), SlipLine("本单积分", "+19"))
EN = (SlipLine("- MEMBER -", centred=True), SlipLine("Points", "+19"))
SLIP = Slip((ZH, EN), LINK, drawn(LINK))
STYLE = AppendStyle()


def after(data: bytes, encoding: str = "auto") -> Mode:
    reader = ModeReader(encoding)
    for token in Tokenizer().feed(data):
        reader.feed(token)
    reader.end_job()
    return reader.mode()


def printed(data: bytes, columns: int = 32, slip: Slip = SLIP) -> bytes:
    body = appendix(slip, after(data), Roll(columns), STYLE)
    assert body is not None
    return body


def test_a_slip_is_these_bytes() -> None:
    job = b"\x1b@\x1c&\x1ba\x01" + "合计 9.90\n".encode("gb18030") + b"\x1dV\x00"
    restore = b"\x1b@\x1c&\x1ba\x01"
    mode = after(job)
    body = appendix(Slip((ZH,)), mode, Roll(32), STYLE)
    assert body is not None
    assert finished(body, mode, cut=True) == (
        restore
        + b"\x1d!\x00\x1b!\x00\x1b2\x1c&\x1c!\x00\n"
        + b"\x1ba\x01" + "- 会员 -\n".encode("gb18030")
        + b"\x1ba\x00" + "本单积分".encode("gb18030") + b" " * 21 + b"+19\n"
        + b"\x1ba\x00\x1bd\x04"
        + b"\x1dVB\x00"
        + restore
    )  # fmt: skip


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_no_line_is_wider_than_the_paper(columns: int) -> None:
    long = SlipLine("会员积分" * 9, "1,234,567")
    big = SlipLine("谢谢惠顾欢迎下次光临" * 2, big=True)
    body = printed(sale_bytes("1", [("x", 1, 100)]), columns, Slip(((*ZH, long, big),)))
    wide = big_now = 0
    for token in Tokenizer().feed(body):
        if token.raw == b"\x1d!\x11":
            big_now = 1
        elif token.raw == b"\x1d!\x00":
            big_now = 0
        if isinstance(token, Text):
            wide = max(wide, len(token.raw) * (1 + big_now))
    assert 0 < wide <= columns


@pytest.mark.parametrize(("columns", "native"), [(32, True), (48, True), (32, False), (48, False)])
def test_the_code_can_be_read(columns: int, *, native: bool) -> None:
    mode = after(sale_bytes("1", [("x", 1, 100)]))
    body = appendix(SLIP, mode, Roll(columns), AppendStyle(native_code=native))
    assert body is not None
    assert PaperPicture(columns * 12).draw(body).codes() == [LINK]


def test_a_western_printer_is_told_in_english() -> None:
    job = b"\x1b@\x1bt\x13" + "Café 2,00\n".encode("cp858") + b"\x1dV\x00"
    assert b"Points" in printed(job)
    assert appendix(Slip((ZH,)), after(job), Roll(32), STYLE) is None


@pytest.mark.parametrize(
    "job",
    [
        b"no initialise\n",
        b"\x1b@\x1bLpage mode\n",
        b"\x1b@\x1b&\x03AA\x01\x00\x00\x00",
        b"\x1b@\x1b=\x02to the display\n",
        b"\x1b@\x1b\x7fnot known\n",
    ],
)
def test_an_unknown_state_is_not_touched(job: bytes) -> None:
    assert not after(job).known


def test_text_that_waits_in_the_printer_is_seen() -> None:
    assert not after(b"\x1b@half a line").line_ended
    assert not after(b"\x1b@half a line\x1dV\x00").ended_before_cut
    assert after(b"\x1b@a line\n\x1dV\x00").ended_before_cut


SETTINGS = st.sampled_from(
    [
        *(b"\x1ba\x01", b"\x1ba\x02", b"\x1b!\x30", b"\x1d!\x11", b"\x1c&", b"\x1c.", b"\x1bE\x01"),
        *(b"\x1b3\x20", b"\x1b2", b"\x1bt\x10", b"\x1dL\x08\x00", b"\x1bD\x08\x10\x00", b"\x1b@"),
    ]
)


@given(st.lists(SETTINGS, max_size=20))
def test_what_is_restored_is_what_the_till_had(commands: list[bytes]) -> None:
    job = b"\x1b@" + b"".join(commands)
    before = after(job)
    assert after(before.restore).restore == before.restore
    own = finished(printed(job, slip=Slip((EN,))), before, cut=True)
    assert after(job + own).restore == before.restore


@settings(max_examples=200)
@given(st.binary(max_size=40), st.sampled_from([b"", b"\x1dV\x00", b"\x1dVB\x00", b"\x1bi"]))
def test_a_held_cut_loses_nothing(head: bytes, cut: bytes) -> None:
    now, held = parted(head + cut)
    assert now + held == head + cut
    assert held.endswith(cut) if cut else True


def test_a_drawer_may_open_behind_the_cut() -> None:
    pulse = b"\x1bp\x00\x19\xfa"
    assert parted(b"text\n\x1dVB\x00" + pulse) == (b"text\n", b"\x1dVB\x00" + pulse)
    assert parted(b"\x1dV\x00 more text") == (b"\x1dV\x00 more text", b"")


def status(asked: bytes, answered: bytes) -> bool:
    followed = PrinterStatus()
    for token in Tokenizer().feed(asked):
        followed.asked(token)
    followed.answered(answered)
    return followed.can_print


def test_what_the_printer_says_of_itself_counts() -> None:
    assert status(b"", b"")
    assert status(b"\x10\x04\x01\x10\x04\x04", b"\x16\x12")
    assert not status(b"\x10\x04\x01\x10\x04\x04", b"\x16\x7e")
    assert not status(b"\x10\x04\x01", b"\x1e")
    assert not status(b"\x1dr\x01", b"\x0c")
    assert not status(b"\x1da\xff", b"\x18\x00\x0c\x00")
    assert status(b"\x1da\xff", b"\x18\x00\x0c\x00\x10\x00\x00\x00")
