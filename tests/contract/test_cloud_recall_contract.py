"""What every store of the cloud promises about rights asked for elsewhere: `RestoreRepo`."""

from dataclasses import dataclass, field

import pytest

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.fleet import DeviceState, NewDevice
from cloud_broker.ports.restores import Restore
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.rights.lease_desk import LeaseSettling
from cloud_broker.services.rights.lease_office import LeaseOffice
from cloud_broker.services.rights.recall import Recall
from cloud_broker.services.rights.restore_watch import RestoreWatch
from cloud_broker.services.rights.restoring import Restoring, frozen
from retail_core.errors import Fault
from retail_core.loyalty.lease_books import RightBook
from retail_core.loyalty.leases import Right, RightKind
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from retail_core.wire.restored import BoxStanding, LeaseTold
from retail_core.wire.rights import AskState, RightAsked, RightsAnswer, RightsAsked
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

EPOCH = 1_785_000_000_000


@dataclass
class Chain:
    """Two stores that both hold a member, whose 59 points lie in the first."""

    units: Units
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    person: Person = field(default_factory=Person)

    def __post_init__(self) -> None:
        self.tenant = new_tenant(self.units)
        self.a = new_box(self.units, self.tenant, "甲店")
        self.b = new_box(self.units, self.tenant, "乙店")
        self.right = Right(RightKind.POINTS, self.person.wallet)
        self.ingest = Ingest(self.units, self.clock, FaultTally())
        self.a.enrols(self.person)
        for box in (self.a, self.b):
            box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(box.device.bytes * 2)))
        self.a.sells(self.person)
        self.tell(self.a)
        self.tell(self.b)
        with self.units.begin(self.tenant) as unit:
            unit.members.add_interests([(self.b.store, self.person.member)], self.clock.now_ms())
        LeaseOffice(self.units, self.clock).lend(self.tenant, self.right, self.a.device, 59)

    def tell(self, box: SimBox) -> None:
        self.ingest.book([Inbound(box.topic(), box.frame(), self.clock.now_ms())])

    def heard(self, *boxes: SimBox) -> None:
        with self.units.begin(self.tenant) as unit:
            unit.fleet.save_states([state_of(box, self.clock.now_ms()) for box in boxes])

    def place(self, box: SimBox) -> Place:
        with self.units.begin(self.tenant) as unit:
            return unit.fleet.places([box.device])[box.device]

    def ask(self, box: SimBox, amount: int = 59) -> RightsAnswer:
        wants = RightAsked("points", self.person.wallet.bytes, amount)
        asked = RightsAsked(1, (wants,))
        return Recall(self.units, self.clock).ask(self.tenant, self.place(box), asked)

    def book(self) -> RightBook:
        with self.units.begin(self.tenant) as unit:
            return unit.leases.books([self.right])[self.right]

    def lent(self, box: SimBox) -> int:
        leases = self.book().leases.items()
        return sum(one.held for key, one in leases if key.device == box.device)

    def restored(self) -> Restoring:
        """Begin a restore, as only the owner's role does; all that boxes have said is here."""
        if not hasattr(self.units, "states"):
            pytest.skip("only the owner's role begins a restore: tests/integration")
        now_ms = self.clock.now_ms()
        with self.units.begin(self.tenant) as unit:
            unit.restores.begin(Restore(EPOCH, now_ms, now_ms))
        return Restoring(self.units, self.clock)

    def says_it_holds(self, restoring: Restoring, box: SimBox, *leases: LeaseTold) -> None:
        head = len(box.events) + 1
        said = BoxStanding(1, EPOCH, box.epoch, 1, head, 1, 0, 0, leases)
        restoring.hear(self.tenant, self.place(box), said)

    def returns(self, box: SimBox, nth: int, final: int) -> None:
        said = LeaseReturned("points", self.person.wallet.bytes, 1, nth, final)
        box.journal(EventType.LEASE_RETURNED, encode_body(said))
        self.tell(box)


def state_of(box: SimBox, now_ms: int) -> DeviceState:
    return DeviceState(
        device=box.device, store=box.store, state="ok", boot_id=box.boot, wall_ms=now_ms,
        software="t", epoch=7, outbox_depth=0, feed_pos=0, can_sell=True, devices={}, faults={},
        seen_ms=now_ms,
    )  # fmt: skip


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def test_what_lies_elsewhere_is_lent_in_the_write_that_books_its_return(chain: Chain) -> None:
    chain.heard(chain.a, chain.b)
    stands = chain.ask(chain.b).stands
    assert [(one.state, one.coming, one.dark) for one in stands] == [(AskState.ASKED, 59, 0)]
    chain.returns(chain.a, 1, 19)
    assert (chain.lent(chain.a), chain.lent(chain.b), chain.book().free) == (19, 40, 0)


def test_a_store_that_does_not_answer_is_said_and_nothing_doubles_when_it_returns(
    chain: Chain,
) -> None:
    chain.heard(chain.b)
    stands = chain.ask(chain.b).stands
    assert [(one.state, one.coming, one.dark) for one in stands] == [(AskState.DARK, 0, 59)]
    chain.clock.advance(120_000)
    chain.returns(chain.a, 1, 0)
    assert (chain.lent(chain.a), chain.lent(chain.b), chain.book().free) == (0, 0, 59)


def test_what_is_free_goes_with_the_answer_and_asking_again_changes_nothing(chain: Chain) -> None:
    chain.a.sells(chain.person)
    chain.tell(chain.a)
    chain.heard(chain.a, chain.b)
    for _ in range(2):
        answer = chain.ask(chain.b, 59)
        assert [(one.amount, one.nth) for one in answer.grants] == [(59, 1)]
        assert [one.state for one in answer.stands] == [AskState.LENT]
    assert chain.lent(chain.b) == 59


def test_of_two_that_ask_the_first_is_served_first(chain: Chain) -> None:
    c = new_box(chain.units, chain.tenant, "丙店")
    c.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"c" * 32)))
    chain.tell(c)
    with chain.units.begin(chain.tenant) as unit:
        unit.members.add_interests([(c.store, chain.person.member)], chain.clock.now_ms())
    chain.heard(chain.a, chain.b, c)
    chain.ask(chain.b, 40)
    chain.clock.advance(1)
    chain.ask(c, 40)
    chain.returns(chain.a, 1, 0)
    assert (chain.lent(chain.b), chain.lent(c)) == (40, 19)


def test_a_store_that_does_not_hold_her_gets_nothing(chain: Chain) -> None:
    stranger = new_box(chain.units, chain.tenant, "丁店")
    stranger.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"d" * 32)))
    chain.tell(stranger)
    assert [one.state for one in chain.ask(stranger).stands] == [AskState.NOTHING]
    assert chain.lent(chain.a) == 59


def test_a_restored_cloud_lends_nothing_until_its_boxes_have_spoken(chain: Chain) -> None:
    if not hasattr(chain.units, "states"):
        pytest.skip("only the owner's role begins a restore: tests/integration/test_restore_rig.py")
    now_ms = chain.clock.now_ms()
    with chain.units.begin(chain.tenant) as unit:
        unit.restores.begin(Restore(EPOCH, now_ms, now_ms))
    assert [one.state for one in chain.ask(chain.b).stands] == [AskState.FROZEN]
    with pytest.raises(Fault) as refused:
        LeaseOffice(chain.units, chain.clock).lend(chain.tenant, chain.right, chain.b.device, 1)
    assert refused.value.code == FaultCode.RESTORE_FROZEN
    restoring = Restoring(chain.units, chain.clock)
    lost = LeaseTold("points", chain.person.wallet.bytes, 1, 2, 30)
    for box, leases in ((chain.a, ()), (chain.b, (lost,))):
        head = len(box.events) + 1
        said = BoxStanding(1, EPOCH, box.epoch, 1, head, 1, 0, 0, leases)
        holds = restoring.hear(chain.tenant, chain.place(box), said)
        assert holds.ranges == ((1, head - 1),)
    assert (chain.lent(chain.b), chain.book().free) == (30, -30)
    restoring.run(chain.tenant)
    with chain.units.begin(chain.tenant) as unit:
        assert not frozen(unit)
    assert chain.book().free == 0  # the brand bears what nobody knows again was earned
    with pytest.raises(Fault) as other:
        restoring.hear(chain.tenant, chain.place(chain.a), BoxStanding(1, 5, 7, 1, 2, 1, 0, 0, ()))
    assert other.value.code == FaultCode.RESTORE_OTHER_EPOCH


def test_what_a_replaced_box_holds_is_listed_and_comes_back_by_a_persons_word(
    chain: Chain,
) -> None:
    with chain.units.begin(chain.tenant) as unit:
        new = NewDevice(fresh_id(), chain.a.store, 1, b"t" * 32, "$7$1$x$x")
        unit.fleet.add_device(new, chain.clock.now_ms())
    settling = LeaseSettling(chain.units, chain.clock)
    first = settling.boxes(chain.tenant)[0]
    assert (first.device, first.retired, first.lent) == (chain.a.device, True, {"points": 59})
    chain.heard(chain.b)
    assert [one.dark for one in chain.ask(chain.b).stands] == [59]
    who = HqIdentity(chain.tenant, fresh_id(), "ops", "操作员", "operations")
    after = settling.write_off(who, chain.a.device, "换了盒子,旧卡已销毁")
    assert (after.lent, after.in_doubt, chain.book().free) == ({}, {}, 59)
    assert [one.state for one in chain.ask(chain.b).stands] == [AskState.LENT]


def test_no_box_says_what_it_was_lent_to_a_cloud_that_was_never_restored(chain: Chain) -> None:
    forged = LeaseTold("points", chain.person.wallet.bytes, 1, 9, 1_000_000)
    said = BoxStanding(1, 1, chain.b.epoch, 1, 2, 1, 0, 0, (forged,))
    Restoring(chain.units, chain.clock).hear(chain.tenant, chain.place(chain.b), said)
    assert (chain.lent(chain.b), chain.book().free) == (0, 0)


def test_a_box_that_has_told_everything_is_not_believed_more(chain: Chain) -> None:
    restoring = chain.restored()
    for box in (chain.a, chain.b):
        chain.says_it_holds(restoring, box)
    restoring.run(chain.tenant)
    forged = LeaseTold("points", chain.person.wallet.bytes, 1, 9, 1_000_000)
    chain.says_it_holds(restoring, chain.b, forged)
    chain.returns(chain.b, 9, 100)
    assert chain.lent(chain.b) == 0


def test_what_a_late_box_earned_is_not_given_a_second_time(chain: Chain) -> None:
    restoring = chain.restored()
    chain.says_it_holds(restoring, chain.b)
    watch = RestoreWatch(chain.units, chain.clock)
    who = HqIdentity(chain.tenant, fresh_id(), "ops", "操作员", "operations")
    watch.excuse(who, chain.a.device, "店关门了")
    restoring.run(chain.tenant)
    with chain.units.begin(chain.tenant) as unit:
        assert not frozen(unit)
    chain.a.sells(chain.person)
    earned = LeaseTold("points", chain.person.wallet.bytes, 1, 2, 59)
    chain.says_it_holds(restoring, chain.a, earned)
    restoring.run(chain.tenant)
    chain.tell(chain.a)
    restoring.run(chain.tenant)
    assert (chain.lent(chain.a), chain.book().free) == (118, 0)


def test_a_late_box_may_hold_a_coupon_that_nobody_knows(chain: Chain) -> None:
    restoring = chain.restored()
    chain.says_it_holds(restoring, chain.b)
    who = HqIdentity(chain.tenant, fresh_id(), "ops", "操作员", "operations")
    RestoreWatch(chain.units, chain.clock).excuse(who, chain.a.device, "店关门了")
    restoring.run(chain.tenant)
    coupon = Right(RightKind.COUPON, fresh_id())
    chain.says_it_holds(restoring, chain.a, LeaseTold("coupon", coupon.id.bytes, 1, 1, 1))
    with chain.units.begin(chain.tenant) as unit:
        book = unit.leases.books([coupon])[coupon]
    assert (book.held, book.free) == (1, 0)


def test_what_a_box_holds_of_a_right_is_not_free_when_its_gift_is_known(chain: Chain) -> None:
    restoring = chain.restored()
    coupon, budget = Right(RightKind.COUPON, fresh_id()), Right(RightKind.BUDGET, fresh_id())
    told = (
        LeaseTold("coupon", coupon.id.bytes, 1, 1, 1),
        LeaseTold("budget", budget.id.bytes, 1, 1, 30),
    )
    chain.says_it_holds(restoring, chain.a, *told)
    office = LeaseOffice(chain.units, chain.clock)
    office.endow(chain.tenant, coupon, 1)
    office.endow(chain.tenant, budget, 100)
    with chain.units.begin(chain.tenant) as unit:
        books = unit.leases.books([coupon, budget])
    assert (books[coupon].free, books[budget].free) == (0, 70)
