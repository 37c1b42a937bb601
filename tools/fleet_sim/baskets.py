"""Sales priced beforehand: real baskets through the product's own desk, then only re-addressed.

Pricing is measured by `make bench-pricing`; here it would only take the processor from what is
measured. Each sale carries a real price, its certificate and its postings; receipt, number and
wallet are the ones of the sale it becomes.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.sale import AskedLine, SaleCommand
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.catalog.encoding import Catalogue
from retail_core.loyalty.postings import EARN
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Sale
from tools.fleet_sim.spec import MemberSpec

LINES_MAX = 5
QTY_MAX = 3
MILLI = 1_000
POOL = 64
TIER = "silver"


@dataclass(frozen=True, slots=True)
class Basket:
    """A sale as the desk priced it for the buyer with `wallet`; `points` is what it brings her."""

    sale: Sale
    wallet: str
    points: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the pool is priced: files of its own, goods and rules of the chain."""

    folder: Path
    key: bytes
    shop: Shop
    clock: Clock
    catalogue: Catalogue
    bundle: tuple[int, bytes]


def priced_pool(desk: Desk, draw: random.Random) -> tuple[Basket, ...]:
    """Sell a pool of baskets at a counter of its own."""
    ids = SystemIds(desk.clock)
    journal = SqliteJournal(desk.folder / "pool-journal.db", desk.key, ids)
    replica = SqliteReplica(desk.folder / "pool-replica.db", desk.key)
    try:
        replica.replace_catalogue(desk.catalogue.version, desk.catalogue.articles)
        if desk.bundle[0]:
            replica.replace_bundle(*desk.bundle)
        member, wallet = ids.uuid7(), ids.uuid7()
        replica.put_member(member, 0, _buyer(wallet, desk.shop))
        seller = CloseSale(
            Recorder(journal), PriceDesk(replica, desk.shop), desk.clock, ids, desk.shop
        )
        for _ in range(POOL):
            _sell(seller, desk, ids.uuid7(), member, draw)
        decoder = msgspec.msgpack.Decoder(Sale)
        sales = [decoder.decode(one.draft.body) for one in journal.records(type_=EventType.SALE)]
    finally:
        journal.close()
        replica.close()
    return tuple(Basket(sale, str(wallet), _points(sale)) for sale in sales)


def address(basket: Basket, receipt: UUID, number: int, member: MemberSpec) -> bytes:
    """Return the body of this basket sold to `member` as `receipt`."""
    wallet = str(member.wallet)
    postings = tuple(
        msgspec.structs.replace(
            posting,
            debit=posting.debit.replace(basket.wallet, wallet),
            credit=posting.credit.replace(basket.wallet, wallet),
        )
        for posting in basket.sale.postings
    )
    return encode_body(
        msgspec.structs.replace(
            basket.sale,
            receipt_id=receipt.bytes,
            till_receipt_no=str(number),
            postings=postings,
        )
    )


def _sell(seller: CloseSale, desk: Desk, till: UUID, member: UUID, draw: random.Random) -> None:
    skus = [article.sku for article in desk.catalogue.articles]
    lines = tuple(
        AskedLine(sku=sku, qty_milli=draw.randint(1, QTY_MAX) * MILLI)
        for sku in draw.sample(skus, draw.randint(1, min(LINES_MAX, len(skus))))
    )
    due = seller.quote(lines, member).due_fen
    tenders = (("wechat", due),) if due else ()
    seller.execute(SaleCommand(till, "0", lines, tenders, member))


def _buyer(wallet: UUID, shop: Shop) -> MemberRecord:
    return MemberRecord(
        wallet=wallet.bytes,
        name="买家",
        tier=TIER,
        tags=(),
        points_free=0,
        points_pending=0,
        phone_masked="",
        phone_hash=None,
        phone_keys=(),
        cards=(),
        home_store=shop.store.bytes,
    )


def _points(sale: Sale) -> int:
    return sum(posting.points for posting in sale.postings if posting.kind == EARN)
