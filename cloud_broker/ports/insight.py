"""What recommendations are made from: receipts of the last days."""

from collections.abc import Iterator
from datetime import date
from typing import Protocol

from cloud_broker.ports.catalogue import Document
from retail_core.insight.baskets import Bought


class InsightRepo(Protocol):
    """Receipts for reckoning, and where the result is kept."""

    def bought(self, since: date, limit: int) -> Iterator[Bought]:
        """Yield receipts since a day, the newest `limit` of them, oldest first."""
        ...

    def add_recommendations(
        self, document: Document, receipts: int, articles: int, who: str, now_ms: int
    ) -> None:
        """Store a table of recommendations and queue its announcement."""
        ...

    def reckoned_ms(self) -> int | None:
        """Return when the newest table of recommendations was reckoned; None before the first."""
        ...
