"""What every `ScannerTap` and `TillInjector` promises."""

import threading
from collections.abc import Callable, Iterator

import pytest

from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.driver import SerialScannerTap
from edge_agent.drivers.scanner.keyboard import KeyboardScannerTap
from edge_agent.drivers.scanner.kinds import ScanKinds
from edge_agent.drivers.scanner.sim import BarcodeScanner, ScannedTill, TypingScanner
from edge_agent.ports.scanner_tap import ScanEvent, ScannerTap, TillInjector
from tests.fakes.scanner_tap import FakeScannerTap, FakeTillInjector

COLA, COFFEE = "6901234567892", "4006381333931"


PROFILE = ScannerProfile(kind="scanner", name="s", title_zh="枪", title_en="s")
KINDS = ScanKinds("till")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    for _ in range(500):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError(holds)


class ScannerTapContract:
    @pytest.fixture
    def tap(self) -> Iterator[ScannerTap]:
        raise NotImplementedError

    def scan(self, code: str) -> None:
        raise NotImplementedError

    def unplug(self) -> None:
        raise NotImplementedError

    def test_is_starting_before_it_is_started(self, tap: ScannerTap) -> None:
        assert tap.state() == "starting"
        assert tap.name

    def test_returns_none_when_nothing_is_scanned(self, tap: ScannerTap) -> None:
        tap.start()
        assert tap.next_event(timeout_ms=1) is None

    def test_scans_come_once_and_in_order(self, tap: ScannerTap) -> None:
        tap.start()
        self.scan(COLA)
        self.scan(COFFEE)
        seen = [tap.next_event(timeout_ms=10_000) for _ in range(2)]
        assert [(one.kind, one.code) for one in seen if one] == [
            ("article", COLA),
            ("article", COFFEE),
        ]
        assert tap.next_event(timeout_ms=1) is None

    def test_an_unplugged_line_shows(self, tap: ScannerTap) -> None:
        tap.start()
        self.unplug()
        until(lambda: tap.state() == "gone")

    def test_may_be_stopped_twice_and_without_a_start(self, tap: ScannerTap) -> None:
        tap.stop()
        tap.start()
        tap.stop()
        tap.stop()
        assert tap.state() == "starting"


class TillInjectorContract:
    @pytest.fixture
    def injector(self) -> TillInjector | Iterator[TillInjector]:
        raise NotImplementedError

    def forbid(self) -> None:
        raise NotImplementedError

    def test_types_what_it_may(self, injector: TillInjector) -> None:
        assert injector.type("990000012345")

    @pytest.mark.parametrize("text", ["", "卡", "99\r00"])
    def test_refuses_what_no_scanner_types(self, injector: TillInjector, text: str) -> None:
        assert not injector.type(text)

    def test_refuses_what_it_may_not(self, injector: TillInjector) -> None:
        self.forbid()
        assert not injector.type("990000012345")


class TestFakeScannerTap(ScannerTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[ScannerTap]:
        self.fake = FakeScannerTap()
        yield self.fake
        self.fake.stop()

    def scan(self, code: str) -> None:
        self.fake.put(ScanEvent("till", "article", code, None, None, 0))

    def unplug(self) -> None:
        self.fake.unplug()


class TestFakeTillInjector(TillInjectorContract):
    @pytest.fixture
    def injector(self) -> TillInjector | Iterator[TillInjector]:
        self.fake = FakeTillInjector()
        return self.fake

    def forbid(self) -> None:
        self.fake.allowed = False


@pytest.mark.integration
class TestSerialScannerTap(ScannerTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[ScannerTap]:
        self.gun, self.old_till = BarcodeScanner(), ScannedTill()
        tap = SerialScannerTap(KINDS, PROFILE, (self.gun.port, self.old_till.port))
        yield tap
        tap.stop()
        self.gun.stop()
        self.old_till.stop()

    def scan(self, code: str) -> None:
        self.gun.scan(code)

    def unplug(self) -> None:
        self.gun.stop()


class TestKeyboardScannerTap(ScannerTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[ScannerTap]:
        self.gun = TypingScanner()
        tap = KeyboardScannerTap(KINDS, PROFILE, self.gun.open)
        yield tap
        tap.stop()
        self.gun.stop()

    def scan(self, code: str) -> None:
        self.gun.scan(code)

    def unplug(self) -> None:
        self.gun.unplug()


@pytest.mark.integration
class TestSerialInjector(TillInjectorContract):
    @pytest.fixture
    def injector(self) -> Iterator[TillInjector]:
        self.allowed = True
        gun, old_till = BarcodeScanner(), ScannedTill()
        ports = (gun.port, old_till.port)
        tap = SerialScannerTap(KINDS, PROFILE, ports, may=lambda: self.allowed)
        tap.start()
        until(lambda: tap.state() == "ok")
        yield tap.injector
        tap.stop()
        gun.stop()
        old_till.stop()

    def forbid(self) -> None:
        self.allowed = False


class TestKeyboardInjector(TillInjectorContract):
    @pytest.fixture
    def injector(self) -> Iterator[TillInjector]:
        self.allowed = True
        gun = TypingScanner()
        tap = KeyboardScannerTap(KINDS, PROFILE, gun.open, may=lambda: self.allowed)
        tap.start()
        until(lambda: tap.state() == "ok")
        yield tap.injector
        tap.stop()
        gun.stop()

    def forbid(self) -> None:
        self.allowed = False
