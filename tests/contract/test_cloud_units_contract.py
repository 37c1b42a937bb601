"""What every store of the cloud promises: Units, Unit, FleetRepo, FeedRepo, RepairRepo, HqRepo."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from uuid import UUID

import pytest

from cloud_broker.ports.feed import FeedHead, NewChange
from cloud_broker.ports.fleet import DeviceState, NewDevice, NewOperator, NewStore, NewTill
from cloud_broker.ports.hq import AuditEntry, HqUser
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import shard_of
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant, token_hash


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    return new_box(any_units, tenant)


class TestUnits:
    def test_a_unit_that_fails_leaves_no_trace(self, any_units: Units, tenant: UUID) -> None:
        with pytest.raises(ZeroDivisionError), any_units.begin(tenant) as unit:
            assert len(unit.journal.claim_keys("box", [b"a"])) / 0
        with any_units.begin(tenant) as unit:
            assert unit.journal.claim_keys("box", [b"a"]) == {b"a"}

    def test_tenants_do_not_meet(self, any_units: Units, tenant: UUID, box: SimBox) -> None:
        other = new_tenant(any_units)
        with any_units.begin(other) as unit:
            assert unit.fleet.places([box.device]) == {}
            assert unit.fleet.store_names() == {}
            assert unit.fleet.device_by_token(token_hash(box)) is None

    def test_tenants_are_found_by_their_short_name(self, any_units: Units) -> None:
        one, two = (f"t-{fresh_id()}" for _ in range(2))
        tenants = [new_tenant(any_units, one), new_tenant(any_units, two)]
        assert [any_units.tenant(one), any_units.tenant(two)] == tenants
        assert any_units.tenant("nobody") is None
        # '' names the only tenant there is, and here are two.
        assert any_units.tenant("") is None
        everybody = any_units.tenants()
        assert set(tenants) <= set(everybody)
        assert list(everybody) == sorted(everybody)

    def test_an_announcement_may_be_made_in_any_unit(self, any_units: Units, tenant: UUID) -> None:
        with any_units.begin(tenant) as unit:
            unit.announce(LiveEvent(tenant, frozenset({"sale"}), (fresh_id(),) * 100))


def state_of(box: SimBox, **changes: object) -> DeviceState:
    plain = DeviceState(
        device=box.device,
        store=box.store,
        state="ok",
        boot_id=box.boot,
        wall_ms=WALL_MS,
        software="0.1",
        epoch=1,
        outbox_depth=3,
        feed_pos=4,
        can_sell=True,
        devices={"camera": "ok"},
        faults={"S102": 1},
        seen_ms=WALL_MS,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # tests name the fields


class TestFleetRepo:
    def test_a_box_is_found_where_our_records_have_it(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        with any_units.begin(tenant) as unit:
            place = unit.fleet.places([box.device, fresh_id()])[box.device]
            assert (place.store, place.shard) == (box.store, shard_of(box.store))
            assert (place.zone, place.day_starts_at) == ("Asia/Shanghai", time(4))
            assert unit.fleet.device_by_token(token_hash(box)) == place
            assert unit.fleet.device_by_token(bytes(32)) is None
            assert unit.fleet.devices_of([box.store]) == {box.store: (place,)}
            assert [one.device for one in unit.fleet.broker_accounts()] == [box.device]

    def test_a_replaced_box_is_retired(self, any_units: Units, tenant: UUID, box: SimBox) -> None:
        new = NewDevice(fresh_id(), box.store, 1, bytes(32), "x")
        with any_units.begin(tenant) as unit:
            unit.fleet.add_device(new, WALL_MS)
            assert unit.fleet.places([box.device, new.device]).keys() == {new.device}
            assert unit.fleet.device_by_token(token_hash(box)) is None
            assert [one.device for one in unit.fleet.broker_accounts()] == [new.device]

    def test_names_are_taken_once(self, any_units: Units, tenant: UUID, box: SimBox) -> None:
        with any_units.begin(tenant) as unit:
            entity = unit.fleet.add_legal_entity(fresh_id(), "总公司")
            assert entity == box.legal_entity
            region = unit.fleet.add_region(fresh_id(), "华东")
        store = NewStore(fresh_id(), entity, region, "上海店", "上海", "Asia/Shanghai", time(4), 1)
        with pytest.raises(Fault) as caught, any_units.begin(tenant) as unit:
            unit.fleet.add_store(store, WALL_MS)
        assert caught.value.code is FaultCode.API_BODY_INVALID

    def test_tills_and_people_are_entered(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        with any_units.begin(tenant) as unit:
            unit.fleet.add_till(NewTill(fresh_id(), box.store, "1", "api"), WALL_MS)
            unit.fleet.add_operator(
                NewOperator(fresh_id(), box.store, "1001", "王芳", "hash", "clerk"), WALL_MS
            )
            assert unit.fleet.store_names() == {box.store: "上海店"}

    def test_a_late_will_of_an_earlier_boot_is_passed_over(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        with any_units.begin(tenant) as unit:
            assert unit.fleet.save_states([state_of(box)]) == {box.store}
            late = state_of(box, state="gone", boot_id=fresh_id())
            assert unit.fleet.save_states([late]) == frozenset()
            here, before = fresh_id(), fresh_id()
            born = state_of(box, session=here)
            assert unit.fleet.save_states([born]) == {box.store}
            # The same run, but the will of the connection before this one.
            assert not unit.fleet.save_states([state_of(box, state="gone", session=before)])
            assert unit.fleet.save_states([state_of(box, state="gone", session=here)])
            assert unit.fleet.save_states([state_of(box, state="gone")]) == {box.store}
            assert unit.fleet.save_states([]) == frozenset()


class TestFeedRepo:
    def change(self) -> NewChange:
        return NewChange("member", fresh_id(), 1, b"\x90")

    def test_positions_are_dense_in_each_store(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        other = new_box(any_units, tenant, "成都店")
        one, two, three = self.change(), self.change(), self.change()
        with any_units.begin(tenant) as unit:
            rows = unit.feed.append({box.store: [one, two], other.store: [one]}, WALL_MS)
            assert [(row.store, row.pos) for row in rows] == sorted(
                [(box.store, 1), (box.store, 2), (other.store, 1)]
            )
        with any_units.begin(tenant) as unit:
            (row,) = unit.feed.append({box.store: [three]}, WALL_MS + 5)
            assert (row.pos, row.feed_epoch, row.change) == (3, 1, three)
            assert unit.feed.since(box.store, 0, 2) == tuple(
                row for row in (*rows, row) if row.store == box.store and row.pos < 3
            )
            assert [row.pos for row in unit.feed.since(box.store, 2, 10)] == [3]
            assert unit.feed.since(box.store, 3, 10) == ()
            assert unit.feed.append({}, WALL_MS) == ()

    def test_marks_only_move_forward(self, any_units: Units, tenant: UUID, box: SimBox) -> None:
        with any_units.begin(tenant) as unit:
            assert unit.feed.behind() == {}
            unit.feed.append({box.store: [self.change(), self.change()]}, WALL_MS)
            assert unit.feed.behind() == {box.store: FeedHead(1, 2, 0)}
            unit.feed.mark_published({box.store: 1})
            unit.feed.mark_published({box.store: 0})
            assert unit.feed.head(box.store) == FeedHead(1, 2, 1)
            unit.feed.mark_published({box.store: 9})
            assert unit.feed.behind() == {}
            unit.feed.mark_published({})

    def test_a_new_epoch_keeps_positions(self, any_units: Units, tenant: UUID, box: SimBox) -> None:
        with any_units.begin(tenant) as unit:
            unit.feed.append({box.store: [self.change()]}, WALL_MS)
            assert unit.feed.begin_epoch(box.store) == 2
            assert unit.feed.head(box.store) == FeedHead(2, 1, 0)
            assert unit.feed.heads([fresh_id(), box.store]) == {box.store: FeedHead(2, 1, 0)}
            assert unit.feed.heads([]) == {}
            assert [row.feed_epoch for row in unit.feed.since(box.store, 0, 9)] == [2]

    def test_an_unknown_store_has_no_feed(self, any_units: Units, tenant: UUID) -> None:
        for ask in (lambda feed: feed.head(fresh_id()), lambda feed: feed.begin_epoch(fresh_id())):
            self.refused(any_units, tenant, ask)

    def refused(self, units: Units, tenant: UUID, ask: Callable[..., object]) -> None:
        with pytest.raises(Fault) as caught, units.begin(tenant) as unit:
            ask(unit.feed)
        assert caught.value.code is FaultCode.API_NOT_FOUND


class TestRepairRepo:
    def item(self, **changes: object) -> RepairItem:
        plain = RepairItem(
            fresh_id(), "frame", "W101", "why", WALL_MS, topic="t", payload=b"\x00\xff"
        )
        return replace(plain, **changes)  # type: ignore[arg-type]  # tests name the fields

    def test_items_are_taken_while_they_are_open(self, any_units: Units, tenant: UUID) -> None:
        item = self.item(store=fresh_id(), device=fresh_id(), epoch=1, seq=2, member=fresh_id())
        with any_units.begin(tenant) as unit:
            unit.repair.add([item, item])
            unit.repair.add([item])
            unit.repair.add([])
            assert unit.repair.take(item.repair_id) == item
            unit.repair.still_broken(item.repair_id, "W104", "other")
            assert unit.repair.take(item.repair_id) == replace(item, code="W104", detail="other")
            unit.repair.resolve([item.repair_id], "li", WALL_MS)
            assert unit.repair.take(item.repair_id) is None
            assert unit.repair.take(fresh_id()) is None

    def test_refused_events_are_remembered_until_they_are_mended(
        self, any_units: Units, tenant: UUID
    ) -> None:
        event = fresh_id()
        item = self.item(kind="event", event_id=event, repair_id=event, code="L101")
        with any_units.begin(tenant) as unit:
            unit.repair.add([item])
            assert unit.repair.refused([event, fresh_id()]) == {event: "L101"}
            unit.repair.resolve([event], "li", WALL_MS)
            assert unit.repair.refused([event]) == {}

    def test_notes_about_a_member_close_when_she_is_known(
        self, any_units: Units, tenant: UUID
    ) -> None:
        member = fresh_id()
        note, other = self.item(kind="member", member=member), self.item(member=member)
        with any_units.begin(tenant) as unit:
            unit.repair.add([note, other])
            unit.repair.resolve_members({member}, WALL_MS)
            unit.repair.resolve_members(set(), WALL_MS)
            assert unit.repair.take(note.repair_id) is None
            assert unit.repair.take(other.repair_id) == other


class TestHqRepo:
    def user(self) -> HqUser:
        return HqUser(fresh_id(), "li", "李娜", "admin", "hash")

    def test_people_and_how_they_signed_in(self, any_units: Units, tenant: UUID) -> None:
        user = self.user()
        with any_units.begin(tenant) as unit:
            unit.hq.add_user(user, WALL_MS)
            assert unit.hq.user("li") == user
            assert unit.hq.user("wang") is None
            unit.hq.note_try(user.user_id, failed_tries=2, locked_until_ms=WALL_MS)
            assert unit.hq.user("li") == replace(user, failed_tries=2, locked_until_ms=WALL_MS)
            unit.hq.note_try(user.user_id, failed_tries=0, locked_until_ms=0)
            assert unit.hq.user("li") == user
        with pytest.raises(Fault) as caught, any_units.begin(tenant) as unit:
            unit.hq.add_user(self.user(), WALL_MS)
        assert caught.value.code is FaultCode.API_BODY_INVALID

    def test_sessions(self, any_units: Units, tenant: UUID) -> None:
        user, token = self.user(), b"t" * 32
        far_ms = 4_000_000_000_000
        with any_units.begin(tenant) as unit:
            unit.hq.add_user(user, WALL_MS)
            unit.hq.add_session(user.user_id, token, "token", far_ms, "demo")
            found = unit.hq.session(token)
            assert found is not None
            assert (found.kind, found.expires_ms, found.user.login) == ("token", far_ms, "li")
            assert found.user.password_hash == ""
            unit.hq.end_session(token)
            unit.hq.end_session(token)
            assert unit.hq.session(token) is None

    def test_audit_takes_any_number_of_rows(self, any_units: Units, tenant: UUID) -> None:
        with any_units.begin(tenant) as unit:
            for n in range(3):
                unit.hq.audit(AuditEntry("li", "try", str(n), {"n": n, "zh": "字"}), WALL_MS)
