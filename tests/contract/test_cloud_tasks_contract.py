"""What tasks and the mall promise on every store of the cloud: TaskRepo, MallRepo."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from cloud_broker.ports.mall import Order, StockRow
from cloud_broker.ports.tasks import Completion, Opened, Reached, ShareLink
from cloud_broker.ports.unit import StoreRefusedError
from cloud_broker.services.members.members import Members
from retail_core.growth.rewards import Given, Reward
from retail_core.growth.task_progress import CheckedIn
from retail_core.wire.messages import CouponTaken, LeaseSpend
from tests.factories.grown import RULES, Grown
from tests.fakes.cloud_box import WALL_MS, Person, fresh_id

TODAY = date(2026, 11, 18)


class TestRepo:
    def test_what_is_due_is_taken_once_and_is_back_when_the_work_fails(
        self, grown: Grown, ann: Person
    ) -> None:
        now = grown.clock.now_ms()
        with grown.units.begin(grown.tenant) as unit:
            assert unit.tasks.take_due(now) is None
            unit.tasks.add_due({ann.member}, now)
            unit.tasks.add_due({ann.member}, now)
            unit.tasks.put_off(ann.member, now + 10)
            assert unit.tasks.take_due(now) is None
            assert unit.tasks.take_due(now + 10) == ann.member
            assert unit.tasks.take_due(now + 10) is None

    def test_where_nothing_can_be_due_all_who_wait_are_passed_over(
        self, grown: Grown, ann: Person
    ) -> None:
        now, later = grown.clock.now_ms(), grown.clock.now_ms() + 10
        with grown.units.begin(grown.tenant) as unit:
            unit.tasks.add_due({ann.member, fresh_id(), fresh_id()}, now)
            unit.tasks.add_due({ann.member}, later)
            assert unit.tasks.pass_over(now, 2) == 2
            assert unit.tasks.pass_over(now, 2) == 1
            assert unit.tasks.pass_over(now, 2) == 0
            assert unit.tasks.take_due(later) == ann.member

    def test_a_task_is_known_from_the_first_day_it_was_heard_of(self, grown: Grown) -> None:
        later = date(2027, 1, 1)
        with grown.units.begin(grown.tenant) as unit:
            assert unit.tasks.known_since(["new"], TODAY) == {"new": TODAY}
            assert unit.tasks.known_since(["new", "newer"], later) == {
                "new": TODAY,
                "newer": later,
            }

    def test_what_was_reached_and_given_is_kept(self, grown: Grown, ann: Person) -> None:
        reached = (
            Reached("a", "once", (3, 4), TODAY, done=False),
            Reached("b", "x", (), None, done=True),
        )
        given = Completion(Given(Reward(points=5), 2, stands=True), grown.box.legal_entity, TODAY)
        with grown.units.begin(grown.tenant) as unit:
            unit.tasks.save_reached(ann.member, reached)
            unit.tasks.save_completions(ann.member, {"task:a:once": given}, WALL_MS)
        with grown.units.begin(grown.tenant) as unit:
            assert unit.tasks.reached(ann.member) == reached
            unit.tasks.save_reached(ann.member, (replace(reached[1], has=(9,)),))
            unit.tasks.save_completions(ann.member, {}, WALL_MS)
            assert unit.tasks.reached(ann.member) == (replace(reached[1], has=(9,)),)
            assert unit.tasks.completions(ann.member) == {"task:a:once": given}

    def test_a_check_in_counts_once_a_day_and_shop(self, grown: Grown, ann: Person) -> None:
        with grown.units.begin(grown.tenant) as unit:
            assert unit.tasks.note_checkin(ann.member, TODAY, grown.box.store)
            assert not unit.tasks.note_checkin(ann.member, TODAY, grown.box.store)
            facts = unit.tasks.facts(ann.member, TODAY)
            assert facts.checked_in == (CheckedIn(TODAY, "上海店"),)
            assert unit.tasks.facts(ann.member, date(2026, 11, 19)).checked_in == ()
            assert unit.tasks.checkin_member(fresh_id()) is None

    def test_links_and_who_came_by_them(self, grown: Grown, ann: Person) -> None:
        bea = grown.enrols()
        link = ShareLink(fresh_id(), ann.member, "tell", b"browser", WALL_MS)
        opened = Opened(link, bea.member, TODAY, joined=True, device=b"hers")
        with grown.units.begin(grown.tenant) as unit:
            assert unit.tasks.add_link(link) == link
            assert unit.tasks.add_link(replace(link, link=fresh_id())) == link
            assert unit.tasks.link(link.link) == link
            assert unit.tasks.link(fresh_id()) is None
            assert unit.tasks.add_open(opened, WALL_MS)
            assert not unit.tasks.add_open(opened, WALL_MS)
            assert unit.tasks.inviters_of(bea.member) == {ann.member}
            assert not unit.tasks.is_invited(bea.member)
            assert unit.tasks.add_referral(opened, WALL_MS)
            assert not unit.tasks.add_referral(opened, WALL_MS)
            assert unit.tasks.is_invited(bea.member)
            assert unit.tasks.devices([b"hers", b"other"]) == {b"hers"}
            unit.tasks.check_on({bea.member: TODAY})
            assert unit.tasks.checks_due(TODAY) == {bea.member}
            unit.tasks.check_on({bea.member: None})
            assert unit.tasks.checks_due(TODAY) == set()

    def test_stock_never_keeps_more_than_there_is(self, grown: Grown) -> None:
        row = StockRow("cup", grown.box.store, 3, 2)
        with grown.units.begin(grown.tenant) as unit:
            assert unit.mall.locked("cup", grown.box.store) == StockRow("cup", grown.box.store, 0)
            unit.mall.save_stock(row, WALL_MS)
            assert unit.mall.stock() == (row,)
            assert unit.mall.locked("cup", grown.box.store).free == 1
        with pytest.raises(StoreRefusedError), grown.units.begin(grown.tenant) as unit:
            unit.mall.save_stock(replace(row, stock=1), WALL_MS)

    def test_orders_and_what_moves_them(self, grown: Grown, ann: Person) -> None:
        order = Order(
            fresh_id(), ann.member, ann.wallet, "cup", "CUP-01", "马克杯", 40, grown.box.store,
            grown.box.legal_entity, fresh_id(), "open", TODAY, TODAY, WALL_MS,
        )  # fmt: skip
        with grown.units.begin(grown.tenant) as unit:
            unit.mall.add_order(order)
            assert unit.mall.order(order.order) == order
            assert unit.mall.order(fresh_id()) is None
            assert unit.mall.orders_of(ann.member) == (order,) == unit.mall.orders(5)
            assert unit.mall.of_gifts([order.gift, fresh_id()]) == (order,)
            assert unit.mall.moving(TODAY, 5) == ()
            assert unit.mall.moving(date(2026, 11, 19), 5) == (order.order,)
            unit.mall.move(order.order, "cancelling")
            assert unit.mall.moving(TODAY, 5) == (order.order,)
            unit.mall.move(order.order, "cancelled", WALL_MS)
            assert unit.mall.moving(date(2026, 11, 19), 5) == ()
            assert unit.mall.orders(5)[0] == replace(order, state="cancelled", ended_ms=WALL_MS)


class TestTasks:
    def test_a_challenge_is_rewarded_once_and_rolled_back_with_its_receipt(
        self, grown: Grown, ann: Person
    ) -> None:
        sold = grown.box.sells(ann, fen=6_000)
        grown.upload()
        assert grown.points(ann) == 59
        with grown.units.begin(grown.tenant) as unit:
            (reached,) = unit.tasks.reached(ann.member)
            assert (reached.task, reached.has, reached.done) == ("hundred", (6_000,), False)
        grown.box.sells(ann, fen=4_000)
        grown.upload()
        grown.upload(1)  # everything again changes nothing
        assert grown.points(ann) == 59 + 59 + 50
        assert len(grown.coupons(ann)) == 1
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=6_000)
        grown.upload()
        assert grown.points(ann) == 59
        assert grown.coupons(ann) == []
        grown.box.sells(ann, fen=7_000)
        grown.upload()
        assert grown.points(ann) == 59 + 59 + 50
        assert len(grown.coupons(ann)) == 1

    def test_a_used_coupon_is_not_earned_again_by_buying_and_returning(
        self, grown: Grown, ann: Person
    ) -> None:
        sold = grown.box.sells(ann, fen=12_000)
        grown.upload()
        (coupon,) = grown.coupons(ann)
        key = grown.lease_of(coupon)
        spend = LeaseSpend("coupon", coupon.bytes, key.epoch, key.nth, 1)
        grown.box.sells(ann, fen=100, lease_spends=(spend,))
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        grown.upload()
        before = grown.points(ann)
        grown.box.sells(ann, fen=12_000)
        grown.upload()
        assert grown.points(ann) == before + 59 + 50
        assert grown.coupons(ann) == []

    @pytest.mark.parametrize("first", ["the task", "the coupon"])
    def test_everything_given_back_leaves_no_coupon(
        self, grown: Grown, ann: Person, first: str
    ) -> None:
        sold = grown.box.sells(ann, fen=12_000)
        grown.upload()
        (coupon,) = grown.coupons(ann)
        key = grown.lease_of(coupon)
        one, other = grown.box.sale(ann).lines
        used = grown.box.sells(
            ann,
            lines=(
                msgspec.structs.replace(one, net_fen=4_800, offers=(("ten-off", 1_000),)),
                other,
            ),
            total_fen=4_900,
            tenders=(("cash", 4_900),),
            coupon=CouponTaken(coupon.bytes, "ten-off", 1_000),
            lease_spends=(LeaseSpend("coupon", coupon.bytes, key.epoch, key.nth, 1),),
        )
        grown.upload()
        backs = {
            "the task": lambda: grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000),
            "the coupon": lambda: grown.box.refunds(used, (1, 1_000), (2, 1_000), fen=4_900),
        }
        backs.pop(first)()
        grown.upload()
        assert len(grown.coupons(ann)) == (first == "the coupon")
        backs.popitem()[1]()
        grown.upload()
        assert grown.coupons(ann) == []

    def test_a_coupon_given_again_is_what_the_task_promises_then(
        self, grown: Grown, ann: Person
    ) -> None:
        sold = grown.box.sells(ann, fen=12_000)
        grown.upload()
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        grown.upload()
        other = {"kind": "threshold", "id": "five-off", "name": "减5", "fen_off": 500}
        tasks = [
            task | ({"reward": {"coupon": "five-off"}} if task["id"] == "hundred" else {})
            for task in RULES["tasks"]
        ]
        coupons = [*RULES["coupons"], other]
        grown.publish(RULES | {"version": 2, "tasks": tasks, "coupons": coupons})
        grown.box.sells(ann, fen=12_000)
        grown.upload()
        with grown.units.begin(grown.tenant) as unit:
            held = unit.benefits.coupons_of([ann.member])
        assert [one.rule for one in held] == ["five-off"]

    def test_two_names_of_one_person_are_rewarded_as_one(self, grown: Grown, ann: Person) -> None:
        twin = replace(Person(), phone=ann.phone)
        grown.box.enrols(twin)
        grown.upload()
        grown.stands_here(ann)
        grown.stands_here(twin)
        assert grown.points(ann) == 5
        grown.box.sells(ann, fen=6_000)
        grown.upload()
        sold = grown.box.sells(twin, fen=6_000)
        grown.upload()
        assert grown.points(ann) == 5 + 59 + 59 + 50
        assert len(grown.coupons(ann) + grown.coupons(twin)) == 1
        with grown.units.begin(grown.tenant) as unit:
            assert unit.tasks.reached(ann.member) == unit.tasks.reached(twin.member)
        grown.box.sells(twin, fen=6_000)
        grown.box.sells(ann, fen=6_000)
        grown.upload()
        assert grown.points(ann) == 5 + 4 * 59 + 50
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=6_000)
        grown.upload()
        assert grown.points(ann) == 5 + 3 * 59 + 50

    def test_a_cap_counts_what_was_done_long_ago_once(self, grown: Grown, ann: Person) -> None:
        often = [task | {"per_person": 2} for task in RULES["tasks"]]
        grown.publish(RULES | {"version": 2, "tasks": often})
        grown.stands_here(ann)
        grown.tomorrow(500)
        grown.stands_here(ann)
        grown.tomorrow()
        grown.stands_here(ann)
        assert grown.points(ann) == 10

    def test_points_that_were_spent_are_owed_after_the_rollback(
        self, grown: Grown, ann: Person
    ) -> None:
        grown.mall.set_stock(grown.hq(), "bag", grown.box.store, 1)
        sold = grown.box.sells(ann, fen=12_000)
        grown.upload()
        assert grown.points(ann) == 109
        grown.mall.order(grown.who(ann), fresh_id(), "bag", grown.box.store)
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        grown.upload()
        # 109 earned, 60 spent; 59 of the sale and 50 of the task are gone.
        assert (grown.points(ann), grown.points(ann, "owed")) == (0, -60)

    def test_a_check_in_counts_once_a_day(self, grown: Grown, ann: Person) -> None:
        grown.stands_here(ann)
        grown.stands_here(ann)
        assert grown.points(ann) == 5
        grown.tomorrow()
        grown.stands_here(ann)
        assert grown.points(ann) == 10

    def test_a_new_task_does_not_reward_the_past(self, grown: Grown, ann: Person) -> None:
        grown.box.sells(ann, fen=9_000)
        grown.upload()
        grown.tomorrow()
        small = {
            "kind": "spend",
            "id": "small",
            "name": "小额",
            "fen": 100,
            "reward": {"points": 7},
        }
        grown.publish(RULES | {"version": 2, "tasks": [*RULES["tasks"], small]})
        grown.stands_here(ann)
        assert grown.points(ann) == 59 + 5
        grown.box.sells(ann, fen=900, business_date=20261119)
        grown.upload()
        assert grown.points(ann) == 59 + 5 + 59 + 7

    def test_a_task_that_is_gone_leaves_what_was_given(self, grown: Grown, ann: Person) -> None:
        grown.stands_here(ann)
        grown.publish(RULES | {"version": 2, "tasks": []})
        grown.box.sells(ann)
        grown.upload()
        assert grown.points(ann) == 5 + 59

    def test_asking_more_of_a_task_takes_nothing_back(self, grown: Grown, ann: Person) -> None:
        sold = grown.box.sells(ann, fen=12_000)
        grown.upload()
        assert grown.points(ann) == 109
        harder = [task | ({"fen": 90_000} if "fen" in task else {}) for task in RULES["tasks"]]
        grown.publish(RULES | {"version": 2, "tasks": harder})
        grown.box.sells(ann, fen=600)
        grown.upload()
        assert grown.points(ann) == 109 + 59
        with grown.units.begin(grown.tenant) as unit:
            (given,) = unit.tasks.completions(ann.member).values()
        assert given.rule is not None
        assert given.rule.id == "hundred"
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        grown.upload()
        assert grown.points(ann) == 59

    def test_a_shop_is_told_how_far_she_is(self, grown: Grown, ann: Person) -> None:
        grown.box.sells(ann, fen=6_000)
        grown.upload()
        with grown.units.begin(grown.tenant) as unit:
            place = unit.fleet.places([grown.box.device])[grown.box.device]
        found = Members(grown.units, grown.clock).find(grown.tenant, place, "phone", ann.phone_hash)
        (told,) = found.record.tasks
        assert (told.task, told.has, told.last_day) == ("hundred", (6_000,), 20261118)
