"""What every store of the cloud promises about leases: LeaseRepo, and the services on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.records import record_of
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.booking.ingest import Ingest, Outcome
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.rights.lease_desk import LeaseSettling
from cloud_broker.services.rights.lease_office import LeaseOffice
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.lending import Boxes, lend_points
from retail_core.errors import Fault
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_fence import Handshake, Tenure
from retail_core.loyalty.lease_placement import DEFAULT_RULE, Visit
from retail_core.loyalty.lease_postings import redeem_posting
from retail_core.loyalty.lease_wire import spend_message
from retail_core.loyalty.leases import LeaseKey, LeaseState, Right, RightKind
from retail_core.loyalty.postings import leased_account, member_account, to_wire
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import LeaseChange, decode_lease_change, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseEpoch, LeaseGrant, LeaseHello, LeaseRecall, LeaseReturned
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

BOARD, OTHER_BOARD = b"b" * 32, b"o" * 32


@dataclass
class Shop:
    """A box with a member who has 59 points, in a cloud that keeps every event."""

    units: Units
    tenant: UUID
    box: SimBox
    person: Person = field(default_factory=Person)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    tally: FaultTally = field(default_factory=FaultTally)
    sent: int = 0

    def __post_init__(self) -> None:
        self.office = LeaseOffice(self.units, self.clock)

    @property
    def right(self) -> Right:
        return Right(RightKind.POINTS, self.person.wallet)

    def placed(self, visits: Sequence[Visit]) -> list[LeaseKey]:
        with self.units.begin(self.tenant) as unit:
            leasing = Leasing(unit, self.tenant, self.clock.now_ms())
            leasing.load([self.right])
            made = list(lend_points(Boxes(unit, leasing), self.right, visits, DEFAULT_RULE))
            leasing.save(unit.fleet.places({one.device for one in leasing.desk.said}))
            return made

    def upload(self, first: int | None = None) -> Outcome:
        start = self.sent + 1 if first is None else first
        ingest = Ingest(self.units, self.clock, self.tally)
        inbound = Inbound(self.box.topic(), self.box.frame(start), self.clock.now_ms())
        outcome = ingest.book([inbound])
        self.sent = len(self.box.events)
        return outcome

    def shake(self, board: bytes = BOARD) -> None:
        self.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(board)))

    def opened(self) -> None:
        self.box.enrols(self.person)
        self.box.sells(self.person)
        self.shake()
        self.upload()

    def redeem(self, key: LeaseKey, amount: int) -> UUID:
        draw, entity = Draw(key, amount), self.box.legal_entity
        sale = msgspec.structs.replace(
            self.box.sale(self.person, points=0),
            postings=(to_wire(redeem_posting(draw, "points", entity)),)
            if key.right.kind == RightKind.POINTS
            else (),
            lease_spends=(spend_message(draw),),
        )
        self.box.journal(EventType.SALE, encode_body(sale), self.person.member)
        return UUID(bytes=sale.receipt_id)

    def returns(self, key: LeaseKey, final: int) -> None:
        said = LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, final)
        self.box.journal(EventType.LEASE_RETURNED, encode_body(said))

    def told(self) -> list[LeaseChange]:
        with self.units.begin(self.tenant) as unit:
            rows = unit.feed.since(self.box.store, 0, 1_000)
        said = (decode_lease_change(row.change.kind, row.change.body) for row in rows)
        return [one for one in said if one is not None]

    def purses(self, epoch: int = 1) -> tuple[int, int]:
        """Free and leased points in the ledger, which must be what the book says."""
        free = member_account(self.person.wallet, "free")
        leased = leased_account(self.person.wallet, self.box.device, epoch)
        with self.units.begin(self.tenant) as unit:
            balances = Counter(unit.journal.balances([free, leased]))
            book = unit.leases.books([self.right])[self.right]
        held = sum(one.held for key, one in book.leases.items() if key.epoch == epoch)
        assert (book.free, held) == (balances[free], balances[leased])
        return book.free, held

    def repairs(self) -> dict[str, int]:
        """What HQ has to look at, by code."""
        return {code: n for code, n in self.tally.snapshot().items() if code.startswith("L")}


def person(tenant: UUID, role: HqRole = "operations") -> HqIdentity:
    return HqIdentity(tenant, fresh_id(), "li", "李", role)


@pytest.fixture
def shop(any_units: Units) -> Shop:
    tenant = new_tenant(any_units)
    shop = Shop(any_units, tenant, new_box(any_units, tenant))
    shop.opened()
    return shop


def test_a_first_handshake_is_welcomed(shop: Shop) -> None:
    epoch = LeaseEpoch(shop.box.device.bytes, 1, shop.box.boot.bytes)
    assert shop.told() == [epoch]
    with shop.units.begin(shop.tenant) as unit:
        (tenure,) = unit.leases.tenures([shop.box.device, fresh_id()]).values()
    assert tenure == Tenure(1, Handshake(BOARD, shop.box.boot, shop.box.epoch, 3))


def test_points_are_lent_spent_and_given_back(shop: Shop) -> None:
    key = shop.office.lend(shop.tenant, shop.right, shop.box.device, 50)
    assert shop.purses() == (9, 50)
    assert isinstance(shop.told()[-1], LeaseGrant)
    shop.redeem(key, 30)
    shop.upload()
    assert shop.purses() == (9, 20)
    shop.upload(1)
    assert shop.purses() == (9, 20)
    shop.returns(key, 30)
    shop.upload()
    assert shop.purses() == (29, 0)


def test_lent_points_are_hers_and_shown(shop: Shop) -> None:
    shop.office.lend(shop.tenant, shop.right, shop.box.device, 50)
    with shop.units.begin(shop.tenant) as unit:
        (facts,) = unit.members.facts([shop.person.member])
    assert (facts.leased, record_of(facts).points_free) == (50, 59)


def test_no_more_is_lent_than_is_free_and_nothing_to_a_stranger(shop: Shop) -> None:
    with pytest.raises(Fault) as caught:
        shop.office.lend(shop.tenant, shop.right, shop.box.device, 60)
    assert caught.value.code == FaultCode.LEDGER_OVERDRAWN
    stranger = new_box(shop.units, shop.tenant, "苏州店")
    with pytest.raises(Fault) as caught:
        shop.office.lend(shop.tenant, shop.right, stranger.device, 1)
    assert caught.value.code == FaultCode.LEASE_WAITS


def test_points_are_placed_where_she_comes_and_topped_up(shop: Shop) -> None:
    visits = [Visit(shop.box.store, 3), Visit(fresh_id(), 1)]
    (key,) = shop.placed(visits)
    lent = shop.purses()[1]
    assert 0 < lent <= 59
    assert shop.placed(visits) == []
    shop.redeem(key, lent)
    shop.box.sells(shop.person)
    shop.upload()
    (more,) = shop.placed(visits)
    assert more.nth == 2


def test_a_coupon_is_lent_once(shop: Shop) -> None:
    coupon = Right(RightKind.COUPON, fresh_id())
    shop.office.endow(shop.tenant, coupon, 1)
    with pytest.raises(Fault):
        shop.office.endow(shop.tenant, coupon, 1)
    key = shop.office.lend(shop.tenant, coupon, shop.box.device, 1)
    with pytest.raises(Fault):
        shop.office.lend(shop.tenant, coupon, shop.box.device, 1)
    shop.redeem(key, 1)
    shop.upload()
    with shop.units.begin(shop.tenant) as unit:
        book = unit.leases.books([coupon])[coupon]
        assert (book.free, book.held, book.leases[key].spent) == (0, 0, 1)
        assert unit.leases.known([key, replace(key, nth=9)]) == {key}
    with pytest.raises(ValueError, match="at least one"):
        shop.office.endow(shop.tenant, shop.right, 1)


def test_a_reboot_on_the_same_board_goes_on_and_another_board_is_fenced(shop: Shop) -> None:
    key = shop.office.lend(shop.tenant, shop.right, shop.box.device, 50)
    shop.box.boot = fresh_id()
    shop.shake()
    shop.upload()
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 1, shop.box.boot.bytes)
    first = shop.box.boot
    shop.box.boot = fresh_id()
    shop.shake(OTHER_BOARD)
    shop.upload()
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 2, shop.box.boot.bytes)
    assert shop.repairs() == {FaultCode.LEASE_FENCED: 1}
    with shop.units.begin(shop.tenant) as unit:
        book = unit.leases.books([shop.right])[shop.right]
    assert book.leases[key].state == LeaseState.FENCED
    shop.box.boot = first
    shop.shake(BOARD)
    shop.upload()
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 3, first.bytes, frozen=True)
    with pytest.raises(Fault) as caught:
        shop.office.lend(shop.tenant, shop.right, shop.box.device, 1)
    assert caught.value.code == FaultCode.LEASE_WAITS
    desk, hq = LeaseSettling(shop.units, shop.clock), person(shop.tenant)
    (box,) = desk.boxes(shop.tenant)
    assert (box.frozen, box.in_doubt, box.lent) == (True, {"points": 50}, {})
    assert not desk.release(hq, shop.box.device, "旧盒子已带回总部").frozen
    shop.shake(BOARD)
    shop.upload()
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 3, first.bytes)


def test_a_card_that_was_set_back_is_fenced_and_its_sales_are_booked(shop: Shop) -> None:
    key = shop.office.lend(shop.tenant, shop.right, shop.box.device, 50)
    shop.redeem(key, 30)
    shop.upload()
    del shop.box.events[3:], shop.box.hashes[4:]
    shop.sent, shop.box.boot = 3, fresh_id()
    shop.shake()
    shop.box.sells(shop.person)
    shop.upload()
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 2, shop.box.boot.bytes)
    assert shop.purses() == (68, 20)
    desk = LeaseSettling(shop.units, shop.clock)
    for who, reason, code in (
        (person(shop.tenant, "auditor"), "卡已销毁", FaultCode.LEDGER_ROLE),
        (person(shop.tenant), " ", FaultCode.LEDGER_REASON_MISSING),
    ):
        with pytest.raises(Fault) as caught:
            desk.write_off(who, shop.box.device, reason)
        assert caught.value.code == code
    with pytest.raises(Fault) as caught:
        desk.write_off(person(shop.tenant), fresh_id(), "卡已销毁")
    assert caught.value.code == FaultCode.API_NOT_FOUND
    with shop.units.begin(shop.tenant) as unit:
        unit.placements.take(10)
    assert desk.write_off(person(shop.tenant), shop.box.device, "卡已销毁").in_doubt == {}
    assert shop.purses() == (88, 0)
    with shop.units.begin(shop.tenant) as unit:
        assert unit.placements.take(10) == (shop.right.id,), "the new card is to have them"


def test_a_handshake_waits_for_the_rest_of_its_journal(shop: Shop) -> None:
    shop.box.boot = fresh_id()
    shop.box.sells()
    shop.box.sells()
    shop.shake()
    shop.upload(6)
    assert len(shop.told()) == 1
    shop.upload(4)
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 1, shop.box.boot.bytes)


def test_a_new_journal_is_not_kept_waiting_by_an_older_one(shop: Shop) -> None:
    shop.box.boot = fresh_id()
    shop.box.sells()
    shop.shake()
    shop.upload(5)
    assert len(shop.told()) == 1
    shop.box.epoch += 1
    shop.shake()
    shop.upload(6)
    assert shop.told()[-1] == LeaseEpoch(shop.box.device.bytes, 2, shop.box.boot.bytes)


def test_a_timed_lease_comes_back_by_itself_and_a_late_spend_is_the_brands(shop: Shop) -> None:
    key = shop.office.lend(shop.tenant, shop.right, shop.box.device, 50, lasts_ms=60_000)
    grant = shop.told()[-1]
    assert isinstance(grant, LeaseGrant)
    assert grant.boot == shop.box.boot.bytes
    assert shop.office.reclaim(shop.tenant) == 0
    shop.clock.advance(60_000 + 119 + 60_000)
    assert shop.office.reclaim(shop.tenant) == 0
    shop.clock.advance(1)
    assert shop.office.reclaim(shop.tenant) == 1
    assert shop.purses() == (59, 0)
    shop.redeem(key, 30)
    shop.upload()
    assert shop.purses() == (59, 0)
    assert shop.repairs() == {FaultCode.LEASE_LATE: 1}


def test_a_spend_of_a_lease_nobody_granted_is_booked_and_seen(shop: Shop) -> None:
    shop.redeem(LeaseKey(Right(RightKind.COUPON, fresh_id()), shop.box.device, 1, 1), 1)
    shop.returns(LeaseKey(shop.right, shop.box.device, 1, 9), 1)
    shop.upload()
    assert shop.repairs() == {FaultCode.LEASE_UNKNOWN: 2}


def test_points_taken_from_a_lease_that_the_sale_does_not_name_are_seen(shop: Shop) -> None:
    key = shop.office.lend(shop.tenant, shop.right, shop.box.device, 50)
    entity = shop.box.legal_entity
    posting = to_wire(redeem_posting(Draw(key, 5), "points", entity))
    sale = msgspec.structs.replace(shop.box.sale(shop.person, points=0), postings=(posting,))
    shop.box.journal(EventType.SALE, encode_body(sale), shop.person.member)
    shop.upload()
    assert shop.repairs() == {FaultCode.LEASE_CONFLICT: 1}


def test_a_recall_is_told(shop: Shop) -> None:
    shop.office.recall(shop.tenant, shop.right, shop.box.device)
    assert shop.told()[-1] == LeaseRecall(shop.box.device.bytes, "points", shop.person.wallet.bytes)
