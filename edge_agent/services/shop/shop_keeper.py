"""What HQ says of the store a box stands in: its name, city, region and when its day begins.

A box is provisioned with them; later words of HQ come with the store's own table and are kept over
restarts. A day never begins twice: another beginning is taken up once the old reckoning and the new
one name the same day.
"""

from collections.abc import Callable
from datetime import datetime, time

from edge_agent.domain.shop import Shop
from edge_agent.ports.documents import Documents
from retail_core.catalog.stock_table import StoreSaid
from retail_core.checkout.business_date import business_date

DOCUMENT = "store"
_FIELDS = ("name", "city", "region", "day_starts_at")


class ShopKeeper:
    """Used from the downlink's thread; everybody reads the shop it keeps."""

    def __init__(self, shop: Shop, documents: Documents) -> None:
        self.shop = shop
        self._documents = documents

    def recall(self) -> None:
        """Let the shop be what was heard of it before this start."""
        held = self._documents.get(DOCUMENT) or {}
        name, city, region, starts = (held.get(field) for field in _FIELDS)
        if isinstance(name, str) and isinstance(city, str) and isinstance(region, str):
            self.shop.store_name, self.shop.city, self.shop.region = name, city, region
        self.shop.day_starts_at = _time(starts) or self.shop.day_starts_at

    def hear(
        self, said: StoreSaid, now_local: datetime | None, region_moves: Callable[[], None]
    ) -> None:
        """Take over what HQ says; `region_moves` fetches another region's prices, or raises."""
        shop, before = self.shop, self._now()
        moved, old_region = said.region != shop.region, shop.region
        shop.region = said.region
        if moved:
            try:
                region_moves()
            except Exception:
                shop.region = old_region
                raise
        shop.store_name, shop.city = said.name, said.city
        starts = _time(said.day_starts_at)
        if starts is not None and now_local is not None:
            days = {business_date(now_local, one) for one in (shop.day_starts_at, starts)}
            shop.day_starts_at = starts if len(days) == 1 else shop.day_starts_at
        if self._now() != before:
            self._documents.put(DOCUMENT, self._now())

    def _now(self) -> dict[str, object]:
        shop = self.shop
        starts = shop.day_starts_at.strftime("%H:%M")
        return dict(zip(_FIELDS, (shop.store_name, shop.city, shop.region, starts), strict=True))


def _time(said: object) -> time | None:
    try:
        return time.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
