"""What the points mall promises on every store of the cloud: orders, cancelling, running out."""

from dataclasses import replace

import pytest

from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.lease_office import LeaseOffice
from cloud_broker.services.rights.lease_placing import LeasePlacing
from cloud_broker.services.rights.mall_wishes import FREE_FOR_MS
from retail_core.errors import Fault
from retail_core.loyalty.leases import Right, RightKind
from retail_core.loyalty.postings import member_account
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind
from tests.factories.grown import Grown
from tests.fakes.cloud_box import Person, fresh_id


class TestMall:
    @pytest.fixture
    def rich(self, grown: Grown, ann: Person) -> Person:
        grown.box.sells(ann)
        grown.upload()
        grown.mall.set_stock(grown.hq(), "cup", grown.box.store, 2)
        return ann

    def test_ordering_takes_points_and_keeps_a_piece(self, grown: Grown, rich: Person) -> None:
        who, number = grown.who(rich), fresh_id()
        made = grown.mall.order(who, number, "cup", grown.box.store)
        assert grown.mall.order(who, number, "cup", grown.box.store) == made  # the phone asks again
        assert (grown.points(rich), grown.stock()) == (19, (2, 1))
        assert [(g.right, g.store, g.kind) for g in grown.gifts(rich)] == [
            (made.gift, grown.box.store, "mall")
        ]
        shown = grown.mall.shown(who)
        assert (shown.purse.free, [one.item.id for one in shown.offered]) == (19, ["cup", "bag"])
        assert [left for _, left in shown.offered[0].left] == [1]
        assert shown.orders == (made,)
        with pytest.raises(Fault) as refused:
            grown.mall.order(who, fresh_id(), "cup", grown.box.store)
        assert refused.value.code == FaultCode.MALL_POINTS_SHORT
        with pytest.raises(Fault) as refused:
            grown.mall.order(grown.who(grown.enrols()), number, "cup", grown.box.store)
        assert refused.value.code == FaultCode.MALL_ORDER_UNKNOWN

    def test_so_many_for_each_person_are_not_so_many_for_each_name(
        self, grown: Grown, rich: Person
    ) -> None:
        twin = replace(Person(), phone=rich.phone)
        grown.box.enrols(twin)
        for _ in range(3):
            grown.box.sells(rich)
        grown.upload()
        grown.mall.set_stock(grown.hq(), "cup", grown.box.store, 5)
        grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        grown.mall.order(grown.who(twin), fresh_id(), "cup", grown.box.store)
        assert grown.mall.shown(grown.who(twin)).offered[0].ordered == 2
        for name in (rich, twin):
            with pytest.raises(Fault) as refused:
                grown.mall.order(grown.who(name), fresh_id(), "cup", grown.box.store)
            assert refused.value.code == FaultCode.MALL_ENOUGH

    def test_points_that_lie_in_a_store_are_fetched(self, grown: Grown, rich: Person) -> None:
        right = Right(RightKind.POINTS, rich.wallet)
        office = LeaseOffice(grown.units, grown.clock)
        key = office.lend(grown.tenant, right, grown.box.device, 50)
        who, number = grown.who(rich), fresh_id()
        with pytest.raises(Fault) as refused:
            grown.mall.order(who, number, "cup", grown.box.store)
        assert refused.value.code == FaultCode.MALL_POINTS_LENT
        with grown.units.begin(grown.tenant) as unit:
            rows = unit.feed.since(grown.box.store, 0, 1_000)
            assert unit.mall.wishing([rich.wallet], grown.clock.now_ms()) == {rich.wallet}
            assert unit.mall.wishing([rich.wallet], grown.clock.now_ms() + FREE_FOR_MS) == set()
        assert rows[-1].change.kind == ChangeKind.LEASE_RECALLED
        grown.gives_back(key, 0)
        grown.upload()
        LeasePlacing(grown.units, grown.clock, RulesInForce("Asia/Shanghai")).run(grown.tenant)
        made = grown.mall.order(who, number, "cup", grown.box.store)
        assert (made.state, grown.points(rich)) == ("open", 19)

    def test_what_she_owes_buys_nothing(self, grown: Grown, rich: Person) -> None:
        owed, free = (member_account(rich.wallet, purse) for purse in ("owed", "free"))
        with grown.units.begin(grown.tenant) as unit:
            unit.ledger.locked([owed, free])
            unit.journal.move_balances({owed: -20}, grown.clock.now_ms())
        purse = grown.mall.shown(grown.who(rich)).purse
        assert (purse.free, purse.whole) == (39, 39)
        with pytest.raises(Fault) as refused:
            grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        assert refused.value.code == FaultCode.MALL_POINTS_SHORT

    def test_a_cancelled_order_leaves_no_trace(self, grown: Grown, rich: Person) -> None:
        before = grown.balances()
        made = grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        key = grown.lease_of(made.gift)
        waits = grown.mall.cancel(grown.who(rich), made.order)
        # The box may still hand it over: points come back when it has given the right back.
        assert (waits.state, grown.points(rich), grown.stock()) == ("cancelling", 19, (2, 1))
        grown.gives_back(key, 0)
        grown.upload()
        assert (grown.balances(), grown.stock()) == (before, (2, 0))
        assert grown.mall.shown(grown.who(rich)).orders[0].state == "cancelled"
        assert grown.gifts(rich) == []
        with pytest.raises(Fault) as refused:
            grown.mall.cancel(grown.who(rich), made.order)
        assert refused.value.code == FaultCode.MALL_ORDER_OVER

    def test_handed_over_before_the_cancelling_was_heard(self, grown: Grown, rich: Person) -> None:
        made = grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        key = grown.lease_of(made.gift)
        grown.mall.cancel(grown.who(rich), made.order)
        grown.hands_over(made.gift, rich, key)
        grown.gives_back(key, 1)
        grown.upload()
        grown.upload(1)
        assert (grown.points(rich), grown.stock()) == (19, (1, 0))
        assert grown.mall.shown(grown.who(rich)).orders[0].state == "handed"
        with grown.units.begin(grown.tenant) as unit:
            assert [one.gift for one in unit.mall.handed(5)] == [made.gift]
        assert grown.gifts(rich) == []

    def test_what_nobody_picked_up_comes_back(self, grown: Grown, rich: Person) -> None:
        before = grown.balances()
        made = grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        key = grown.lease_of(made.gift)
        grown.tomorrow(4)
        grown.judge()
        assert grown.mall.shown(grown.who(rich)).orders[0].state == "open"
        grown.tomorrow()
        grown.judge()
        assert grown.mall.shown(grown.who(rich)).orders[0].state == "expiring"
        grown.gives_back(key, 0)
        grown.upload()
        assert grown.mall.shown(grown.who(rich)).orders[0].state == "expired"
        assert (grown.balances(), grown.stock()) == (before, (2, 0))

    def test_a_card_that_is_lost_counts_as_handed_over(self, grown: Grown, rich: Person) -> None:
        made = grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        grown.mall.cancel(grown.who(rich), made.order)
        other = replace(grown.box, epoch=8, events=[], hashes=grown.box.hashes[:1], boot=fresh_id())
        grown.box, grown.sent = other, 0
        grown.opened()
        LeaseOffice(grown.units, grown.clock).write_off(grown.tenant, grown.box.device)
        grown.judge()
        assert grown.mall.shown(grown.who(rich)).orders[0].state == "handed"
        assert grown.stock() == (1, 0)

    def test_stock_is_hqs_and_never_below_what_is_kept(self, grown: Grown, rich: Person) -> None:
        grown.mall.order(grown.who(rich), fresh_id(), "cup", grown.box.store)
        for act, code in (
            ((grown.hq("auditor"), "cup", grown.box.store, 5), FaultCode.LEDGER_ROLE),
            ((grown.hq(), "cup", grown.box.store, 0), FaultCode.MALL_STOCK_WRONG),
            ((grown.hq(), "none", grown.box.store, 5), FaultCode.MALL_NOT_OFFERED),
            ((grown.hq(), "cup", fresh_id(), 5), FaultCode.API_NOT_FOUND),
        ):
            with pytest.raises(Fault) as refused:
                grown.mall.set_stock(*act)
            assert refused.value.code == code
        with pytest.raises(Fault) as refused:
            grown.mall.order(grown.who(rich), fresh_id(), "cup", fresh_id())
        assert refused.value.code == FaultCode.API_NOT_FOUND
        items, stock, orders, places = grown.mall.overview(grown.tenant)
        assert [item.id for item in items] == ["cup", "bag"]
        assert (len(stock), len(orders), [one.name for one in places]) == (1, 1, ["上海店"])
