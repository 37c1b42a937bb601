"""What every `ScannerTap` and `TillInjector` promises."""

from collections.abc import Iterator

import pytest

from edge_agent.ports.scanner_tap import ScanEvent, ScannerTap, TillInjector
from tests.fakes.scanner_tap import FakeScannerTap, FakeTillInjector

COLA, COFFEE = "6901234567892", "4006381333931"


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

    def test_an_unplugged_line_shows(self, tap: ScannerTap) -> None:
        tap.start()
        self.unplug()
        assert tap.state() == "gone"


class TestFakeTillInjector(TillInjectorContract):
    @pytest.fixture
    def injector(self) -> TillInjector | Iterator[TillInjector]:
        self.fake = FakeTillInjector()
        return self.fake

    def forbid(self) -> None:
        self.fake.allowed = False
