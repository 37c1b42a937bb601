"""A sale that redeemed, taken back: books and lease books agree, and everything back is nothing."""

from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.booking.entering import Booked
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.points.walk import LedgerWalks
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.leasing import Leasing
from retail_core.loyalty.lease_books import RightBook
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.loyalty.postings import leased_account, to_wire
from retail_core.loyalty.spending import redeem_postings
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from retail_core.wire.messages import CouponTaken, Event, LeaseSpend
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox
from tests.plugins.cloud import new_box, new_tenant

FIRST_DAY, LAST_DAY = date(2026, 11, 1), date(2027, 11, 1)


class Chain:
    """Two shops of one chain, a member with 59 points from a sale, 40 of them lent to the first."""

    def __init__(self, units: Units) -> None:
        self.units, self.clock = units, FakeCloudClock()
        self.clock.advance(WALL_MS + 3_600_000 - self.clock.now_ms())
        self.tenant = new_tenant(units)
        self.box = new_box(units, self.tenant)
        self.other = new_box(units, self.tenant, "静安店")
        self.person = Person()
        self.sent: dict[UUID, int] = {}
        self.box.enrols(self.person)
        self.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"board")))
        self.box.sells(self.person)
        self.send(self.box)
        self.key = self.lend(40)

    @property
    def right(self) -> Right:
        return Right(RightKind.POINTS, self.person.wallet)

    def send(self, box: SimBox) -> Booked:
        """Book what a box has not sent yet."""
        first = self.sent.get(box.device, 0) + 1
        self.sent[box.device] = len(box.events)
        self.clock.advance(1_000)
        frame = open_frame(Inbound(box.topic(), box.frame(first), self.clock.now_ms()))
        assert isinstance(frame, OpenFrame)
        with self.units.begin(self.tenant) as unit:
            return Batch(unit, self.tenant, self.clock.now_ms()).book([frame], [])

    def lend(self, amount: int, nth: int = 1) -> LeaseKey:
        with self.units.begin(self.tenant) as unit:
            leasing = Leasing(unit, self.tenant, self.clock.now_ms())
            leasing.load([self.right])
            leasing.load_devices([self.box.device])
            key = leasing.desk.grant(self.right, self.box.device, amount, nth)
            leasing.save(unit.fleet.places([self.box.device]))
        return key

    def redeems(self, points: int, fen: int) -> Event:
        """Two lines for 59 yuan, `fen` of it paid with points."""
        source = leased_account(self.person.wallet, self.box.device, self.key.epoch)
        entity = self.box.legal_entity
        spent = redeem_postings(points, source, entity, self.key.nth)
        spends = (
            LeaseSpend("points", self.person.wallet.bytes, self.key.epoch, self.key.nth, points),
        )
        earned = self.box.sale(self.person, points=(5_900 - fen) // 100).postings
        return self.box.sells(
            self.person,
            tenders=(("points", fen), ("cash", 5_900 - fen)),
            postings=(*earned, *(to_wire(one) for one in spent)),
            lease_spends=spends,
        )

    def book(self, right: Right | None = None) -> RightBook:
        with self.units.begin(self.tenant) as unit:
            right = right or self.right
            return unit.leases.books([right])[right]

    def purse(self, purse: str) -> int:
        with self.units.begin(self.tenant) as unit:
            held = unit.closing.balances([self.person.wallet])
        return held.get(f"member:{self.person.wallet}:{purse}", 0)

    @property
    def leased(self) -> int:
        return self.purse(f"leased:{self.box.device}:{self.key.epoch}")

    def agrees(self) -> None:
        """Books add up, and the leased account holds what is lent."""
        found = LedgerWalks(self.units).verify(self.tenant, lambda done, total: None)
        assert (found.total, found.wrong) == (0, [])
        assert self.leased == self.book().held
        assert self.book().free == self.purse("free")


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def test_a_redemption_taken_back_in_another_shop_in_parts_is_nothing(chain: Chain) -> None:
    before = (chain.purse("free"), chain.book().balance)
    sold = chain.redeems(30, 3_000)
    assert chain.send(chain.box).faults == ()
    assert (chain.leased, chain.purse("free")) == (10, 19 + 29)
    chain.agrees()

    chain.other.refunds(sold, (1, 500), fen=1_425)
    assert chain.send(chain.other).faults == ()
    book = chain.book()
    assert book.leases[chain.key].kept == 15, "half of what the first line carried"
    chain.agrees()

    chain.other.refunds(sold, (1, 500), (2, 1_000), fen=1_475)
    assert chain.send(chain.other).faults == ()
    assert (chain.purse("free") + chain.leased, chain.book().balance) == (before[0] + 40, before[1])
    assert chain.book().leases[chain.key].kept == 0
    chain.agrees()


def test_sale_and_refund_in_one_batch(chain: Chain) -> None:
    sold = chain.redeems(30, 3_000)
    chain.box.refunds(sold, (1, 1_000), (2, 1_000), fen=2_900)
    assert chain.send(chain.box).faults == ()
    assert (chain.purse("free"), chain.leased) == (19 + 30, 10)
    chain.agrees()


def test_a_refund_of_a_lease_given_back_and_lent_again(chain: Chain) -> None:
    sold = chain.redeems(30, 3_000)
    key = chain.key
    said = LeaseReturned("points", chain.person.wallet.bytes, key.epoch, key.nth, 30)
    chain.box.journal(EventType.LEASE_RETURNED, encode_body(said))
    chain.send(chain.box)
    chain.lend(20, nth=2)
    chain.other.refunds(sold, (1, 1_000), (2, 1_000), fen=2_900)
    assert chain.send(chain.other).faults == ()
    assert (chain.purse("free"), chain.leased) == (59 - 20, 20)
    chain.agrees()


def test_a_refund_before_its_sale_waits_and_agrees_when_it_is_tried_again(chain: Chain) -> None:
    sold = chain.redeems(30, 3_000)
    chain.other.refunds(sold, (1, 1_000), (2, 1_000), fen=2_900)
    (code,) = chain.send(chain.other).faults
    assert code == "P111"
    chain.send(chain.box)
    with chain.units.begin(chain.tenant) as unit:
        (repair,) = unit.closing.refused_refunds()
    RepairBench(chain.units, chain.clock).replay(chain.tenant, repair, who="li")
    assert chain.book().leases[chain.key].kept == 0
    chain.agrees()


def test_a_refund_tried_again_is_noted_and_placed_like_any_other(chain: Chain) -> None:
    sold = chain.redeems(30, 3_000)
    refund = chain.other.refunds(sold, (1, 1_000), (2, 1_000), fen=2_901)
    chain.send(chain.other)
    chain.send(chain.box)
    with chain.units.begin(chain.tenant) as unit:
        (repair,) = unit.closing.refused_refunds()
        unit.placements.take(10)
    RepairBench(chain.units, chain.clock).replay(chain.tenant, repair, who="ledger")
    paid_wrong = UUID(bytes=sha256(b"books" + refund.event_id).digest()[:16])
    with chain.units.begin(chain.tenant) as unit:
        assert unit.placements.take(10) == (chain.person.wallet,)
        item = unit.repair.take(paid_wrong)
    assert item is not None, "a person hears of money that differs"
    assert item.code == "P116"


def test_a_coupon_comes_back_with_its_lines_as_a_new_one(chain: Chain) -> None:
    with chain.units.begin(chain.tenant) as unit:
        benefits = Benefits(unit, chain.tenant, chain.clock.now_ms())
        right = benefits.give_coupon(
            chain.person.member, "c10", source="test", first_day=FIRST_DAY, last_day=LAST_DAY
        )
        assert right is not None
        benefits.tell()
    (key,) = chain.book(Right(RightKind.COUPON, right)).leases
    spend = LeaseSpend("coupon", right.bytes, key.epoch, key.nth, 1)
    line, bag = chain.box.sale(chain.person).lines
    sold = chain.box.sells(
        chain.person,
        lines=(
            type(line)(
                line.line, line.article, line.sku, line.name, 1_000, 5_800, 4_800, (("c10", 1_000),)
            ),
            bag,
        ),
        total_fen=4_900,
        tenders=(("cash", 4_900),),
        lease_spends=(spend,),
        coupon=CouponTaken(right.bytes, "c10", 1_000),
    )
    assert chain.send(chain.box).faults == ()
    assert coupons(chain) == []
    chain.other.refunds(sold, (1, 400), fen=1_920)
    chain.send(chain.other)
    assert coupons(chain) == [], "a part of its line stays"
    chain.other.refunds(sold, (1, 600), fen=2_880)
    assert chain.send(chain.other).faults == ()
    (again,) = coupons(chain)
    assert again != right
    assert chain.book(Right(RightKind.COUPON, again)).balance == 1
    chain.agrees()


def coupons(chain: Chain) -> list[UUID]:
    """The coupons that the member's record says she has."""
    with chain.units.begin(chain.tenant) as unit:
        (facts,) = unit.members.facts([chain.person.member])
        return [UUID(bytes=one.id) for one in facts.told.coupons]
