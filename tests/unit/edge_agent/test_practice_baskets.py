"""Practice baskets where only a manager may begin a lesson: no clerk sells into the void alone."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from starlette.responses import Response

from edge_agent.api.basket_desk import BasketDesk, Clerk
from edge_agent.api.idempotency import OnceKey
from edge_agent.api.models.baskets import CommitAsked
from edge_agent.bootstrap.baskets import build_basket_desk
from edge_agent.domain.lanes import Place
from edge_agent.domain.sale import AskedLine
from edge_agent.services.counter.training import MANAGER, TrainingMode
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import TILL, Box

keys = count(1)


def once() -> OnceKey:
    return OnceKey(f"practice-{next(keys)}", b"hash")


def strict(box: Box) -> tuple[BasketDesk, TrainingMode]:
    """Return the box's desk as it is where only managers begin lessons."""
    services = box.agent.services
    mode = TrainingMode(box.storage.documents, services.prices, box.clock, role=MANAGER)
    services = replace(services, after=replace(services.after, training=mode))
    people = box.agent.surface.views, box.visits
    return build_basket_desk(box.storage, services, people, box.hub), mode


def refused(act: Callable[[], Response]) -> FaultCode:
    with pytest.raises(Fault) as caught:
        act()
    return caught.value.code


def test_outside_a_lesson_of_the_managers_nothing_is_sold_as_practice(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        desk, mode = strict(box)
        clerk = Clerk(Place(box.visits.at(TILL).lane, TILL), UUID(int=1))
        lane = clerk.place.lane

        def opened() -> Response:
            return desk.open(clerk, once(), TILL, None, training=True)

        assert refused(opened) is FaultCode.TRAINING_ROLE
        mode.switch(lane, UUID(int=9), MANAGER, on=True)
        basket = UUID(msgspec.json.decode(bytes(opened().body))["basket_id"])
        desk.change(clerk, once(), basket, desk.adding((AskedLine(sku="milk"),)))
        mode.switch(lane, UUID(int=9), MANAGER, on=False)
        tenders = ({"kind": "cash", "amount_fen": 12_800},)
        asked = CommitAsked.model_validate({"tenders": tenders})
        assert refused(lambda: desk.sell(clerk, once(), basket, asked)) is FaultCode.TRAINING_ROLE
        mode.switch(lane, UUID(int=9), MANAGER, on=True)
        assert desk.sell(clerk, once(), basket, asked).status_code == 200
        assert box.storage.journal.next_seq() == 1
