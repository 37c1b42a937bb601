"""Laws of alerts: one for a name, raised and over in turn; a broker's restart accuses nobody."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.alert_plan import (
    CLEAR_AFTER_MS,
    OFFLINE_AFTER_MS,
    OPEN_AFTER_MS,
    LineWatch,
    OpenAlert,
    Rule,
    StoreHeard,
    Trouble,
    plan,
)
from cloud_broker.domain.tries import RETRIES_MS, next_try_ms

STORE = UUID(int=1)
STEP_MS = 5_000
ALL = frozenset(range(64))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 90)), max_size=12))
def test_an_alert_is_opened_late_and_closed_late_and_never_twice(
    weather: list[tuple[bool, int]],
) -> None:
    now, since, away = 0, 0, 0
    standing: dict[UUID, OpenAlert] = {}
    there = False
    for wrong, steps in weather:
        for _ in range(steps):
            now += STEP_MS
            since, away = (since if there else now, 0) if wrong else (since, away or now)
            there = wrong
            found = [Trouble(STORE, "H103", "", since)] if wrong else []
            made = plan(found, standing.values(), now)
            assert len(made.opens) + len(standing) <= 1
            for trouble in made.opens:
                assert now - trouble.since_ms >= OPEN_AFTER_MS
                standing[UUID(int=now)] = OpenAlert(UUID(int=now), trouble.name, None)
            for alert in made.away:
                standing[alert] = OpenAlert(alert, standing[alert].name, now)
            for alert in made.back:
                standing[alert] = OpenAlert(alert, standing[alert].name, None)
            for alert in made.clears:
                assert now - away >= CLEAR_AFTER_MS
                del standing[alert]


def _heard(now: int, count: int) -> list[StoreHeard]:
    return [
        StoreHeard(UUID(int=number), STORE, f"{number}", number % 64, now)
        for number in range(count)
    ]


@pytest.mark.parametrize("down_s", [60, 300])
def test_a_thousand_boxes_come_back_to_a_restarted_broker(down_s: int) -> None:
    """Their connects are spread over two minutes; not one of them is called offline."""
    begun, watch = 1_000_000_000, LineWatch(ALL, 0)
    watch.settled_ms = 0
    stores = _heard(begun, 1_000)
    back = begun + down_s * 1_000
    for now in range(begun, back + 600_000, STEP_MS):
        for number, store in enumerate(stores):
            if now >= back + number * 120:
                stores[number] = StoreHeard(store.store, store.region, store.name, store.shard, now)
        told = {trouble.code for trouble in watch.troubles(stores, now)}
        assert told <= {"F118"}
        assert not told or back - begun > 75_000


def test_one_broker_of_several_is_watched_alone() -> None:
    now = 10_000_000
    low, high = LineWatch(frozenset(range(32)), 0), LineWatch(frozenset(range(32, 64)), 0)
    fresh = [one for one in _heard(now, 64) if one.shard < 32]
    old = [one for one in _heard(now - OFFLINE_AFTER_MS - 1, 64) if one.shard >= 32]
    assert low.troubles(fresh + old, now) == []
    (silent,) = high.troubles(fresh + old, now)
    assert (silent.store, silent.code, silent.fields["count"]) == (None, "F118", "32")


def test_who_left_by_himself_is_not_missed() -> None:
    now = 10_000_000
    left = StoreHeard(STORE, STORE, "a", 1, now - 1_000_000, left=True)
    missed = StoreHeard(UUID(int=2), STORE, "b", 2, now - 1_000_000)
    here = StoreHeard(UUID(int=3), STORE, "c", 3, now)
    found = LineWatch(ALL, 0).troubles([left, missed, here], now)
    assert [(one.store, one.code) for one in found] == [(missed.store, "S102")]


@pytest.mark.parametrize(
    ("code", "severity"),
    [("H118", "stops"), ("H103", "warns"), ("S102", "hinders"), ("H999", "warns")],
)
def test_a_rule_wants_what_is_grave_enough(code: str, severity: str) -> None:
    trouble = Trouble(STORE, code, "", 0)
    assert trouble.severity == severity
    assert Rule(STORE, severity).wants(trouble, None)
    assert Rule(STORE, "warns", region=UUID(int=9)).wants(trouble, UUID(int=9))
    assert not Rule(STORE, "warns", region=UUID(int=9)).wants(trouble, UUID(int=8))
    assert not Rule(STORE, "warns", "F118").wants(trouble, None)


def test_tries_get_rarer_and_end() -> None:
    waits = [next_try_ms(tries, 0) for tries in range(1, len(RETRIES_MS) + 2)]
    assert waits == [*RETRIES_MS, None]
    assert next_try_ms(1, 1_000) == RETRIES_MS[0] * 6 // 5
