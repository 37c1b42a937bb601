"""What stands beside a price: the shop's stock it hangs on, its canonical bytes, names of tiers."""

import msgspec
import pytest

from retail_core.pricing.certificate import certificate_hash
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.depends import asks_stock
from retail_core.pricing.proof.document import encode_result
from retail_core.pricing.rehearsal.sold import SoldBasket, SoldLine, shelf_fen
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.conditions import Conditions, ItemSelector
from retail_core.pricing.rules.coupons import ThresholdCoupon
from retail_core.pricing.rules.offers import (
    BundleSlot,
    MixAndMatch,
    Offer,
    PriceList,
    SlotBundle,
)
from tests.factories.pricing import FRIDAY_NOON, basket, bundle, line, mix, tagged

IN_STOCK = Conditions(stock_from=3)
GOODS = (line(1, 1_000, tags="a"), line(2, 500, tags="b"))


def named(items: ItemSelector, when: Conditions = IN_STOCK) -> MixAndMatch:
    return MixAndMatch(id="m", name="m", items=items, need=2, when=when)


def listed(sku: str, when: Conditions = IN_STOCK) -> PriceList:
    return PriceList(id="p", name="p", prices={sku: 100}, when=when)


def slots(*tags: str, when: Conditions = IN_STOCK) -> SlotBundle:
    parts = tuple(BundleSlot(items=tagged(one)) for one in tags)
    return SlotBundle(id="s", name="s", slots=parts, fen_off=1, when=when)


@pytest.mark.parametrize(
    ("offer", "asks"),
    [
        (named(tagged("a")), True),
        (named(ItemSelector()), True),
        (named(tagged("z")), False),
        (named(tagged("a"), Conditions()), False),
        (named(tagged("a"), Conditions(stock_from=0)), True),
        (listed("S2"), True),
        (listed("S9"), False),
        (listed("S2", Conditions()), False),
        (slots("z", "b"), True),
        (slots("z", "y"), False),
        (slots("a", "b", when=Conditions()), False),
    ],
)
def test_a_price_hangs_on_stock_where_a_rule_about_its_goods_asks_for_it(
    offer: Offer, *, asks: bool
) -> None:
    assert asks_stock(bundle(offer), GOODS) is asks
    assert asks_stock(bundle(mix("other", 2), offer), GOODS) is asks


def test_a_coupon_may_ask_for_stock_too() -> None:
    def rules(when: Conditions) -> RuleBundle:
        coupon = ThresholdCoupon(id="c", name="c", threshold_fen=1, fen_off=1, when=when)
        return RuleBundle(version=1, coupons=(coupon,))

    assert asks_stock(rules(IN_STOCK), GOODS)
    assert not asks_stock(rules(Conditions()), GOODS)
    assert not asks_stock(rules(IN_STOCK), ())


def test_a_result_is_written_in_one_way() -> None:
    priced = price_basket(basket(line(1, 1_000, 2)), bundle(mix("m", 2)), None)
    content = encode_result(priced)
    found = msgspec.json.decode(content)
    assert list(found)[:4] == ["bundle_version", "lines", "shelf_fen", "saved_fen"]
    assert found["sha256"] == certificate_hash(priced).hex()
    assert (found["bundle_version"], found["shelf_fen"], found["due_fen"]) == (
        7,
        2_000,
        priced.due_fen,
    )
    assert encode_result(priced) == content
    assert b": " not in content


def test_the_shelf_sum_of_a_sale_rounds_each_line() -> None:
    lines = (
        SoldLine(sku="A", unit_price_fen=333, qty_milli=1_500),
        SoldLine(sku="B", unit_price_fen=333, qty_milli=500),
        SoldLine(sku="C", unit_price_fen=100),
    )
    assert shelf_fen(SoldBasket(receipt="r", opened=FRIDAY_NOON, lines=lines)) == 500 + 167 + 100
    assert shelf_fen(SoldBasket(receipt="r", opened=FRIDAY_NOON, lines=())) == 0


def test_a_tier_is_called_in_english_as_it_is_named_or_else_in_chinese() -> None:
    rules = RuleBundle(
        version=1, tier_names={"gold": "金卡", "basic": "普通"}, tier_names_en={"gold": "Gold"}
    )
    assert [rules.tier_name_en(code) for code in ("gold", "basic", "other")] == ["Gold", "普通", ""]
