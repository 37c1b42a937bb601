"""The examples that ship, and the one that the reference works through, are true."""

import re
from datetime import date
from pathlib import Path
from typing import get_args

from retail_core.catalog.importing import parse_catalogue, read_text
from retail_core.checkout.basket import Basket, BasketLine
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.postings import points_earned
from retail_core.money import parse_yuan
from retail_core.pricing.bundle import RuleBundle, parse_bundle
from retail_core.pricing.coupons import Coupon
from retail_core.pricing.evaluate import MemberContext, PricedBasket, Reason, price_basket
from retail_core.pricing.offers import Offer
from tests.factories.pricing import FRIDAY_NOON, LEGAL_ENTITY, WALLET

EXAMPLES = Path("device_configs/examples")
REFERENCE = Path("docs/reference/offers.md")
TODAY = date(2026, 7, 31)
GOLD = MemberContext("gold")
ROW = re.compile(r"\| (\d) \| (\S+) \| (\S+) \| ([\d.]+) \| (\S+) −([\d.]+) \| ([\d.]+) \|")


def priced_example(*skus: str) -> PricedBasket:
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
    rules = parse_bundle((EXAMPLES / "bundle.json").read_bytes())
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


def worked_example() -> tuple[RuleBundle, list[tuple[str, ...]]]:
    text = REFERENCE.read_text(encoding="utf-8")
    _, _, rest = text.partition("```json\n")
    content, _, table = rest.partition("```")
    return parse_bundle(content.encode()), [row.groups() for row in ROW.finditer(table)]


def test_the_reference_works_out() -> None:
    rules, rows = worked_example()
    assert len(rows) == 5
    lines = tuple(
        BasketLine(int(number), name, None, name, parse_yuan(shelf), 1000, category=category)
        for number, name, category, shelf, *_ in rows
    )
    priced = price_basket(Basket(lines, FRIDAY_NOON), rules, GOLD)
    for line, (*_, offer_id, off, net) in zip(priced.lines, rows, strict=True):
        assert line.offers == ((offer_id, parse_yuan(off)),)
        assert line.net_fen == parse_yuan(net)
    points = points_earned(earn_postings(priced, rules.earn, "gold", WALLET, LEGAL_ENTITY))
    figures = f"{priced.shelf_fen / 100:.2f} → {priced.total_fen / 100:.2f}"
    assert f"{figures},省 {priced.saved_fen / 100:.2f}" in REFERENCE.read_text(encoding="utf-8")
    assert f"× 1.5 = {points}" in REFERENCE.read_text(encoding="utf-8")
