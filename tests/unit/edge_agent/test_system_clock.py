"""A clock says how far it may be believed."""

from edge_agent.adapters.clock_system import (
    PLAUSIBLE_FROM_MS,
    SystemClock,
    kernel_boot_id,
    kernel_clock_synced,
)
from retail_core.clock import TimeQuality
from tests.fakes.clock import BOOT


def test_a_disciplined_clock_is_synced() -> None:
    assert SystemClock(BOOT, lambda: True).now().quality == TimeQuality.SYNCED


def test_a_free_running_clock_is_holdover() -> None:
    assert SystemClock(BOOT, lambda: False).now().quality == TimeQuality.HOLDOVER


def test_a_board_that_woke_in_1970_knows_nothing() -> None:
    clock = SystemClock(BOOT, lambda: True)
    assert clock._quality(12_345, 0) == TimeQuality.UNKNOWN
    assert clock._quality(PLAUSIBLE_FROM_MS - 1, 0) == TimeQuality.UNKNOWN
    assert clock._quality(PLAUSIBLE_FROM_MS, 0) == TimeQuality.SYNCED


def test_the_kernel_answers() -> None:
    assert kernel_clock_synced() in {True, False}
    assert kernel_boot_id() == kernel_boot_id()


def test_the_kernel_is_asked_at_most_once_a_second() -> None:
    answers = iter([False, True])
    clock = SystemClock(BOOT, lambda: next(answers))
    seen = [clock._quality(PLAUSIBLE_FROM_MS, mono_ms) for mono_ms in (0, 500, 999, 1_000)]
    assert seen == [TimeQuality.HOLDOVER] * 3 + [TimeQuality.SYNCED]
