"""What a basket costs, by example."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retail_core.checkout.basket import BasketLine
from retail_core.errors import Fault
from retail_core.pricing.evaluate import (
    AppliedOffer,
    MemberContext,
    PricedBasket,
    PricedLine,
    Reason,
    RejectedOffer,
    certificate_hash,
    price_basket,
)
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.offers import MixAndMatch, Offer, TierPrice
from retail_core.pricing.solver.model import Limits
from retail_core.texts.faults import FaultCode
from tests.factories.pricing import FRIDAY_NOON, basket, bundle, line, mix, set_price, slot, tier

GOLD = MemberContext("gold")


def price(
    lines: list[BasketLine], *offers: Offer, member: MemberContext | None = None
) -> PricedBasket:
    return price_basket(basket(*lines), bundle(*offers), member)


def offs(priced: PricedBasket) -> list[tuple[tuple[str, int], ...]]:
    return [entry.offers for entry in priced.lines]


def reasons(priced: PricedBasket) -> dict[str, Reason]:
    return {entry.offer_id: entry.reason for entry in priced.rejected}


def test_without_offers_everything_costs_its_shelf_price() -> None:
    priced = price([line(1, 1990, 2), line(2, 4500, qty_milli=437)])
    assert priced == PricedBasket(
        lines=(
            PricedLine(1, "S1", "article 1", 2000, 3980, 3980, ()),
            PricedLine(2, "S2", "article 2", 437, 1967, 1967, ()),
        ),
        shelf_fen=5947,
        total_fen=5947,
        saved_fen=0,
        status="optimal",
        gap_fen=0,
        applied=(),
        rejected=(),
        bundle_version=7,
        nodes=0,
    )


def test_a_bad_basket_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        price([])
    assert refused.value.code == FaultCode.SALE_EMPTY


def test_a_price_per_unit_is_rounded_per_unit() -> None:
    priced = price([line(1, 10, 3)], tier("t", 950))
    assert (priced.total_fen, offs(priced)) == (30, [()])
    assert reasons(priced) == {"t": Reason.NO_SAVING}
    priced = price([line(1, 11, 3)], tier("t", 950))
    assert (priced.total_fen, offs(priced)) == (30, [(("t", 3),)])
    assert priced.applied == (AppliedOffer("t", "t", 3, (1,), 3, (3,)),)
    assert priced.saved_fen == 3


def test_a_weighed_line_is_rounded_as_a_whole() -> None:
    priced = price([line(1, 1000, qty_milli=1500)], tier("t", 950), mix("m", 2))
    assert (priced.total_fen, offs(priced)) == (1425, [(("t", 75),)])
    assert reasons(priced) == {"m": Reason.TOO_FEW_UNITS}


def test_the_best_price_per_unit_wins_whatever_its_place() -> None:
    for offers in ([tier("a", 900), tier("b", 800)], [tier("b", 800), tier("a", 900)]):
        priced = price([line(1, 1000)], *offers)
        assert offs(priced) == [(("b", 200),)]
        assert priced.rejected == (RejectedOffer("a", "a", Reason.BEATEN),)


def test_equal_savings_go_to_priority_then_to_the_lower_id() -> None:
    assert offs(price([line(1, 1000)], tier("b", 900), tier("a", 900))) == [(("a", 100),)]
    strong = TierPrice(id="z", name="z", permille=900, priority=1)
    assert offs(price([line(1, 1000)], tier("a", 900), strong)) == [(("z", 100),)]
    sets: list[Offer] = [mix("b", 2), mix("a", 2)]
    assert price([line(1, 1000, 2)], *sets).applied[0].offer_id == "a"
    preferred = MixAndMatch(id="z", name="z", need=2, priority=1)
    assert price([line(1, 1000, 2)], *sets, preferred).applied[0].offer_id == "z"


def test_equal_savings_go_to_a_price_per_unit_before_a_set_and_to_fewer_sets() -> None:
    priced = price([line(1, 1000, 2)], mix("a", 2), tier("b", 500))
    assert [offer.offer_id for offer in priced.applied] == ["b"]
    priced = price([line(1, 1000, 4)], mix("a", 2), mix("b", 4, 2))
    assert [offer.offer_id for offer in priced.applied] == ["b"]


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (None, Reason.NOT_ELIGIBLE_TIER),
        (MemberContext("standard"), Reason.NOT_ELIGIBLE_TIER),
        (MemberContext("standard", frozenset({"gold"})), Reason.NOT_ELIGIBLE_TIER),
        (GOLD, None),
    ],
)
def test_a_tier_price_is_for_its_tiers(member: MemberContext | None, reason: Reason | None) -> None:
    priced = price([line(1, 1000)], tier("t", 950, "", "gold", "ruby"), member=member)
    assert priced.total_fen == (950 if reason is None else 1000)
    assert reasons(priced) == ({} if reason is None else {"t": reason})


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (None, Reason.NOT_ELIGIBLE_TAG),
        (MemberContext("gold", frozenset("a")), Reason.NOT_ELIGIBLE_TAG),
        (MemberContext("gold", frozenset("ab")), None),
    ],
)
def test_a_tag_price_is_for_members_with_a_tag(
    member: MemberContext | None, reason: Reason | None
) -> None:
    offer = MixAndMatch(id="m", name="m", need=2, member_tags=frozenset("bc"))
    priced = price([line(1, 1000, 2)], offer, member=member)
    assert priced.total_fen == (1000 if reason is None else 2000)
    assert reasons(priced) == ({} if reason is None else {"m": reason})


def test_the_tier_is_asked_before_the_tag_and_the_tag_before_the_slot() -> None:
    never = replace_offer(slot("s", 900, (0, "08:00", "09:00")), tiers="x", member_tags="y")
    assert reasons(price([line(1, 100)], never)) == {"s": Reason.NOT_ELIGIBLE_TIER}
    member = MemberContext("x")
    assert reasons(price([line(1, 100)], never, member=member)) == {"s": Reason.NOT_ELIGIBLE_TAG}
    member = MemberContext("x", frozenset("y"))
    assert reasons(price([line(1, 100)], never, member=member)) == {"s": Reason.OUTSIDE_SLOT}


def replace_offer(offer: Offer, *, tiers: str, member_tags: str) -> Offer:
    return type(offer)(
        **{name: getattr(offer, name) for name in offer.__struct_fields__}
        | {"tiers": frozenset(tiers), "member_tags": frozenset(member_tags)}
    )


@pytest.mark.parametrize(("minutes", "total"), [(-1, 1000), (0, 900), (59, 900), (60, 1000)])
def test_a_slot_price_asks_when_the_basket_was_opened(minutes: int, total: int) -> None:
    opened = FRIDAY_NOON + timedelta(minutes=minutes)
    priced = price_basket(
        basket(line(1, 1000), opened=opened), bundle(slot("s", 900, (4, "12:00", "13:00"))), None
    )
    assert priced.total_fen == total
    assert reasons(priced) == ({} if total == 900 else {"s": Reason.OUTSIDE_SLOT})


@pytest.mark.parametrize(
    ("units", "free", "total"),
    [(1, 1, 1000), (2, 1, 2000), (3, 1, 2000), (5, 1, 4000), (6, 1, 4000), (6, 2, 2000)],
)
def test_three_for_less_in_any_multiple(units: int, free: int, total: int) -> None:
    assert price([line(1, 1000, units)], mix("m", 3, free)).total_fen == total


def test_the_cheapest_of_a_set_is_free_and_sets_are_cut_for_the_customer() -> None:
    lines = [line(1, 100), line(2, 900), line(3, 800), line(4, 700), line(5, 300), line(6, 200)]
    priced = price(lines, mix("m", 3))
    assert priced.saved_fen == 700 + 100
    assert priced.applied == (
        AppliedOffer("m", "m", 800, (1, 2, 3, 4, 5, 6), 2, (1, 1, 1, 1, 1, 1)),
    )
    # 800 over 3000 fen, by largest remainder
    assert [dict(entry)["m"] for entry in offs(priced)] == [27, 240, 213, 187, 80, 53]


def test_a_unit_too_many_stays_out_of_the_set() -> None:
    priced = price([line(1, 100), line(2, 900), line(3, 800), line(4, 700)], mix("m", 3))
    assert priced.saved_fen == 700
    assert priced.applied[0].lines == (2, 3, 4)
    assert offs(priced)[0] == ()


def test_two_for_a_price() -> None:
    lines = [line(1, 5990), line(2, 6990), line(3, 2000)]
    priced = price(lines, set_price("s", 2, 9900))
    assert priced.applied == (AppliedOffer("s", "s", 3080, (1, 2), 1, (1, 1)),)
    assert [entry.net_fen for entry in priced.lines] == [4569, 5331, 2000]


def test_a_set_that_costs_more_is_not_taken() -> None:
    priced = price([line(1, 3000), line(2, 6900)], set_price("s", 2, 9900))
    assert priced.total_fen == 9900
    assert reasons(priced) == {"s": Reason.NO_SAVING}
    assert reasons(price([line(1, 3000), line(2, 6901)], set_price("s", 2, 9900))) == {}


def test_sets_of_nothing_save_nothing() -> None:
    assert reasons(price([line(1, 0, 3)], mix("m", 3))) == {"m": Reason.NO_SAVING}


def test_a_set_may_be_given_away() -> None:
    priced = price([line(1, 1, 2)], set_price("s", 2, 0))
    assert (priced.total_fen, offs(priced)) == (0, [(("s", 2),)])


def test_a_line_of_no_price_may_fill_a_set() -> None:
    priced = price([line(1, 3000), line(2, 0)], set_price("s", 2, 1000))
    assert priced.applied == (AppliedOffer("s", "s", 2000, (1, 2), 1, (1, 1)),)
    assert offs(priced) == [(("s", 2000),), ()]


def test_selectors_name_articles_in_four_ways() -> None:
    lines = [
        replace(line(1, 1000, 1), sku="A"),
        replace(line(2, 1000, 1), brand="B"),
        replace(line(3, 1000, 1), category="C"),
        replace(line(4, 1000, 1), tags=frozenset("DE")),
        line(5, 1000, 1),
    ]
    items = ItemSelector(
        skus=frozenset("Ax"), brands=frozenset("B"), categories=frozenset("C"), tags=frozenset("DE")
    )
    priced = price(lines, TierPrice(id="t", name="t", items=items, permille=500))
    assert priced.applied[0].lines == (1, 2, 3, 4)
    for number, only in enumerate(
        (
            ItemSelector(skus=frozenset("A")),
            ItemSelector(brands=frozenset("B")),
            ItemSelector(categories=frozenset("C")),
            ItemSelector(tags=frozenset("D")),
        ),
        start=1,
    ):
        priced = price(lines, TierPrice(id="t", name="t", items=only, permille=500))
        assert priced.applied[0].lines == (number,)


def test_offers_that_name_nothing_here_are_not_spoken_of() -> None:
    priced = price([line(1, 1000)], tier("t", 500, "z"), mix("m", 2, 1, "z"))
    assert (priced.applied, priced.rejected) == ((), ())


def test_units_of_one_line_may_go_different_ways() -> None:
    priced = price([line(1, 1000, 4)], mix("m", 3), tier("t", 900))
    assert offs(priced) == [(("m", 1000), ("t", 100))]
    assert priced.applied == (
        AppliedOffer("m", "m", 1000, (1,), 1, (3,)),
        AppliedOffer("t", "t", 100, (1,), 1, (1,)),
    )


def test_a_better_price_per_unit_keeps_units_out_of_a_set() -> None:
    priced = price([line(1, 1000, 3)], mix("m", 3), tier("t", 600))
    assert offs(priced) == [(("t", 1200),)]
    assert reasons(priced) == {"m": Reason.BEATEN}


def test_the_best_combination_is_not_the_best_offer_first() -> None:
    # the single best set (2 for 1, 1000 free) would spoil two others
    lines = [
        line(1, 1000, tags="ab"),
        line(2, 1000, tags="bc"),
        line(3, 900, tags="a"),
        line(4, 900, tags="c"),
    ]
    priced = price(lines, mix("a", 2, 1, "a"), mix("b", 2, 1, "b"), mix("c", 2, 1, "c"))
    assert priced.saved_fen == 1800
    assert [offer.offer_id for offer in priced.applied] == ["a", "c"]
    assert reasons(priced) == {"b": Reason.BEATEN}
    assert priced.status == "optimal"


def test_equal_units_are_taken_from_the_first_lines() -> None:
    lines = [line(3, 1000, 2), line(1, 1000, 1), line(2, 1000, 1)]
    priced = price(lines, mix("m", 2), mix("n", 2, 1, "x"))
    assert priced.applied[0].lines == (1, 2, 3)
    priced = price([line(2, 1000, 2), line(1, 1000, 1)], mix("m", 2))
    assert priced.applied[0].lines == (1, 2)
    assert offs(priced) == [(("m", 500),), (("m", 500),)]


def test_a_truckload_is_priced_as_exactly_as_a_handful() -> None:
    priced = price([line(1, 200, 1_000_000), line(2, 150, 7)], mix("m", 3), tier("t", 900))
    assert priced.status == "optimal"
    # whole sets of each price, and the unit left over of each price at 90 %
    assert priced.saved_fen == 333_333 * 200 + 20 + 2 * 150 + 15
    assert priced.nodes < 1000


def test_many_offers_over_many_lines_still_answer() -> None:
    lines = [line(number, 100 + 7 * number, 3, tags="ab"[number % 2]) for number in range(1, 200)]
    offers = [mix(f"m{number}", 2 + number % 4, 1, "ab") for number in range(30)]
    priced = price_basket(basket(*lines), bundle(*offers), None, stop=Limits(2000))
    assert priced.status == "incumbent"
    assert 0 < priced.gap_fen < priced.saved_fen
    assert priced.nodes == 0


def test_a_limit_below_the_smallest_walk_leaves_the_good_choice_and_its_gap() -> None:
    lines = [
        line(1, 1000, tags="ab"),
        line(2, 1000, tags="bc"),
        line(3, 900, tags="a"),
        line(4, 900, tags="c"),
    ]
    offers = (mix("a", 2, 1, "a"), mix("b", 2, 1, "b"), mix("c", 2, 1, "c"))
    priced = price_basket(basket(*lines), bundle(*offers), None, stop=Limits(9))
    assert (priced.status, priced.nodes) == ("incumbent", 0)
    assert (priced.saved_fen, priced.gap_fen) == (1000, 900)
    priced = price_basket(basket(*lines), bundle(*offers), None, stop=Limits(200))
    assert (priced.status, priced.gap_fen, priced.saved_fen) == ("optimal", 0, 1800)


def test_the_certificate_names_what_was_charged() -> None:
    priced = price([line(1, 1000, 4), line(2, 500)], mix("m", 3), tier("t", 900), tier("u", 950))
    assert len(certificate_hash(priced)) == 32
    turned = replace(priced, lines=priced.lines[::-1])
    assert certificate_hash(turned) == certificate_hash(priced)
    assert certificate_hash(replace(priced, nodes=99)) == certificate_hash(priced)
    others = [
        replace(priced, total_fen=1),
        replace(priced, shelf_fen=1),
        replace(priced, status="incumbent"),
        replace(priced, gap_fen=1),
        replace(priced, applied=()),
        replace(priced, rejected=()),
        replace(priced, bundle_version=8),
        replace(priced, lines=(replace(priced.lines[0], net_fen=1), priced.lines[1])),
    ]
    assert len({certificate_hash(other) for other in (priced, *others)}) == 1 + len(others)


def test_the_certificate_of_a_basket_stays_the_same_for_years() -> None:
    priced = price([line(1, 1000, 4)], mix("m", 3), tier("t", 900))
    assert certificate_hash(priced).hex() == (
        "3b4e31eb080023f836f229f970c16b56d495d97eeded82631e55ff0f2bafd660"
    )
