"""Events reach every client; a slow one is dropped, the others never wait for it."""

import asyncio
import json
import threading

from edge_agent.api.hub import CLIENTS_MAX, QUEUE_MAX, WHOLE_SHOP, EventHub, Subscription
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
    assert message == {"type": "tapped", "at_ms": 7, "lane": LANE, "till": str(BOOT), "lines": []}


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
    hub.publish("tapped", {}, lane=LANE)
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
