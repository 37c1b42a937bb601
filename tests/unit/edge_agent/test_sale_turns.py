"""Two tills sell at once: what may be had once is had once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import msgspec

from edge_agent.domain.sale import AskedLine, SaleCommand
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.counter.pending_uses import PendingUses
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.evaluate import price_basket
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import SHOP, SOAP, TILL, make_id, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

ONCE_A_DAY = """{"version": 3, "tier_names": {"gold": "金卡"}, "offers": [
  {"kind": "tier_price", "id": "once", "name": "每天一块", "tiers": ["gold"], "price_fen": 1000,
   "items": {"skus": ["SOAP"]}, "caps": {"per_member_day": 1}}]}""".encode()
TOGETHER_S = 0.5


def test_a_price_of_once_a_day_is_sold_once_by_two_tills_at_the_same_moment() -> None:
    journal, replica, clock = FakeJournal(), FakeReplica(), FakeClock()
    replica.replace_catalogue(1, [SOAP])
    replica.replace_bundle(3, ONCE_A_DAY)
    uses = PendingUses(journal, lambda: True, FakeReplica().uses_back)
    both = threading.Barrier(2)

    def price(*asked: Any, **more: Any) -> PricedBasket:
        with suppress(threading.BrokenBarrierError):  # the other one waits for its turn
            both.wait(TOGETHER_S)
        return price_basket(*asked, **more)

    sales = CloseSale(
        Recorder(journal, [uses.recorded]),
        PriceDesk(replica, SHOP, uses=uses, price=price),
        clock,
        FakeIdSource(),
        SHOP,
    )
    member = make_id()
    replica.put_member(member, 4, msgspec.structs.replace(make_record(), used_on=20260731))

    def sold(number: int) -> FaultCode | None:
        lines, paid = (AskedLine(sku="SOAP"),), (("cash", 1_000),)
        try:
            sales.execute(SaleCommand(TILL, str(number), lines, paid, member_id=member))
        except Fault as fault:
            return fault.code
        return None

    with ThreadPoolExecutor(2) as tills:
        found = tuple(tills.map(sold, range(2)))
    assert sorted(found, key=str) == [None, FaultCode.SALE_TENDER_MISMATCH]
    assert journal.depth() == 1
