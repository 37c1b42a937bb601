"""What a lane hears of its basket: never of one that was sold or changed since."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from edge_agent.bootstrap.baskets import build_basket_desk
from edge_agent.domain.lanes import Place
from edge_agent.services.counter.baskets import BasketShown
from edge_agent.services.counter.close_sale import BY_NAME_ONLY
from edge_agent.services.counter.near_misses import NearMisses
from retail_core.pricing.certificate import NearMiss
from tests.factories.agent_api import TILL, Box
from tests.factories.counter_sales import TillCalls


class Meanwhile(NearMisses):
    """Something happens at the counter while it looks around."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(quiet_s=0)
        self._happens = happens

    def turn(self) -> tuple[BasketShown, tuple[NearMiss, ...]] | None:
        found = super().turn()
        self._happens()
        return found


def on_the_counter(box: Box, lane: str) -> list[str]:
    """Return the baskets that a screen which comes now is shown."""
    client = box.hub.subscribe(lane)
    assert client is not None
    heard = [client.queue.get_nowait() for _ in range(client.queue.qsize())]
    events = [json.loads(message) for message in heard if message is not None]
    return [event["state"] for event in events if event["type"] == "basket"]


def advised(box: Box, happens: Callable[[str], object]) -> list[str]:
    """Look around in a basket while something happens to it; return what lies on the counter."""
    till, lane = TillCalls(box.till()), box.visits.at(TILL).lane
    path = till.opened("mask", "mask")
    near, services = Meanwhile(lambda: happens(path)), box.agent.services
    desk = build_basket_desk(
        box.storage,
        replace(services, counter=replace(services.counter, near=near)),
        (box.agent.surface.views, box.visits),
        box.hub,
    )
    baskets = services.counter.baskets
    basket = baskets.get(Place(lane, TILL).lane, UUID(path.rpartition("/")[2]))
    near.ask(baskets.show(basket, lambda _: BY_NAME_ONLY))
    desk.advise()
    return on_the_counter(box, lane)


def test_advice_lays_a_sold_basket_on_no_screen_again(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        assert advised(box, lambda path: TillCalls(box.till()).paid(path, 17_800)) == []


def test_advice_on_a_basket_that_stands_is_told(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        assert advised(box, lambda path: None) == ["open"]


def test_advice_does_not_open_a_parked_basket_again(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        assert advised(box, lambda path: TillCalls(box.till()).post(f"{path}/park")) == ["parked"]
