"""A loose plug settles before it is believed; rests grow up to a cap."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.device_presence import (
    ABSENT_AFTER_MS,
    FLAP_CHANGES,
    REST_MS_MAX,
    STEADY_MS,
    Presence,
    Rest,
    Watched,
    first_seen,
    rest_after,
    watched,
)


def after(one: Watched, *moves: tuple[bool, int]) -> Watched:
    for there, now_ms in moves:
        one = watched(one, there=there, now_ms=now_ms)
    return one


def test_a_short_dropout_is_not_an_absence() -> None:
    there = first_seen(there=True, now_ms=0)
    assert after(there, (False, 100)).state is Presence.PRESENT
    gone = after(there, (False, 100), (False, 100 + ABSENT_AFTER_MS))
    assert (gone.state, gone.since_ms) == (Presence.ABSENT, 100 + ABSENT_AFTER_MS)
    assert after(gone, (True, 9_000)).state is Presence.PRESENT


def test_a_loose_plug_is_flapping_until_it_is_steady() -> None:
    one = first_seen(there=True, now_ms=0)
    loose = after(one, *((turn % 2 == 1, turn * 100) for turn in range(FLAP_CHANGES)))
    assert loose.state is Presence.FLAPPING
    last_ms = (FLAP_CHANGES - 1) * 100
    held = after(loose, (loose.there, last_ms + STEADY_MS - 1))
    assert held.state is Presence.FLAPPING
    steady = after(held, (loose.there, last_ms + STEADY_MS))
    assert steady.state is (Presence.PRESENT if loose.there else Presence.ABSENT)
    assert steady.moves == ()


def test_plugging_that_nobody_saw_counts_twice() -> None:
    one = first_seen(there=True, now_ms=0)
    for turn in range(3):
        one = watched(one, there=True, plugged_anew=True, now_ms=turn * 10)
    assert one.state is Presence.FLAPPING


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60_000)), max_size=40))
def test_whatever_happens_it_ends_where_the_device_is(moves: list[tuple[bool, int]]) -> None:
    one, now_ms = first_seen(there=False, now_ms=0), 0
    for there, passed_ms in moves:
        now_ms += passed_ms
        one = watched(one, there=there, now_ms=now_ms)
    settled = watched(one, there=one.there, now_ms=now_ms + STEADY_MS)
    assert settled.state is (Presence.PRESENT if one.there else Presence.ABSENT)
    assert len(settled.moves) <= FLAP_CHANGES


@given(st.integers(0, 60), st.integers(0, 1_000))
def test_rests_stay_below_the_cap(failures: int, permille: int) -> None:
    rest = rest_after(Rest(failures, 0), now_ms=1_000, permille=permille)
    assert 1_000 <= rest.until_ms <= 1_000 + REST_MS_MAX
    assert rest.failures == failures + 1
