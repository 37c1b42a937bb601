"""What the list of prices to be checked promises: AuditRepo."""

from contextlib import suppress
from datetime import date
from uuid import UUID

import pytest

from cloud_broker.ports.audit import Counted
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.booking.price_auditing import PriceAudit
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.kinds import EventType
from tests.factories.audited import BREAD, COLA, dearer, publish, sampled_id, till_sale
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, SimBox
from tests.plugins.cloud import new_box, new_tenant

DAY = date(2026, 11, 20)


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    publish(any_units, tenant)
    return new_box(any_units, tenant)


def book(units: Units, box: SimBox) -> None:
    ingest = Ingest(units, FakeCloudClock(), FaultTally())
    ingest.book([Inbound(box.topic(), box.frame(), WALL_MS)])


class TestAuditRepo:
    def test_what_a_till_priced_is_due_once(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        sales = [till_sale(COLA), till_sale(BREAD), till_sale(COLA, BREAD)]
        for sale in sales:
            box.journal(EventType.SALE, encode_body(sale))
        book(any_units, box)
        with any_units.begin(tenant) as unit:
            first = unit.audit.take(2)
        with any_units.begin(tenant) as unit:
            rest = unit.audit.take(2)
            assert unit.audit.take(2) == ()
        taken = (*first, *rest)
        assert sorted(decode_body(EventType.SALE, one.body).receipt_id for one in taken) == sorted(  # type: ignore[union-attr]
            sale.receipt_id for sale in sales
        )
        assert {(one.store, one.device, one.epoch, one.day) for one in taken} == {
            (box.store, box.device, box.epoch, DAY)
        }
        assert sorted(one.seq for one in taken) == [1, 2, 3]

    def test_what_was_taken_is_due_again_when_it_came_to_nothing(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        box.journal(EventType.SALE, encode_body(till_sale(COLA)))
        book(any_units, box)
        with suppress(RuntimeError), any_units.begin(tenant) as unit:
            assert len(unit.audit.take(9)) == 1
            raise RuntimeError
        with any_units.begin(tenant) as unit:
            assert len(unit.audit.take(9)) == 1

    def test_articles_are_as_they_were_on_the_day(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        with any_units.begin(tenant) as unit:
            (cola,) = unit.audit.articles({"cola", "unheard of"}, DAY)
            assert (cola.sku, cola.price_fen, cola.category) == ("cola", 700, "drinks")
            assert unit.audit.articles({"cola"}, date(2025, 1, 1)) == ()
            assert unit.audit.articles(set(), DAY) == ()

    def test_counts_add_up_by_day(self, any_units: Units, tenant: UUID) -> None:
        with any_units.begin(tenant) as unit:
            assert unit.audit.counts(DAY) == Counted()
            unit.audit.count(DAY, Counted(5, 1, 0))
            unit.audit.count(DAY, Counted(2, 1, 1))
        with any_units.begin(tenant) as unit:
            assert unit.audit.counts(DAY) == Counted(7, 2, 1)

    def test_a_difference_ends_in_the_repair_queue(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        wrong = dearer(till_sale(COLA, COLA, receipt=sampled_id()))
        box.journal(EventType.SALE, encode_body(wrong))
        right = till_sale(COLA, BREAD, receipt=sampled_id())
        box.journal(EventType.SALE, encode_body(right))
        book(any_units, box)
        audit = PriceAudit(any_units, FaultTally())
        assert [audit.run(tenant), audit.run(tenant)] == [2, 0]
        with any_units.begin(tenant) as unit:
            assert unit.audit.counts(DAY) == Counted(2, 2, 1)

    def test_a_bundle_that_is_published_late_is_looked_for_again(
        self, any_units: Units, tenant: UUID
    ) -> None:
        early = new_box(any_units, tenant)
        audit = PriceAudit(any_units, FaultTally())
        for _ in range(2):
            early.journal(EventType.SALE, encode_body(till_sale(COLA, COLA)))
        book(any_units, early)
        assert audit.run(tenant) == 2
        publish(any_units, tenant)
        early.journal(EventType.SALE, encode_body(till_sale(COLA, COLA)))
        book(any_units, early)
        assert audit.run(tenant) == 1
        with any_units.begin(tenant) as unit:
            counted = unit.audit.counts(DAY)
        assert (counted.audited, counted.differing) == (3, 2)
