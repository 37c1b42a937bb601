"""From the till to the books and back: what a box redeems is what the cloud's books say."""

from pathlib import Path

import pytest

from cloud_broker.domain.price_audit import asked_again, check_sale, compare
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line import downlink
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.points.desk import PointsDesk
from cloud_broker.services.rights.lease_office import LeaseOffice
from edge_agent.domain.lanes import Place
from edge_agent.ports.journal import Draft
from edge_agent.services.journal.events import event_of
from retail_core import limits
from retail_core.loyalty.leases import Right, RightKind
from retail_core.loyalty.postings import brand_account, leased_account, member_account
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_body, encode, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import MemberEnrolled, Sale, UpFrame
from tests.factories.agent_api import ARTICLES, TILL, Box
from tests.factories.agent_files import DEVICE
from tests.factories.counter_sales import RULES, SURE, TillCalls
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant


class Line:
    """A real box and a cloud, tied by hand."""

    def __init__(self, units: Units, box: Box, sim: SimBox) -> None:
        self.units, self.box, self.sim = units, box, sim
        self.clock, self.tally, self.pos = FakeCloudClock(), FaultTally(), 0
        self.person = Person()
        self.right = Right(RightKind.POINTS, self.person.wallet)

    def sync(self) -> None:
        """Send what waits, take the acknowledgement, read the feed."""
        storage, lines = self.box.storage, self.box.agent.services
        lines.leases._connected = lambda: True  # we are the line, which no broker carries here
        waiting = storage.journal.unacked(from_seq=1, limit=200)
        if waiting:
            frame = UpFrame(
                1,
                self.sim.tenant.bytes,
                self.sim.store.bytes,
                self.sim.device.bytes,
                storage.journal.epoch,
                waiting[0].seq,
                waiting[0].prev_hash,
                tuple(event_of(record.draft) for record in waiting),
            )
            inbound = Inbound(self.sim.topic(), encode(frame), self.clock.now_ms())
            Ingest(self.units, self.clock, self.tally).book([inbound])
            storage.journal.mark_acked([(waiting[0].seq, waiting[-1].seq)])
        with self.units.begin(self.sim.tenant) as unit:
            rows = unit.feed.since(self.sim.store, self.pos, 1_000)
            epoch = unit.feed.head(self.sim.store).feed_epoch
        for told in downlink.change_frames(rows):
            self.pos = told.pos
            lines.leases.apply(told.changes)
            storage.replica.apply_changes(feed_epoch=epoch, pos=told.pos, changes=told.changes)

    def enrol(self) -> None:
        body = MemberEnrolled(
            wallet=self.person.wallet.bytes,
            name="王芳",
            tier="gold",
            phone_hash=None,
            phone_masked="",
            claim_hash=bytes(32),
            claim_expires_ms=1,
        )
        draft = Draft(
            fresh_id(),
            EventType.MEMBER_ENROLLED,
            self.box.clock.now(),
            encode_body(body),
            member=self.person.member,
        )
        self.box.storage.journal.append([draft])

    def balances(self, *accounts: str) -> list[int]:
        with self.units.begin(self.sim.tenant) as unit:
            held = unit.journal.balances(accounts)
        return [held.get(account, 0) for account in accounts]

    def sold(self) -> Sale:
        record = self.box.storage.journal.records(type_="sale")[-1]
        sale = decode_body("sale", record.draft.body)
        assert isinstance(sale, Sale)
        return sale


@pytest.fixture
def line(any_units: Units, tmp_path: Path) -> Line:
    tenant = new_tenant(any_units)
    sim = new_box(any_units, tenant)
    names = {
        "01890000-0000-7000-8000-000000000001": tenant,
        "01890000-0000-7000-8000-000000000002": sim.store,
        "01890000-0000-7000-8000-000000000003": sim.device,
        "01890000-0000-7000-8000-000000000004": sim.legal_entity,
    }
    device = DEVICE
    for old, new in names.items():
        device = device.replace(old, str(new))
    box = Box(tmp_path / "box", device=device)
    box.storage.replica.replace_bundle(4, RULES.encode())
    return Line(any_units, box, sim)


def test_earned_lent_redeemed_and_booked(line: Line) -> None:
    with line.box:
        till, member = TillCalls(line.box.till()), line.person.member
        line.enrol()
        line.sync()
        path = till.opened("milk", "milk", "milk", member_id=str(member))
        total = till.get(path)["total_fen"]
        earned = till.paid(path, total)["points_earned"]
        line.box.agent.services.leases.greet()
        line.sync()
        office = LeaseOffice(line.units, line.clock)
        office.lend(line.sim.tenant, line.right, line.sim.device, 200)
        line.sync()
        assert line.box.agent.services.leases.spendable(line.right) >= 200
        # At the till, by a code: two hundred points pay two yuan.
        lane = line.box.visits.at(TILL).lane
        line.box.visits.begun(Place(lane, TILL), member, SURE)
        path = till.opened("milk", member_id=str(member))
        shown = till.put(f"{path}/redeem", {"points": 200})
        assert shown["redeem"]["refused"] is None
        assert shown["redeem"]["points_fen"] == 200
        again = till.paid(path, shown["due_fen"])["points_earned"]
        line.sync()
        check(line, earned, again)


def test_merged_while_her_basket_is_open(line: Line) -> None:
    """What the box held for the basket goes home, the sale goes on without it."""
    with line.box:
        till, member = TillCalls(line.box.till()), line.person.member
        line.enrol()
        line.sync()
        path = till.opened("milk", "milk", "milk", member_id=str(member))
        earned = till.paid(path, till.get(path)["total_fen"])["points_earned"]
        line.box.agent.services.leases.greet()
        line.sync()
        office = LeaseOffice(line.units, line.clock)
        office.lend(line.sim.tenant, line.right, line.sim.device, 200)
        line.sync()
        line.box.visits.begun(Place(line.box.visits.at(TILL).lane, TILL), member, SURE)
        path = till.opened("milk", member_id=str(member))
        due = till.put(f"{path}/redeem", {"points": 200})["due_fen"]
        other = Person(phone="8613800138001")
        line.person, before = other, line.person
        line.enrol()
        line.sync()
        desk = PointsDesk(line.units, line.clock, FakeCloudIdSource(line.clock), "Asia/Shanghai")
        li = HqIdentity(line.sim.tenant, fresh_id(), "li", "李娜", "admin")
        desk.merge(li, before.member, other.member, "同一个人")
        line.sync()
        shown = till.get(path)
        assert shown["due_fen"] == due + 200
        assert shown["redeem"]["refused"] is not None
        again = till.paid(path, shown["due_fen"])["points_earned"]
        line.sync()
        line.sync()
        assert line.tally.snapshot() == {}
        assert line.balances(
            member_account(before.wallet, "free"),
            leased_account(before.wallet, line.sim.device, 1),
            member_account(other.wallet, "free"),
        ) == [0, 0, earned + again]


def check(line: Line, earned: int, again: int) -> None:
    """Balance, book of leases, record, repairs and the price's audit agree."""
    wallet, entity = line.person.wallet, line.sim.legal_entity
    leased = leased_account(wallet, line.sim.device, 1)
    free, lent, clearing = line.balances(
        member_account(wallet, "free"), leased, brand_account(entity, "clearing")
    )
    with line.units.begin(line.sim.tenant) as unit:
        book = unit.leases.books([line.right])[line.right]
    assert line.tally.snapshot() == {}  # nothing for a person to repair
    assert free + lent == earned + again - 200
    assert clearing == 200
    assert book.free == free
    assert sum(one.held for one in book.leases.values()) == lent
    held = line.box.storage.replica.member(line.person.member)
    assert held is not None
    assert held.record.points_free == earned + again - 200
    sale = line.sold()
    bundle = parse_bundle(RULES.encode())
    assert list(check_sale(sale, bundle)) == []
    asked = asked_again(sale, ARTICLES)
    assert asked is not None
    assert asked.points_wanted == 200  # what it spent is proved by its leases
    assert compare(sale, price_again(asked, bundle, limits.SOLVER_NODES_MAX)) is None


@pytest.mark.parametrize("skus", [("milk",), ("sun", "sun"), ("mask", "mask", "mask", "milk")])
def test_the_cloud_prices_a_members_basket_alike(line: Line, skus: tuple[str, ...]) -> None:
    with line.box:
        till = TillCalls(line.box.till())
        line.enrol()
        line.sync()
        for _ in range(2):
            path = till.opened(*skus, member_id=str(line.person.member))
            till.paid(path, till.get(path)["due_fen"])
            line.sync()
            sale = line.sold()
            asked = asked_again(sale, ARTICLES)
            assert asked is not None
            bundle = parse_bundle(RULES.encode())
            priced = price_basket(asked.basket, bundle, asked.member, store=asked.store)
            assert compare(sale, priced) is None
