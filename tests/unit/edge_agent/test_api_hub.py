"""Events reach every client; a slow one is dropped, the others never wait for it."""

import asyncio
import json
import threading

from edge_agent.api.hub import (
    CLIENTS_MAX,
    KEPT_MAX,
    KEPT_MS,
    QUESTION_MS,
    QUEUE_MAX,
    WHOLE_SHOP,
    EventHub,
    Subscription,
)
from tests.fakes.clock import BOOT, FakeClock

LANE, OTHER = "a", "b"


def subscribed(hub: EventHub) -> Subscription:
    client = hub.subscribe(LANE)
    assert client is not None
    return client


def drained(client: Subscription) -> list[bytes | None]:
    return [client.queue.get_nowait() for _ in range(client.queue.qsize())]


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_events_from_a_device_thread_reach_clients() -> None:
    hub = EventHub(FakeClock(wall_ms=7))
    hub.attach(asyncio.get_running_loop())
    client = subscribed(hub)
    thread = threading.Thread(
        target=hub.publish, args=("tapped", {"till": BOOT, "lines": []}), kwargs={"lane": LANE}
    )
    thread.start()
    thread.join()
    message = json.loads((await client.queue.get()) or b"")
    assert message == {
        "type": "tapped", "event_no": 7_001, "at_ms": 7, "lane": LANE, "till": str(BOOT),
        "lines": [],
    }  # fmt: skip


async def test_a_slow_client_is_dropped_and_the_quick_one_is_not() -> None:
    hub = EventHub(FakeClock())
    hub.attach(asyncio.get_running_loop())
    slow, quick = subscribed(hub), subscribed(hub)
    for number in range(QUEUE_MAX + 1):
        hub.publish("health", {"n": number}, lane=WHOLE_SHOP)
        await settle()
        assert quick.queue.get_nowait() is not None
    assert slow.queue.get_nowait() is None
    assert slow.queue.empty()
    assert (hub.clients, hub.dropped) == (1, 1)


async def test_a_newcomer_learns_what_is_on_the_counter() -> None:
    hub = EventHub(FakeClock())
    hub.publish("health", {"state": "ok"}, lane=WHOLE_SHOP)
    hub.publish("basket", {"total_fen": 1}, lane=LANE)
    hub.publish("basket", {"total_fen": 2}, lane=LANE)
    hub.publish("challenge", {}, lane=LANE)
    hub.attach(asyncio.get_running_loop())
    client = subscribed(hub)
    held = [json.loads(client.queue.get_nowait() or b"") for _ in range(client.queue.qsize())]
    assert [(event["type"], event.get("total_fen")) for event in held] == [
        ("health", None),
        ("basket", 2),
    ]
    hub.publish("sale", {}, lane=LANE)
    await settle()
    assert subscribed(hub).queue.qsize() == 1
    hub.publish("basket", {"total_fen": 3}, lane=LANE)
    hub.publish("tapped", {}, lane=LANE)
    await settle()
    assert subscribed(hub).queue.qsize() == 1, "a printed receipt ends a customer too"


async def test_a_display_opened_in_the_middle_of_a_question_shows_it_until_it_is_over() -> None:
    clock = FakeClock()
    hub = EventHub(clock)
    hub.attach(asyncio.get_running_loop())

    def there_now() -> list[str]:
        client = subscribed(hub)
        hub.unsubscribe(client)
        return [json.loads(message or b"")["type"] for message in drained(client)]

    for state, kept in (("asked", ["consent"]), ("given", []), ("asked", ["consent"])):
        hub.publish("consent", {"state": state}, lane=LANE)
        assert there_now() == kept
    hub.publish("member", {"name": "李敏"}, lane=LANE)
    hub.publish("basket", {}, lane=LANE)
    hub.publish("visit", {"ended": True}, lane=LANE)
    assert there_now() == ["basket"], "who left is told to nobody who comes later"
    hub.publish("consent", {"state": "asked"}, lane=LANE)
    hub.publish("sale", {}, lane=LANE)
    assert there_now() == []
    hub.publish("consent", {"state": "asked"}, lane=LANE)
    clock.advance(QUESTION_MS)
    assert there_now() == [], "nobody closed it"


async def test_a_lane_hears_its_own_and_the_shops() -> None:
    hub = EventHub(FakeClock())
    hub.publish("member", {"name": "李敏"}, lane=OTHER)
    hub.publish("basket", {"total_fen": 1}, lane=LANE)
    hub.attach(asyncio.get_running_loop())
    here = subscribed(hub)
    hub.publish("recognition", {"outcome": "member"}, lane=OTHER)
    hub.publish("sale", {}, lane=OTHER)
    hub.publish("health", {"state": "ok"}, lane=WHOLE_SHOP)
    await settle()
    heard = [json.loads(here.queue.get_nowait() or b"") for _ in range(here.queue.qsize())]
    assert [(event["type"], event.get("lane")) for event in heard] == [
        ("basket", LANE),
        ("health", None),
    ]
    # The sale over there did not clear this counter.
    assert [json.loads(m or b"")["type"] for m in drained(subscribed(hub))] == ["basket", "health"]


async def test_clients_are_bounded_and_sent_away_at_the_end() -> None:
    hub = EventHub(FakeClock())
    hub.attach(asyncio.get_running_loop())
    clients = [subscribed(hub) for _ in range(CLIENTS_MAX)]
    assert hub.subscribe(LANE) is None
    hub.unsubscribe(clients[0])
    hub.unsubscribe(clients[0])
    assert hub.clients == CLIENTS_MAX - 1
    hub.detach()
    assert hub.clients == 0
    assert clients[1].queue.get_nowait() is None
    hub.publish("health", {}, lane=WHOLE_SHOP)


async def missed(hub: EventHub, after: int) -> list[tuple[str, object]]:
    """What a client of the lane is told that comes back after an event."""
    client = hub.subscribe(LANE, after=after)
    assert client is not None
    await settle()
    hub.unsubscribe(client)
    told = [json.loads(message or b"") for message in drained(client)]
    return [(event["type"], event.get("n")) for event in told]


async def test_who_comes_back_gets_what_it_missed() -> None:
    clock = FakeClock(wall_ms=1)
    hub = EventHub(clock)
    hub.attach(asyncio.get_running_loop())
    assert await missed(hub, 1_000) == []
    for number in range(3):
        hub.publish("tapped", {"n": number}, lane=LANE)
    hub.publish("tapped", {"n": 3}, lane=OTHER)
    hub.publish("health", {"n": 4}, lane=WHOLE_SHOP)
    assert await missed(hub, 1_001) == [("health", 4), ("tapped", 1), ("tapped", 2)]
    assert await missed(hub, 1_005) == [("health", 4)]


async def test_who_was_away_for_long_begins_anew() -> None:
    clock = FakeClock(wall_ms=1)
    hub = EventHub(clock)
    hub.attach(asyncio.get_running_loop())
    hub.publish("basket", {"n": 0}, lane=LANE)
    for after in (0, 999, 1_002, 10**15):
        assert await missed(hub, after) == [("reset", None), ("basket", 0)], "not of this run"
    clock.advance(KEPT_MS)
    assert await missed(hub, 1_000) == [("reset", None), ("basket", 0)], "no longer kept"
    hub.publish("sale", {"n": 1}, lane=LANE)
    assert await missed(hub, 1_001) == [("sale", 1)]
    for number in range(KEPT_MAX):
        hub.publish("tapped", {"n": number}, lane=LANE)
    assert len(await missed(hub, 1_002)) == KEPT_MAX
    assert await missed(hub, 1_001) == [("reset", None)]


async def test_an_event_under_way_is_heard_once() -> None:
    hub = EventHub(FakeClock(wall_ms=1))
    hub.attach(asyncio.get_running_loop())
    hub.publish("tapped", {}, lane=LANE)  # its turn on the loop comes after the client's
    client = hub.subscribe(LANE, after=1_000)
    assert client is not None
    await settle()
    assert client.queue.qsize() == 1
