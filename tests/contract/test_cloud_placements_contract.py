"""What PlacementRepo promises, the list of wallets to be placed; points follow their owner."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.records import record_of
from cloud_broker.ports.clerks import ClerkDay
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.points.desk import PointsDesk
from cloud_broker.services.points.runs import PointsRuns
from cloud_broker.services.points.walk import LedgerWalks
from cloud_broker.services.rights.lease_office import LeaseOffice
from cloud_broker.services.rights.lease_placing import LeasePlacing
from cloud_broker.services.rights.mall_wishes import FREE_FOR_MS, ask_back
from retail_core.errors import Fault
from retail_core.loyalty import lease_books
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.loyalty.postings import leased_account, member_account, to_wire
from retail_core.loyalty.spending import redeem_postings
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.lease import LeaseHello, LeaseReturned
from retail_core.wire.messages import Event, LeaseSpend
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_rules import FixedRules
from tests.plugins.cloud import new_box, new_tenant

BOARD = b"b" * 32
LONG_AGO = date(2000, 1, 1)
LATER_MS = 300 * 86_400_000
LATER = 20270914


class Chain:
    """Boxes of one tenant that are let in, and a member who shops at them."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.tenant = new_tenant(units)
        self.clock = FakeCloudClock()
        self.person = Person()
        self.right = Right(RightKind.POINTS, self.person.wallet)
        self.rules = FixedRules()
        self.placing = LeasePlacing(units, self.clock, self.rules)
        self.office = LeaseOffice(units, self.clock)
        self.desk = PointsDesk(units, self.clock, FakeCloudIdSource(self.clock), "Asia/Shanghai")
        self.li = HqIdentity(self.tenant, fresh_id(), "li", "李娜", "admin")

    def box(self, name: str) -> SimBox:
        box = new_box(self.units, self.tenant, name)
        box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(BOARD)))
        return box

    def upload(self, box: SimBox) -> list[str]:
        """Send the whole journal; return why something was refused or shown to a person."""
        tally = FaultTally()
        inbound = Inbound(box.topic(), box.frame(1), self.clock.now_ms())
        Ingest(self.units, self.clock, tally).book([inbound])
        return list(tally.snapshot())

    def lent(self, box: SimBox) -> int:
        with self.units.begin(self.tenant) as unit:
            return lease_books.lent_to(unit.leases.books([self.right])[self.right], box.device)

    def free(self, person: Person | None = None) -> int:
        """What the ledger holds free, with what is owed against it."""
        account = member_account((person or self.person).wallet, "free")
        with self.units.begin(self.tenant) as unit:
            return unit.journal.balances([account]).get(account, 0)

    def key(self, box: SimBox, person: Person | None = None) -> LeaseKey:
        """The newest lease of the member's points to a box."""
        right = Right(RightKind.POINTS, (person or self.person).wallet)
        with self.units.begin(self.tenant) as unit:
            leases = unit.leases.books([right])[right].leases
        return max(key for key in leases if key.device == box.device)

    def gives_back(self, box: SimBox, final: int = 0, person: Person | None = None) -> None:
        key = self.key(box, person)
        said = LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, final)
        box.journal(EventType.LEASE_RETURNED, encode_body(said))

    def redeems(self, box: SimBox, points: int) -> Event:
        """Two lines for 59 yuan, so many yuan of it paid with as many points."""
        key = self.key(box)
        source = leased_account(self.person.wallet, box.device, key.epoch)
        spent = redeem_postings(points, source, box.legal_entity, key.nth)
        earned = box.sale(self.person, points=59 - points).postings
        fen = points * 100
        return box.sells(
            self.person,
            tenders=(("points", fen), ("cash", 5_900 - fen)),
            postings=(*earned, *(to_wire(one) for one in spent)),
            lease_spends=(
                LeaseSpend("points", self.person.wallet.bytes, key.epoch, key.nth, points),
            ),
        )

    def shown(self) -> int:
        """What shops are told that she can spend."""
        with self.units.begin(self.tenant) as unit:
            (facts,) = unit.members.facts([self.person.member])
        return record_of(facts).points_free

    def heard(self, box: SimBox) -> list[str]:
        with self.units.begin(self.tenant) as unit:
            rows = unit.feed.since(box.store, 0, 1_000)
        return [row.change.kind for row in rows]

    def runs(self) -> None:
        """What happens once a day."""
        daily = PointsRuns(self.units, self.desk, RepairBench(self.units, self.clock))
        daily.daily(self.tenant, lambda done, total: None)

    def agrees(self) -> None:
        found = LedgerWalks(self.units).verify(self.tenant, lambda done, total: None)
        assert (found.total, found.wrong) == (0, [])


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def test_a_sale_puts_its_wallet_on_the_list_once(chain: Chain) -> None:
    box = chain.box("徐汇店")
    box.enrols(chain.person)
    box.sells(chain.person)
    box.sells(chain.person)
    box.sells(None)
    chain.upload(box)
    with chain.units.begin(chain.tenant) as unit:
        assert unit.placements.take(10) == (chain.person.wallet,)
        assert unit.placements.take(10) == ()
        visits = unit.placements.visits([chain.person.wallet, fresh_id()], LONG_AGO)
        ((store, day),) = visits.pop(chain.person.wallet)
        assert store == box.store
        assert visits == {}
        assert unit.placements.visits([chain.person.wallet], day + timedelta(days=1)) == {}


def test_a_sale_does_not_wait_for_whoever_places_the_same_wallet(pg_units: PostgresUnits) -> None:
    tenant, wallet = new_tenant(pg_units), fresh_id()
    day = ClerkDay(fresh_id(), LONG_AGO)
    with pg_units.begin(tenant) as unit:
        unit.placements.queue([wallet], 1_000)
        unit.clerks.note_day(day, 1_000)
    with pg_units.begin(tenant) as beside:
        assert beside.placements.take(10) == (wallet,)
        assert beside.clerks.take(10) == (day,)
        with pg_units.begin(tenant) as booking:  # after five seconds of waiting it would fail
            booking.placements.queue([wallet], 2_000)
            booking.clerks.note_day(day, 2_000)
    with pg_units.begin(tenant) as unit:
        assert unit.placements.take(10) == (wallet,), "what was bought meanwhile is placed again"
        assert unit.clerks.take(10) == (day,)
        assert (unit.placements.take(10), unit.clerks.take(10)) == ((), ())


def test_the_oldest_come_first_and_what_failed_is_back(chain: Chain) -> None:
    wallets = [fresh_id() for _ in range(3)]
    for number, wallet in enumerate(wallets):
        with chain.units.begin(chain.tenant) as unit:
            unit.placements.queue([wallet], 1_000 + number)
            unit.placements.queue([wallet], 9_000)
    with suppress(ZeroDivisionError), chain.units.begin(chain.tenant) as unit:
        assert unit.placements.take(1) == (wallets[0],)
        raise ZeroDivisionError
    with chain.units.begin(chain.tenant) as unit:
        assert unit.placements.take(2) == tuple(sorted(wallets[:2]))
        assert unit.placements.take(2) == (wallets[2],)


def test_points_are_lent_where_she_shops_by_themselves(chain: Chain) -> None:
    box = chain.box("徐汇店")
    box.enrols(chain.person)
    box.sells(chain.person)
    chain.upload(box)
    assert chain.placing.run(chain.tenant) == 1
    assert chain.lent(box) > 0
    assert chain.lent(box) + chain.free() == 59
    assert chain.placing.run(chain.tenant) == 0


def test_points_follow_her_to_another_store(chain: Chain) -> None:
    old, new = chain.box("徐汇店"), chain.box("浦东店")
    old.enrols(chain.person)
    for _ in range(10):
        old.sells(chain.person)
    chain.upload(old)
    chain.upload(new)
    chain.placing.run(chain.tenant)
    held = chain.lent(old)
    assert held > 0
    chain.clock.advance(LATER_MS)
    new.wall_ms += LATER_MS
    new.sells(chain.person, business_date=LATER)
    chain.upload(new)
    chain.placing.run(chain.tenant)
    with chain.units.begin(chain.tenant) as unit:
        rows = unit.feed.since(old.store, 0, 1_000)
        book = unit.leases.books([chain.right])[chain.right]
    assert [row.change.kind for row in rows][-1] == "lease.recalled"
    (key,) = [key for key in book.leases if key.device == old.device]
    said = LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, 0)
    old.journal(EventType.LEASE_RETURNED, encode_body(said))
    chain.upload(old)
    assert chain.placing.run(chain.tenant) == 1
    assert (chain.lent(old), chain.lent(new) >= held) == (0, True)


class Merged:
    """She shopped ten times as one member, whose points her store holds; now she is another."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.box, self.other = chain.box("徐汇店"), chain.box("浦东店")
        self.target = Person(phone="8613800138001")
        self.box.enrols(chain.person)
        self.box.enrols(self.target)
        for _ in range(10):
            self.box.sells(chain.person)
        chain.upload(self.box)
        chain.upload(self.other)
        chain.placing.run(chain.tenant)
        assert chain.lent(self.box) == 531
        self.merge = chain.desk.merge(chain.li, chain.person.member, self.target.member, "同一个人")

    def lent(self) -> int:
        right = Right(RightKind.POINTS, self.target.wallet)
        with self.chain.units.begin(self.chain.tenant) as unit:
            return lease_books.lent_to(unit.leases.books([right])[right], self.box.device)


@pytest.fixture
def merged(chain: Chain) -> Merged:
    return Merged(chain)


def test_points_that_boxes_hold_come_to_the_wallet_she_was_merged_into(merged: Merged) -> None:
    chain = merged.chain
    assert (chain.free(), chain.free(merged.target)) == (0, 59)
    assert "lease.recalled" in chain.heard(merged.box)
    chain.gives_back(merged.box)
    chain.upload(merged.box)
    assert (chain.free(), chain.free(merged.target)) == (0, 590)
    chain.placing.run(chain.tenant)
    assert (chain.lent(merged.box), merged.lent()) == (0, 531), "where she shopped before"
    chain.agrees()


def test_what_a_box_spent_of_the_old_wallet_and_takes_back_later(merged: Merged) -> None:
    chain = merged.chain
    sold = chain.redeems(merged.box, 30)
    chain.gives_back(merged.box, 30)
    chain.upload(merged.box)
    assert (chain.free(), chain.free(merged.target)) == (0, 590 - 30 + 29)
    merged.other.refunds(sold, (1, 1_000), (2, 1_000), fen=2_900)
    chain.upload(merged.other)
    assert (chain.free(), chain.free(merged.target)) == (0, 590)
    chain.agrees()


def test_a_box_that_forgot_the_recall_is_asked_again_by_night(merged: Merged) -> None:
    """A recall waits for a basket in memory: a restart in between forgets it."""
    chain = merged.chain
    for recalls in (1, 2):
        assert chain.heard(merged.box).count(ChangeKind.LEASE_RECALLED) == recalls
        chain.runs()
    chain.gives_back(merged.box)
    chain.upload(merged.box)
    chain.runs()
    assert chain.heard(merged.box).count(ChangeKind.LEASE_RECALLED) == recalls + 1


def test_parted_again_she_has_her_points_though_a_box_held_them(merged: Merged) -> None:
    chain, ann = merged.chain, merged.target
    chain.gives_back(merged.box)
    chain.upload(merged.box)
    chain.placing.run(chain.tenant)
    assert (merged.lent(), chain.free(ann)) == (531, 59)
    chain.desk.unmerge(chain.li, merged.merge.merge_id, "不是")
    assert chain.free() == 590
    recalls = chain.heard(merged.box).count(ChangeKind.LEASE_RECALLED)
    chain.placing.run(chain.tenant)
    assert chain.heard(merged.box).count(ChangeKind.LEASE_RECALLED) == recalls + 1
    chain.gives_back(merged.box, person=ann)
    chain.upload(merged.box)
    chain.runs()
    chain.placing.run(chain.tenant)
    assert (chain.lent(merged.box) + chain.free(), merged.lent(), chain.free(ann)) == (590, 0, 0)
    chain.agrees()


def test_a_shop_that_heard_of_another_merge_is_booked_all_the_same(merged: Merged) -> None:
    """It was offline over a second merge, or the end of the first: money was taken."""
    chain = merged.chain
    known = Person(chain.person.member, merged.target.wallet)
    third = Person(phone="8613800138002")
    merged.box.enrols(third)
    merged.other.sells(known)
    chain.upload(merged.box)
    chain.desk.merge(chain.li, merged.target.member, third.member, "还是同一个人")
    assert chain.upload(merged.other) == []
    assert chain.free(third) == 59 + 59
    merged.other.sells(known)
    chain.desk.unmerge(chain.li, merged.merge.merge_id, "不是")
    before = chain.free(third)
    assert chain.upload(merged.other) == ["L108"], "a person moves the points by hand"
    assert chain.free(third) == before + 59
    chain.agrees()


def test_what_she_owes_is_neither_lent_nor_shown(chain: Chain) -> None:
    box = chain.box("徐汇店")
    box.enrols(chain.person)
    sold = [box.sells(chain.person) for _ in range(10)]
    chain.upload(box)
    chain.placing.run(chain.tenant)
    assert (chain.lent(box), chain.free()) == (531, 59)
    for one in sold[:3]:
        box.refunds(one, (1, 1_000), (2, 1_000), fen=5_900)
    chain.upload(box)
    chain.placing.run(chain.tenant)
    assert chain.heard(box)[-1] == "lease.recalled", "what she owes lies in the box"
    assert (chain.lent(box), chain.shown()) == (531, 7 * 59)
    chain.gives_back(box)
    chain.upload(box)
    chain.placing.run(chain.tenant)
    assert (chain.lent(box), chain.free(), chain.shown()) == (371, 531 - 371, 413)
    with pytest.raises(Fault) as refused:
        chain.office.lend(chain.tenant, chain.right, box.device, 413 - 371 + 1)
    assert refused.value.code == FaultCode.LEDGER_OVERDRAWN
    taken = chain.desk.propose(chain.li, chain.person.member, -(413 - 371 + 1), "多记", "")
    with pytest.raises(Fault) as refused:
        chain.desk.decide(replace(chain.li, login="wang"), taken.adjustment_id, "approved")
    assert refused.value.code == FaultCode.LEDGER_OVERDRAWN
    chain.runs()
    chain.placing.run(chain.tenant)
    assert (chain.lent(box), chain.free(), chain.shown()) == (371, 413 - 371, 413)
    chain.agrees()


def test_points_that_a_refund_or_a_person_brings_are_lent_too(chain: Chain) -> None:
    box = chain.box("徐汇店")
    box.enrols(chain.person)
    box.sells(chain.person)
    chain.upload(box)
    chain.placing.run(chain.tenant)
    asked = chain.desk.propose(chain.li, chain.person.member, 500, "补记", "")
    chain.desk.decide(replace(chain.li, login="wang"), asked.adjustment_id, "approved")
    assert chain.placing.run(chain.tenant) == 1
    before = chain.lent(box)
    assert before == (59 + 500) * 9 // 10
    sold = chain.redeems(box, 53)
    chain.upload(box)
    chain.placing.run(chain.tenant)
    box.refunds(sold, (1, 1_000), (2, 1_000), fen=600)
    chain.upload(box)
    assert chain.placing.run(chain.tenant) == 1


def test_points_she_wished_for_an_order_go_back_to_her_stores(chain: Chain) -> None:
    box = chain.box("徐汇店")
    box.enrols(chain.person)
    box.sells(chain.person)
    chain.upload(box)
    with chain.units.begin(chain.tenant) as unit:
        ask_back(unit, chain.tenant, chain.person.wallet, chain.clock.now_ms())
    assert chain.placing.run(chain.tenant) == 0
    assert chain.lent(box) == 0
    chain.clock.advance(FREE_FOR_MS)
    assert chain.placing.run(chain.tenant) == 1
    assert chain.lent(box) == 53
