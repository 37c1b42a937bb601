"""The price desk: what it tells the rules of a shop, and that it always has a price."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from edge_agent.domain.sale import AskedLine
from edge_agent.domain.shop import Shop
from edge_agent.ports.replica import HeldMember
from edge_agent.services.shop.price_desk import PriceDesk, Quote
from retail_core.catalog.stock_table import StockTable
from retail_core.clock import Instant, TimeQuality
from retail_core.pricing.certificate import PricedBasket, Reason
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import BUNDLE, MASK, SHOP, SOAP, make_id, make_record
from tests.fakes.clock import BOOT, NOON_MS, FakeClock
from tests.fakes.replica import FakeReplica

MIX = {"kind": "set_amount", "id": "x", "name": "2件减5", "need": 2, "fen_off": 500}
TWO_SOAPS = (AskedLine(sku="SOAP", qty_milli=2_000),)
SHELF_FEN = 2 * SOAP.price_fen
KNOWN = Instant(NOON_MS, 1, BOOT, TimeQuality.SYNCED)
UNKNOWN = Instant(NOON_MS, 1, BOOT, TimeQuality.UNKNOWN)


def desk(*offers: dict[str, Any], shop: Shop = SHOP, **fields: Any) -> PriceDesk:
    replica = FakeReplica()
    replica.replace_catalogue(1, [SOAP, MASK])
    content = {"version": 3, "tier_names": {"gold": "金卡"}, "offers": offers} | fields
    replica.replace_bundle(3, json.dumps(content).encode())
    return PriceDesk(replica, shop)


def quoted(pricing: PriceDesk, at: Instant = KNOWN, held: HeldMember | None = None) -> Quote:
    return pricing.quote(TWO_SOAPS, held, at)


def reasons(quote: Quote) -> dict[str, Reason]:
    return {lost.offer_id: lost.reason for lost in quote.priced.rejected}


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"stores": ["上海徐汇店"]}, None),
        ({"stores": ["上海静安店"]}, Reason.OTHER_PLACE),
        ({"regions": ["华东"]}, None),
        ({"regions": ["华南"]}, Reason.OTHER_PLACE),
        ({"channels": ["store"]}, None),
        ({"channels": ["mini_program"]}, Reason.OTHER_CHANNEL),
        ({"stock_from": 1}, Reason.STOCK_TOO_LOW),
    ],
)
def test_rules_ask_where_they_are(when: dict[str, Any], reason: Reason | None) -> None:
    quote = quoted(desk(MIX | {"when": when}, shop=replace(SHOP, region="华东")))
    assert reasons(quote).get("x") is reason
    assert quote.priced.total_fen == SHELF_FEN - (500 if reason is None else 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"caps": {"per_store_day": 5}},
        {"campaign": "k"},
        {"caps": {"per_member": 5}, "tiers": ["gold"]},
    ],
)
def test_what_is_counted_beyond_the_receipt_is_not_granted_uncounted(
    fields: dict[str, Any],
) -> None:
    pricing = desk(MIX | fields, campaigns=[{"id": "k", "uses": 9}])
    quote = quoted(pricing, held=HeldMember(make_id(), 1, make_record()))
    assert reasons(quote) == {"x": Reason.USE_UNKNOWN}
    assert quote.priced.total_fen == SHELF_FEN


def test_a_cap_of_the_receipt_needs_no_counting() -> None:
    pricing = desk(MIX | {"caps": {"per_receipt": 1}})
    assert quoted(pricing).priced.total_fen == SHELF_FEN - 500


@pytest.mark.parametrize(
    "when",
    [
        {"valid_from": "2026-07-01T00:00:00"},
        {"valid_until": "2026-09-01T00:00:00"},
        {"slots": [{"weekday": day, "start": "00:00", "end": "24:00"} for day in range(7)]},
    ],
)
def test_an_unknown_clock_grants_nothing_that_depends_on_time(when: dict[str, Any]) -> None:
    pricing = desk(MIX | {"when": when})
    assert quoted(pricing).priced.total_fen == SHELF_FEN - 500
    assert reasons(quoted(pricing, UNKNOWN)) == {"x": Reason.CLOCK_UNKNOWN}


def test_rules_that_broke_here_hold_again_when_the_same_version_came_whole() -> None:
    replica = FakeReplica()
    replica.replace_catalogue(1, [SOAP, MASK])
    whole = json.dumps({"version": 3, "tier_names": {"gold": "金卡"}, "offers": [MIX]}).encode()
    replica.replace_bundle(3, whole[:-9])
    pricing = PriceDesk(replica, SHOP)
    assert quoted(pricing).priced.total_fen == SHELF_FEN
    replica.replace_bundle(3, whole)
    assert quoted(pricing).priced.total_fen == SHELF_FEN - 500


def test_a_bundle_that_does_not_hold_yet_leaves_shelf_prices() -> None:
    later = desk(MIX, valid_from="2026-07-31T12:00:01")
    quote = quoted(later)
    assert (quote.priced.total_fen, quote.rules.hash) == (SHELF_FEN, b"")
    assert quote.priced.bundle_version == 0
    now = desk(MIX, valid_from="2026-07-31T12:00:00")
    assert quoted(now).priced.total_fen == SHELF_FEN - 500
    assert quoted(now, UNKNOWN).priced.total_fen == SHELF_FEN


def test_until_a_bundle_begins_the_one_before_holds() -> None:
    replica = FakeReplica()
    replica.replace_catalogue(1, [SOAP])
    for version, begin, fen in (
        (3, None, 300),
        (4, "2026-07-31T12:00:00", 400),
        (5, "2026-07-31T13:00:00", 500),
        (6, "2026-08-01T00:00:00", 600),
    ):
        content = {"version": version, "valid_from": begin, "offers": [MIX | {"fen_off": fen}]}
        replica.replace_bundle(version, json.dumps(content).encode())
    pricing = PriceDesk(replica, SHOP)
    for minutes, version in ((-1, 3), (0, 4), (59, 4), (60, 5), (719, 5), (720, 6)):
        at = Instant(NOON_MS + minutes * 60_000, 1, BOOT, TimeQuality.SYNCED)
        quote = quoted(pricing, at)
        assert quote.priced.bundle_version == version
        assert quote.priced.total_fen == SHELF_FEN - version * 100
    assert quoted(pricing, UNKNOWN).priced.total_fen == SHELF_FEN
    assert pricing.rules().bundle.version == 6


@pytest.mark.parametrize(
    "content", [b"", b'{"version":4,"format":2}', BUNDLE.replace(b"950", b"9500")]
)
def test_a_bundle_that_cannot_be_read_leaves_shelf_prices(content: bytes) -> None:
    replica = FakeReplica()
    replica.replace_catalogue(1, [SOAP])
    replica.replace_bundle(4, content)
    pricing = PriceDesk(replica, SHOP)
    for _ in range(2):
        assert quoted(pricing).priced.total_fen == SHELF_FEN
    replica.replace_bundle(5, BUNDLE.replace(b'"version": 3', b'"version": 5'))
    assert quoted(pricing).rules.bundle.version == 5


BERLIN = replace(SHOP, zone="Europe/Berlin")
NIGHT = {
    "kind": "time_slot_price",
    "id": "night",
    "name": "夜间9折",
    "permille": 900,
    "slots": [{"weekday": 6, "start": "02:00", "end": "03:00"}],
}


def utc(text: str) -> Instant:
    wall_ms = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    return Instant(wall_ms, 1, BOOT, TimeQuality.SYNCED)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-10-18T00:00:00", True),  # summer time: 02:00 to 03:00 on any Sunday
        ("2026-10-18T00:59:59", True),
        ("2026-10-18T01:00:00", False),
        ("2026-10-24T23:59:59", False),
        ("2026-10-25T00:00:00", True),  # 02:00, still summer time
        ("2026-10-25T00:59:59", True),
        ("2026-10-25T01:00:00", True),  # 02:00 again, now winter time
        ("2026-10-25T01:59:59", True),
        ("2026-10-25T02:00:00", False),  # 03:00
        ("2026-03-29T00:59:59", False),  # 01:59, then the clocks go to 03:00
        ("2026-03-29T01:00:00", False),
        ("2026-03-22T01:00:00", True),  # winter time, a week before
    ],
)
def test_hours_are_wall_time_also_when_clocks_change(moment: str, *, inside: bool) -> None:
    priced = quoted(desk(NIGHT, shop=BERLIN), utc(moment)).priced
    assert priced.total_fen == (SHELF_FEN * 9 // 10 if inside else SHELF_FEN)


def test_rules_ask_what_lies_here() -> None:
    pricing = desk(MIX | {"when": {"stock_from": 2}})
    assert reasons(quoted(pricing)) == {"x": Reason.STOCK_TOO_LOW}
    pricing._replica.replace_stock(StockTable(1, 1, {"SOAP": 2_000}))
    assert reasons(quoted(pricing)) == {}


def test_a_search_that_breaks_leaves_shelf_prices_which_are_counted() -> None:
    def broken(*_args: object, **_more: object) -> PricedBasket:
        raise RuntimeError

    replica, tally = FakeReplica(), FaultTally()
    replica.replace_catalogue(1, [SOAP])
    replica.replace_bundle(3, BUNDLE)
    desk = PriceDesk(replica, SHOP, tally=tally, price=broken)
    quote = desk.quote((AskedLine(sku=SOAP.sku),), None, FakeClock().now())
    assert (quote.priced.total_fen, quote.fallback) == (SOAP.price_fen, FaultCode.PRICE_FALLBACK)
    assert quote.earn is not None  # what is paid still earns
    assert tally.snapshot() == {"A140": 1}
