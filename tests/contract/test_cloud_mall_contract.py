"""What the points mall promises on every store of the cloud: orders, cancelling, running out."""

from dataclasses import replace

import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.lease_office import LeaseOffice
from cloud_broker.services.lease_placing import LeasePlacing
from cloud_broker.services.mall_wishes import FREE_FOR_MS
from retail_core.errors import Fault
from retail_core.loyalty.leases import Right, RightKind
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind
from tests.factories.grown import Grown
from tests.fakes.cloud_box import Person, fresh_id


@pytest.fixture
def chain(any_units: Units) -> Grown:
    grown = Grown(any_units)
    grown.opened()
    return grown


@pytest.fixture
def ann(chain: Grown) -> Person:
    return chain.enrols()


def code_of(refused: pytest.ExceptionInfo[Fault]) -> FaultCode:
    return refused.value.code


class TestMall:
    @pytest.fixture
    def rich(self, chain: Grown, ann: Person) -> Person:
        chain.box.sells(ann)
        chain.upload()
        chain.mall.set_stock(chain.hq(), "cup", chain.box.store, 2)
        return ann

    def test_ordering_takes_points_and_keeps_a_piece(self, chain: Grown, rich: Person) -> None:
        who, number = chain.who(rich), fresh_id()
        made = chain.mall.order(who, number, "cup", chain.box.store)
        assert chain.mall.order(who, number, "cup", chain.box.store) == made  # the phone asks again
        assert (chain.points(rich), chain.stock()) == (19, (2, 1))
        assert [(g.right, g.store, g.kind) for g in chain.gifts(rich)] == [
            (made.gift, chain.box.store, "mall")
        ]
        shown = chain.mall.shown(who)
        assert (shown.purse.free, [one.item.id for one in shown.offered]) == (19, ["cup", "bag"])
        assert [left for _, left in shown.offered[0].left] == [1]
        assert shown.orders == (made,)
        with pytest.raises(Fault) as refused:
            chain.mall.order(who, fresh_id(), "cup", chain.box.store)
        assert code_of(refused) == FaultCode.MALL_POINTS_SHORT
        with pytest.raises(Fault) as refused:
            chain.mall.order(chain.who(chain.enrols()), number, "cup", chain.box.store)
        assert code_of(refused) == FaultCode.MALL_ORDER_UNKNOWN

    def test_so_many_for_each_person_are_not_so_many_for_each_name(
        self, chain: Grown, rich: Person
    ) -> None:
        twin = replace(Person(), phone=rich.phone)
        chain.box.enrols(twin)
        for _ in range(3):
            chain.box.sells(rich)
        chain.upload()
        chain.mall.set_stock(chain.hq(), "cup", chain.box.store, 5)
        chain.mall.order(chain.who(rich), fresh_id(), "cup", chain.box.store)
        chain.mall.order(chain.who(twin), fresh_id(), "cup", chain.box.store)
        assert chain.mall.shown(chain.who(twin)).offered[0].ordered == 2
        for name in (rich, twin):
            with pytest.raises(Fault) as refused:
                chain.mall.order(chain.who(name), fresh_id(), "cup", chain.box.store)
            assert code_of(refused) == FaultCode.MALL_ENOUGH

    def test_points_that_lie_in_a_store_are_fetched(self, chain: Grown, rich: Person) -> None:
        right = Right(RightKind.POINTS, rich.wallet)
        office = LeaseOffice(chain.units, chain.clock)
        key = office.lend(chain.tenant, right, chain.box.device, 50)
        who, number = chain.who(rich), fresh_id()
        with pytest.raises(Fault) as refused:
            chain.mall.order(who, number, "cup", chain.box.store)
        assert code_of(refused) == FaultCode.MALL_POINTS_LENT
        with chain.units.begin(chain.tenant) as unit:
            rows = unit.feed.since(chain.box.store, 0, 1_000)
            assert unit.mall.wishing([rich.wallet], chain.clock.now_ms()) == {rich.wallet}
            assert unit.mall.wishing([rich.wallet], chain.clock.now_ms() + FREE_FOR_MS) == set()
        assert rows[-1].change.kind == ChangeKind.LEASE_RECALLED
        chain.gives_back(key, 0)
        chain.upload()
        LeasePlacing(chain.units, chain.clock).run(chain.tenant)
        made = chain.mall.order(who, number, "cup", chain.box.store)
        assert (made.state, chain.points(rich)) == ("open", 19)

    def test_a_cancelled_order_leaves_no_trace(self, chain: Grown, rich: Person) -> None:
        before = chain.balances()
        made = chain.mall.order(chain.who(rich), fresh_id(), "cup", chain.box.store)
        key = chain.lease_of(made.gift)
        waits = chain.mall.cancel(chain.who(rich), made.order)
        # The box may still hand it over: points come back when it has given the right back.
        assert (waits.state, chain.points(rich), chain.stock()) == ("cancelling", 19, (2, 1))
        chain.gives_back(key, 0)
        chain.upload()
        assert (chain.balances(), chain.stock()) == (before, (2, 0))
        assert chain.mall.shown(chain.who(rich)).orders[0].state == "cancelled"
        assert chain.gifts(rich) == []
        with pytest.raises(Fault) as refused:
            chain.mall.cancel(chain.who(rich), made.order)
        assert code_of(refused) == FaultCode.MALL_ORDER_OVER

    def test_handed_over_before_the_cancelling_was_heard(self, chain: Grown, rich: Person) -> None:
        made = chain.mall.order(chain.who(rich), fresh_id(), "cup", chain.box.store)
        key = chain.lease_of(made.gift)
        chain.mall.cancel(chain.who(rich), made.order)
        chain.hands_over(made.gift, rich, key)
        chain.gives_back(key, 1)
        chain.upload()
        chain.upload(1)
        assert (chain.points(rich), chain.stock()) == (19, (1, 0))
        assert chain.mall.shown(chain.who(rich)).orders[0].state == "handed"
        with chain.units.begin(chain.tenant) as unit:
            assert [one.gift for one in unit.mall.handed(5)] == [made.gift]
        assert chain.gifts(rich) == []

    def test_what_nobody_picked_up_comes_back(self, chain: Grown, rich: Person) -> None:
        before = chain.balances()
        made = chain.mall.order(chain.who(rich), fresh_id(), "cup", chain.box.store)
        key = chain.lease_of(made.gift)
        chain.tomorrow(4)
        chain.judge()
        assert chain.mall.shown(chain.who(rich)).orders[0].state == "open"
        chain.tomorrow()
        chain.judge()
        assert chain.mall.shown(chain.who(rich)).orders[0].state == "expiring"
        chain.gives_back(key, 0)
        chain.upload()
        assert chain.mall.shown(chain.who(rich)).orders[0].state == "expired"
        assert (chain.balances(), chain.stock()) == (before, (2, 0))

    def test_a_card_that_is_lost_counts_as_handed_over(self, chain: Grown, rich: Person) -> None:
        made = chain.mall.order(chain.who(rich), fresh_id(), "cup", chain.box.store)
        chain.mall.cancel(chain.who(rich), made.order)
        other = replace(chain.box, epoch=8, events=[], hashes=chain.box.hashes[:1], boot=fresh_id())
        chain.box, chain.sent = other, 0
        chain.opened()
        LeaseOffice(chain.units, chain.clock).write_off(chain.tenant, chain.box.device)
        chain.judge()
        assert chain.mall.shown(chain.who(rich)).orders[0].state == "handed"
        assert chain.stock() == (1, 0)

    def test_stock_is_hqs_and_never_below_what_is_kept(self, chain: Grown, rich: Person) -> None:
        chain.mall.order(chain.who(rich), fresh_id(), "cup", chain.box.store)
        for act, code in (
            ((chain.hq("auditor"), "cup", chain.box.store, 5), FaultCode.LEDGER_ROLE),
            ((chain.hq(), "cup", chain.box.store, 0), FaultCode.MALL_STOCK_WRONG),
            ((chain.hq(), "none", chain.box.store, 5), FaultCode.MALL_NOT_OFFERED),
            ((chain.hq(), "cup", fresh_id(), 5), FaultCode.API_NOT_FOUND),
        ):
            with pytest.raises(Fault) as refused:
                chain.mall.set_stock(*act)
            assert code_of(refused) == code
        with pytest.raises(Fault) as refused:
            chain.mall.order(chain.who(rich), fresh_id(), "cup", fresh_id())
        assert code_of(refused) == FaultCode.API_NOT_FOUND
        items, stock, orders, places = chain.mall.overview(chain.tenant)
        assert [item.id for item in items] == ["cup", "bag"]
        assert (len(stock), len(orders), [one.name for one in places]) == (1, 1, ["上海店"])
