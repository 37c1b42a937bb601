"""What goods cost here today and what lies here: switched by the shop's own day, also offline.

The cloud sends every price that is to come with its day, so that a box needs no line to change
its prices when the shop's business day begins. Stock is a light table with its age: it never
stops a sale.
"""

import threading

from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.replica import InForce, Replica
from edge_agent.services.price_desk import PriceDesk
from retail_core.catalog.encoding import Catalogue
from retail_core.catalog.price_lists import for_store, prices_in_force, scopes_of
from retail_core.catalog.stock_table import decode_stock
from retail_core.errors import Fault
from retail_core.insight.table import decode_table
from retail_core.texts.faults import FaultCode


class Shelf:
    """Puts prices in force by day, and fetches what lies here and what to recommend."""

    def __init__(
        self, replica: Replica, directory: CloudDirectory, shop: Shop, clock: Clock
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._clock = clock
        self._days = PriceDesk(replica, shop)
        self._scopes = scopes_of(shop.store.hex, shop.region)
        self._one_hand = threading.Lock()  # a day that begins while a catalogue comes

    def take(self, catalogue: Catalogue) -> None:
        """Hold a new catalogue with today's prices in force from its first moment."""
        base = {article.sku: article.price_fen for article in catalogue.articles}
        prices = for_store(catalogue.prices, base, self._scopes, catalogue.day)
        day = self._today() or catalogue.day
        in_force = InForce(day, prices_in_force(prices, self._scopes, day))
        with self._one_hand:
            self._replica.replace_catalogue(catalogue.version, catalogue.articles, prices, in_force)

    def turn(self) -> None:
        """Put the prices of a new business day in force; without a clock they stay as they are."""
        day = self._today()
        with self._one_hand:
            if day is None or day == self._replica.priced_on():
                return
            prices = prices_in_force(self._replica.list_prices(), self._scopes, day)
            self._replica.put_prices_in_force(InForce(day, prices))

    def refresh_stock(self) -> None:
        """Fetch what lies here; a cloud where nobody counts says so with an empty table."""
        self._replica.replace_stock(decode_stock(self._directory.stock()))

    def refresh_recommendations(self) -> None:
        """Fetch the newest table, if there is one."""
        try:
            content = self._directory.recommendations()
        except Fault as fault:
            if fault.code is FaultCode.API_NOT_FOUND:
                return
            raise
        self._replica.replace_recommendations(decode_table(content).version, content)

    def _today(self) -> int | None:
        return self._days.business_date(self._clock.now())
