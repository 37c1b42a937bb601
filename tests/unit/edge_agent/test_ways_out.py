"""Which way out of the shop is tried next, and how a thousand boxes come back."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.ways import (
    DIRECT,
    PROXY,
    RETRY_FIRST_MS,
    WEBSOCKET,
    Way,
    WayChoice,
    ways_of,
)
from retail_core import limits
from retail_core.sync.backoff import full_jitter

BROKER = Way(DIRECT, "broker.example", 1883)
DOOR = Way(WEBSOCKET, "cloud.example", 443, secure=True, path="/mqtt")
ALL = (DIRECT, WEBSOCKET, PROXY)


@pytest.mark.parametrize(
    ("door", "proxy", "names"),
    [
        (None, False, ["mqtt://broker.example:1883"]),
        (DOOR, False, ["mqtt://broker.example:1883", "wss://cloud.example:443/mqtt"]),
        (None, True, ["mqtt://broker.example:1883", "mqtt://broker.example:1883 (proxy)"]),
        (
            DOOR,
            True,
            [
                "mqtt://broker.example:1883",
                "wss://cloud.example:443/mqtt",
                "wss://cloud.example:443/mqtt (proxy)",
            ],
        ),
    ],
)
def test_what_can_be_is_tried_in_order(
    door: Way | None,
    proxy: bool,  # noqa: FBT001 -- a column of the table above
    names: list[str],
) -> None:
    assert [str(way) for way in ways_of(ALL, BROKER, door, has_proxy=proxy)] == names


def test_an_order_of_ones_own_is_kept_and_there_is_always_a_way() -> None:
    assert [way.name for way in ways_of((PROXY, DIRECT), BROKER, DOOR, has_proxy=True)] == [
        PROXY,
        DIRECT,
    ]
    assert [way.name for way in ways_of((WEBSOCKET,), BROKER, None, has_proxy=False)] == [DIRECT]


def test_a_round_tries_every_way_before_it_waits() -> None:
    choice = WayChoice(3)
    seen = [(choice.next(0), choice.failed()) for _ in range(3)]
    assert seen == [(0, False), (1, False), (2, True)]


def test_what_held_is_taken_again_and_the_straight_way_tried_once_an_hour() -> None:
    choice = WayChoice(2)
    assert choice.next(0) == 0
    choice.failed()
    assert choice.next(0) == 1
    choice.stood()
    assert choice.next(RETRY_FIRST_MS - 1) == 1
    choice.stood()
    assert choice.next(RETRY_FIRST_MS) == 0
    choice.failed()
    assert choice.next(RETRY_FIRST_MS + 1) == 1


@given(st.integers(1, 4), st.lists(st.booleans(), max_size=40))
def test_no_way_is_forgotten_whatever_happens(count: int, fates: list[bool]) -> None:
    choice = WayChoice(count)
    for good in fates:
        assert 0 <= choice.next(0) < count
        if good:
            choice.stood()
        else:
            choice.failed()
    choice.stood()
    tried = set()
    for _ in range(count):
        tried.add(choice.next(0))
        choice.failed()
    assert tried == set(range(count))


def test_a_thousand_boxes_that_lost_one_broker_come_back_spread_out() -> None:
    boxes = [Random(number) for number in range(1_000)]  # noqa: S311 -- no secrets here
    at = [0] * len(boxes)
    for attempt in range(8):
        at = [
            when + full_jitter(attempt, box.randint(0, 1_000))
            for when, box in zip(at, boxes, strict=True)
        ]
        window = min(limits.RECONNECT_MAX_MS, limits.RECONNECT_BASE_MS << attempt)
        slots = [when * 20 // (sum_of_windows(attempt) or window) for when in at]
        # Even spread would be 50 in each twentieth of the window; a herd would be all in one. After
        # several waits of half a minute most are near the middle of what is minutes by then.
        assert max(slots.count(slot) for slot in set(slots)) < 200


def sum_of_windows(attempt: int) -> int:
    return sum(
        min(limits.RECONNECT_MAX_MS, limits.RECONNECT_BASE_MS << one) for one in range(attempt + 1)
    )
