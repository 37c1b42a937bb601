"""Equal treatment: the same conditions cost the same, by published rules, and by no guess."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.equal_treatment import Report, as_csv, as_values
from cloud_broker.domain.guessed_tags import GUESSED, guesses_in, refuse_guesses
from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.entry import Basis
from cloud_broker.ports.fairness import PricedSale
from cloud_broker.services.members.equal_treatment import EqualTreatment
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import parse_bundle, sign_bundle
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.messages import Sale
from tests.factories.audited import (
    BREAD,
    BUNDLE,
    COLA,
    CONTENT,
    FRIDAY_NOON,
    GOLD,
    dearer,
    till_sale,
)
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_fairness import FakeFairnessReads

DAY = date(2026, 11, 20)
TENANT = fresh_id()


def audited(*sales: Sale, days: tuple[date, ...] = ()) -> Report:
    sold = [
        PricedSale(UUID(bytes=one.receipt_id), "上海店", day, bytes(encode_body(one)))
        for one, day in zip(sales, days or [DAY] * len(sales), strict=True)
    ]
    signed = {BUNDLE.version: sign_bundle(CONTENT, bytes(32))}
    reads = EqualTreatment(FakeFairnessReads(sold, signed))
    return reads.audit(TENANT, DAY - timedelta(days=3), DAY + timedelta(days=3))


def test_the_same_for_everybody() -> None:
    found = audited(
        till_sale(COLA, COLA, BREAD, member=GOLD),
        till_sale(BREAD, COLA, COLA, member=GOLD),
        till_sale(COLA, COLA, BREAD),
    )
    assert (found.receipts, found.priced, found.compared) == (3, 3, 1)
    assert found.clean
    assert as_values(found)["findings"] == []


def test_one_who_paid_more_is_found() -> None:
    fair, dear = till_sale(COLA, COLA, member=GOLD), dearer(till_sale(COLA, COLA, member=GOLD))
    found = audited(fair, dear)
    assert not found.clean
    (finding,) = found.findings
    assert {finding.fen, finding.other_fen} == {fair.total_fen, dear.total_fen}
    assert finding.kind == "differs"
    assert as_csv(found).splitlines()[1].startswith("differs,2026-11-20,上海店,")


def test_another_hour_explains_another_price() -> None:
    noon = till_sale(COLA)
    evening = till_sale(COLA, opened=FRIDAY_NOON + timedelta(hours=7))
    assert noon.total_fen != evening.total_fen
    found = audited(noon, evening)
    assert (found.compared, found.explained, found.differing) == (1, 1, 0)
    # Another day is not compared at all.
    apart = audited(noon, dearer(noon), days=(DAY, DAY + timedelta(days=1)))
    assert apart.compared == 0


def test_who_refuses_guesses_pays_no_more() -> None:
    sale = till_sale(COLA, COLA, member=GOLD)
    facts = sale.priced_for
    assert facts is not None
    refuses = msgspec.structs.replace(
        dearer(sale),
        receipt_id=fresh_id().bytes,
        priced_for=msgspec.structs.replace(facts, personal=False),
    )
    assert audited(sale, refuses).differing == 1


def test_a_rule_that_nobody_published_is_found() -> None:
    sale = till_sale(COLA, COLA)
    lines = tuple(
        msgspec.structs.replace(line, offers=(*line.offers, ("secret", 0))) for line in sale.lines
    )
    found = audited(msgspec.structs.replace(sale, lines=lines))
    assert (found.unpublished, found.findings[0].detail) == (1, "secret")
    unknown = audited(msgspec.structs.replace(sale, bundle_hash=b"x" * 32))
    assert unknown.unpublished > 0


@given(st.permutations([COLA, COLA, BREAD, BREAD]))
def test_the_order_of_lines_is_no_condition(articles: list[object]) -> None:
    one = till_sale(COLA, COLA, BREAD, BREAD, member=GOLD)
    other = till_sale(*articles, member=GOLD)  # type: ignore[arg-type] # articles, shuffled
    assert audited(one, other).compared == 1


def test_guesses_are_those_of_the_catalogue() -> None:
    assert {tag.key for tag in TAGS if tag.basis is Basis.INFERRED} == GUESSED


def offer(kind: str, **more: object) -> bytes:
    rule = {"kind": kind, "id": "x", "name": "试", "when": {"tags_all": ["price_sensitivity"]}}
    place = "coupons" if kind == "threshold" else "offers"
    whole = {"version": 9, "tier_names": {"gold": "金卡"}, place: [rule | more]}
    return msgspec.json.encode(whole)


def test_no_price_by_a_guess() -> None:
    bent = parse_bundle(offer("tier_price", permille=900, tiers=["gold"]))
    assert guesses_in(bent) == (("x", "price_sensitivity"),)
    with pytest.raises(Fault) as refused:
        refuse_guesses(bent)
    assert refused.value.code is FaultCode.OFFER_INVALID
    coupon = parse_bundle(offer("threshold", threshold_fen=1500, fen_off=200))
    assert guesses_in(coupon) == ()
    refuse_guesses(BUNDLE)


def test_a_bent_span() -> None:
    with pytest.raises(Fault):
        EqualTreatment(FakeFairnessReads()).audit(TENANT, DAY, DAY - timedelta(days=1))
