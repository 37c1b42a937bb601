"""Baskets over HTTP: who may touch which, and who hears of it."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from starlette.responses import Response

from edge_agent.api.basket_views import BasketViews, row
from edge_agent.api.hub import EventHub
from edge_agent.api.idempotency import OnceDesk, OnceKey
from edge_agent.api.models.baskets import BasketList, BasketView, CommitAsked
from edge_agent.api.models.sales import SaleAnswered
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.domain.basket import BasketState, CounterBasket
from edge_agent.domain.lanes import Place
from edge_agent.domain.sale import AskedLine, SaleCommand, SaleResult
from edge_agent.services.counter.baskets import Baskets, BasketShown, Change, Where
from edge_agent.services.counter.close_sale import BY_NAME_ONLY
from edge_agent.services.counter.near_misses import NearMisses
from edge_agent.services.counter.redeeming import Trust
from edge_agent.services.counter.training import TrainingMode
from edge_agent.services.journal.recorder import AnswerOf
from retail_core.identity.assurance import Standing


@dataclass(frozen=True, slots=True)
class BasketParts:
    """What the desk works with; `once` keeps answers beside baskets, `once_sold` beside sales."""

    baskets: Baskets
    near: NearMisses
    training: TrainingMode
    once: OnceDesk
    once_sold: OnceDesk
    views: Views


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who asks: from which place, signed in as whom."""

    place: Place
    operator: UUID | None


class _Seen:
    """Shows a basket for the answer, and remembers it for the lane's screens."""

    def __init__(self, views: BasketViews) -> None:
        self._views = views

    def view(self, shown: BasketShown) -> BasketView:
        self.last = self._views.basket(shown)
        return self.last


class BasketDesk:
    """What the routes of baskets do."""

    def __init__(self, parts: BasketParts, visits: Visits, hub: EventHub) -> None:
        self._parts = parts
        self._baskets = parts.baskets
        self._views = BasketViews(parts.views)
        self._visits = visits
        self._hub = hub

    def listed(self, clerk: Clerk, state: BasketState) -> BasketList:
        """Return a lane's open or parked baskets."""
        found = self._baskets.of_lane(clerk.place.lane, state)
        return BasketList(baskets=tuple(row(one) for one in found))

    def shown(self, clerk: Clerk, basket_id: UUID) -> BasketView:
        """Return a basket at today's price."""
        basket = self._baskets.get(clerk.place.lane, basket_id)
        shown = self._baskets.show(basket, self._trust)
        return self._views.basket(shown, self._parts.near.known(shown))

    def open(
        self, clerk: Clerk, once: OnceKey, till: UUID, member_id: UUID | None, *, training: bool
    ) -> Response:
        """Begin a basket; at a lane that practises it is a training one."""
        seen = _Seen(self._views)

        def act(answer: AnswerOf[BasketShown]) -> BasketShown:
            lane = clerk.place.lane
            if training:
                self._parts.training.refuse_practice(lane)
            practises = training or self._parts.training.at(lane) is not None
            where = Where(lane, till)
            made = self._baskets.new(where, member_id, clerk.operator, training=practises)
            return self._told(self._baskets.open(where, made, self._trust, answer), seen)

        return self._parts.once.run(once, act, seen.view)

    def change(self, clerk: Clerk, once: OnceKey, basket_id: UUID, how: Change) -> Response:
        """Change a basket and answer with what it became."""
        seen = _Seen(self._views)

        def act(answer: AnswerOf[BasketShown]) -> BasketShown:
            basket = self._baskets.get(clerk.place.lane, basket_id)
            return self._told(self._baskets.change(basket, how, self._trust, answer), seen)

        return self._parts.once.run(once, act, seen.view)

    def adding(self, lines: tuple[AskedLine, ...]) -> Change:
        """Return the change that adds lines."""
        return self._baskets.adding(lines)

    def attaching(self, member_id: UUID | None) -> Change:
        """Return the change of whose basket it is."""
        return self._baskets.attaching(member_id)

    def parking(self, name: str) -> Change:
        """Return the change that puts a basket aside."""
        return self._baskets.parking(name)

    def sell(self, clerk: Clerk, once: OnceKey, basket_id: UUID, asked: CommitAsked) -> Response:
        """Sell a basket: when this answers, it is on disk."""
        shown: list[SaleAnswered] = []

        def show(result: SaleResult) -> SaleAnswered:
            standing = self._standing(clerk.place, result.member_id)
            shown.append(self._parts.views.sale(result, standing))
            return shown[-1]

        def act(answer: AnswerOf[SaleResult]) -> SaleResult:
            basket = self._baskets.get(clerk.place.lane, basket_id)
            check = self._parts.training
            (check.refuse_practice if basket.training else check.refuse)(basket.lane)
            command = _command(basket, clerk, asked)
            sold = self._baskets.sell(basket, command, self._trust, answer)
            self._parts.near.forget(basket.lane)
            self._visits.over(basket.till, basket.member_id)
            told = {"till": basket.till, "basket_id": basket_id, **shown[-1].model_dump()}
            self._hub.publish("sale", told, lane=basket.lane)
            return sold

        return self._parts.once_sold.run(once, act, show)

    def advise(self) -> None:
        """Wait for a basket to look around in, and tell its lane what a little more would save."""
        found = self._parts.near.turn()
        if found is not None:
            shown, near = found
            self._publish(shown, self._views.basket(shown, near))

    def rights_came(self, member_id: UUID) -> None:
        """Show the lanes their baskets again of a member whose points or coupons have come."""
        for lane in self._visits.lanes_to_tell(member_id):
            for basket in self._baskets.of_lane(lane, BasketState.OPEN):
                if basket.member_id == member_id:
                    shown = self._baskets.show(basket, self._trust)
                    self._publish(shown, self._views.basket(shown))

    def _told(self, shown: BasketShown, seen: "_Seen") -> BasketShown:
        self._publish(shown, seen.last)
        self._parts.near.ask(shown)
        return shown

    def _publish(self, shown: BasketShown, view: BasketView) -> None:
        """Tell the lane, unless the basket was changed or sold since: it would lie there again."""
        told, lane = view.model_dump(), shown.basket.lane
        tell = partial(self._hub.publish, "basket", told, lane=lane)
        self._baskets.while_so(shown.basket, tell)

    def _trust(self, basket: CounterBasket) -> Trust:
        standing = self._standing(Place(basket.lane, basket.till), basket.member_id)
        return Trust(standing, self._visits.policy)

    def _standing(self, place: Place, member_id: UUID | None) -> Standing:
        if member_id is None:
            return BY_NAME_ONLY.standing
        return self._visits.standing(place, member_id)


def _command(basket: CounterBasket, clerk: Clerk, asked: CommitAsked) -> SaleCommand:
    return SaleCommand(
        till=basket.till,
        till_receipt_no=asked.till_receipt_no or f"B-{basket.basket_id.hex[-8:].upper()}",
        lines=(),
        tenders=tuple((tender.kind, tender.amount_fen) for tender in asked.tenders),
        member_id=basket.member_id,
        operator=clerk.operator or basket.operator,
        quoted_total_fen=asked.quoted_total_fen,
    )
