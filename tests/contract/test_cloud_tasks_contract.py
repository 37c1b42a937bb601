"""What tasks, invitations and the mall promise on every store of the cloud: TaskRepo, MallRepo."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from cloud_broker.ports.mall import Order, StockRow
from cloud_broker.ports.tasks import Completion, Opened, Reached, ShareLink
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.services.members import Members
from retail_core.errors import Fault
from retail_core.growth.rewards import Given, Reward
from retail_core.growth.task_progress import CheckedIn
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import CouponTaken, LeaseSpend
from tests.factories.grown import RULES, Grown
from tests.fakes.cloud_box import WALL_MS, Person, fresh_id

TODAY = date(2026, 11, 18)


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


class TestRepo:
    def test_what_is_due_is_taken_once_and_is_back_when_the_work_fails(
        self, chain: Grown, ann: Person
    ) -> None:
        now = chain.clock.now_ms()
        with chain.units.begin(chain.tenant) as unit:
            assert unit.tasks.take_due(now) is None
            unit.tasks.add_due({ann.member}, now)
            unit.tasks.add_due({ann.member}, now)
            unit.tasks.put_off(ann.member, now + 10)
            assert unit.tasks.take_due(now) is None
            assert unit.tasks.take_due(now + 10) == ann.member
            assert unit.tasks.take_due(now + 10) is None

    def test_a_task_is_known_from_the_first_day_it_was_heard_of(self, chain: Grown) -> None:
        later = date(2027, 1, 1)
        with chain.units.begin(chain.tenant) as unit:
            assert unit.tasks.known_since(["new"], TODAY) == {"new": TODAY}
            assert unit.tasks.known_since(["new", "newer"], later) == {
                "new": TODAY,
                "newer": later,
            }

    def test_what_was_reached_and_given_is_kept(self, chain: Grown, ann: Person) -> None:
        reached = (
            Reached("a", "once", (3, 4), TODAY, done=False),
            Reached("b", "x", (), None, done=True),
        )
        given = Completion(Given(Reward(points=5), 2, stands=True), chain.box.legal_entity, TODAY)
        with chain.units.begin(chain.tenant) as unit:
            unit.tasks.save_reached(ann.member, reached)
            unit.tasks.save_completions(ann.member, {"task:a:once": given}, WALL_MS)
        with chain.units.begin(chain.tenant) as unit:
            assert unit.tasks.reached(ann.member) == reached
            unit.tasks.save_reached(ann.member, (replace(reached[1], has=(9,)),))
            unit.tasks.save_completions(ann.member, {}, WALL_MS)
            assert unit.tasks.reached(ann.member) == (replace(reached[1], has=(9,)),)
            assert unit.tasks.completions(ann.member) == {"task:a:once": given}

    def test_a_check_in_counts_once_a_day_and_shop(self, chain: Grown, ann: Person) -> None:
        with chain.units.begin(chain.tenant) as unit:
            assert unit.tasks.note_checkin(ann.member, TODAY, chain.box.store)
            assert not unit.tasks.note_checkin(ann.member, TODAY, chain.box.store)
            facts = unit.tasks.facts(ann.member, TODAY)
            assert facts.checked_in == (CheckedIn(TODAY, "上海店"),)
            assert unit.tasks.facts(ann.member, date(2026, 11, 19)).checked_in == ()
            assert unit.tasks.checkin_member(fresh_id()) is None

    def test_links_and_who_came_by_them(self, chain: Grown, ann: Person) -> None:
        bea = chain.enrols()
        link = ShareLink(fresh_id(), ann.member, "tell", b"browser", WALL_MS)
        opened = Opened(link, bea.member, TODAY, joined=True, device=b"hers")
        with chain.units.begin(chain.tenant) as unit:
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

    def test_stock_never_keeps_more_than_there_is(self, chain: Grown) -> None:
        row = StockRow("cup", chain.box.store, 3, 2)
        with chain.units.begin(chain.tenant) as unit:
            assert unit.mall.locked("cup", chain.box.store) == StockRow("cup", chain.box.store, 0)
            unit.mall.save_stock(row, WALL_MS)
            assert unit.mall.stock() == (row,)
            assert unit.mall.locked("cup", chain.box.store).free == 1
        with pytest.raises(StoreRefusedError), chain.units.begin(chain.tenant) as unit:
            unit.mall.save_stock(replace(row, stock=1), WALL_MS)

    def test_orders_and_what_moves_them(self, chain: Grown, ann: Person) -> None:
        order = Order(
            fresh_id(), ann.member, ann.wallet, "cup", "CUP-01", "马克杯", 40, chain.box.store,
            chain.box.legal_entity, fresh_id(), "open", TODAY, TODAY, WALL_MS,
        )  # fmt: skip
        with chain.units.begin(chain.tenant) as unit:
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
        self, chain: Grown, ann: Person
    ) -> None:
        sold = chain.box.sells(ann, fen=6_000)
        chain.upload()
        assert chain.points(ann) == 59
        with chain.units.begin(chain.tenant) as unit:
            (reached,) = unit.tasks.reached(ann.member)
            assert (reached.task, reached.has, reached.done) == ("hundred", (6_000,), False)
        chain.box.sells(ann, fen=4_000)
        chain.upload()
        chain.upload(1)  # everything again changes nothing
        assert chain.points(ann) == 59 + 59 + 50
        assert len(chain.coupons(ann)) == 1
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=6_000)
        chain.upload()
        assert chain.points(ann) == 59
        assert chain.coupons(ann) == []
        chain.box.sells(ann, fen=7_000)
        chain.upload()
        assert chain.points(ann) == 59 + 59 + 50
        assert len(chain.coupons(ann)) == 1

    def test_a_used_coupon_is_not_earned_again_by_buying_and_returning(
        self, chain: Grown, ann: Person
    ) -> None:
        sold = chain.box.sells(ann, fen=12_000)
        chain.upload()
        (coupon,) = chain.coupons(ann)
        key = chain.lease_of(coupon)
        spend = LeaseSpend("coupon", coupon.bytes, key.epoch, key.nth, 1)
        chain.box.sells(ann, fen=100, lease_spends=(spend,))
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        chain.upload()
        before = chain.points(ann)
        chain.box.sells(ann, fen=12_000)
        chain.upload()
        assert chain.points(ann) == before + 59 + 50
        assert chain.coupons(ann) == []

    @pytest.mark.parametrize("first", ["the task", "the coupon"])
    def test_everything_given_back_leaves_no_coupon(
        self, chain: Grown, ann: Person, first: str
    ) -> None:
        sold = chain.box.sells(ann, fen=12_000)
        chain.upload()
        (coupon,) = chain.coupons(ann)
        key = chain.lease_of(coupon)
        one, other = chain.box.sale(ann).lines
        used = chain.box.sells(
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
        chain.upload()
        backs = {
            "the task": lambda: chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000),
            "the coupon": lambda: chain.box.refunds(used, (1, 1_000), (2, 1_000), fen=4_900),
        }
        backs.pop(first)()
        chain.upload()
        assert len(chain.coupons(ann)) == (first == "the coupon")
        backs.popitem()[1]()
        chain.upload()
        assert chain.coupons(ann) == []

    def test_a_coupon_given_again_is_what_the_task_promises_then(
        self, chain: Grown, ann: Person
    ) -> None:
        sold = chain.box.sells(ann, fen=12_000)
        chain.upload()
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        chain.upload()
        other = {"kind": "threshold", "id": "five-off", "name": "减5", "fen_off": 500}
        tasks = [
            task | ({"reward": {"coupon": "five-off"}} if task["id"] == "hundred" else {})
            for task in RULES["tasks"]
        ]
        coupons = [*RULES["coupons"], other]
        chain.publish(RULES | {"version": 2, "tasks": tasks, "coupons": coupons})
        chain.box.sells(ann, fen=12_000)
        chain.upload()
        with chain.units.begin(chain.tenant) as unit:
            held = unit.benefits.coupons_of([ann.member])
        assert [one.rule for one in held] == ["five-off"]

    def test_two_names_of_one_person_are_rewarded_as_one(self, chain: Grown, ann: Person) -> None:
        twin = replace(Person(), phone=ann.phone)
        chain.box.enrols(twin)
        chain.upload()
        chain.stands_here(ann)
        chain.stands_here(twin)
        assert chain.points(ann) == 5
        chain.box.sells(ann, fen=6_000)
        chain.upload()
        sold = chain.box.sells(twin, fen=6_000)
        chain.upload()
        assert chain.points(ann) == 5 + 59 + 59 + 50
        assert len(chain.coupons(ann) + chain.coupons(twin)) == 1
        with chain.units.begin(chain.tenant) as unit:
            assert unit.tasks.reached(ann.member) == unit.tasks.reached(twin.member)
        chain.box.sells(twin, fen=6_000)
        chain.box.sells(ann, fen=6_000)
        chain.upload()
        assert chain.points(ann) == 5 + 4 * 59 + 50
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=6_000)
        chain.upload()
        assert chain.points(ann) == 5 + 3 * 59 + 50

    def test_a_cap_counts_what_was_done_long_ago_once(self, chain: Grown, ann: Person) -> None:
        often = [task | {"per_person": 2} for task in RULES["tasks"]]
        chain.publish(RULES | {"version": 2, "tasks": often})
        chain.stands_here(ann)
        chain.tomorrow(500)
        chain.stands_here(ann)
        chain.tomorrow()
        chain.stands_here(ann)
        assert chain.points(ann) == 10

    def test_points_that_were_spent_are_owed_after_the_rollback(
        self, chain: Grown, ann: Person
    ) -> None:
        chain.mall.set_stock(chain.hq(), "bag", chain.box.store, 1)
        sold = chain.box.sells(ann, fen=12_000)
        chain.upload()
        assert chain.points(ann) == 109
        chain.mall.order(chain.who(ann), fresh_id(), "bag", chain.box.store)
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        chain.upload()
        # 109 earned, 60 spent; 59 of the sale and 50 of the task are gone.
        assert (chain.points(ann), chain.points(ann, "owed")) == (0, -60)

    def test_a_check_in_counts_once_a_day(self, chain: Grown, ann: Person) -> None:
        chain.stands_here(ann)
        chain.stands_here(ann)
        assert chain.points(ann) == 5
        chain.tomorrow()
        chain.stands_here(ann)
        assert chain.points(ann) == 10

    def test_a_new_task_does_not_reward_the_past(self, chain: Grown, ann: Person) -> None:
        chain.box.sells(ann, fen=9_000)
        chain.upload()
        chain.tomorrow()
        small = {
            "kind": "spend",
            "id": "small",
            "name": "小额",
            "fen": 100,
            "reward": {"points": 7},
        }
        chain.publish(RULES | {"version": 2, "tasks": [*RULES["tasks"], small]})
        chain.stands_here(ann)
        assert chain.points(ann) == 59 + 5
        chain.box.sells(ann, fen=900, business_date=20261119)
        chain.upload()
        assert chain.points(ann) == 59 + 5 + 59 + 7

    def test_a_task_that_is_gone_leaves_what_was_given(self, chain: Grown, ann: Person) -> None:
        chain.stands_here(ann)
        chain.publish(RULES | {"version": 2, "tasks": []})
        chain.box.sells(ann)
        chain.upload()
        assert chain.points(ann) == 5 + 59

    def test_asking_more_of_a_task_takes_nothing_back(self, chain: Grown, ann: Person) -> None:
        sold = chain.box.sells(ann, fen=12_000)
        chain.upload()
        assert chain.points(ann) == 109
        harder = [task | ({"fen": 90_000} if "fen" in task else {}) for task in RULES["tasks"]]
        chain.publish(RULES | {"version": 2, "tasks": harder})
        chain.box.sells(ann, fen=600)
        chain.upload()
        assert chain.points(ann) == 109 + 59
        with chain.units.begin(chain.tenant) as unit:
            (given,) = unit.tasks.completions(ann.member).values()
        assert given.rule is not None
        assert given.rule.id == "hundred"
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=12_000)
        chain.upload()
        assert chain.points(ann) == 59

    def test_a_shop_is_told_how_far_she_is(self, chain: Grown, ann: Person) -> None:
        chain.box.sells(ann, fen=6_000)
        chain.upload()
        with chain.units.begin(chain.tenant) as unit:
            place = unit.fleet.places([chain.box.device])[chain.box.device]
        found = Members(chain.units, chain.clock).find(chain.tenant, place, "phone", ann.phone_hash)
        (told,) = found.record.tasks
        assert (told.task, told.has, told.last_day) == ("hundred", (6_000,), 20261118)


class TestInvitations:
    def test_both_are_rewarded_when_the_return_window_is_over(
        self, chain: Grown, ann: Person
    ) -> None:
        token = chain.sharing.link(chain.who(ann), "referral", b"anns browser")
        assert chain.sharing.link(chain.who(ann), "referral", b"anns browser") == token
        assert chain.sharing.seen(token).from_name != ann.name
        chain.tomorrow()
        bea = chain.enrols()
        chain.sharing.opened(chain.who(bea), token, b"beas browser")
        sold = chain.box.sells(bea, fen=6_000, business_date=20261119)
        chain.upload()
        assert (chain.points(ann), chain.points(bea)) == (0, 59)
        chain.tomorrow(7)
        chain.judge()
        assert (chain.points(ann), chain.points(bea)) == (200, 159)
        chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=6_000)
        chain.upload()
        assert (chain.points(ann), chain.points(bea)) == (0, 0)

    def test_who_does_not_count(self, chain: Grown, ann: Person) -> None:
        old = chain.enrols()
        chain.tomorrow()
        token = chain.sharing.link(chain.who(ann), "referral", b"anns browser")

        def why(person: Person, device: bytes) -> object:
            with pytest.raises(Fault) as refused:
                chain.sharing.opened(chain.who(person), token, device)
            assert code_of(refused) == FaultCode.INVITE_REFUSED
            return refused.value.fields["reason"]

        assert why(ann, b"another browser") == "herself"
        assert why(old, b"old browser") == "known"
        chain.tomorrow()
        new, other = chain.enrols(), chain.enrols()
        assert why(new, b"anns browser") == "same_device"
        chain.sharing.opened(chain.who(new), token, b"new browser")
        assert why(new, b"new browser") == "invited"
        assert why(other, b"new browser") == "same_device"

    @pytest.mark.parametrize("token", ["", "nonsense", "!" * 59, "A" * 59, "é"])
    def test_a_link_nobody_made(self, chain: Grown, token: str) -> None:
        with pytest.raises(Fault) as refused:
            chain.sharing.seen(token)
        assert code_of(refused) == FaultCode.LINK_INVALID

    def test_a_shared_task_counts_new_persons_and_visits(self, chain: Grown, ann: Person) -> None:
        old = chain.enrols()
        chain.tomorrow()
        token = chain.sharing.link(chain.who(ann), "tell", b"")
        with pytest.raises(Fault):
            chain.sharing.opened(chain.who(ann), token, b"")
        chain.sharing.opened(chain.who(old), token, b"")
        chain.judge()
        assert chain.points(ann) == 0  # she opened it, that is all
        chain.box.sells(old, business_date=20261119)
        chain.upload()
        assert chain.points(ann) == 30
        assert [gift.sku for gift in chain.gifts(ann)] == ["SAMPLE"]
        with pytest.raises(Fault) as refused:
            chain.sharing.link(chain.who(ann), "hundred", b"")
        assert code_of(refused) == FaultCode.TASK_NOT_RUNNING
