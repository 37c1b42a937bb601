"""What every clock does."""

import pytest

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.ports.clock import Clock
from retail_core.clock import TimeQuality
from tests.fakes.clock import FakeClock


class ClockContract:
    """The suite; a subclass provides `clock`."""

    def test_tells_a_moment(self, clock: Clock) -> None:
        now = clock.now()
        assert now.wall_ms > 0
        assert now.mono_ms >= 0
        assert now.quality in set(TimeQuality)

    def test_monotonic_time_never_goes_back_within_a_boot(self, clock: Clock) -> None:
        moments = [clock.now() for _ in range(100)]
        assert len({moment.boot_id for moment in moments}) == 1
        monotonic = [moment.mono_ms for moment in moments]
        assert monotonic == sorted(monotonic)


class TestFakeClock(ClockContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock(kernel_boot_id())
