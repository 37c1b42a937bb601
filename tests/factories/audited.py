"""A published bundle, and sales as a till prices them by it."""

import json
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from cloud_broker.ports.catalogue import Document, Revision
from cloud_broker.ports.unit import Units
from retail_core.catalog.article import Article
from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.certificate import certificate_hash
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.repricing import priced_for
from retail_core.pricing.rules.bundle import bundle_hash, parse_bundle, sign_bundle
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.solver.model import Limits
from retail_core.wire.messages import CouponTaken, LeaseSpend, Sale, SaleLine
from tests.fakes.cloud_box import WALL_MS, fresh_id

FRIDAY_NOON = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 - wall time
ON_SALE_FROM = date(2026, 1, 1)
RULES = {
    "version": 3,
    "tier_names": {"silver": "银卡", "gold": "金卡"},
    "offers": [
        {"kind": "mix_and_match", "id": "half", "name": "第二件半价", "need": 2, "permille": 500,
         "items": {"categories": ["drinks"]}},
        {"kind": "tier_price", "id": "gold-9", "name": "金卡9折", "permille": 900,
         "tiers": ["gold"]},
        {"kind": "time_slot_price", "id": "noon", "name": "午间8折", "permille": 800,
         "items": {"categories": ["drinks"]},
         "slots": [{"weekday": 4, "start": "11:30", "end": "13:00"}]},
    ],
    "coupons": [
        {"kind": "threshold", "id": "two", "name": "满15减2", "threshold_fen": 1500,
         "fen_off": 200},
    ],
    "points": {"id": "points", "step": 100},
}  # fmt: skip
CONTENT = json.dumps(RULES).encode()
BUNDLE = parse_bundle(CONTENT)
COLA = Article(fresh_id(), "cola", "可乐", "瓶", 700, category="drinks")
BREAD = Article(fresh_id(), "bread", "面包", "个", 1_200, category="bakery")
GOLD = MemberContext("gold")
BOX = StoreContext(channel="store", use_known=False)


def publish(units: Units, tenant: UUID) -> None:
    """Publish the bundle and the two articles."""
    signed = sign_bundle(CONTENT, bytes(32))
    with units.begin(tenant) as unit:
        unit.catalogue.add_articles({one.sku: one.article_id for one in (COLA, BREAD)}, WALL_MS)
        unit.catalogue.add_revisions(
            [Revision(one, ON_SALE_FROM) for one in (COLA, BREAD)], WALL_MS
        )
        document = Document("bundle", BUNDLE.version, sha256(signed).digest(), signed)
        unit.catalogue.add_bundle(document, CONTENT, "HQ")


def till_sale(
    *articles: Article,
    member: MemberContext | None = None,
    opened: datetime = FRIDAY_NOON,
    receipt: UUID | None = None,
    nodes_max: int = 100_000,
    points_wanted: int = 0,
) -> Sale:
    """A sale priced as a box prices it; what is redeemed is spent of leases."""
    lines = tuple(
        BasketLine(
            number, one.sku, one.article_id, one.name, one.price_fen, 1000, category=one.category
        )
        for number, one in enumerate(articles, start=1)
    )
    priced = price_basket(
        Basket(lines, opened),
        BUNDLE,
        member,
        store=BOX,
        points_wanted=points_wanted,
        stop=Limits(nodes_max),
    )
    coupon, points = priced.coupon, priced.points
    spends = [] if points is None else [LeaseSpend("points", bytes(16), 1, 1, points.points)]
    if coupon is not None:
        spends.append(LeaseSpend("coupon", UUID(coupon.held_id).bytes, 1, 1, 1))
    receipt = receipt or fresh_id()
    return Sale(
        receipt_id=receipt.bytes,
        source="api",
        till_receipt_no=receipt.hex,
        business_date=20261120,
        shelf_fen=priced.shelf_fen,
        total_fen=priced.total_fen,
        lines=tuple(
            SaleLine(
                line.line, None, line.sku, line.name, line.qty_milli, line.shelf_fen,
                line.net_fen, line.offers,
            )
            for line in priced.lines
        ),
        bundle_version=BUNDLE.version,
        bundle_hash=bundle_hash(CONTENT),
        certificate_hash=certificate_hash(priced),
        solver_status=priced.status,
        priced_for=priced_for(opened, member, BOX, BUNDLE),
        lease_spends=tuple(spends),
        tenders=() if points is None else (("points", points.value_fen),),
        coupon=None if coupon is None else CouponTaken(
            UUID(coupon.held_id).bytes, coupon.coupon_id, coupon.fen_off
        ),
    )  # fmt: skip


def sampled_id(*, wanted: bool = True) -> UUID:
    """A receipt's id that is, or is not, among the one in a hundred."""
    while True:
        found = fresh_id()
        if (int.from_bytes(sha256(found.bytes).digest()[:8]) % 100 == 0) == wanted:
            return found


def dearer(sale: Sale) -> Sale:
    """The same sale at shelf prices: it adds up, and something was left out."""
    return msgspec.structs.replace(
        sale,
        total_fen=sale.shelf_fen,
        lines=tuple(
            msgspec.structs.replace(line, net_fen=line.shelf_fen, offers=()) for line in sale.lines
        ),
    )
