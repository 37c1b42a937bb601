"""Which prices are due to be checked, in memory."""

from collections.abc import Collection
from datetime import date

from cloud_broker.ports.audit import Counted, DueSale
from retail_core.catalog.article import Article
from retail_core.wire.codec import encode_body
from tests.fakes.cloud_office import FakeCatalogueRepo
from tests.fakes.cloud_state import State


class FakeAuditRepo:
    """`AuditRepo` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def take(self, limit: int) -> tuple[DueSale, ...]:
        due = sorted(
            self._state.audit_due,
            key=lambda receipt: (self._state.sales[receipt].arrival.received_ms, receipt),
        )[:limit]
        self._state.audit_due -= set(due)
        sales = [self._state.sales[receipt] for receipt in due]
        return tuple(
            DueSale(
                receipt_id=sale.receipt_id,
                event_id=sale.arrival.event_id,
                store=sale.arrival.place.store,
                device=sale.arrival.place.device,
                epoch=sale.arrival.epoch,
                seq=sale.arrival.seq,
                member=sale.arrival.member,
                day=sale.day,
                received_ms=sale.arrival.received_ms,
                body=encode_body(sale.sale),
            )
            for sale in sales
        )

    def articles(self, skus: Collection[str], day: date) -> tuple[Article, ...]:
        known = FakeCatalogueRepo(self._state).effective(day)
        return tuple(article for article in known if article.sku in set(skus))

    def count(self, day: date, counted: Counted) -> None:
        held = self.counts(day)
        self._state.audit_days[day] = Counted(
            held.audited + counted.audited,
            held.resolved + counted.resolved,
            held.differing + counted.differing,
        )

    def counts(self, day: date) -> Counted:
        return self._state.audit_days.get(day, Counted())
