"""A clock says how far it may be believed."""

import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge_agent.adapters.clock_system import (
    PLAUSIBLE_FROM_MS,
    SystemClock,
    kernel_boot_id,
    kernel_clock_synced,
)
from edge_agent.adapters.known_time_file import keep_known_time, read_known_time
from edge_agent.adapters.trust import trusted
from retail_core.clock import TimeQuality
from retail_core.fleet.signed_time import ToldTime
from tests.fakes.clock import BOOT, NOON_MS


def test_a_disciplined_clock_is_synced() -> None:
    assert SystemClock(BOOT, lambda: True).now().quality == TimeQuality.SYNCED


def test_a_free_running_clock_is_holdover() -> None:
    assert SystemClock(BOOT, lambda: False).now().quality == TimeQuality.HOLDOVER


@dataclass
class Board:
    """A board's clocks, moved by hand."""

    wall: int = 12_345
    mono: int = 1_000
    synced: bool = False

    def clock(self, floor_ms: int = 0) -> SystemClock:
        return SystemClock(
            BOOT,
            lambda: self.synced,
            floor_ms=floor_ms,
            wall_ms=lambda: self.wall,
            mono_ms=lambda: self.mono,
        )

    def passes(self, ms: int) -> None:
        self.wall += ms
        self.mono += ms


def test_a_board_that_woke_in_1970_knows_nothing_and_stands_at_the_floor() -> None:
    board = Board(synced=True)
    clock = board.clock()
    assert clock.now().quality == TimeQuality.UNKNOWN
    assert clock.now().wall_ms == PLAUSIBLE_FROM_MS
    board.passes(5_000)
    assert clock.now().wall_ms == PLAUSIBLE_FROM_MS + 5_000
    assert clock.vouched_ms() is None
    board.wall = PLAUSIBLE_FROM_MS
    assert clock.now().quality == TimeQuality.SYNCED


def test_what_was_vouched_for_in_an_earlier_boot_has_passed() -> None:
    board = Board(wall=NOON_MS - 1)
    assert board.clock().now().quality == TimeQuality.HOLDOVER
    clock = board.clock(floor_ms=NOON_MS)
    assert (clock.now().wall_ms, clock.now().quality) == (NOON_MS, TimeQuality.UNKNOWN)
    board.synced = True
    board.mono += 1_000
    assert clock.now().quality == TimeQuality.SYNCED, "who is disciplined is right"


def test_a_told_time_is_counted_on_until_the_kernel_knows_better() -> None:
    board = Board()
    clock = board.clock()
    clock.tell(ToldTime(NOON_MS, board.mono, 40))
    board.passes(9_000)
    assert (clock.now().wall_ms, clock.now().quality) == (NOON_MS + 9_000, TimeQuality.HOLDOVER)
    assert clock.vouched_ms() == NOON_MS + 9_000
    board.wall, board.synced = NOON_MS + 60_000, True
    board.mono += 1_000
    assert (clock.now().wall_ms, clock.now().quality) == (NOON_MS + 60_000, TimeQuality.SYNCED)


def test_a_known_time_outlives_a_restart_and_a_bad_file_is_none(tmp_path: Path) -> None:
    assert read_known_time(tmp_path) == 0
    keep_known_time(tmp_path, NOON_MS)
    assert read_known_time(tmp_path) == NOON_MS
    for bad in ("", "-5", "9" * 40, "noon", "\xff"):
        (tmp_path / "known-time").write_text(bad, encoding="utf-8")
        assert read_known_time(tmp_path) == 0
    keep_known_time(tmp_path / "no such folder", NOON_MS)


def test_the_kernel_answers() -> None:
    assert kernel_clock_synced() in {True, False}
    assert kernel_boot_id() == kernel_boot_id()


def test_the_kernel_is_asked_at_most_once_a_second() -> None:
    answers = iter([False, True])
    at = iter([0, 0, 500, 999, 1_000])
    clock = SystemClock(
        BOOT, lambda: next(answers), wall_ms=lambda: PLAUSIBLE_FROM_MS, mono_ms=lambda: next(at)
    )
    seen = [clock.now().quality for _ in range(4)]
    assert seen == [TimeQuality.HOLDOVER] * 3 + [TimeQuality.SYNCED]


def test_a_board_that_woke_in_1970_checks_chains_and_names_but_no_dates() -> None:
    for board, dated in ((Board(), False), (Board(wall=NOON_MS), True)):
        context = trusted(None, partial(getattr, board, "wall"))
        assert bool(context.verify_flags & 0x200000) is not dated
        assert context.check_hostname
        assert context.verify_mode == ssl.CERT_REQUIRED
