"""HQ's read side and repair bench on the real database."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import msgspec
import psycopg
import pytest

from cloud_broker.adapters.postgres.fleet_counts import PostgresFleetCounts
from cloud_broker.adapters.postgres.queries import PostgresQueries
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.waiting import WaitingFrame
from cloud_broker.services.access.overview import Delay, HqIdentity, HqRole
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.hq.desk import Desk
from cloud_broker.services.line.frames import Inbound
from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.growth.account import TierNames
from retail_core.loyalty.leases import Lease, LeaseKey, Right, RightKind
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import event_hash
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox, fresh_id, receipts_of
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database


@dataclass
class Hq:
    """A tenant, its boxes, and HQ's view of them."""

    units: PostgresUnits
    tenant: UUID
    clock: FakeCloudClock

    def __post_init__(self) -> None:
        self.tally = FaultTally()
        self.queries = PostgresQueries(self.units, self.clock)
        bench = RepairBench(self.units, self.clock)
        self.desk = Desk(self.units, self.queries, bench, self.clock)

    def who(self, role: HqRole = "operations") -> HqIdentity:
        return HqIdentity(self.tenant, fresh_id(), "li", "李娜", role)

    def box(self, name: str) -> SimBox:
        return new_box(self.units, self.tenant, name)

    def book(self, *boxes: SimBox) -> None:
        ingest = Ingest(self.units, self.clock, self.tally)
        for box in boxes:
            self.clock.ms = max(self.clock.ms, box.wall_ms + 25)
            ingest.book([Inbound(box.topic(), box.frame(), self.clock.now_ms())])

    def hear(self, box: SimBox, payload: bytes) -> None:
        book = PresenceBook(self.units, self.tally)
        book.note(Inbound(box.topic("st"), payload, self.clock.now_ms()))
        assert book.write() == 1


@pytest.fixture
def hq(shared_pg_units: PostgresUnits) -> Hq:
    return Hq(shared_pg_units, new_tenant(shared_pg_units), FakeCloudClock())


class TestTheWall:
    def test_a_tenant_that_has_just_begun(self, hq: Hq) -> None:
        wall = hq.queries.overview(hq.tenant)
        assert (wall.stores, wall.members, wall.sales_today) == ((), 0, 0)
        assert wall.delay == Delay(0, None, None)
        assert hq.queries.overview(fresh_id()).tenant_name == ""

    def test_the_fleet_is_counted_as_the_wall_says(self, hq: Hq) -> None:
        counts = PostgresFleetCounts(hq.units, hq.clock)
        assert counts.count(hq.tenant).states == {}
        box = hq.box("上海店")
        hq.hear(box, box.presence("degraded", devices={"nfc": "gone"}, outbox_depth=2))
        hq.box("成都店")
        found = counts.count(hq.tenant)
        assert dict(found.states) == {"degraded": 1, "never": 1}
        assert (found.queued, found.queued_most, found.frames_waiting) == (2, 2, 0)
        hq.clock.advance(76_000)
        assert dict(counts.count(hq.tenant).states) == {"gone": 1, "never": 1}

    def test_a_store_from_entered_to_gone(self, hq: Hq) -> None:
        box = hq.box("上海店")
        (tile,) = hq.queries.store_tiles(hq.tenant)
        assert (tile.state, tile.can_sell, tile.since_ms) == ("never", False, None)
        hq.hear(box, box.presence("degraded", devices={"nfc": "gone"}, outbox_depth=2))
        (tile,) = hq.queries.store_tiles(hq.tenant, (box.store,))
        assert (tile.state, tile.reasons, tile.outbox_depth) == ("degraded", ("R302",), 2)
        assert (tile.since_ms, tile.unbooked) == (hq.clock.now_ms(), 0)
        with hq.units.begin(hq.tenant) as unit:
            unit.waiting.add([WaitingFrame(1, box.device, 7, 1, 9, 1, "r1/x", b"x", left=(1, 3))])
            unit.waiting.add([WaitingFrame(1, box.device, 7, 10, 12, 1, "r1/x", b"x")])
        assert hq.queries.store_tiles(hq.tenant)[0].unbooked == 5
        heard_ms = hq.clock.now_ms()
        hq.clock.advance(76_000)
        (tile,) = hq.queries.store_tiles(hq.tenant)
        assert (tile.state, tile.since_ms) == ("gone", heard_ms)
        hq.hear(box, box.presence("gone"))
        assert hq.queries.store_tiles(hq.tenant)[0].state == "degraded", "it may come back"
        hq.clock.advance(limits.PRESENCE_GRACE_MS)
        (tile,) = hq.queries.store_tiles(hq.tenant)
        assert (tile.state, tile.reasons, tile.last_seen_ms) == ("gone", ("S102",), heard_ms)

    def test_figures_of_the_day(self, hq: Hq) -> None:
        shanghai, chengdu, person = hq.box("上海店"), hq.box("成都店"), Person()
        shanghai.enrols(person)
        shanghai.sells(person, fen=1_000)
        shanghai.sells(fen=2_000)
        chengdu.sells(person, fen=500, business_date=20261117)
        hq.clock.ms = 0
        hq.book(shanghai, chengdu)
        wall = hq.queries.overview(hq.tenant)
        by_name = {tile.name: tile for tile in wall.stores}
        assert (wall.members, wall.points_outstanding) == (1, 118)
        assert (wall.sales_today, wall.revenue_today_fen) == (2, 3_000)
        assert by_name["上海店"].last_sale_fen == 2_000
        assert by_name["成都店"].sales_today == 0
        # Two sales of one frame, a second apart, booked 25 ms after the later one.
        assert by_name["上海店"].delay == Delay(2, 25, 1_025)
        assert wall.names_to_review == 1
        assert by_name["上海店"].feed_lag == 2

    def test_a_box_whose_clock_is_wrong_tells_no_delay(self, hq: Hq) -> None:
        box = hq.box("上海店")
        box.quality = TimeQuality.UNKNOWN
        box.sells()
        hq.book(box)
        (sale,) = hq.queries.sales(hq.tenant, limit=1)
        assert (sale.sync_ms, sale.wall_ms) == (None, hq.clock.now_ms())

    def test_a_time_that_was_mended_is_told_beside_what_the_box_said(self, hq: Hq) -> None:
        box, other = hq.box("上海店"), hq.box("成都店")
        box.sells()
        hq.book(box)
        assert hq.queries.mended(hq.tenant, box.store).count == 0
        box.quality = TimeQuality.UNKNOWN
        box.sells(fen=700)
        hq.book(box)
        mended = hq.queries.mended(hq.tenant, box.store)
        (sale,) = mended.sales
        said = box.events[-1].wall_ms
        assert (mended.count, sale.total_fen, sale.said_ms) == (1, 700, said)
        assert sale.sold_ms == sale.received_ms != said
        assert hq.queries.mended(hq.tenant, other.store).count == 0
        hq.clock.ms += 8 * 86_400_000
        assert hq.queries.mended(hq.tenant, box.store).count == 0, "it came over a week ago"


class TestSales:
    def test_newest_first_with_their_lines(self, hq: Hq) -> None:
        shanghai, chengdu, person = hq.box("上海店"), hq.box("成都店"), Person()
        shanghai.enrols(person)
        shanghai.sells(person)
        hq.book(shanghai)
        chengdu.sells(fen=700)
        hq.book(chengdu)
        later, earlier = hq.queries.sales(hq.tenant, limit=9)
        assert (later.store_name, later.total_fen, later.member_name) == ("成都店", 700, "")
        assert (earlier.member_name, earlier.points) == ("王芳", 59)
        assert [(line.sku, line.name) for line in earlier.lines] == [
            ("A1", "洗面奶"),
            ("", "购物袋"),
        ]
        (only,) = hq.queries.sales(hq.tenant, limit=9, store=shanghai.store)
        assert only == earlier

    def test_the_ledger_is_the_shops(self, hq: Hq) -> None:
        box, person = hq.box("上海店"), Person()
        box.enrols(person)
        for _ in range(3):
            box.sells(person)
        hq.book(box)
        rows, totals = hq.queries.ledger(hq.tenant, box.store)
        assert [row.receipt_id for row in rows] == receipts_of(box.events)
        assert (totals.receipts, totals.total_fen, totals.points) == (3, 17_700, 177)


class TestMembers:
    def test_finding(self, hq: Hq) -> None:
        box = hq.box("上海店")
        people = [Person(name=name, phone=name) for name in ("王芳", "王小明", "100%_真")]
        for person in people:
            box.enrols(person)
        hq.book(box)

        def found(query: str) -> set[str]:
            return {row.name for row in hq.queries.members(hq.tenant, query, limit=9)}

        assert found("王") == {"王芳", "王小明"}
        assert found("%_") == {"100%_真"}
        assert found("8000") == {"王芳", "王小明", "100%_真"}
        assert found(str(people[0].member)) == {"王芳"}
        assert found("' or 1=1 --") == set()
        assert len(hq.queries.members(hq.tenant, "", limit=2)) == 2

    def test_her_page(self, hq: Hq) -> None:
        shanghai, chengdu = hq.box("上海店"), hq.box("成都店")
        person, double = Person(), Person(name="王方")
        shanghai.enrols(person)
        shanghai.consents(person)
        shanghai.issues_card(person)
        shanghai.enrols(double)
        hq.book(shanghai)
        chengdu.sells(person)
        hq.book(chengdu)
        with hq.units.begin(hq.tenant) as unit:
            unit.profiles.save(Profile(person.member, personal=False, groups=("员工", "批发")), 1)
        page = hq.queries.member(hq.tenant, person.member)
        assert page is not None
        assert (page.groups, page.personal) == (("员工", "批发"), False)
        assert (page.points_free, page.cards, page.phones) == (59, 1, 0)
        assert page.held_by == ("上海店", "成都店")
        assert page.possible_duplicates == (double.member,)
        assert [row.kind for row in page.consents] == ["membership"]
        assert [row.total_fen for row in page.sales] == [5_900]
        assert [row.points for row in page.postings] == [59]
        assert hq.queries.member(hq.tenant, fresh_id()) is None
        other = hq.queries.member(hq.tenant, double.member)
        assert other is not None
        assert (other.groups, other.personal) == ((), True), "who said nothing"

    def test_what_she_can_spend_is_one_figure_on_every_page(self, hq: Hq) -> None:
        """Points lent to a box are hers, those she owes are not."""
        box, person = hq.box("上海店"), Person()
        box.enrols(person)
        box.sells(person)
        hq.book(box)
        lease = Lease(LeaseKey(Right(RightKind.POINTS, person.wallet), box.device, 1, 1), 40, 40)
        moved = {"free": -40, f"leased:{box.device}:1": 40, "owed": -12}
        with hq.units.begin(hq.tenant) as unit:
            unit.leases.save_leases([lease], 1)
            named = {f"member:{person.wallet}:{purse}": n for purse, n in moved.items()}
            unit.ledger.locked(named)
            unit.journal.move_balances(named, 1)
        page = hq.queries.member(hq.tenant, person.member)
        assert page is not None
        assert (page.points_free, page.points_owed) == (59 - 12, 12)
        (row,) = hq.queries.members(hq.tenant, "", limit=2)
        assert row.points_free == 59 - 12


class TestRepair:
    def refused(self, hq: Hq) -> tuple[SimBox, Person, UUID]:
        box, person = hq.box("上海店"), Person()
        box.issues_card(person)
        hq.book(box)
        (row,) = hq.queries.repairs(hq.tenant, limit=9)
        assert (row.code, row.kind, row.replayable) == ("P106", "event", True)
        return box, person, row.repair_id

    def test_an_event_is_tried_again_when_its_cause_is_gone(self, hq: Hq) -> None:
        box, person, repair_id = self.refused(hq)
        still = hq.desk.replay(hq.who(), repair_id)
        assert (still.state, still.code) == ("open", "P106")
        box.enrols(person)
        hq.book(box)
        assert hq.desk.replay(hq.who(), repair_id).state == "done"
        page = hq.queries.member(hq.tenant, person.member)
        assert page is not None
        assert page.cards == 1

    def test_pressed_twice_it_is_tried_once(self, hq: Hq) -> None:
        box = hq.box("上海店")
        box.enrols(Person())
        box.enrols(Person())
        hq.book(box)
        (row,) = hq.queries.repairs(hq.tenant, limit=9)
        first = hq.desk.replay(hq.who(), row.repair_id)
        assert hq.desk.replay(hq.who(), row.repair_id) == first
        assert first.state == "done"
        with pytest.raises(Fault) as caught:
            hq.desk.replay(hq.who(), fresh_id())
        assert caught.value.code is FaultCode.API_NOT_FOUND

    def test_a_frame_is_tried_again(self, hq: Hq) -> None:
        box = SimBox(hq.tenant)
        box.sells()
        hq.book(box)
        (row,) = hq.queries.repairs(hq.tenant, limit=9)
        assert (row.code, row.kind) == ("W104", "frame")
        assert hq.desk.replay(hq.who(), row.repair_id).code == "W104"

    def test_garbage_stays_garbage(self, hq: Hq) -> None:
        box = hq.box("上海店")
        ingest = Ingest(hq.units, hq.clock, hq.tally)
        ingest.book([Inbound(box.topic(), b"garbage", hq.clock.now_ms())])
        (row,) = hq.queries.repairs(hq.tenant, limit=9)
        assert hq.desk.replay(hq.who(), row.repair_id).state == "open"

    def test_what_a_person_has_to_look_at_is_closed_by_looking(self, hq: Hq) -> None:
        box = hq.box("上海店")
        box.enrols(Person())
        box.enrols(Person())
        hq.book(box)
        (row,) = hq.queries.repairs(hq.tenant, limit=9)
        assert (row.kind, row.replayable) == ("person", False)
        assert hq.desk.replay(hq.who(), row.repair_id).state == "done"

    def test_an_auditor_only_looks(self, hq: Hq) -> None:
        _, _, repair_id = self.refused(hq)
        for act in (
            lambda who: hq.desk.replay(who, repair_id),
            lambda who: hq.desk.map_name(who, "a", "b"),
        ):
            self.forbidden(hq, act)

    def forbidden(self, hq: Hq, act: Callable[[HqIdentity], object]) -> None:
        with pytest.raises(Fault) as caught:
            act(hq.who("auditor"))
        assert caught.value.code is FaultCode.API_SCOPE_MISSING

    def test_names_wait_until_somebody_maps_them(self, hq: Hq) -> None:
        box = hq.box("上海店")
        box.sells()
        box.sells()
        hq.book(box)
        (name,) = hq.queries.names_to_review(hq.tenant, limit=9)
        assert (name.name, name.seen, name.suggestion) == ("购物袋", 2, None)
        with pytest.raises(Fault):
            hq.desk.map_name(hq.who(), "购物袋", "BAG")
        with hq.units.begin(hq.tenant) as unit:
            unit.catalogue.add_articles({"BAG": fresh_id()}, 0)
        hq.desk.map_name(hq.who(), "购物袋", "BAG")
        assert hq.queries.names_to_review(hq.tenant, limit=9) == ()


def test_the_database_refuses_one_event_and_books_its_neighbours(hq: Hq) -> None:
    """On PostgreSQL too, the halving ends at the one event no column takes."""
    box = hq.box("上海店")
    for _ in range(6):
        box.sells()
    box.events[2] = msgspec.structs.replace(box.events[2], time_quality=1 << 40)
    for index, event in enumerate(box.events):
        box.hashes[index + 1] = event_hash(box.hashes[index], event)
    hq.book(box)
    assert len(hq.queries.sales(hq.tenant, limit=9)) == 5
    (row,) = hq.queries.repairs(hq.tenant, limit=9)
    assert (row.kind, row.seq) == ("event", 3)
    assert hq.desk.replay(hq.who(), row.repair_id).state == "open"
    (tile,) = hq.queries.store_tiles(hq.tenant)
    assert (tile.chain_breaks, tile.open_repairs) == (0, 1)


def test_tiers_are_called_what_the_newest_rules_call_them(hq: Hq) -> None:
    assert hq.queries.tier_names(hq.tenant) == TierNames()
    coupon = {"kind": "threshold", "id": "ten", "name": "立减十元", "name_en": "Ten off"}
    whole = {"version": 1, "tier_names": {"gold": "金卡"}, "tier_names_en": {"gold": "Gold"}}
    rules = json.dumps(whole | {"coupons": [coupon | {"fen_off": 1_000}]}, ensure_ascii=False)
    signed = bytes(SIGNATURE_BYTES) + rules.encode()
    document = Document("bundle", 1, sha256(signed).digest(), signed)
    with hq.units.begin(hq.tenant) as unit:
        unit.catalogue.add_bundle(document, rules.encode(), "li")
    assert hq.queries.tier_names(hq.tenant) == TierNames({"gold": "金卡"}, {"gold": "Gold"})
    assert hq.queries.rule_names(hq.tenant, "zh") == {"ten": "立减十元"}
    assert hq.queries.rule_names(hq.tenant, "en") == {"ten": "Ten off"}


def test_the_audit_chain_covers_every_row(hq: Hq, shared_database: Database) -> None:
    box = hq.box("上海店")
    box.enrols(Person())
    box.enrols(Person())
    hq.book(box)
    (row,) = hq.queries.repairs(hq.tenant, limit=9)
    hq.desk.replay(hq.who(), row.repair_id)
    with hq.units.begin(hq.tenant) as unit:
        unit.catalogue.add_articles({"BAG": fresh_id()}, 0)
    hq.desk.map_name(hq.who(), "购物袋", "BAG")
    with psycopg.connect(shared_database.super_dsn) as connection:
        rows = connection.execute(
            "select n, prev_hash, hash, action from audit where tenant_id = %s order by n",
            (hq.tenant,),
        ).fetchall()
    said = ["points.merge", "repair.replay", "name.map"]
    assert [(n, action) for n, _, _, action in rows] == list(enumerate(said, start=1))
    assert rows[0][1] == bytes(32)
    assert rows[1][1] == rows[0][2]


def test_a_database_that_is_not_there(database: Database) -> None:
    units = PostgresUnits(make_engine(database.url.replace("/t", "/no-such-")))
    with pytest.raises(Fault) as caught:
        units.tenants()
    assert caught.value.code is FaultCode.SYNC_LINK_DOWN
    units.close()
