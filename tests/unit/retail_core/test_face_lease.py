"""Lease time never jumps, never runs backwards, and ends leases without any clock at all."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from retail_core.clock import Instant, TimeQuality
from retail_core.identity.face_lease import (
    DAY_MS,
    LOCAL_LEASE_MS,
    OFF_UNSURE_MS_MAX,
    RENEW_BELOW_MS,
    UNUSED_DAYS_MAX,
    Lease,
    advance,
    begin,
    day_of,
    plan_leases,
)

NOON = 1_785_470_400_000
SYNCED, HELD, UNKNOWN = TimeQuality.SYNCED, TimeQuality.HOLDOVER, TimeQuality.UNKNOWN
FIRST, SECOND = UUID(int=1), UUID(int=2)
ANN, BEN = UUID(int=11), UUID(int=12)


def at(mono: int, wall: int = NOON, quality: TimeQuality = SYNCED, boot: UUID = FIRST) -> Instant:
    return Instant(wall, mono, boot, quality)


def test_within_a_boot_only_the_monotonic_clock_counts() -> None:
    mark = begin(at(1_000))
    mark = advance(mark, at(1_000 + DAY_MS, NOON + 900 * DAY_MS))
    assert mark.elapsed_ms == DAY_MS
    assert advance(mark, at(1_000 + 2 * DAY_MS, 0, UNKNOWN)).elapsed_ms == 2 * DAY_MS


def test_a_night_off_counts_when_both_ends_are_known() -> None:
    mark = begin(at(5_000))
    assert advance(mark, at(7_000, NOON + 9 * DAY_MS, SYNCED, SECOND)).elapsed_ms == 9 * DAY_MS
    held = advance(mark, at(7_000, NOON + 9 * DAY_MS, HELD, SECOND))
    assert held.elapsed_ms == OFF_UNSURE_MS_MAX + 7_000
    back = advance(mark, at(7_000, NOON - DAY_MS, HELD, SECOND))
    assert back.elapsed_ms == 7_000
    assert advance(mark, at(7_000, 0, UNKNOWN, SECOND)).elapsed_ms == 7_000


def test_what_was_slept_through_is_made_up_when_the_clock_is_set() -> None:
    mark = begin(at(5_000))
    mark = advance(mark, at(60_000, 0, UNKNOWN, SECOND))
    assert mark.elapsed_ms == 60_000
    mark = advance(mark, at(120_000, NOON + 9 * DAY_MS, SYNCED, SECOND))
    assert mark.elapsed_ms == 9 * DAY_MS
    mark = advance(mark, at(180_000, NOON + 99 * DAY_MS, SYNCED, SECOND))
    assert mark.elapsed_ms == 9 * DAY_MS + 60_000


moments = st.builds(
    Instant,
    st.integers(0, 1 << 43),
    st.integers(0, 1 << 40),
    st.sampled_from([FIRST, SECOND, ANN]),
    st.sampled_from([SYNCED, HELD, UNKNOWN]),
)


@given(st.lists(moments, min_size=1, max_size=20))
def test_it_never_runs_backwards(path: list[Instant]) -> None:
    mark = begin(path[0])
    for now in path[1:]:
        fresh = advance(mark, now)
        assert fresh.elapsed_ms >= mark.elapsed_ms
        mark = fresh


@given(st.lists(st.integers(0, 1 << 43), max_size=20), st.integers(0, 1 << 36))
def test_wall_clocks_of_one_boot_change_nothing(walls: list[int], gone: int) -> None:
    mark = begin(at(0))
    for step, wall in enumerate(walls):
        mark = advance(mark, at(gone * step // max(1, len(walls)), wall))
    assert advance(mark, at(gone)).elapsed_ms == gone


@given(st.integers(1, 400), st.integers(0, 1 << 43))
def test_a_box_without_any_clock_forgets(hours_a_day: int, wall: int) -> None:
    mark, boots = begin(at(0, wall, UNKNOWN)), 0
    up_ms = (hours_a_day % 24 + 1) * 3_600_000
    while mark.elapsed_ms < LOCAL_LEASE_MS:
        boots += 1
        mark = advance(mark, at(up_ms, wall, UNKNOWN, UUID(int=1_000 + boots)))
    assert boots <= -(-LOCAL_LEASE_MS // up_ms)


def test_the_plan_of_a_sweep() -> None:
    now = 500 * DAY_MS
    today = day_of(now)
    leases = [
        Lease(ANN, now, today),
        Lease(BEN, now + 1, today - UNUSED_DAYS_MAX),
        Lease(FIRST, now + RENEW_BELOW_MS - 1, today),
        Lease(SECOND, now + RENEW_BELOW_MS, today - UNUSED_DAYS_MAX + 1),
    ]
    plan = plan_leases(leases, now, renewing=True)
    assert (plan.expired, plan.unused, plan.renew) == ((ANN,), (BEN,), (FIRST,))
    assert plan_leases(leases, now, renewing=False).renew == ()
