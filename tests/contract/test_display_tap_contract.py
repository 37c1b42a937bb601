"""What every `DisplayTap` and `CustomerDisplay` promises."""

import threading
from collections.abc import Callable, Iterator

import pytest

from edge_agent.drivers.customer_display.driver import CustomerDisplayTap
from edge_agent.drivers.customer_display.sim import PoleDisplay, ShowingTill
from edge_agent.drivers.profiles.display import DisplayProfile
from edge_agent.ports.display_tap import CustomerDisplay, DisplayEvent, DisplayTap
from tests.fakes.display_tap import FakeCustomerDisplay, FakeDisplayTap

PROFILE = DisplayProfile(kind="customer_display", name="d", title_zh="显", title_en="d")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    for _ in range(500):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError(holds)


class DisplayTapContract:
    @pytest.fixture
    def tap(self) -> Iterator[DisplayTap]:
        raise NotImplementedError

    def show_total(self, amount_fen: int) -> None:
        raise NotImplementedError

    def unplug(self) -> None:
        raise NotImplementedError

    def test_is_starting_before_it_is_started(self, tap: DisplayTap) -> None:
        assert tap.state() == "starting"
        assert tap.name

    def test_returns_none_when_nothing_is_shown(self, tap: DisplayTap) -> None:
        tap.start()
        assert tap.next_event(timeout_ms=1) is None

    def test_events_come_once_and_in_order(self, tap: DisplayTap) -> None:
        tap.start()
        self.show_total(1_250)
        self.show_total(990)
        seen = [tap.next_event(timeout_ms=10_000) for _ in range(2)]
        assert [(one.kind, one.amount_fen) for one in seen if one] == [
            ("total", 1_250),
            ("total", 990),
        ]
        assert tap.next_event(timeout_ms=1) is None

    def test_an_unplugged_line_shows(self, tap: DisplayTap) -> None:
        tap.start()
        self.unplug()
        until(lambda: tap.state() == "gone")

    def test_may_be_stopped_twice_and_without_a_start(self, tap: DisplayTap) -> None:
        tap.stop()
        tap.start()
        tap.stop()
        tap.stop()
        assert tap.state() == "starting"


class CustomerDisplayContract:
    @pytest.fixture
    def display(self) -> CustomerDisplay | Iterator[CustomerDisplay]:
        raise NotImplementedError

    def forbid(self) -> None:
        raise NotImplementedError

    def test_shows_what_it_may(self, display: CustomerDisplay) -> None:
        assert display.show(["您好 王*", "已省 3.20"])

    def test_shows_nothing_of_nothing(self, display: CustomerDisplay) -> None:
        assert not display.show([])
        assert not display.show([""])

    def test_refuses_what_it_may_not(self, display: CustomerDisplay) -> None:
        self.forbid()
        assert not display.show(["您好 王*"])


class TestFakeDisplayTap(DisplayTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[DisplayTap]:
        self.fake = FakeDisplayTap()
        yield self.fake
        self.fake.stop()

    def show_total(self, amount_fen: int) -> None:
        self.fake.put(DisplayEvent("till", "total", amount_fen, "", 0))

    def unplug(self) -> None:
        self.fake.unplug()


class TestFakeCustomerDisplay(CustomerDisplayContract):
    @pytest.fixture
    def display(self) -> CustomerDisplay | Iterator[CustomerDisplay]:
        self.fake = FakeCustomerDisplay()
        return self.fake

    def forbid(self) -> None:
        self.fake.allowed = False


@pytest.mark.integration
class TestCustomerDisplayTap(DisplayTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[DisplayTap]:
        self.old_till, self.pole = ShowingTill(), PoleDisplay()
        tap = CustomerDisplayTap("till", PROFILE, (self.old_till.port, self.pole.port))
        yield tap
        tap.stop()
        self.old_till.stop()
        self.pole.stop()

    def show_total(self, amount_fen: int) -> None:
        self.old_till.send(b"\x1bs2\x1bQA%d.%02d\r" % divmod(amount_fen, 100))

    def unplug(self) -> None:
        self.pole.stop()


@pytest.mark.integration
class TestCustomerDisplay(CustomerDisplayContract):
    @pytest.fixture
    def display(self) -> Iterator[CustomerDisplay]:
        self.allowed = True
        self.old_till, self.pole = ShowingTill(), PoleDisplay()
        ports = (self.old_till.port, self.pole.port)
        tap = CustomerDisplayTap("till", PROFILE, ports, may=lambda: self.allowed)
        tap.start()
        until(lambda: tap.state() == "ok")
        self.old_till.send(b"\x0c\x1bQATOTAL\r\x1bQB12.50\r")
        assert tap.next_event(timeout_ms=10_000)
        yield tap
        tap.stop()
        # What went out last may still be on its way to the glass.
        until(lambda: self.pole.glass().rows == ("TOTAL", "12.50"))
        self.old_till.stop()
        self.pole.stop()

    def forbid(self) -> None:
        self.allowed = False
