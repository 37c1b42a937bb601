"""Rehearsing past sales: sums that add up, whatever the parts they were made in."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.pricing.rehearsal.replay import CLASSES_FEN, Rehearsal, Tally, budgets, merge
from retail_core.pricing.rehearsal.sold import SoldBasket, SoldLine, cost_fen, read_sold, write_sold
from retail_core.pricing.rules.bundle import Campaign, RuleBundle
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.offers import MixAndMatch
from tests.factories.pricing import TIERS, bundle, mix, tier

MONDAY = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - wall time
GOLD = MemberContext("gold")
RULES = bundle(mix("m", 3), tier("t", 900, "", "gold"))


def sold(
    receipt: str, price_fen: int, units: int, paid_fen: int | None = None, cost: int | None = None
) -> SoldBasket:
    entry = SoldLine(sku="A", unit_price_fen=price_fen, qty_milli=units * 1000, cost_fen=cost)
    return SoldBasket(receipt=receipt, opened=MONDAY, lines=(entry,), paid_fen=paid_fen)


def rehearsed(*some: SoldBasket, draft: RuleBundle = RULES, member: object = None) -> Tally:
    tally, rehearsal = Tally(), Rehearsal(draft, None)
    for one in some:
        rehearsal.add(tally, one, GOLD if member else None)
    return tally


def test_winners_losers_and_the_margin() -> None:
    tally = rehearsed(
        sold("a", 1000, 3, paid_fen=3000, cost=600),
        sold("b", 1000, 1, paid_fen=900, cost=950),
        sold("c", 1000, 2, paid_fen=2000),
    )
    assert (tally.receipts, tally.shelf_fen, tally.before_fen, tally.after_fen) == (
        3,
        6000,
        5900,
        5000,
    )
    assert (tally.cheaper, tally.cheaper_fen, tally.dearer, tally.dearer_fen) == (1, 1000, 1, 100)
    assert [one.receipt for one in tally.winners] == ["a"]
    assert [one.receipt for one in tally.losers] == ["b"]
    assert (tally.costed, tally.cost_fen, tally.costed_after_fen) == (2, 2750, 3000)
    assert (tally.loss_making_before, tally.loss_making) == (1, 0)
    assert tally.offers["m"].fen_off == 1000
    assert tally.months["2026-03"].receipts == 3


@pytest.mark.parametrize(
    "when",
    [
        Conditions(channels=frozenset({"app"})),
        Conditions(stores=frozenset({"S1"})),
        Conditions(regions=frozenset({"east"})),
    ],
)
def test_a_sale_is_priced_where_it_was_sold(when: Conditions) -> None:
    draft = bundle(msgspec.structs.replace(mix("m", 2), when=when))
    here = msgspec.structs.replace(sold("a", 1000, 2), channel="app", store="S1", region="east")
    elsewhere = msgspec.structs.replace(
        sold("b", 1000, 2), channel="till", store="S2", region="west"
    )
    assert rehearsed(here, draft=draft).after_fen == 1_000
    assert rehearsed(elsewhere, draft=draft).after_fen == 2_000


def test_old_rules_are_compared_with_when_given() -> None:
    tally, rehearsal = Tally(), Rehearsal(RULES, bundle(mix("m", 2)))
    rehearsal.add(tally, sold("a", 1000, 2, paid_fen=1), None)
    assert (tally.before_fen, tally.after_fen, tally.dearer) == (1000, 2000, 1)


def test_members_are_priced_as_members() -> None:
    tally = rehearsed(sold("a", 1000, 1), member=True)
    assert tally.after_fen == 900
    assert list(tally.tiers) == ["gold"]


def test_what_no_till_could_mean_is_counted_by_its_code_and_left_out() -> None:
    tally = rehearsed(sold("a", -1, 1), sold("b", 1, 1))
    assert (tally.receipts, tally.refused) == (1, {"P103": 1})


def test_refusals_and_old_rules_are_counted_for_whoever_bought() -> None:
    tally = rehearsed(sold("a", -1, 1), sold("b", -1, 1), sold("c", 1, 1))
    assert tally.refused == {"P103": 2}
    against = Rehearsal(bundle(), RULES)
    both = Tally()
    against.add(both, sold("a", 1000, 1), GOLD)
    against.add(both, sold("b", 1000, 1), None)
    assert (both.before_fen, both.after_fen) == (1900, 2000)
    assert {key: one.before_fen for key, one in both.tiers.items()} == {"gold": 900, "": 1000}
    month = both.months["2026-03"]
    sums = (month.receipts, month.shelf_fen, month.before_fen, month.after_fen)
    assert sums == (2, 2000, 1900, 2000)


@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.integers(1, 7), st.none() | st.integers(0, 9000)),
        max_size=14,
    ),
    st.integers(0, 14),
)
@settings(max_examples=40, deadline=None)
def test_the_parts_add_up_to_the_whole(rows: list[tuple[int, int, int | None]], cut: int) -> None:
    some = [sold(f"r{place:02}", *row) for place, row in enumerate(rows)]
    whole, parts = rehearsed(*some), rehearsed(*some[:cut])
    merge(parts, rehearsed(*some[cut:]))
    assert parts == whole
    assert sum(whole.classes) == whole.receipts
    assert whole.cheaper_fen - whole.dearer_fen == whole.before_fen - whole.after_fen
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Tally) == whole


def test_differences_fall_into_their_classes() -> None:
    some = [sold(str(end), 1000, 1, paid_fen=1000 + end) for end in CLASSES_FEN if end > -1000]
    counts = rehearsed(*some, draft=bundle()).classes
    assert all(count == (end > -1000) for end, count in zip(CLASSES_FEN, counts, strict=False))


def test_a_campaign_is_set_beside_its_budget() -> None:
    offer = MixAndMatch(id="m", name="m", need=2, campaign="spring")
    draft = RuleBundle(
        version=1,
        offers=(offer,),
        tier_names=TIERS,
        campaigns=(Campaign(id="spring", budget_fen=1500),),
    )
    tally = rehearsed(sold("a", 1000, 2), sold("b", 1000, 2), draft=draft)
    assert budgets(tally, draft) == [("spring", 2000, 1500)]


def test_a_sale_reads_back_as_it_was_written() -> None:
    one = sold("a", 100, 2, paid_fen=150, cost=70)
    assert read_sold(write_sold(one), 1) == one
    assert cost_fen(one) == 140
    assert cost_fen(sold("a", 100, 2)) is None


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense",
        b'{"receipt":"1"}',
        b'{"receipt":"1","opened":"2026-03-02T10:00:00Z","lines":[]}',
        b'{"receipt":"1","opened":"2026-03-02T10:00:00","lines":[],"colour":1}',
    ],
)
def test_a_line_that_is_no_sale_is_named(text: bytes) -> None:
    with pytest.raises(Fault) as refused:
        read_sold(text, 17)
    assert refused.value.code.value == "P133"
    assert refused.value.fields["line"] == 17
