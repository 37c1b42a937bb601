"""Which letters wait, which are kept, which go on at once."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.driver import ScanWatch
from edge_agent.drivers.scanner.frames import SCAN_CHARS_MAX
from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from edge_agent.drivers.scanner.queueing import PAUSE_MS, Scans, Typing
from edge_agent.ports.scanner_tap import ScanEvent
from tests.unit.edge_agent.test_scan_kinds import (
    ALIPAY,
    CARD,
    DIGIT_CODE,
    PAYMENTS,
    TOKEN,
    WECHAT,
)

COLA = "6901234567892"
PROFILE = ScannerProfile(kind="scanner", name="s", title_zh="枪", title_en="s")
SILENT = PROFILE.model_copy(update={"ends": "silence", "terminator": "none"})
GAP_MS = PROFILE.gap_ms


class Line:
    """A watched line without a line: what went on, what is undecided, what was told."""

    def __init__(self, profile: ScannerProfile = PROFILE) -> None:
        self.told: list[ScanEvent] = []
        self.out = b""
        self.undecided = b""
        kinds = ScanKinds("till", MemberForms(("9900########",)))
        self.watch = ScanWatch(profile, kinds, self.told.append)
        self.now_ms = 0

    def send(self, data: bytes) -> None:
        self.undecided += data
        for step in self.watch.feed(data, self.now_ms):
            self._do(step.taken, step.inserted, forwarded=step.forwarded)

    def wait(self, ms: int) -> None:
        self.now_ms += ms
        for step in self.watch.tick(self.now_ms):
            self._do(step.taken, step.inserted, forwarded=step.forwarded)

    def _do(self, taken: int, inserted: bytes, *, forwarded: bool) -> None:
        assert taken <= len(self.undecided)
        self.out += inserted + (self.undecided[:taken] if forwarded else b"")
        self.undecided = self.undecided[taken:]

    @property
    def kinds(self) -> Sequence[str]:
        return [one.kind for one in self.told]


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.mark.parametrize("code", [WECHAT, ALIPAY, f"]C1{ALIPAY}"])
def test_each_digit_of_a_payment_goes_on_as_it_comes(line: Line, code: str) -> None:
    aim = 3 if code.startswith("]") else 0
    for at, letter in enumerate(f"{code}\r", 1):
        line.send(letter.encode())
        if at > aim:
            assert line.out.decode() == f"{code}\r"[:at]
            assert not line.undecided
    assert line.told == [ScanEvent("till", "payment", "", None, None, 0)]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\t"])
@pytest.mark.parametrize("code", [TOKEN, DIGIT_CODE, CARD, f"]Q3{TOKEN}"])
def test_a_members_code_is_kept_with_its_end(line: Line, code: str, end: str) -> None:
    line.send(f"{COLA}{end}{code}{end}{COLA}{end}".encode())
    assert line.out.decode() == f"{COLA}{end}{COLA}{end}"
    assert line.kinds == ["article", "member", "article"]
    assert line.told[1].code == code.removeprefix("]Q3")


@pytest.mark.parametrize(
    "code", ["8412345678905", "M17", "87123456", "99001234567", f"{TOKEN[:-1]}"]
)
def test_what_begins_like_a_member_and_is_none_goes_on(line: Line, code: str) -> None:
    line.send(f"{code}\r".encode())
    assert line.out.decode() == f"{code}\r"


def test_what_waits_goes_on_after_a_pause(line: Line) -> None:
    line.send(b"81234")
    assert line.out == b""
    assert line.watch.wait_ms(0) == GAP_MS
    line.wait(GAP_MS)
    assert line.out == b"81234"
    line.send(b"5678901\r")
    assert line.out == b"812345678901\r"
    assert [(one.kind, one.code) for one in line.told] == [("other", "")], "in pieces: unknown"
    line.send(f"{COLA}\r".encode())
    assert line.kinds == ["other", "article"]


def test_a_pause_is_seen_although_nobody_ticked(line: Line) -> None:
    line.send(DIGIT_CODE[:8].encode())
    line.now_ms += GAP_MS
    line.send(f"{COLA}\r".encode())
    assert line.out.decode() == f"{DIGIT_CODE[:8]}{COLA}\r"


def test_a_scanner_that_ends_with_silence() -> None:
    line = Line(SILENT)
    for code in (COLA, TOKEN, WECHAT, COLA):
        line.send(code.encode())
        line.wait(GAP_MS)
    assert line.out.decode() == COLA + WECHAT + COLA
    assert line.kinds == ["article", "member", "payment", "article"]


def test_an_endless_scan_is_nothing_and_all_of_it_goes_on(line: Line) -> None:
    sent = b"7" * (SCAN_CHARS_MAX * 3) + b"\r"
    line.send(sent)
    assert line.out == sent
    assert line.kinds == ["other"]


def test_the_box_types_between_two_scans(line: Line) -> None:
    typing = Typing("990000000001", lambda: True)
    line.send(b"81234")
    line.watch.want(typing)
    line.wait(PAUSE_MS)
    assert not typing.done.is_set()
    line.send(b"\r")
    assert line.watch.wait_ms(line.now_ms) == PAUSE_MS
    line.wait(PAUSE_MS)
    assert line.out == b"81234\r990000000001\r"
    assert typing.done.is_set()
    assert line.watch.wait_ms(line.now_ms) is None
    assert line.watch.farewell() == b""


def test_a_permit_that_was_lost_before_the_pause_types_nothing(line: Line) -> None:
    typing = Typing("990000000001", lambda: False)
    line.watch.want(typing)
    line.wait(PAUSE_MS)
    assert (line.out, typing.done.is_set()) == (b"", False)
    assert line.watch.wait_ms(line.now_ms) is None


CODES = st.sampled_from(
    [COLA, TOKEN, DIGIT_CODE, CARD, WECHAT, ALIPAY, "8412345678905", "M1:", "]"]
)


@given(
    st.lists(
        st.tuples(CODES | st.text("0189M:]-", max_size=24), st.sampled_from(["\r", "\r\n", "\t"]))
    ),
    st.randoms(use_true_random=False),
)
def test_law_all_but_members_goes_on_in_order_however_it_is_cut(
    scans: list[tuple[str, str]], rnd: random.Random
) -> None:
    line, sent = Line(), "".join(code + end for code, end in scans)
    at = 0
    while at < len(sent):
        size = rnd.randint(1, 30)
        line.send(sent[at : at + size].encode())
        at += size
        line.wait(rnd.randint(0, 5))
    line.wait(GAP_MS)
    assert not line.undecided
    kept = {TOKEN, DIGIT_CODE, CARD}
    assert line.out.decode() == "".join(code + end for code, end in scans if code not in kept)


@given(st.binary(max_size=60), st.integers(0, 60))
def test_law_a_reset_anywhere_keeps_nothing_that_is_not_a_whole_code(data: bytes, at: int) -> None:
    line = Line()
    line.send(data[:at])
    line.watch.reset()
    out, line.undecided = line.out + line.undecided, b""
    line.out = b""
    line.send(data[at:])
    line.wait(GAP_MS)
    assert out + line.out == data


@pytest.mark.parametrize("profile", [PROFILE, SILENT], ids=["terminator", "silence"])
@pytest.mark.parametrize("end", ["", "\r"])
@given(PAYMENTS, st.sampled_from(["", "]C1"]), st.lists(st.integers(1, 26), max_size=6))
def test_law_a_payment_code_that_pauses_is_told_without_a_digit(
    profile: ScannerProfile, end: str, code: str, aim: str, pauses: list[int]
) -> None:
    line, sent = Line(profile), aim + code
    cuts = sorted({0, len(sent), *(at for at in pauses if at < len(sent))})
    for start, stop in pairwise(cuts):
        line.send(sent[start:stop].encode())
        line.wait(GAP_MS)
    line.send(end.encode())
    line.wait(GAP_MS)
    assert line.out.decode() == sent + end
    assert {one.code for one in line.told} <= {""}


def test_a_scanner_that_ends_with_silence_still_tells_goods_and_members_after_a_payment() -> None:
    line = Line(SILENT)
    for code in (WECHAT, COLA, ALIPAY, COLA, "10023", DIGIT_CODE, ALIPAY, CARD):
        line.send(code.encode())
        line.wait(GAP_MS)
    told = [(one.kind, one.code) for one in line.told]
    assert told == [
        ("payment", ""),
        ("article", COLA),
        ("payment", ""),
        ("article", COLA),
        ("other", ""),
        ("member", DIGIT_CODE),
        ("payment", ""),
        ("member", CARD),
    ]


def test_the_rest_of_a_payment_code_never_waits(line: Line) -> None:
    line.send(b"13")
    line.wait(GAP_MS)
    line.send(b"81")
    assert line.out == b"1381"


def test_a_payment_code_half_heard_when_ruling_failed_is_told_without_digits(line: Line) -> None:
    line.watch._tell = _fails
    with pytest.raises(KeyError):
        line.send(f"{COLA}\r{WECHAT[:9]}".encode())
    line.watch.reset()
    line.undecided, line.watch._tell = b"", line.told.append
    line.send(f"{WECHAT[9:]}\r{COLA}\r".encode())
    assert [(one.kind, one.code) for one in line.told] == [("other", ""), ("article", COLA)]


def _fails(event: ScanEvent) -> None:
    raise KeyError(event.code)


def test_two_of_the_same_goods_read_at_once_are_two(line: Line) -> None:
    line.send(f"{COLA}\r{COLA}\r".encode())
    scans = Scans()
    for event in line.told:
        scans.put(event)
    assert scans.next(1) != scans.next(1)
