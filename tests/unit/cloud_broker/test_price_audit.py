"""The cloud checks what tills charged: every receipt's sums, and the best price of some."""

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.price_audit import is_sampled
from cloud_broker.ingest.beside import GATHER_S, IDLE_S, RETRY_S, BesideWorker
from cloud_broker.ports.audit import Counted
from cloud_broker.ports.repair import RepairItem
from cloud_broker.services.booking.price_auditing import AT_A_TIME, PriceAudit
from retail_core.errors import Fault
from retail_core.pricing.proof.depends import asks_stock
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.coupons import Held
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from tests.factories.audited import (
    BREAD,
    COLA,
    FRIDAY_NOON,
    GOLD,
    dearer,
    publish,
    sampled_id,
    till_sale,
)
from tests.factories.pricing import line
from tests.fakes.cloud_box import SimBox, fresh_id
from tests.fakes.cloud_ingest import Cloud

change = msgspec.structs.replace


@pytest.fixture
def cloud() -> Cloud:
    made = Cloud()
    publish(made.units, made.tenant)
    return made


@pytest.fixture
def box(cloud: Cloud) -> SimBox:
    return cloud.box()


@pytest.fixture
def audit(cloud: Cloud) -> PriceAudit:
    return PriceAudit(cloud.units, cloud.tally)


def found(cloud: Cloud, box: SimBox, audit: PriceAudit, *sales: Sale) -> list[RepairItem]:
    for sale in sales:
        box.journal(EventType.SALE, encode_body(sale))
    cloud.book((box, box.frame()))
    while audit.run(cloud.tenant):
        pass
    return [item for item in cloud.state.repairs.values() if item.kind == "price"]


def numbered(sale: Sale, number: str) -> Sale:
    """The same goods on another receipt, that is priced again as well."""
    return change(sale, receipt_id=sampled_id().bytes, till_receipt_no=number)


def counted(cloud: Cloud) -> Counted:
    (only,) = cloud.state.audit_days.values()
    return only


def test_a_price_by_the_rules_is_counted_and_nothing_else(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    sampled = till_sale(COLA, COLA, BREAD, member=GOLD, receipt=sampled_id())
    plain = till_sale(COLA, receipt=sampled_id(wanted=False))
    assert found(cloud, box, audit, sampled, plain) == []
    assert counted(cloud) == Counted(audited=2, resolved=1, differing=0)
    assert cloud.state.audit_due == set()


def test_the_hour_and_the_tier_are_those_of_the_till(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    at_night = FRIDAY_NOON.replace(hour=22)
    sales = [
        till_sale(COLA, BREAD, member=member, opened=opened, receipt=sampled_id())
        for member in (None, GOLD)
        for opened in (FRIDAY_NOON, at_night)
    ]
    assert len({sale.total_fen for sale in sales}) == 4
    assert found(cloud, box, audit, *sales) == []
    assert counted(cloud).resolved == 4


def test_a_customer_charged_too_much_is_put_before_hq(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    sale = numbered(dearer(till_sale(COLA, COLA, receipt=sampled_id())), "T-1")
    (item,) = found(cloud, box, audit, sale)
    assert (item.code, item.detail) == ("P143", "receipt=T-1, charged=1400, due=1050")
    assert counted(cloud) == Counted(1, 1, 1)
    assert cloud.tally.snapshot() == {"P143": 1}


def test_a_price_that_the_rules_do_not_give_is_put_before_hq(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    gold = till_sale(BREAD, member=GOLD, receipt=sampled_id())
    assert gold.priced_for is not None
    nobody = change(gold, priced_for=change(gold.priced_for, tier=None))
    (item,) = found(cloud, box, audit, numbered(nobody, "T-1"))
    assert (item.code, item.detail) == ("P144", "receipt=T-1, charged=1080, due=1200")


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda sale: change(sale, total_fen=sale.total_fen - 1), "P140"),
        (lambda sale: change(sale, shelf_fen=sale.shelf_fen + 1), "P140"),
        (
            lambda sale: change(
                sale, lines=(change(sale.lines[0], net_fen=9_999), *sale.lines[1:])
            ),
            "P140",
        ),
        (lambda sale: change(sale, bundle_hash=bytes(32)), "P141"),
        (lambda sale: change(sale, bundle_version=99), "P141"),
        (
            lambda sale: change(
                sale,
                lines=tuple(
                    change(line, offers=tuple(("x", fen) for _, fen in line.offers))
                    for line in sale.lines
                ),
            ),
            "P142",
        ),
    ],
)
def test_what_does_not_add_up_is_found_on_every_receipt(
    cloud: Cloud, box: SimBox, audit: PriceAudit, bend: Callable[[Sale], Sale], code: str
) -> None:
    sale = bend(till_sale(COLA, COLA, receipt=sampled_id(wanted=False)))
    (item,) = found(cloud, box, audit, sale)
    assert item.code == code
    assert item.store == box.store


def test_a_sale_at_shelf_prices_without_a_bundle_is_fine(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    plain = dearer(till_sale(COLA, receipt=sampled_id()))
    sale = change(plain, bundle_version=0, bundle_hash=b"", priced_for=None)
    assert found(cloud, box, audit, sale) == []
    assert counted(cloud) == Counted(1, 0, 0)


def test_an_old_box_says_nothing_to_price_again(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    old = change(dearer(till_sale(COLA, COLA, receipt=sampled_id())), priced_for=None)
    assert found(cloud, box, audit, old) == []
    assert counted(cloud) == Counted(1, 0, 0)


def test_what_was_redeemed_is_priced_again_with_what_it_spent(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    coupons = tuple(Held(id=str(fresh_id()), coupon="two") for _ in range(2))
    rich = replace(GOLD, points_free=5_000, coupons=coupons)
    both = till_sale(COLA, BREAD, member=rich, receipt=sampled_id(), points_wanted=700)
    assert [one.kind for one in both.lease_spends] == ["points", "coupon"]
    coupon = till_sale(COLA, BREAD, member=rich, receipt=sampled_id())
    points = till_sale(COLA, member=rich, receipt=sampled_id(), points_wanted=300)
    assert found(cloud, box, audit, both, coupon, points) == []
    assert counted(cloud) == Counted(audited=3, resolved=3, differing=0)
    forgot = change(dearer(numbered(both, "2")), coupon=both.coupon, tenders=both.tenders)
    nobodys = change(numbered(both, "3"), lease_spends=both.lease_spends[1:])
    items = found(cloud, box, audit, forgot, nobodys)
    assert sorted(item.code for item in items) == ["P143", "P144"]


def test_an_odd_receipt_is_priced_again_whatever_its_id(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    sale = dearer(till_sale(COLA, COLA, receipt=sampled_id(wanted=False)))
    (item,) = found(cloud, box, audit, change(sale, solver_status="incumbent"))
    assert item.code == "P143"


def test_printed_receipts_are_not_ours_to_check(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    tapped = change(till_sale(COLA, receipt=sampled_id()), source="tap", total_fen=1)
    assert found(cloud, box, audit, tapped) == []
    assert cloud.state.audit_days == {}


def test_a_person_closes_it_by_looking(cloud: Cloud, box: SimBox, audit: PriceAudit) -> None:
    (item,) = found(cloud, box, audit, dearer(till_sale(COLA, COLA, receipt=sampled_id())))
    with cloud.units.begin(cloud.tenant) as unit:
        assert unit.repair.take(item.repair_id) == item
        unit.repair.resolve([item.repair_id], "HQ", 1)


def test_more_than_fits_is_checked_bit_by_bit(cloud: Cloud, box: SimBox, audit: PriceAudit) -> None:
    sales = [till_sale(COLA, receipt=sampled_id(wanted=False)) for _ in range(AT_A_TIME + 1)]
    for sale in sales:
        box.journal(EventType.SALE, encode_body(sale))
    cloud.book((box, box.frame()))
    assert [audit.run(cloud.tenant) for _ in range(3)] == [AT_A_TIME, 1, 0]


def test_without_a_database_all_stays_due(cloud: Cloud, box: SimBox, audit: PriceAudit) -> None:
    box.journal(EventType.SALE, encode_body(till_sale(COLA)))
    cloud.book((box, box.frame()))
    cloud.units.down = True
    with pytest.raises(Fault):
        audit.run(cloud.tenant)
    cloud.units.down = False
    assert audit.run(cloud.tenant) == 1


def test_a_receipt_that_cannot_be_worked_out_is_a_difference_and_holds_up_nobody(
    cloud: Cloud, box: SimBox, audit: PriceAudit
) -> None:
    odd = till_sale(COLA, receipt=sampled_id())
    assert odd.priced_for is not None
    for facts in (
        change(odd.priced_for, opened_min=2**60),
        change(odd.priced_for, opened_min=2**40),
    ):
        box.journal(EventType.SALE, encode_body(change(odd, priced_for=facts)))
        odd = till_sale(COLA, receipt=sampled_id())
    (first, second) = found(cloud, box, audit)
    assert {first.code, second.code} == {"P140"}
    assert counted(cloud).differing == 2


def test_one_in_a_hundred_is_chosen_by_its_id() -> None:
    ids = [UUID(int=number) for number in range(20_000)]
    assert 150 < sum(map(is_sampled, ids)) < 250
    assert [is_sampled(one) for one in ids] == [is_sampled(one) for one in ids]
    assert is_sampled(sampled_id())


class TestAuditor:
    def test_it_rests_longer_when_nothing_is_due_and_longest_in_trouble(
        self, cloud: Cloud, box: SimBox, audit: PriceAudit
    ) -> None:
        box.journal(EventType.SALE, encode_body(till_sale(COLA)))
        cloud.book((box, box.frame()))
        auditor = BesideWorker("price-audit", audit.run, lambda: (cloud.tenant,), cloud.tally)
        assert auditor._turn() >= GATHER_S
        assert auditor._turn() == IDLE_S
        cloud.units.down = True
        assert auditor._turn() == RETRY_S
        assert cloud.tally.snapshot() == {"S102": 1}

    def test_a_receipt_nobody_foresaw_does_not_end_the_checking(self, cloud: Cloud) -> None:
        def tenants() -> tuple[UUID, ...]:
            raise RuntimeError

        auditor = BesideWorker(
            "price-audit", PriceAudit(cloud.units, cloud.tally).run, tenants, cloud.tally
        )
        assert auditor._turn() == RETRY_S
        auditor.start()
        auditor.stop()
        auditor.stop()


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "set_amount", "need": 2, "fen_off": 500, "items": {"skus": ["bread"]}},
        {"kind": "price_list", "prices": {"bread": 100}},
        {
            "kind": "slot_bundle",
            "fen_off": 100,
            "slots": [{"items": {"skus": ["bread"]}}, {"items": {"skus": ["milk"]}}],
        },
    ],
)
def test_only_what_hangs_on_stock_is_not_priced_again(rule: dict[str, object]) -> None:
    stocked = rule | {"id": "x", "name": "x", "when": {"stock_from": 1}}
    gift = {"id": "g", "name": "g", "sku": "G", "need": 1, "when": {"stock_from": 1}}
    rules = {"version": 1, "tier_names": {}, "offers": [stocked], "gifts": [gift]}
    bundle = parse_bundle(json.dumps(rules).encode())
    bread, cola = line(1, 100, sku="bread"), line(2, 100, sku="cola")
    assert asks_stock(bundle, (cola, bread))
    assert not asks_stock(bundle, (cola,))
    plain = json.dumps(rules | {"offers": [rule | {"id": "x", "name": "x"}]}).encode()
    assert not asks_stock(parse_bundle(plain), (bread,))
