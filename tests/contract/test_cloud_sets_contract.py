"""What every `SetRepo` promises of stores' sets, and what the services make of them."""

from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.sets import MadeSnapshot, SetSize, Visit
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.members import Members
from cloud_broker.services.stores.snapshots import SEGMENTS_KEPT_MS
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.buckets import bucket_of, sums_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_member
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.snapshot import BucketSums, open_manifest, open_rows
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

DAY_MS = 24 * 60 * 60 * 1_000
NIL = b"\xc0"


class Chain:
    """Two stores, and a member at home in one who is a visitor in the other."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.tenant = new_tenant(units)
        self.clock = FakeCloudClock()
        self.home = new_box(units, self.tenant)
        self.other = new_box(units, self.tenant, "成都店")
        self.person = Person()
        self.members = Members(units, self.clock)
        self.home.enrols(self.person)
        self.book(self.home)

    @property
    def member(self) -> UUID:
        return self.person.member

    def book(self, box: SimBox) -> None:
        ingest = Ingest(self.units, self.clock, FaultTally())
        ingest.book([Inbound(box.topic(), box.frame(), self.clock.now_ms())])

    def place(self, box: SimBox) -> Place:
        with self.units.begin(self.tenant) as unit:
            return unit.fleet.places([box.device])[box.device]

    def visits(self) -> None:
        self.members.find(self.tenant, self.place(self.other), "phone", self.person.phone_hash)

    def kinds(self, box: SimBox) -> list[str]:
        with self.units.begin(self.tenant) as unit:
            return [row.change.kind for row in unit.feed.since(box.store, 0, 99)]


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


class TestSetRepo:
    def test_a_set_is_told_with_the_position_it_stands_at(self, chain: Chain) -> None:
        with chain.units.begin(chain.tenant) as unit:
            held = unit.sets.held(chain.home.store)
            assert (held.feed_epoch, held.pos) == (1, unit.feed.head(chain.home.store).head)
            assert held.members == ((chain.member, 1),)
            assert unit.sets.held(chain.other.store).members == ()
            assert unit.sets.holds(chain.home.store, chain.member)
            assert not unit.sets.holds(chain.other.store, chain.member)
        with pytest.raises(Fault) as caught, chain.units.begin(chain.tenant) as unit:
            unit.sets.held(fresh_id())
        assert caught.value.code is FaultCode.API_NOT_FOUND

    def test_only_visitors_are_looked_at_and_a_purchase_is_a_visit(self, chain: Chain) -> None:
        chain.visits()
        late = chain.clock.now_ms() + 9
        with chain.units.begin(chain.tenant) as unit:
            visit = Visit(chain.other.store, chain.member, 1, chain.clock.now_ms())
            assert unit.sets.visits_before(late, 9) == (visit,)
            assert unit.sets.visits_before(visit.seen_ms, 9) == ()
            sizes = {SetSize(chain.home.store, 1, 0), SetSize(chain.other.store, 0, 1)}
            assert set(unit.sets.sizes()) == sizes
        chain.clock.advance(5)
        chain.other.sells(chain.person)
        chain.book(chain.other)
        with chain.units.begin(chain.tenant) as unit:
            (found,) = unit.sets.visits_before(late, 9)
            assert found.seen_ms == chain.clock.now_ms()
            unit.sets.note_visits([found])
            assert unit.sets.visits_before(found.seen_ms, 9) == ()
            unit.sets.release([(chain.other.store, chain.member)])
            assert not unit.sets.holds(chain.other.store, chain.member)

    def test_what_was_announced_is_pruned_and_no_lease_is(self, chain: Chain) -> None:
        store, key = chain.home.store, fresh_id()
        lease = NewChange(ChangeKind.LEASE_RECALLED, key, 1, NIL)
        told = NewChange(ChangeKind.MEMBER, key, 1, NIL)
        with chain.units.begin(chain.tenant) as unit:
            first = unit.feed.head(store).head
            unit.feed.append({store: [told, lease, told, told]}, WALL_MS + 5)
            unit.feed.mark_published({store: first + 3})
            assert unit.sets.prune(store, WALL_MS, 99, 99) == 0
            assert unit.sets.prune(store, WALL_MS + 9, 99, 99) == first + 3
            assert unit.feed.head(store).pruned == first + 3
            assert [row.pos for row in unit.feed.since(store, 0, 99)] == [first + 4]
            (kept,) = unit.sets.kept_since(store, 0, 99)
            assert (kept.pos, kept.change) == (first + 2, lease)
            assert unit.sets.kept_since(store, first + 2, 99) == ()
            unit.feed.mark_published({store: first + 4})
            assert unit.sets.prune(store, 0, 0, 99) == 1, "too many rows are too many at any age"

    def test_a_snapshot_is_wanted_made_and_read_in_parts(self, chain: Chain) -> None:
        store, sha = chain.home.store, sha256(b"segment").digest()
        with chain.units.begin(chain.tenant) as unit:
            assert unit.sets.snapshot(store) is None
            assert unit.sets.wanted_snapshot() is None
            unit.sets.want_snapshot(store, WALL_MS)
            unit.sets.want_snapshot(store, WALL_MS + 1)
            assert unit.sets.wanted_snapshot() == store
            unit.sets.add_segment(store, sha, b"segment", WALL_MS)
            unit.sets.add_segment(store, sha, b"segment", WALL_MS + 1)
            made = MadeSnapshot(4, WALL_MS, b"manifest")
            unit.sets.save_snapshot(store, made)
            assert unit.sets.snapshot(store) == made
            assert unit.sets.wanted_snapshot() is None
            assert unit.sets.segment_part(store, sha, 3, 99) == b"ment"
            assert unit.sets.segment_part(store, bytes(32), 0, 9) is None
            assert unit.sets.segment_part(chain.other.store, sha, 0, 9) is None
            assert unit.sets.forget_segments(WALL_MS + 1) == 0, "it was said again"
            assert unit.sets.forget_segments(WALL_MS + 2) == 1


class TestServices:
    def test_a_snapshot_holds_the_set_and_names_where_the_feed_goes_on(self, chain: Chain) -> None:
        snapshots = chain.members.snapshots
        with pytest.raises(Fault) as caught:
            snapshots.manifest(chain.tenant, chain.other.store)
        assert caught.value.code is FaultCode.API_NOT_FOUND
        content = snapshots.manifest(chain.tenant, chain.home.store)
        manifest = open_manifest(content)
        assert (manifest.store, manifest.rows) == (chain.home.store.bytes, 1)
        (segment,) = manifest.segments
        part = snapshots.part(chain.tenant, chain.home.store, segment.sha256, 0, segment.size)
        (row,) = open_rows(part)
        assert (row.key, row.ver) == (chain.member.bytes, 1)
        assert decode_member(row.record).phone_hash == chain.person.phone_hash
        assert snapshots.manifest(chain.tenant, chain.home.store) == content, "it is kept"
        with pytest.raises(Fault):
            snapshots.part(chain.tenant, chain.other.store, segment.sha256, 0, 9)

    def test_an_old_snapshot_serves_until_a_newer_one_is_made(self, chain: Chain) -> None:
        snapshots = chain.members.snapshots
        old = snapshots.manifest(chain.tenant, chain.home.store)
        chain.clock.advance(2 * DAY_MS)
        assert snapshots.manifest(chain.tenant, chain.home.store) == old
        assert snapshots.make_wanted(chain.tenant) == 1
        assert snapshots.make_wanted(chain.tenant) == 0
        assert snapshots.manifest(chain.tenant, chain.home.store) != old

    def test_nobodys_record_rests_in_a_snapshot_that_is_no_longer_kept(self, chain: Chain) -> None:
        snapshots, store = chain.members.snapshots, chain.home.store
        (old,) = open_manifest(snapshots.manifest(chain.tenant, store)).segments
        chain.clock.advance(SEGMENTS_KEPT_MS + 1)
        while chain.members.sets.tend(chain.tenant):
            pass
        with pytest.raises(Fault):
            snapshots.part(chain.tenant, store, old.sha256, 0, 9)
        (new,) = open_manifest(snapshots.manifest(chain.tenant, store)).segments
        assert snapshots.part(chain.tenant, store, new.sha256, 0, 9), "what is named is there"

    def test_a_store_that_everybody_left_is_told_so_where_its_feed_no_longer_can(
        self, chain: Chain
    ) -> None:
        store = chain.other.store
        with chain.units.begin(chain.tenant) as unit:
            left = NewChange(ChangeKind.MEMBER_LEFT, chain.member, 1, NIL)
            unit.feed.append({store: [left]}, WALL_MS)
            unit.feed.mark_published({store: 1})
            assert unit.sets.prune(store, 0, 0, 99) == 1
        with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.SYNC_REFETCH):
            chain.members.changes_since(chain.tenant, chain.place(chain.other), 0)
        manifest = open_manifest(chain.members.snapshots.manifest(chain.tenant, store))
        assert (manifest.base, manifest.rows, manifest.segments) == (1, 0, ())

    def test_a_snapshot_of_another_epoch_or_before_the_pruned_leads_nowhere(
        self, chain: Chain
    ) -> None:
        snapshots, store = chain.members.snapshots, chain.home.store
        snapshots.manifest(chain.tenant, store)
        with chain.units.begin(chain.tenant) as unit:
            unit.feed.begin_epoch(store)
        assert open_manifest(snapshots.manifest(chain.tenant, store)).feed_epoch == 2
        chain.home.sells(chain.person)
        chain.book(chain.home)
        with chain.units.begin(chain.tenant) as unit:
            head = unit.feed.head(store).head
            unit.feed.mark_published({store: head})
            unit.sets.prune(store, 0, 0, 99)
        assert open_manifest(snapshots.manifest(chain.tenant, store)).base == head

    def test_who_missed_what_was_pruned_is_sent_for_a_snapshot(self, chain: Chain) -> None:
        place = chain.place(chain.home)
        assert chain.members.changes_since(chain.tenant, place, 0).changes
        chain.clock.advance((limits.FEED_KEEP_DAYS + 1) * DAY_MS)
        with chain.units.begin(chain.tenant) as unit:
            unit.feed.mark_published({place.store: 99})
        assert chain.members.sets.tend(chain.tenant) > 0
        assert chain.members.sets.tend(chain.tenant) == 0
        with pytest.raises(Fault) as caught:
            chain.members.changes_since(chain.tenant, place, 0)
        assert caught.value.code is FaultCode.SYNC_REFETCH
        head = chain.members.changes_since(chain.tenant, place, 1)
        assert (head.pos, head.changes) == (1, ())

    def test_a_visitor_who_stays_away_leaves_and_her_home_keeps_her(self, chain: Chain) -> None:
        chain.visits()
        chain.clock.advance((limits.VISITOR_KEEP_DAYS + 1) * DAY_MS)
        chain.members.sets.release(chain.tenant, chain.clock.now_ms())
        assert chain.kinds(chain.other) == [ChangeKind.MEMBER_LEFT]
        assert chain.members.sets.sizes(chain.tenant) == (SetSize(chain.home.store, 1, 0),)

    def test_of_too_many_visitors_whom_the_store_saw_last_stay(self, chain: Chain) -> None:
        chain.visits()
        first, now = chain.member, chain.clock.now_ms()
        chain.person = Person(phone="8613800138007")
        chain.home.enrols(chain.person)
        chain.book(chain.home)
        chain.visits()
        with chain.units.begin(chain.tenant) as unit:
            seen = zip((first, chain.member), (now + DAY_MS, now + 2 * DAY_MS), strict=True)
            unit.sets.note_visits([Visit(chain.other.store, who, 0, at) for who, at in seen])
            assert unit.sets.visits_beyond(2, 9) == ()
        chain.clock.advance(3 * DAY_MS)
        sets, now = chain.members.sets, chain.clock.now_ms()
        assert [sets.bound(chain.tenant, now, keep=1) for _ in range(2)] == [1, 0]
        with chain.units.begin(chain.tenant) as unit:
            assert not unit.sets.holds(chain.other.store, first)
            assert unit.sets.holds(chain.other.store, chain.member)
        assert chain.kinds(chain.other) == [ChangeKind.MEMBER_LEFT]

    def test_by_her_id_only_a_member_of_the_set_is_found(self, chain: Chain) -> None:
        key = chain.member.bytes
        found = chain.members.find(chain.tenant, chain.place(chain.home), "member", key)
        assert found.member == chain.member
        for box, value in ((chain.other, key), (chain.home, b"short")):
            with pytest.raises(Fault) as caught:
                chain.members.find(chain.tenant, chain.place(box), "member", value)
            assert caught.value.code is FaultCode.API_NOT_FOUND

    def test_a_bucket_that_differs_is_named_and_told(self, chain: Chain) -> None:
        sets, store = chain.members.sets, chain.home.store
        with chain.units.begin(chain.tenant) as unit:
            pos = unit.feed.head(store).head
        right = BucketSums(1, pos, sums_of([(chain.member.bytes, 1)]))
        assert sets.compare(chain.tenant, store, right).buckets == ()
        wrong = BucketSums(1, pos, sums_of([(chain.member.bytes, 2)]))
        told = sets.compare(chain.tenant, store, wrong)
        assert (told.compared, told.buckets) == (True, (bucket_of(chain.member.bytes),))
        elsewhere = BucketSums(1, pos - 1, wrong.sums)
        assert not sets.compare(chain.tenant, store, elsewhere).compared
        bucket = sets.bucket(chain.tenant, store, told.buckets[0])
        (row,) = open_rows(bucket.rows)
        assert (bucket.pos, row.key) == (pos, chain.member.bytes)
