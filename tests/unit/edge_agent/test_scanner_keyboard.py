"""A scanner that types: grabbed, read by its layout, typed on, and let go whatever happens."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.keyboard import KeyboardScannerTap
from edge_agent.drivers.scanner.keys import (
    CAPS_LOCK,
    DOWN,
    LEFT_SHIFT,
    UP,
    KeyEvent,
    KeyReader,
    strokes,
    typed,
)
from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from edge_agent.drivers.scanner.sim import TypingScanner
from edge_agent.ports.scanner_tap import ScanEvent
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.unit.edge_agent.test_scan_kinds import CARD, DIGIT_CODE, TOKEN, WECHAT

COLA = "6901234567892"
LAYOUTS = ("us", "gb", "de", "fr")
PROFILE = ScannerProfile(kind="scanner", name="s", title_zh="枪", title_en="s")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    for _ in range(500):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError(holds)


def read(events: Sequence[KeyEvent], layout: str) -> str:
    keys = KeyReader(layout)
    return "".join(keys.letter(event) for event in events)


class Shop:
    """A scanner that types, the tap, and what the till reads."""

    def __init__(self, layout: str = "us", gap_ms: int = 60) -> None:
        self.layout = layout
        self.tally = FaultTally()
        self.gun = TypingScanner(layout)
        profile = ScannerProfile.model_validate(
            {"kind": "scanner", "name": "s", "title_zh": "枪", "title_en": "s", "layout": layout}
        ).model_copy(update={"gap_ms": gap_ms})
        kinds = ScanKinds("till", MemberForms(("9900########",)))
        self.tap = KeyboardScannerTap(
            kinds, profile, self.gun.open, may=lambda: True, tally=self.tally
        )
        self.tap.start()
        until(lambda: self.tap.state() == "ok")

    def event(self) -> ScanEvent:
        event = self.tap.next_event(timeout_ms=10_000)
        assert event is not None
        return event

    def till_reads(self) -> str:
        return read(self.gun.typed_on(), self.layout)

    def stop(self) -> None:
        self.tap.stop()
        self.gun.stop()


@pytest.fixture(params=LAYOUTS)
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    shop = Shop(request.param)
    yield shop
    shop.stop()


@pytest.fixture
def here() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.stop()


def test_members_are_kept_and_all_else_is_typed_on(shop: Shop) -> None:
    seen = []
    for code in (COLA, TOKEN, DIGIT_CODE, WECHAT, CARD, COLA):
        shop.gun.scan(code)
        seen.append(shop.event())
    assert [one.kind for one in seen] == [
        "article",
        "member",
        "member",
        "payment",
        "member",
        "article",
    ]
    assert seen[1].code == TOKEN
    assert seen[3].code == ""
    assert shop.till_reads() == f"{COLA}\r{WECHAT}\r{COLA}\r"


def test_a_long_code_that_comes_slowly_is_one_code() -> None:
    shop = Shop(gap_ms=1_000)
    for at in range(0, len(TOKEN), 12):
        shop.gun.scan(TOKEN[at : at + 12], end="")
        threading.Event().wait(0.03)
    shop.gun.scan("")
    assert shop.event().code == TOKEN
    assert shop.till_reads() == ""
    shop.stop()


def test_a_code_with_a_hole_is_typed_on_and_believed_by_nobody(here: Shop) -> None:
    here.gun.scan(DIGIT_CODE[:6], end="")
    here.gun.lose()
    here.gun.scan(DIGIT_CODE[6:])
    broken = here.event()
    assert (broken.kind, broken.code) == ("other", "")
    here.gun.scan(COLA)
    assert here.event().code == COLA
    assert here.till_reads() == f"{DIGIT_CODE}\r{COLA}\r"
    assert here.tally.snapshot()["T128"] == 1


def test_no_key_stays_down_when_a_code_is_kept(here: Shop) -> None:
    here.gun.scan(TOKEN)
    assert here.event().kind == "member"
    until(lambda: not _down(here.gun.typed_on()))


def _down(events: Sequence[KeyEvent]) -> set[int]:
    down: set[int] = set()
    for event in events:
        (down.discard if event.value == UP else down.add)(event.code)
    return down


def test_keys_that_are_no_letters_go_on_at_once(here: Shop) -> None:
    sent = (KeyEvent(LEFT_SHIFT, DOWN), KeyEvent(59, DOWN), KeyEvent(59, UP))
    here.gun.press(sent)
    until(lambda: here.gun.typed_on() == sent)


def test_what_waits_is_typed_when_the_scanner_is_let_go(here: Shop) -> None:
    sent = here.gun.scan("8123", end="")
    until(lambda: here.gun.typed_on() == sent)
    here.gun.scan("87", end="")
    here.tap.stop()
    assert not here.gun.is_grabbed
    assert here.till_reads() in {"8123", "812387"}, "read or not read, never half a key"


def test_the_scanner_is_let_go_when_it_is_unplugged_and_grabbed_again(here: Shop) -> None:
    here.gun.unplug()
    until(lambda: here.tap.state() == "gone")
    assert not here.gun.is_grabbed
    here.gun.is_there = True
    until(lambda: here.tap.state() == "ok")
    here.gun.scan(COLA)
    until(lambda: here.till_reads().endswith(f"{COLA}\r"))


def test_a_bug_in_ruling_swallows_nothing(here: Shop) -> None:
    class Broken(ScanKinds):
        def event(self, text: str | None, now_ms: int) -> ScanEvent:
            raise KeyError(text)

    here.tap._kinds = Broken("till")
    for code in (COLA, "8412345678905", COLA):
        here.gun.scan(code)
    expected = f"{COLA}\r8412345678905\r{COLA}\r"
    until(lambda: here.till_reads() == expected)
    assert here.tally.snapshot()[FaultCode.TILL_WATCH_FAILED.value] > 0


def test_a_bug_after_a_pause_swallows_nothing() -> None:
    class Broken(ScanKinds):
        def event(self, text: str | None, now_ms: int) -> ScanEvent:
            raise KeyError(text)

    gun, profile = TypingScanner(), PROFILE.model_copy(update={"ends": "silence"})
    tap = KeyboardScannerTap(Broken("till"), profile, gun.open)
    tap._rule(gun, typed("69", "us") or (), 1_000)
    with pytest.raises(KeyError):
        tap._rule(gun, typed("12", "us") or (), 2_000)
    tap._release(gun)
    assert read(gun.typed_on(), "us") == "6912"
    gun.stop()


def test_a_shift_that_was_down_when_it_was_unplugged_is_up_afterwards(here: Shop) -> None:
    here.gun.press([KeyEvent(LEFT_SHIFT, DOWN)])
    until(lambda: len(here.gun.typed_on()) == 1)
    here.gun.unplug()
    until(lambda: here.tap.state() == "gone")
    here.gun.is_there = True
    until(lambda: here.tap.state() == "ok")
    here.gun.scan(DIGIT_CODE)
    assert here.event().kind == "member"


def test_the_box_types_in_the_tills_layout(shop: Shop) -> None:
    assert shop.tap.injector.type("VIP-990000001")
    assert shop.till_reads() == "VIP-990000001\r"


@pytest.mark.parametrize("layout", LAYOUTS)
@given(text=st.text(ALPHABET, max_size=20))
def test_law_what_is_typed_is_read(layout: str, text: str) -> None:
    events = typed(text + "\r", layout)
    assert events is not None
    assert read(events, layout) == text + "\r"
    assert not _down(events)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_letter_of_our_codes_is_on_every_keyboard(layout: str) -> None:
    assert set(ALPHABET) <= strokes(layout).keys()


def test_a_letter_that_no_key_has_is_not_typed() -> None:
    assert typed("卡", "us") is None
    assert typed("^", "de") is None


def test_caps_lock_turns_letters_and_not_figures() -> None:
    keys = KeyReader("us")
    assert keys.letter(KeyEvent(CAPS_LOCK, DOWN)) == ""
    assert [keys.letter(KeyEvent(code, DOWN)) for code in (30, 2)] == ["A", "1"]
