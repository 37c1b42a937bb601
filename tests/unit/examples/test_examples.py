"""The examples that ship are true."""

from datetime import date
from pathlib import Path
from typing import get_args

from retail_core.catalog.importing import parse_catalogue, read_text
from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.evaluate import MemberContext, PricedBasket, Reason, price_basket
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.coupons import Coupon
from retail_core.pricing.rules.offers import Offer
from tests.factories.pricing import FRIDAY_NOON

EXAMPLES = Path("device_configs/examples")
OLD = Path("tests/golden/bundles/first-release.json")
TODAY = date(2026, 7, 31)
GOLD = MemberContext("gold")


def priced_example(*skus: str, bundle: Path = EXAMPLES / "bundle.json") -> PricedBasket:
    imported = parse_catalogue(read_text((EXAMPLES / "catalogue.csv").read_bytes()), today=TODAY)
    articles = {article.sku: article for article in imported.articles}
    lines = tuple(
        BasketLine(
            number,
            sku,
            None,
            articles[sku].name,
            articles[sku].price_fen,
            1000,
            articles[sku].brand,
            articles[sku].category,
            articles[sku].tags,
        )
        for number, sku in enumerate(skus, start=1)
    )
    rules = parse_bundle(bundle.read_bytes())
    return price_basket(Basket(lines, FRIDAY_NOON), rules, GOLD)


def test_the_catalogue_is_sound() -> None:
    imported = parse_catalogue(read_text((EXAMPLES / "catalogue.csv").read_bytes()), today=TODAY)
    assert imported.errors == ()
    assert len(imported.articles) == 40


def test_the_bundle_shows_every_kind() -> None:
    rules = parse_bundle((EXAMPLES / "bundle.json").read_bytes())
    assert {type(offer) for offer in rules.offers} == set(get_args(Offer))
    assert {type(coupon) for coupon in rules.coupons} == set(get_args(Coupon))
    assert rules.gifts
    assert rules.restrictions
    assert rules.earn is not None
    assert rules.points is not None


def test_tier_slot_and_mix_compete_over_six_articles() -> None:
    priced = priced_example("SK-002", "SK-001", "DR-001", "DR-008", "SN-002", "SN-007")
    assert {offer.offer_id: offer.fen_off for offer in priced.applied} == {
        "mix-snack-drink": 1250,
        "slot-drinks": 55,
        "tier-skin-gold": 740,
    }
    assert {offer.offer_id: offer.reason for offer in priced.rejected} == {
        "mix-tea-half": Reason.OTHER_CHANNEL,
        "slot-late-snacks": Reason.OUTSIDE_SLOT,
        "tag-sensitive": Reason.NOT_ELIGIBLE_TAG,
        "tier-skin-member": Reason.NOT_ELIGIBLE_TIER,
    }
    assert (priced.shelf_fen, priced.total_fen, priced.status) == (21_170, 19_125, "optimal")


def test_two_masks_beat_the_tier_price() -> None:
    priced = priced_example("SK-004", "SK-005", "SK-001")
    assert [offer.offer_id for offer in priced.applied] == ["set-two-masks", "tier-skin-gold"]


def test_a_bundle_of_the_first_release_prices_as_it_did() -> None:
    skus = ("SK-002", "SK-001", "DR-001", "DR-008", "SN-002", "SN-007")
    priced = priced_example(*skus, bundle=OLD)
    assert [line.net_fen for line in priced.lines] == [8455, 5605, 495, 1241, 2348, 981]
    assert {offer.offer_id: offer.reason for offer in priced.rejected} == {
        "slot-late-snacks": Reason.OUTSIDE_SLOT,
        "tag-sensitive": Reason.NOT_ELIGIBLE_TAG,
        "tier-skin-member": Reason.NOT_ELIGIBLE_TIER,
    }
    priced = priced_example("SK-004", "SK-005", "SK-001", bundle=OLD)
    assert [line.net_fen for line in priced.lines] == [4569, 5331, 5605]
