"""What goods cost here today and what lies here: switched by the shop's own day, also offline.

The cloud sends every price that is to come with its day, so that a box needs no line to change
its prices when the shop's business day begins. Stock is a light table with its age: it never
stops a sale.
"""

import threading
from hashlib import sha256

from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.replica import CatalogueStep, InForce, Replica
from edge_agent.services.shop.price_desk import PriceDesk
from edge_agent.services.shop.shop_keeper import ShopKeeper
from retail_core.catalog.delta import open_delta
from retail_core.catalog.encoding import Catalogue, open_catalogue
from retail_core.catalog.price_lists import for_store, prices_in_force, scopes_of
from retail_core.catalog.stock_table import decode_stock
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.insight.table import decode_table
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Published


class Shelf:
    """Puts prices in force by day, and fetches what lies here and what to recommend."""

    def __init__(
        self,
        replica: Replica,
        directory: CloudDirectory,
        shop: Shop,
        clock: Clock,
        keeper: ShopKeeper | None = None,
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._clock = clock
        self._days = PriceDesk(replica, shop)
        self._shop = shop
        self._keeper = keeper
        self._one_hand = threading.Lock()  # a day that begins while a catalogue comes

    @property
    def _scopes(self) -> tuple[str, ...]:
        return scopes_of(self._shop.store.hex, self._shop.region)

    def take(self, catalogue: Catalogue, checked: bytes = b"") -> None:
        """Hold a new catalogue, of this hash, with today's prices in force at once."""
        base = {article.sku: article.price_fen for article in catalogue.articles}
        prices = for_store(catalogue.prices, base, self._scopes, catalogue.day)
        day = self._today() or catalogue.day
        in_force = InForce(day, prices_in_force(prices, self._scopes, day))
        with self._one_hand:
            self._replica.replace_catalogue(
                catalogue.version, catalogue.articles, prices, in_force, sha256=checked
            )

    def step(self, published: Published) -> bool:
        """Take the small change that came with an announcement; False where it does not fit.

        Raises Faults W101 and W102 for one that cannot be read.
        """
        delta = open_delta(published.delta)
        base = {article.sku: article.price_fen for article in delta.articles}
        prices = for_store(delta.prices, base, self._scopes, delta.day)
        with self._one_hand:
            # The others are priced for that day; when another begins, all are priced anew.
            day = self._replica.priced_on() or self._today() or delta.day
            return self._replica.step_catalogue(
                CatalogueStep(
                    published.base,
                    published.base_sha256,
                    published.version,
                    published.sha256,
                    delta.articles,
                    delta.gone,
                    prices,
                    prices_in_force(prices, self._scopes, day),
                )
            )

    def turn(self) -> None:
        """Put the prices of a new business day in force; without a clock they stay as they are."""
        day = self._today()
        with self._one_hand:
            if day is None or day == self._replica.priced_on():
                return
            prices = prices_in_force(self._replica.list_prices(), self._scopes, day)
            self._replica.put_prices_in_force(InForce(day, prices))

    def refresh_stock(self) -> None:
        """Fetch what lies here, with what HQ says of the store; nobody counts: an empty table."""
        table = decode_stock(self._directory.stock())
        self._replica.replace_stock(table)
        if table.store is not None and self._keeper is not None:
            at = self._clock.now()
            local = None if at.quality is TimeQuality.UNKNOWN else self._days.local(at)
            self._keeper.hear(table.store, local, self._fetch_whole)

    def _fetch_whole(self) -> None:
        """Fetch the catalogue held once more: another region's prices were never kept here."""
        version = self._replica.catalogue_version()
        if version:
            content = self._directory.catalogue(version)
            self.take(open_catalogue(content), sha256(content).digest())

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
