"""Baskets in memory."""

from collections.abc import Collection
from uuid import UUID

from edge_agent.domain.basket import CounterBasket
from edge_agent.ports.basket_store import KeyedAnswer
from edge_agent.ports.journal import Beside, StoredAnswer
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class FakeBasketStore:
    """Fulfils `BasketStore`; `full` refuses as a full disk does."""

    def __init__(self) -> None:
        self.full = False
        self._baskets: dict[UUID, CounterBasket] = {}
        self._answers: dict[str, tuple[UUID, StoredAnswer]] = {}

    def load(self) -> tuple[CounterBasket, ...]:
        return tuple(self._baskets[key] for key in sorted(self._baskets))

    def keep(self, basket: CounterBasket, answer: KeyedAnswer | None = None) -> None:
        if self.full:
            raise Fault(FaultCode.DISK_FULL)
        self._baskets[basket.basket_id] = basket
        if answer is not None:
            self._answers[answer[0]] = (basket.basket_id, answer[1])

    def change(self, basket: CounterBasket) -> Beside:
        return lambda _transaction: self.keep(basket)

    def answer(self, key: str) -> StoredAnswer | None:
        found = self._answers.get(key)
        return None if found is None else found[1]

    def forget(self, baskets: Collection[UUID]) -> None:
        for basket in baskets:
            self._baskets.pop(basket, None)
        self._answers = {k: held for k, held in self._answers.items() if held[0] not in baskets}
