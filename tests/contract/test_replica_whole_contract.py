"""What every replica does with snapshots, buckets and small changes of the catalogue."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.ports.replica import CatalogueStep, InForce, Replica
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable
from retail_core.errors import Fault
from retail_core.sync.buckets import bucket_of, sums_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import Change
from retail_core.wire.snapshot import HeldRow
from tests.factories.shop_floor import MASK, SOAP, make_change, make_id, make_record, make_uses_gone
from tests.fakes.replica import FakeReplica

HEX_A, HEX_B = b"a" * 32, b"b" * 32


def row(member: UUID, ver: int, **changes: object) -> HeldRow:
    return HeldRow(member.bytes, ver, msgspec.Raw(encode_body(make_record(**changes))))


def left(pos: int, member: UUID, ver: int) -> Change:
    return Change(pos, ChangeKind.MEMBER_LEFT, member.bytes, ver, msgspec.Raw(b"\xc0"))


class WholeReplicaContract:
    """The suite; a subclass provides `replica`."""

    def test_a_snapshot_takes_the_place_of_all_members_at_once(self, replica: Replica) -> None:
        old, new, other = make_id(), make_id(), make_id()
        replica.apply_changes(
            feed_epoch=1, pos=9, changes=[make_change(9, old, 4, make_record(cards=(b"o" * 32,)))]
        )
        assert not replica.load_begun()
        assert replica.begin_load(b"manifest") == frozenset()
        replica.load_segment(HEX_A, [row(new, 7, cards=(b"n" * 32,))])
        assert replica.begin_load(b"manifest") == {HEX_A}
        replica.load_segment(HEX_B, [row(other, 2, cards=())])
        assert replica.load_begun()
        assert replica.member(new) is None, "the tills go on with what there was"
        replica.finish_load(feed_epoch=3, base=50)
        assert replica.feed_position() == (3, 50)
        assert replica.member(old) is None
        assert replica.member_count() == 2
        held = replica.by_card(b"n" * 32)
        assert held is not None
        assert (held.member_id, held.ver) == (new, 7)
        assert replica.by_card(b"o" * 32) is None
        assert not replica.load_begun()

    def test_another_snapshot_begins_anew(self, replica: Replica) -> None:
        replica.begin_load(b"one")
        replica.load_segment(HEX_A, [row(make_id(), 1)])
        assert replica.begin_load(b"two") == frozenset()
        member = make_id()
        replica.load_segment(HEX_B, [row(member, 1)])
        replica.finish_load(feed_epoch=1, base=1)
        assert replica.member_count() == 1
        replica.begin_load(b"three")
        replica.drop_load()
        replica.drop_load()
        assert not replica.load_begun()

    def test_what_is_no_members_record_comes_along(self, replica: Replica) -> None:
        price = ListPrice("SOAP", "", 20_260_801, 900)
        in_force = InForce(20_260_802, {"SOAP": 900})
        replica.replace_catalogue(4, [SOAP, MASK], [price], in_force, sha256=HEX_A)
        replica.replace_name_map({"皂": "SOAP"})
        replica.replace_bundle(1, b"one")
        replica.replace_bundle(2, b"two")
        replica.replace_stock(StockTable(3, 17, {"SOAP": 2_500}))
        replica.replace_recommendations(2, b"table")
        came_back = make_uses_gone(1, bytes(16), 1, 2)
        replica.apply_changes(feed_epoch=1, pos=1, changes=[came_back])
        replica.begin_load(b"manifest")
        replica.finish_load(feed_epoch=1, base=1)
        soap = replica.article_by_receipt_name("皂")
        assert soap == replace(SOAP, price_fen=900)
        assert (replica.catalogue_version(), replica.priced_on()) == (4, 20_260_802)
        assert replica.list_prices() == (price,)
        assert (replica.bundle(), replica.earlier_bundles()) == ((2, b"two"), ((1, b"one"),))
        assert (replica.stock(), replica.stock_as_of()) == ({"SOAP": 2}, (3, 17))
        assert replica.recommendations() == (2, b"table")
        assert list(replica.uses_back(20260731)) == [bytes(16)]

    def test_who_was_enrolled_or_fetched_meanwhile_comes_along(self, replica: Replica) -> None:
        enrolled, fetched, older, newer = (make_id() for _ in range(4))
        replica.put_member(enrolled, 0, make_record(cards=(), name="新"))
        replica.begin_load(b"manifest")
        replica.put_member(fetched, 5, make_record(cards=(b"f" * 32,)))
        replica.put_member(older, 1, make_record(points_free=1))
        replica.put_member(newer, 9, make_record(points_free=9))
        replica.load_segment(HEX_A, [row(older, 2, points_free=2), row(newer, 8, points_free=8)])
        replica.finish_load(feed_epoch=1, base=1)
        assert replica.member(enrolled) is not None
        assert replica.by_card(b"f" * 32) is not None
        points = {one: replica.member(one) for one in (older, newer)}
        assert [held and held.record.points_free for held in points.values()] == [2, 9]

    def test_a_record_that_cannot_be_read_is_refused(self, replica: Replica) -> None:
        replica.begin_load(b"manifest")
        with pytest.raises(Fault) as caught:
            replica.load_segment(HEX_A, [HeldRow(bytes(16), 1, msgspec.Raw(b"\x93\x01\x02\x03"))])
        assert caught.value.code is FaultCode.WIRE_MALFORMED
        assert replica.begin_load(b"manifest") == frozenset()

    def test_a_visitor_who_left_is_gone_until_she_comes_back(self, replica: Replica) -> None:
        member, other = make_id(), make_id()
        replica.put_member(member, 4, make_record())
        changed = replica.apply_changes(
            feed_epoch=1, pos=2, changes=[left(1, member, 4), left(2, other, 1)]
        )
        assert changed == (member,)
        assert replica.member(member) is None
        assert [replica.is_gone(one) for one in (member, other)] == [True, False]
        assert replica.by_card(b"c" * 32) is None
        assert replica.put_member(member, 4, make_record())
        assert not replica.is_gone(member)
        assert replica.apply_changes(feed_epoch=1, pos=3, changes=[left(3, member, 3)]) == ()

    def test_sums_tell_what_is_held(self, replica: Replica) -> None:
        members = [make_id() for _ in range(5)]
        for ver, member in enumerate(members):
            replica.put_member(member, ver, make_record())
        known = [(member.bytes, ver) for ver, member in enumerate(members) if ver]
        assert replica.bucket_sums() == (0, 0, sums_of(known)), "whom the cloud knows not yet"

    def test_a_bucket_is_healed(self, replica: Replica) -> None:
        right, wrong, missing, surplus = (make_id() for _ in range(4))
        bucket = bucket_of(right.bytes)
        while len({bucket_of(one.bytes) for one in (right, wrong, missing, surplus)}) > 1:
            wrong, missing, surplus = (
                one if bucket_of(one.bytes) == bucket else make_id()
                for one in (wrong, missing, surplus)
            )
        for member, ver in ((right, 1), (wrong, 9), (surplus, 1)):
            replica.put_member(member, ver, make_record(cards=()))
        told = [row(right, 1), row(wrong, 2, cards=(b"w" * 32,)), row(missing, 1, cards=())]
        replica.apply_changes(feed_epoch=1, pos=5, changes=[])
        assert replica.replace_bucket(bucket, 4, told) == (), "the feed is beyond it"
        changed = replica.replace_bucket(bucket, 5, told)
        assert set(changed) == {wrong, missing, surplus}
        assert replica.member(surplus) is None
        held = replica.by_card(b"w" * 32)
        assert held is not None
        assert (held.member_id, held.ver) == (wrong, 2)
        assert replica.replace_bucket(bucket, 5, told) == ()

    def test_a_small_change_leads_the_catalogue_on(self, replica: Replica) -> None:
        dear = replace(SOAP, price_fen=2_990, barcodes=("777",))
        late = ListPrice("SOAP", "", 20_260_801, 900)
        replica.replace_catalogue(
            4, [SOAP, MASK], [late], InForce(1, {"SOAP": 900, "MASK": 5}), sha256=HEX_A
        )
        step = CatalogueStep(4, HEX_A, 5, HEX_B, (dear,), ("MASK",), (), {})
        for misfit in (replace(step, base=3), replace(step, base_sha256=HEX_B)):
            assert not replica.step_catalogue(misfit)
        assert replica.step_catalogue(step)
        assert replica.catalogue_version() == 5
        assert replica.article_by_sku("SOAP") == dear
        assert replica.article_by_barcode("777") == dear
        assert replica.article_by_barcode(SOAP.barcodes[0]) is None
        assert replica.article_by_sku("MASK") is None
        assert replica.list_prices() == ()
        cheap = ListPrice("SOAP", "", 1, 100)
        again = CatalogueStep(5, HEX_B, 6, HEX_A, (dear,), (), (cheap,), {"SOAP": 100})
        assert replica.step_catalogue(again)
        assert replica.article_by_barcode("777") == replace(dear, price_fen=100)
        assert replica.list_prices() == (cheap,)


class TestFakeReplica(WholeReplicaContract):
    @pytest.fixture
    def replica(self) -> FakeReplica:
        return FakeReplica()


class TestSqliteReplica(WholeReplicaContract):
    @pytest.fixture
    def replica(self, tmp_path: Path) -> Iterator[SqliteReplica]:
        replica = SqliteReplica(tmp_path / "replica.db", b"k" * 32)
        yield replica
        replica.close()

    def test_a_load_goes_on_after_the_power_was_cut(self, tmp_path: Path) -> None:
        member = make_id()
        replica = SqliteReplica(tmp_path / "replica.db", b"k" * 32)
        replica.begin_load(b"manifest")
        replica.load_segment(HEX_A, [row(member, 1)])
        replica.close()
        again = SqliteReplica(tmp_path / "replica.db", b"k" * 32)
        assert again.load_begun()
        assert again.begin_load(b"manifest") == {HEX_A}
        again.finish_load(feed_epoch=1, base=3)
        again.close()
        last = SqliteReplica(tmp_path / "replica.db", b"k" * 32)
        assert last.feed_position() == (1, 3)
        assert last.member(member) is not None
        assert last.is_whole()
        last.close()
        assert [one.name for one in tmp_path.iterdir()] == ["replica.db"], "nothing is left beside"

    def test_a_file_beside_that_was_damaged_begins_anew(self, tmp_path: Path) -> None:
        (tmp_path / "replica.next.db").write_bytes(b"rubbish" * 999)
        replica = SqliteReplica(tmp_path / "replica.db", b"k" * 32)
        assert replica.begin_load(b"manifest") == frozenset()
        replica.close()
