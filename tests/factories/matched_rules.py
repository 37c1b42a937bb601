"""Rules as they stand in a bundle, matched against a basket of two lines."""

import json
from datetime import date
from typing import Any

from retail_core.checkout.basket import Basket
from retail_core.pricing.matching.matches import Match, Matches, match_rules
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.context import ANY_STORE, MemberContext, StoreContext
from tests.factories.pricing import basket, line

GOLD = MemberContext("gold", frozenset({"学生"}), joined=date(2026, 7, 1), birthday=(8, 3))
TWO_LINES = basket(line(1, 1000, 2, tags="a", sku="A"), line(2, 500, tags="b", sku="B"))
HOUR = {"weekday": 4, "start": "12:00", "end": "13:00"}


def matched(
    rules: dict[str, Any],
    member: MemberContext | None = GOLD,
    store: StoreContext = ANY_STORE,
    at: Basket = TWO_LINES,
) -> Matches:
    """What of some rules concerns a basket."""
    whole = {"version": 1, "tier_names": {"gold": "金卡", "silver": "银卡"}, "chain": "us"} | rules
    return match_rules(at, parse_bundle(json.dumps(whole).encode()), member, store)


def offered(
    fields: dict[str, Any],
    member: MemberContext | None = GOLD,
    store: StoreContext = ANY_STORE,
    at: Basket = TWO_LINES,
    **rules: Any,
) -> Match:
    """One offer, 1.00 off a unit unless said otherwise, as it was matched."""
    offer = {"kind": "tier_price", "id": "o", "name": "n", "fen_off": 100} | fields
    (match,) = matched({"offers": [offer]} | rules, member, store, at).offers
    return match
