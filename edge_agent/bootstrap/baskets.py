"""Baskets over HTTP, wired."""

from edge_agent.api.basket_desk import BasketDesk, BasketParts
from edge_agent.api.hub import EventHub
from edge_agent.api.idempotency import EitherAnswers, OnceDesk
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.bootstrap.basis import Storage
from edge_agent.bootstrap.services import Services


def build_basket_desk(
    storage: Storage, services: Services, people: tuple[Views, Visits], hub: EventHub
) -> BasketDesk:
    """Wire it; answers about baskets lie beside them, those about sales in the journal."""
    (views, visits), counter = people, services.counter
    parts = BasketParts(
        baskets=counter.baskets,
        near=counter.near,
        training=services.after.training,
        once=OnceDesk(storage.journal, counter.store),
        # The answer for a practice sale lies with its basket: it is in no book.
        once_sold=OnceDesk(storage.journal, EitherAnswers(storage.journal, counter.store)),
        views=views,
    )
    return BasketDesk(parts, visits, hub)
