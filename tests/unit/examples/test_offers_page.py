"""The worked examples of the offers page, worked out again; and the page names all there is."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from retail_core.pricing.certificate import PricedBasket, Reason
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.coupons import Coupon
from retail_core.pricing.rules.files import read_basket, read_member
from retail_core.pricing.rules.offers import Caps, Offer
from retail_core.pricing.rules.ruleset import PointsRule, RuleBundle

PAGE = Path("docs/reference/offers.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def told(priced: PricedBasket) -> dict[str, Any]:
    coupon, points = priced.coupon, priced.points
    return {
        "net_fen": [line.net_fen for line in priced.lines],
        "applied": {offer.offer_id: offer.fen_off for offer in priced.applied},
        "coupon": {coupon.coupon_id: coupon.fen_off} if coupon else {},
        "points": points.points if points else 0,
        "gifts": {gift.sku: gift.units for gift in priced.gifts},
        "rejected": {lost.offer_id: lost.reason.value for lost in priced.rejected},
        "due_fen": priced.due_fen,
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_an_example_works_out(example: dict[str, Any]) -> None:
    rules = parse_bundle(json.dumps(example["bundle"]).encode())
    asked = read_basket(json.dumps(example["basket"]).encode())
    member = read_member(json.dumps(example["member"]).encode()) if "member" in example else None
    priced = price_basket(
        asked.basket, rules, member, store=asked.store, points_wanted=asked.points_wanted
    )
    found = told(priced)
    assert {key: found[key] for key in example["result"]} == example["result"]
    for key in ("applied", "coupon", "gifts"):
        assert found[key] == example["result"].get(key, {})
    assert priced.status == "optimal"


def test_every_kind_has_an_example() -> None:
    kinds = {
        rule["kind"]
        for example in EXAMPLES
        for part in ("offers", "coupons")
        for rule in example["bundle"].get(part, ())
    }
    assert kinds == {kind.__struct_config__.tag for kind in (*get_args(Offer), *get_args(Coupon))}


@pytest.mark.parametrize("struct", [RuleBundle, Conditions, Caps, PointsRule, *get_args(Offer)])
def test_every_field_is_named(struct: type) -> None:
    fields: tuple[str, ...] = struct.__struct_encode_fields__  # type: ignore[attr-defined]
    assert [field for field in fields if f"`{field}`" not in PAGE] == []


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_named(reason: Reason) -> None:
    assert f"`{reason}`" in PAGE
