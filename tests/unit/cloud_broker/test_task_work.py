"""The mall under any sequence of what people and boxes do, and work that cannot be done."""

import json
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_broker.ports.mall import OVER, Order
from cloud_broker.ports.tasks import Completion
from retail_core.errors import Fault
from retail_core.growth.rewards import Given, Reward
from retail_core.loyalty.leases import LENT, LeaseKey, Right, RightKind
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.texts.faults import FaultCode
from tests.factories.grown import RULES, Grown
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_state import State
from tests.fakes.cloud_units import FakeUnits

START = 590
ACTS = st.lists(
    st.tuples(
        st.sampled_from(("order", "cancel", "hand", "hand_unheard", "return", "wait", "again")),
        st.integers(0, 3),
    ),
    max_size=14,
)


class Counter:
    """One member and one box, which may do anything a box may do."""

    def __init__(self) -> None:
        self.chain = Grown(FakeUnits())
        self.chain.opened()
        self.ann = self.chain.enrols()
        sale = self.chain.box.sale(self.ann, points=START)
        self.chain.box.sells(self.ann, postings=sale.postings)
        self.chain.upload()
        self.chain.mall.set_stock(self.chain.hq(), "cup", self.chain.box.store, 5)

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.chain.mall.shown(self.chain.who(self.ann)).orders

    def lease(self, gift: UUID) -> LeaseKey | None:
        right = Right(RightKind.COUPON, gift)
        with self.chain.units.begin(self.chain.tenant) as unit:
            held = unit.leases.books([right])[right].leases
        return next((key for key, lease in held.items() if lease.state in LENT), None)

    def used(self, gift: UUID) -> bool:
        right = Right(RightKind.COUPON, gift)
        with self.chain.units.begin(self.chain.tenant) as unit:
            held = unit.leases.books([right])[right].leases
        return any(lease.spends for lease in held.values())

    def act(self, what: str, number: int) -> None:
        who, box, orders = self.chain.who(self.ann), self.chain.box, self.orders
        chosen = orders[number] if number < len(orders) else None
        try:
            if what == "order":
                self.chain.mall.order(who, fresh_id(), "cup", box.store)
            elif what == "wait":
                self.chain.tomorrow(2)
                self.chain.judge()
            elif what == "again":
                self.chain.upload(1)
            elif what == "cancel" and chosen is not None:
                self.chain.mall.cancel(who, chosen.order)
            elif chosen is not None:
                self._box(what, chosen)
        except Fault as fault:
            if not fault.code.value.startswith("M13"):
                raise

    def _box(self, what: str, order: Order) -> None:
        """The box: what it hands over it holds, what it gives back it tells truly."""
        key = self.lease(order.gift)
        if key is None:
            return
        used = self.used(order.gift)
        if what.startswith("hand") and not used:
            self.chain.hands_over(order.gift, self.ann, key)
            used = True
        if what in {"return", "hand_unheard"}:
            self.chain.gives_back(key, int(used))
        self.chain.upload()

    def check(self) -> None:
        orders = self.orders
        spent = sum(one.points for one in orders if one.state not in {"cancelled", "expired"})
        assert self.chain.points(self.ann) == START - spent
        handed = sum(one.state == "handed" for one in orders)
        open_ = sum(one.state not in OVER for one in orders)
        assert self.chain.stock() == (5 - handed, open_)
        used = {one.order for one in orders if self.used(one.gift)}
        assert used == {one.order for one in orders if one.state == "handed"}


@settings(max_examples=25)
@given(ACTS)
def test_points_stock_and_gifts_always_fit_together(acts: list[tuple[str, int]]) -> None:
    counter = Counter()
    for what, number in acts:
        counter.act(what, number)
        counter.check()


@pytest.fixture
def chain() -> Grown:
    return Grown(FakeUnits())


def test_a_hand_over_that_its_box_had_denied_is_seen_by_a_person(chain: Grown) -> None:
    chain.opened()
    ann = chain.enrols()
    chain.box.sells(ann)
    chain.upload()
    chain.mall.set_stock(chain.hq(), "cup", chain.box.store, 1)
    made = chain.mall.order(chain.who(ann), fresh_id(), "cup", chain.box.store)
    key = chain.lease_of(made.gift)
    chain.mall.cancel(chain.who(ann), made.order)
    chain.gives_back(key, 0)
    chain.upload()
    chain.hands_over(made.gift, ann, key)
    chain.upload()
    codes = {item.code for item in states(chain).repairs.values()}
    assert FaultCode.MALL_ORDER_OVER.value in codes
    assert chain.points(ann) == 59


def test_what_cannot_be_worked_out_waits_and_holds_up_nobody(chain: Grown) -> None:
    chain.opened()
    ann, bea = chain.enrols(), chain.enrols()
    with chain.units.begin(chain.tenant) as unit:
        unit.tasks.add_due({ann.member, bea.member}, chain.clock.now_ms())
    broken(chain, ann)
    chain.judge()
    chain.stands_here(bea)
    assert chain.points(bea) == 5
    due = states(chain).tasks.due
    assert [member for _, member in due] == [ann.member]
    assert all(at > chain.clock.now_ms() for at, _ in due)


def test_a_chain_without_rules_has_nothing_to_do() -> None:
    chain = Grown(FakeUnits(), RULES | {"tasks": [], "mall": None, "referral": None})
    chain.opened()
    ann = chain.enrols()
    chain.box.sells(ann)
    chain.upload()
    chain.stands_here(ann)
    assert chain.points(ann) == 59
    shown = chain.mall.shown(chain.who(ann))
    assert (shown.offered, shown.purse.free) == ((), 59)


def states(chain: Grown) -> State:
    units = chain.units
    assert isinstance(units, FakeUnits)
    return units.states[chain.tenant]


def broken(chain: Grown, person: Person) -> None:
    """Let a task that she did before carry a reward nobody can give back: more than can be."""
    given = Given(Reward(points=2**60), 1, stands=True)
    rule = parse_bundle(json.dumps(RULES).encode()).tasks[0]
    completion = Completion(given, chain.box.legal_entity, date(2026, 11, 18), rule)
    with chain.units.begin(chain.tenant) as unit:
        unit.tasks.save_completions(person.member, {"task:sign:2026-01-01": completion}, 0)
