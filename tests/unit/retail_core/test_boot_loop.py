"""Safe mode begins after failed starts only, and ends by itself."""

from hypothesis import given
from hypothesis import strategies as st

from retail_core.fleet.boot_loop import (
    HEALTHY_MS,
    SAFE_FIRST_MS,
    SAFE_MAX_MS,
    STARTS_MAX,
    WITHIN_MS,
    Start,
    Starts,
    asked_to_end,
    began,
    due_ms,
    healthy,
)


def after(*starts: Start) -> Starts:
    stands = Starts()
    for start in starts:
        stands = began(stands, start)
    return stands


def test_starts_one_after_the_other_are_a_loop() -> None:
    quick = [Start("b", at * 10_000) for at in range(STARTS_MAX)]
    assert not after(*quick[:-1]).safe
    assert after(*quick).safe
    assert after(*(Start(f"b{at}", 5_000) for at in range(STARTS_MAX))).safe, "reboots count too"


def test_starts_far_apart_are_none() -> None:
    assert not after(*(Start("b", at * WITHIN_MS) for at in range(9))).safe


def test_it_is_left_when_healthy_and_waits_longer_when_it_comes_back() -> None:
    quick = [Start("b", at) for at in range(STARTS_MAX)]
    stands, waits = Starts(), []
    for _ in range(7):
        for start in quick:
            stands = began(stands, start)
        assert stands.safe
        waits.append(due_ms(stands))
        stands = healthy(stands)
        assert (stands.safe, due_ms(stands)) == (False, HEALTHY_MS)
    assert waits[:3] == [SAFE_FIRST_MS, 2 * SAFE_FIRST_MS, 4 * SAFE_FIRST_MS]
    assert waits[-1] == SAFE_MAX_MS
    assert healthy(stands) == Starts()


@given(st.lists(st.tuples(st.integers(0, 60_000), st.booleans()), max_size=30))
def test_who_is_asked_to_end_never_loops(steps: list[tuple[int, bool]]) -> None:
    stands, now_ms = Starts(), 0
    for pause_ms, reboots in steps:
        now_ms += pause_ms
        stands = asked_to_end(began(stands, Start(f"b{reboots}", now_ms)))
        assert stands == Starts()
