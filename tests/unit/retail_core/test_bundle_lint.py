"""The linter: what can never hold, always loses, sells under cost or stacks too high."""

from collections import Counter
from datetime import datetime
from uuid import UUID

import pytest

from retail_core.catalog.article import Article
from retail_core.pricing.certificate import Reason
from retail_core.pricing.linting.findings import Lint, LintFinding
from retail_core.pricing.linting.lint import lint
from retail_core.pricing.linting.static import why_never
from retail_core.pricing.linting.worst_baskets import Limits
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.bundle import Campaign, Restriction, RuleBundle
from retail_core.pricing.rules.conditions import Conditions, ItemSelector
from retail_core.pricing.rules.coupons import Gift, PercentCoupon, ThresholdCoupon
from retail_core.pricing.rules.offers import (
    BundleSlot,
    Caps,
    MixAndMatch,
    Offer,
    OfferBase,
    PriceList,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    TierPrice,
    TimeSlotPrice,
)
from retail_core.pricing.rules.slots import WeekSlot
from retail_core.texts.lint_texts import LINTS, SEVERITIES, WHYS
from retail_core.texts.price_reasons import REASONS
from tests.factories.pricing import TIERS, mix, set_price, tagged, tier

DRINKS = ItemSelector(categories=frozenset({"drinks"}))


def rules(*offers: Offer, **others: object) -> RuleBundle:
    return RuleBundle(version=1, offers=offers, tier_names=TIERS, **others)  # type: ignore[arg-type]


def article(sku: str, price_fen: int, cost_fen: int | None = None, tags: str = "a") -> Article:
    return Article(
        article_id=UUID(int=1),
        sku=sku,
        name=sku,
        unit="",
        price_fen=price_fen,
        cost_fen=cost_fen,
        tags=frozenset(tags),
    )


def kinds(found: tuple[LintFinding, ...]) -> list[tuple[Lint, tuple[str, ...]]]:
    return [(one.kind, one.rules) for one in found]


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour)  # noqa: DTZ001 - wall time


def unit(when: Conditions = Conditions(), **others: object) -> TierPrice:  # noqa: B008 - frozen
    return TierPrice(id="t", name="t", permille=900, when=when, **others)  # type: ignore[arg-type]


def test_a_bundle_of_sound_rules_is_sound() -> None:
    assert lint(rules(tier("t", 950, "a"), mix("m", 3, 1, "b"))) == ()


@pytest.mark.parametrize(
    ("rule", "others", "why"),
    [
        (unit(Conditions(valid_until=at(2))), {"valid_from": at(3)}, "over_before_bundle"),
        (
            TimeSlotPrice(
                id="t",
                name="t",
                permille=900,
                slots=(WeekSlot(6, "10:00", "12:00"),),
                when=Conditions(valid_from=at(2), valid_until=at(3)),
            ),
            {},
            "no_slot_in_window",
        ),
        (
            unit(Conditions(stores=frozenset({"s1"}))),
            {"restrictions": (Restriction(stores=frozenset({"s1"}), off=frozenset({"t"})),)},
            "restricted_everywhere",
        ),
        (
            unit(Conditions(regions=frozenset({"east"}))),
            {"restrictions": (Restriction(regions=frozenset({"east"}), off=frozenset({"t"})),)},
            "restricted_everywhere",
        ),
        (unit(Conditions(member_days_until=0)), {}, "no_days_of_membership"),
        (
            unit(campaign="c"),
            {"campaigns": (Campaign(id="c", budget_fen=0),)},
            "campaign_is_empty",
        ),
        (unit(items=DRINKS, except_items=DRINKS), {}, "excepts_all_it_names"),
    ],
)
def test_what_can_never_hold_is_an_error(
    rule: OfferBase, others: dict[str, object], why: str
) -> None:
    bundle = rules(rule, **others)  # type: ignore[arg-type]
    assert why_never(rule, bundle) == why
    assert why in WHYS
    found = lint(bundle)
    assert kinds(found) == [(Lint.NEVER_HOLDS, ("t",))]
    assert found[0].severity == "error"


@pytest.mark.parametrize(
    ("strong", "weak"),
    [
        (tier("a", 800), tier("b", 900, "a")),
        (tier("a", 800), tier("b", 900, "", "gold")),
        (mix("a", 3, 2), mix("b", 3, 1, "a")),
        (set_price("a", 2, 900), set_price("b", 2, 950)),
        (
            SetPercent(id="a", name="a", need=2, permille=800),
            SetPercent(id="b", name="b", need=2, permille=900),
        ),
        (
            SetAmount(id="a", name="a", need=2, fen_off=90),
            SetAmount(id="b", name="b", need=2, fen_off=80),
        ),
    ],
)
def test_an_offer_that_another_always_outdoes_is_named_with_it(strong: Offer, weak: Offer) -> None:
    found = lint(rules(strong, weak))
    assert (Lint.DOMINATED, (weak.id, strong.id)) in kinds(found)
    assert [one for one in found if one.kind is Lint.ALWAYS_LOSES] == []


@pytest.mark.parametrize(
    "strong",
    [
        tier("a", 800, "", "gold"),
        tier("a", 800, "b"),
        TierPrice(id="a", name="a", permille=800, caps=Caps(per_receipt=1)),
        TierPrice(id="a", name="a", permille=800, when=Conditions(members_only=True)),
        TierPrice(id="a", name="a", permille=800, exclusive="x"),
        mix("a", 3),
    ],
)
def test_nothing_is_called_outdone_that_might_win(strong: Offer) -> None:
    found = lint(rules(strong, tier("b", 900, "a")))
    assert Lint.DOMINATED not in {one.kind for one in found}


def test_equal_offers_that_only_ids_decide() -> None:
    twice = rules(tier("a", 900, "x"), tier("b", 900, "x"))
    assert (Lint.TIE, ("a", "b")) in kinds(lint(twice))
    assert Lint.TIE not in {one.kind for one in lint(rules(tier("a", 900, "x"), mix("b", 2)))}


def test_an_offer_that_loses_every_basket_made_for_it() -> None:
    half = TierPrice(id="half", name="half", permille=500)
    weak = SetPercent(id="weak", name="weak", need=2, permille=950)
    found = lint(rules(half, weak))
    assert kinds(found) == [(Lint.ALWAYS_LOSES, ("weak",))]
    assert found[0].fields["winners"] == "half"


def test_a_set_price_above_the_shelf_saves_nothing() -> None:
    dear = SetPrice(id="dear", name="dear", items=tagged("a"), need=2, price_fen=9_000)
    found = lint(rules(dear), [article("A", 1_000)])
    assert kinds(found) == [(Lint.NEVER_SAVES, ("dear",))]


def test_a_basket_under_cost_is_shown_and_prices_so() -> None:
    offers = rules(
        mix("m", 3, 1, "a"),
        coupons=(
            ThresholdCoupon(id="c", name="c", automatic=True, threshold_fen=2_000, fen_off=500),
        ),
    )
    (found,) = lint(offers, [article("A", 1_000, 600), article("B", 3_000, 100)])
    assert (found.kind, found.rules) == (Lint.UNDER_COST, ("m", "c"))
    assert found.shown is not None
    assert price_again(found.shown, offers).due_fen == found.fields["due"] == 1_500
    assert found.fields["cost"] == 1_800


def test_an_article_that_costs_more_than_it_sells_for_is_not_the_rules_fault() -> None:
    assert lint(rules(tier("t", 990, "a")), [article("A", 1_000, 1_200)]) == ()


def test_the_worst_stacking_is_found_beyond_the_seeds() -> None:
    offers = rules(
        mix("m", 2, 1, "a"),
        coupons=(PercentCoupon(id="c", name="c", automatic=True, permille=800),),
    )
    goods = [article("A", 1_000), article("B", 1_000, tags="b")]
    (found,) = lint(offers, goods, limits=Limits(6, 550))
    assert (found.kind, found.fields["off"]) == (Lint.STACKING, 600)
    assert lint(offers, goods, limits=Limits(6, 600)) == ()
    assert lint(offers, goods) == ()


def test_the_worst_stacking_is_found_among_prices_between_the_cheapest_and_the_dearest() -> None:
    # Two of 99.00 and two of 1.00 pay just the threshold: only prices between reach it.
    offers = rules(
        mix("m", 2, 1, "a"),
        coupons=(
            ThresholdCoupon(id="c", name="c", automatic=True, threshold_fen=10_000, fen_off=5_000),
        ),
    )
    (found,) = lint(offers, limits=Limits(12, 600))
    assert (found.kind, found.fields["off"]) == (Lint.STACKING, 750)
    assert found.shown is not None
    assert price_again(found.shown, offers).due_fen == 5_000


def test_a_rule_that_wins_where_few_others_may_be_had_is_no_loser() -> None:
    staff = PriceList(
        id="staff", name="staff", prices={"A": 100}, when=Conditions(groups=frozenset({"staff"}))
    )
    assert lint(rules(staff, mix("m", 2, 1, "a")), [article("A", 1_000)]) == ()


def test_what_does_nothing_is_pointed_at() -> None:
    alone = TierPrice(id="t", name="t", permille=900, exclusive="alone", campaign="used")
    used, idle = Campaign(id="used", uses=5), Campaign(id="idle", uses=5)
    found = lint(rules(alone, campaigns=(used, idle)))
    assert kinds(found) == [(Lint.IDLE_CAMPAIGN, ()), (Lint.LONE_EXCLUSIVE, ("t",))]
    assert found[0].fields == {"campaign": "idle"}
    assert found[1].fields == {"exclusive": "alone"}


def test_a_rule_that_names_no_article_of_the_catalogue() -> None:
    found = lint(rules(tier("t", 900, "z")), [article("A", 1_000)])
    assert kinds(found)[0] == (Lint.NAMES_NO_ARTICLE, ("t",))


def test_a_threshold_that_many_pass_anyway() -> None:
    coupon = ThresholdCoupon(id="c", name="c", automatic=True, threshold_fen=10_000, fen_off=500)
    gift = Gift(id="g", name="g", sku="G", threshold_fen=50_000)
    offers = rules(coupons=(coupon,), gifts=(gift,))
    sums = Counter({10_100: 6, 9_000: 70, 12_000: 24})
    found = [one for one in lint(offers, sums_fen=sums) if one.kind is Lint.THRESHOLD]
    assert kinds(tuple(found)) == [(Lint.THRESHOLD, ("c",))]
    assert found[0].fields["share"] == 60


def test_rules_by_hour_member_and_place_are_tried_where_they_hold() -> None:
    offers = rules(
        TimeSlotPrice(id="noon", name="noon", permille=900, slots=(WeekSlot(4, "11:00", "14:00"),)),
        TierPrice(
            id="deep",
            name="deep",
            permille=800,
            items=DRINKS,
            tiers=frozenset({"gold"}),
            member_tags=frozenset({"vip"}),
            when=Conditions(
                regions=frozenset({"east"}),
                groups=frozenset({"staff"}),
                member_days_from=100,
                birthday_within_days=0,
                stock_from=3,
            ),
        ),
        MixAndMatch(id="new", name="new", need=2, when=Conditions(member_days_until=30)),
    )
    assert lint(offers) == ()


def bundle_offer(name: str, **way: int) -> SlotBundle:
    slots = tuple(BundleSlot(items=tagged(tag)) for tag in "ab")
    return SlotBundle(id=name, name=name, slots=slots, **way)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("strong", "weak"),
    [
        (bundle_offer("a", fen_off=500), bundle_offer("b", fen_off=400)),
        (bundle_offer("a", price_fen=500), bundle_offer("b", price_fen=600)),
        (bundle_offer("a", permille=500), bundle_offer("b", permille=600)),
        (
            TierPrice(id="a", name="a", fen_off=50),
            TierPrice(id="b", name="b", fen_off=40, tiers=frozenset({"gold"})),
        ),
        (TierPrice(id="a", name="a", price_fen=50), TierPrice(id="b", name="b", price_fen=60)),
    ],
)
def test_bundles_and_amounts_are_compared_too(strong: Offer, weak: Offer) -> None:
    assert (Lint.DOMINATED, (weak.id, strong.id)) in kinds(lint(rules(strong, weak)))


def test_price_lists_are_not_compared_and_gifts_are_tried() -> None:
    lists = [PriceList(id=name, name=name, prices={"A": 500}) for name in "ab"]
    gift = Gift(id="g", name="g", sku="G", need=3)
    found = lint(rules(*lists, gifts=(gift,)), [article("A", 1_000)])
    assert {one.kind for one in found} <= {Lint.ALWAYS_LOSES}


def test_bundles_are_tried_slot_by_slot_and_stock_is_given() -> None:
    offer = bundle_offer("k", fen_off=50)
    stocked = TierPrice(
        id="s", name="s", permille=900, items=tagged("c"), when=Conditions(stock_from=5)
    )
    goods = [article("A", 1_000), article("B", 700, tags="b"), article("C", 800, tags="c")]
    assert lint(rules(offer, stocked), goods) == ()


def test_a_coupon_that_is_held_is_tried_too() -> None:
    held = ThresholdCoupon(id="c", name="c", threshold_fen=5_000, fen_off=500)
    assert lint(rules(coupons=(held,)), [article("A", 1_000)]) == ()


def test_every_finding_has_words() -> None:
    assert set(LINTS) == {kind.value for kind in Lint}
    assert set(SEVERITIES) == {"error", "warning", "info"}
    assert set(REASONS) == {reason.value for reason in Reason}
