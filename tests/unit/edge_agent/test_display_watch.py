"""A greeting on the display that is already there: when it may go out, and what comes back."""

import pytest

from edge_agent.drivers.customer_display.driver import PAUSE_MS, SETTLE_MS, DisplayWatch, Greeting
from edge_agent.drivers.customer_display.greeting import greeting_bytes
from edge_agent.drivers.customer_display.reading import DisplayReader
from edge_agent.drivers.customer_display.sim import Glass, word_till
from edge_agent.drivers.profiles.display import DisplayProfile
from edge_agent.ports.display_tap import DisplayEvent
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

HOLD_MS = 4_000
TEXT = DisplayProfile(kind="customer_display", name="d", title_zh="显", title_en="d")
FIGURES = TEXT.model_copy(update={"surface": "figures"})
EPSON = TEXT.model_copy(update={"dialect": "epson", "chinese_mode": True})
LINES = ("您好 王*", "已省 3.20")


class Line:
    """A watched line without a line: what came out of it, and what was told."""

    def __init__(self) -> None:
        self.tally = FaultTally()
        self.told: list[DisplayEvent] = []
        self.out = b""
        reader = DisplayReader("till", "gb18030", 20)
        self.watch = DisplayWatch(reader, HOLD_MS, self.told.append, self.tally)

    def send(self, data: bytes, at_ms: int) -> None:
        waiting = data
        for step in self.watch.feed(data, at_ms):
            self.out += step.inserted + waiting[: step.taken]
            waiting = waiting[step.taken :]
        assert not waiting, "a display's bytes never wait"

    def tick(self, at_ms: int) -> bytes:
        before = self.out
        self.out += b"".join(step.inserted for step in self.watch.tick(at_ms))
        return self.out[len(before) :]


@pytest.fixture
def line() -> Line:
    line = Line()
    line.send(b"\x0c\x1bQA\xba\xcf\xbc\xc6\r\x1bQB12.50\r", 0)
    line.tick(SETTLE_MS)
    return line


def wanted(line: Line, *, may: bool = True) -> Greeting:
    greeting = Greeting(greeting_bytes(LINES, TEXT), lambda: may)
    line.watch.want(greeting)
    return greeting


def test_a_greeting_waits_for_a_pause_stands_and_goes(line: Line) -> None:
    greeting = wanted(line)
    assert line.tick(PAUSE_MS - 1) == b""
    assert line.watch.wait_ms(PAUSE_MS - 1) == 1
    assert line.tick(PAUSE_MS)
    assert greeting.done.is_set()
    assert Glass(line.out).rows == ("您好 王*", "已省 3.20")
    assert line.watch.wait_ms(PAUSE_MS) == HOLD_MS
    line.tick(PAUSE_MS + HOLD_MS)
    assert Glass(line.out).rows == ("合计", "12.50")
    assert line.watch.wait_ms(PAUSE_MS + HOLD_MS) is None
    assert [(one.kind, one.amount_fen) for one in line.told] == [("total", 1_250)]


def test_a_permit_that_was_lost_while_it_waited_is_lost(line: Line) -> None:
    greeting = wanted(line, may=False)
    assert line.tick(PAUSE_MS) == b""
    assert not greeting.done.is_set()
    assert line.watch.wait_ms(PAUSE_MS) is None


def test_whatever_the_till_sends_comes_after_its_own_picture(line: Line) -> None:
    wanted(line)
    line.tick(PAUSE_MS)
    line.send(b"\x1bQB9.90\r", PAUSE_MS + 10)
    assert Glass(line.out).rows == ("合计", "9.90")


@pytest.mark.parametrize("begun", [b"\x1b", b"\x1bQ", b"\x1bQB9.", b"\xba", b"\x1f$\x01"])
def test_nothing_is_pushed_into_a_command(line: Line, begun: bytes) -> None:
    line.send(begun, 300)
    wanted(line)
    assert line.tick(300 + PAUSE_MS) == b""
    assert line.out.endswith(begun)
    assert line.tick(300 + 300), "what is never ended is given up"


def test_nothing_goes_out_while_it_is_not_known_what_stands_there() -> None:
    line = Line()
    wanted(line)
    line.send(b"12.50", 0)
    assert line.tick(10_000) == b""
    assert line.watch.wait_ms(0) == SETTLE_MS or line.watch.wait_ms(10_000) is None


def test_one_row_of_two_is_not_the_picture_and_figures_have_but_one() -> None:
    line = Line()
    wanted(line)
    line.send(b"\x1bQB12.50\r", 0)
    assert line.tick(PAUSE_MS) == b"", "what stands in the other row would be wiped"
    line.send(b"\x1bQA\xba\xcf\xbc\xc6\r", 1_000)
    assert line.tick(1_000 + PAUSE_MS)
    figures = Line()
    wanted(figures)
    figures.send(b"\x1bs2\x1bQA12.50\r", 0)
    assert figures.tick(PAUSE_MS)


CHOSEN_AWAY = b"\x1b=\x02\x0c\x1f$\x01\x01TOTAL 12.50\x1b=\x01"


def test_a_display_that_the_till_turned_from_is_chosen_for_our_words_alone() -> None:
    line = Line()
    line.send(CHOSEN_AWAY, 0)
    wanted(line)
    assert line.tick(PAUSE_MS)
    glass = Glass(line.out)
    assert (glass.rows, bytes(glass.passed_on)) == (LINES, b"")
    line.send(b"PAPER", 1_000)
    glass = Glass(line.out)
    assert (glass.rows, bytes(glass.passed_on)) == (("TOTAL 12.50", ""), b"PAPER")


def test_what_is_printed_behind_the_display_is_no_picture_and_nothing_goes_between() -> None:
    line = Line()
    line.send(CHOSEN_AWAY + b"RECEIPT 99.00\n", 0)
    line.tick(SETTLE_MS)
    assert [event.amount_fen for event in line.told] == [1_250]
    greeting = wanted(line)
    assert line.tick(10_000) == b""
    assert line.watch.wait_ms(10_000) is None
    line.send(b"\x1b=\x02", 10_100)
    assert line.tick(10_100 + PAUSE_MS)
    assert greeting.done.is_set()
    assert Glass(line.out).rows == LINES


def test_a_line_is_left_as_the_till_left_it(line: Line) -> None:
    wanted(line)
    line.tick(PAUSE_MS)
    line.out += line.watch.farewell()
    assert Glass(line.out).rows == ("合计", "12.50")
    assert line.watch.farewell() == b""


def test_a_new_speed_is_told_and_nothing_else_is_made_of_it(line: Line) -> None:
    line.send(b"\x02B1", 300)
    assert line.tally.snapshot() == {FaultCode.DISPLAY_SPEED_CHANGED.value: 1}


@pytest.mark.parametrize("profile", [TEXT, EPSON], ids=["cd5220", "epson"])
def test_words_where_words_can_be_shown(profile: DisplayProfile) -> None:
    assert Glass(greeting_bytes(LINES, profile)).rows == ("您好 王*", "已省 3.20")


def test_a_display_of_figures_shows_the_saving_and_no_lamp() -> None:
    glass = Glass(b"\x1bs2\x1bQA12.50\r" + greeting_bytes(LINES, FIGURES))
    assert (glass.rows[0], glass.lamp) == ("-3.20", "")
    assert greeting_bytes(("您好 王*",), FIGURES) == b""


@pytest.mark.parametrize("saving", ["100000.00", "1234567.89", "1,234.50", "12.345", "1.234.50"])
def test_a_saving_that_does_not_fit_is_not_shown_by_its_last_digits(saving: str) -> None:
    assert greeting_bytes(("您好", f"本单省 {saving}"), FIGURES) == b""
    assert greeting_bytes(("您好", "本单省 99999.99"), FIGURES).endswith(b"-99999.99\r")


def test_what_a_display_cannot_show_is_not_shown() -> None:
    ascii_only = TEXT.model_copy(update={"encoding": "ascii"})
    assert greeting_bytes(LINES, ascii_only) == b""
    assert greeting_bytes(("Welcome back",), ascii_only)
    assert greeting_bytes(("12\x0c",), TEXT) == b""
    assert greeting_bytes(("", "  "), TEXT) == b""


def test_a_long_line_is_cut_at_a_whole_character() -> None:
    upper, lower = Glass(greeting_bytes(("您好" * 8, "a" + "省" * 12), TEXT)).rows
    assert (upper, lower) == ("您好" * 5, "a" + "省" * 9)


def test_a_long_burst_is_understood_before_it_ends(line: Line) -> None:
    for step in (*word_till([("水", 100)] * 3, 300), b"\x1bs2\x1bQA1.00\r" * 40):
        line.send(step, 500)
    assert len(line.told) > 3
