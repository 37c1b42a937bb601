"""What the cloud committed is kept for a fortnight, and while the clock is not known."""

import pytest

from retail_core.clock import Instant, TimeQuality
from retail_core.sync.retention import prune_before_wall_ms
from tests.factories.wire import BOOT, WALL_MS


@pytest.mark.parametrize("quality", [TimeQuality.SYNCED, TimeQuality.HOLDOVER])
def test_a_fortnight_is_kept(quality: TimeQuality) -> None:
    now = Instant(WALL_MS, 0, BOOT, quality)
    assert prune_before_wall_ms(now) == WALL_MS - 14 * 86_400_000


def test_a_clock_that_was_never_set_throws_nothing_away() -> None:
    assert prune_before_wall_ms(Instant(WALL_MS, 0, BOOT, TimeQuality.UNKNOWN)) is None
