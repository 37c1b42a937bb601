"""What every replica does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.ports.replica import HeldMember, InForce, Replica
from retail_core import limits
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable
from retail_core.identity.digit_code import reference_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import MemberRecord, PhoneKey
from retail_core.wire.messages import Change
from retail_core.wire.refund import UsesGone
from tests.factories.shop_floor import (
    MASK,
    SOAP,
    make_change,
    make_gone,
    make_id,
    make_record,
    make_uses_gone,
)
from tests.fakes.replica import FakeReplica


class ReplicaContract:
    """The suite; a subclass provides `replica`."""

    def test_begins_empty(self, replica: Replica) -> None:
        assert replica.feed_position() == (0, 0)
        assert replica.member_count() == 0
        assert replica.catalogue_version() == 0
        assert replica.bundle() is None
        assert replica.member(make_id()) is None

    def test_applies_changes_with_their_position(self, replica: Replica) -> None:
        member, record = make_id(), make_record()
        changed = replica.apply_changes(
            feed_epoch=9, pos=4, changes=[make_change(4, member, 1, record)]
        )
        assert changed == (member,)
        assert replica.feed_position() == (9, 4)
        assert replica.member(member) == HeldMember(member, 1, record)

    def test_passes_over_what_is_not_newer(self, replica: Replica) -> None:
        member, record = make_id(), make_record()
        replica.apply_changes(feed_epoch=1, pos=1, changes=[make_change(1, member, 5, record)])
        late = [
            make_change(2, member, 5, make_record(name="同版")),
            make_change(3, member, 4, make_record(name="旧版")),
        ]
        assert replica.apply_changes(feed_epoch=1, pos=3, changes=late) == ()
        assert replica.member(member) == HeldMember(member, 5, record)
        assert replica.feed_position() == (1, 3)

    def test_names_a_member_once_however_often_she_changed(self, replica: Replica) -> None:
        member = make_id()
        changes = [make_change(at, member, at, make_record(points_free=at)) for at in (1, 2, 3)]
        assert replica.apply_changes(feed_epoch=1, pos=3, changes=changes) == (member,)
        held = replica.member(member)
        assert held is not None
        assert (held.ver, held.record.points_free) == (3, 3)

    def test_moves_its_position_for_kinds_it_does_not_know(self, replica: Replica) -> None:
        unknown = Change(7, "weather", make_id().bytes, 1, msgspec.Raw(b"\xc0"))
        assert replica.apply_changes(feed_epoch=1, pos=7, changes=[unknown]) == ()
        assert replica.feed_position() == (1, 7)

    def test_passes_over_a_record_it_cannot_read(self, replica: Replica) -> None:
        broken = Change(7, ChangeKind.MEMBER, make_id().bytes, 1, msgspec.Raw(b"\x91\x01"))
        told: list[FaultCode] = []
        applied = replica.apply_changes(feed_epoch=1, pos=7, changes=[broken], unread=told.append)
        assert applied == ()
        assert told == [FaultCode.WIRE_MALFORMED]
        assert replica.feed_position() == (1, 7)
        assert replica.member_count() == 0

    def test_passes_over_a_record_of_which_only_the_end_cannot_be_read(
        self, replica: Replica
    ) -> None:
        member = make_id()
        whole = make_change(1, member, 1, make_record())
        fields = msgspec.msgpack.decode(whole.body)
        fields[MemberRecord.__struct_fields__.index("personal")] = "perhaps"
        body = msgspec.Raw(msgspec.msgpack.encode(fields))
        torn = Change(2, ChangeKind.MEMBER, member.bytes, 2, body)
        told: list[FaultCode] = []
        changed = replica.apply_changes(
            feed_epoch=1, pos=2, changes=[whole, torn], unread=told.append
        )
        held = replica.member(member)
        assert held is not None
        assert (changed, held.ver, told) == ((member,), 1, [FaultCode.WIRE_MALFORMED])

    def test_keeps_the_newest_word_of_what_came_back_elsewhere(self, replica: Replica) -> None:
        one, other = make_id().bytes, make_id().bytes
        told = [
            make_uses_gone(1, one, 2, 3),
            make_uses_gone(2, one, 1, 9),
            make_uses_gone(3, other, 1, 1, day=20260801),
            Change(4, ChangeKind.USES_BACK, make_id().bytes, 1, msgspec.Raw(b"\xc0")),
        ]
        assert replica.apply_changes(feed_epoch=1, pos=4, changes=told) == ()
        assert replica.uses_back(20260731) == {one: UsesGone(20260731, (("sun1", 3),))}
        assert replica.uses_back(20260801) == {other: UsesGone(20260801, (("sun1", 1),))}
        assert replica.uses_back(20260802) == {}

    def test_a_member_who_is_gone_stays_gone(self, replica: Replica) -> None:
        member, record = make_id(), make_record()
        replica.apply_changes(feed_epoch=1, pos=1, changes=[make_change(1, member, 5, record)])
        gone = make_gone(2, member, 6)
        assert replica.apply_changes(feed_epoch=1, pos=2, changes=[gone]) == (member,)
        assert replica.member(member) is None
        assert replica.by_card(record.cards[0]) is None
        assert replica.member_count() == 0
        assert not replica.put_member(member, 5, record)
        assert replica.put_member(member, 7, record)
        assert replica.member_count() == 1

    def test_a_member_enrolled_here_yields_to_the_cloud(self, replica: Replica) -> None:
        member, local = make_id(), make_record(points_free=0)
        assert replica.put_member(member, 0, local)
        assert replica.member(member) == HeldMember(member, 0, local)
        with_card = make_record(cards=(b"n" * 32,))
        assert replica.put_member(member, 0, with_card), "the same version is no older one"
        cloud = make_record(points_free=50)
        replica.apply_changes(feed_epoch=1, pos=1, changes=[make_change(1, member, 1, cloud)])
        assert not replica.put_member(member, 0, local)
        assert replica.member(member) == HeldMember(member, 1, cloud)

    def test_finds_by_every_key(self, replica: Replica) -> None:
        member = make_id()
        keys = (PhoneKey(b"1" * 8, b"K" * 32), PhoneKey(b"2" * 8, b"L" * 32))
        record = make_record(phone_keys=keys, cards=(b"x" * 32, b"y" * 32), phone_hash=b"h" * 32)
        replica.put_member(member, 1, record)
        held = HeldMember(member, 1, record)
        assert [replica.by_phone_key(key.key_id) for key in keys] == [held, held]
        assert [replica.by_card(card) for card in record.cards] == [held, held]
        assert replica.by_phone_hash(b"h" * 32) == held
        assert replica.by_phone_key(b"3" * 8) is None
        assert replica.by_card(b"h" * 32) is None

    def test_finds_by_the_reference_of_digit_codes(self, replica: Replica) -> None:
        member, other, without = make_id(), make_id(), make_id()
        record = make_record(digit_secret=b"s" * 20)
        for one in (member, other):
            none = {"cards": (), "phone_keys": (), "phone_hash": None}
            replica.put_member(one, 1, make_record(digit_secret=b"s" * 20, **none))
        replica.put_member(member, 2, record)
        replica.put_member(without, 1, make_record())
        reference = reference_of(member.bytes)
        assert replica.by_digit_reference(reference) == (HeldMember(member, 2, record),)
        assert replica.by_digit_reference(reference_of(without.bytes)) == ()
        replica.apply_changes(feed_epoch=1, pos=1, changes=[make_gone(1, member, 3)])
        assert replica.by_digit_reference(reference) == ()

    def test_forgets_keys_a_newer_version_dropped(self, replica: Replica) -> None:
        member = make_id()
        replica.put_member(member, 1, make_record())
        replica.put_member(member, 2, make_record(cards=(), phone_keys=(), phone_hash=None))
        assert replica.by_card(b"c" * 32) is None
        assert replica.by_phone_key(b"k" * 8) is None
        assert replica.by_phone_hash(b"p" * 32) is None

    @pytest.mark.parametrize("giver_first", [True, False])
    def test_a_card_may_move_to_another_member(
        self, replica: Replica, *, giver_first: bool
    ) -> None:
        giver, taker, card = make_id(), make_id(), b"z" * 32
        none = {"phone_keys": (), "phone_hash": None}
        replica.put_member(giver, 1, make_record(cards=(card,), **none))
        changes = [
            make_change(1, giver, 2, make_record(cards=(), **none)),
            make_change(2, taker, 1, make_record(cards=(card,), **none)),
        ]
        replica.apply_changes(
            feed_epoch=1, pos=2, changes=changes if giver_first else changes[::-1]
        )
        found = replica.by_card(card)
        assert found is not None
        assert found.member_id == taker

    def test_swaps_the_catalogue_whole(self, replica: Replica) -> None:
        replica.replace_catalogue(1, [SOAP, MASK])
        assert replica.article_by_sku("SOAP") == SOAP
        assert replica.article_by_barcode("6900000000035") == MASK
        dearer = replace(SOAP, price_fen=2_190, barcodes=())
        replica.replace_catalogue(2, [dearer])
        assert replica.catalogue_version() == 2
        assert replica.article_by_sku("SOAP") == dearer
        assert replica.article_by_sku("MASK") is None
        assert replica.article_by_barcode(SOAP.barcodes[0]) is None

    def test_prices_of_a_day_until_the_next(self, replica: Replica) -> None:
        prices = (
            ListPrice("SOAP", "", 20261122, SOAP.price_fen),
            ListPrice("SOAP", "s:x", 20261201, None),
        )
        replica.replace_catalogue(1, [SOAP, MASK], prices)
        assert set(replica.list_prices()) == set(prices)
        assert replica.priced_on() == 0
        replica.put_prices_in_force(InForce(20261122, {"SOAP": 99, "MASK": 98}))
        assert replica.article_by_sku("SOAP") == replace(SOAP, price_fen=99)
        assert replica.article_by_barcode("6900000000035") == replace(MASK, price_fen=98)
        assert replica.article_by_receipt_name("补水面膜") == replace(MASK, price_fen=98)
        replica.put_prices_in_force(InForce(20261123, {"SOAP": 97}))
        assert (replica.priced_on(), replica.article_by_sku("MASK")) == (20261123, MASK)
        replica.replace_catalogue(2, [SOAP], prices, InForce(20261124, {"SOAP": 96}))
        assert replica.article_by_sku("SOAP") == replace(SOAP, price_fen=96)
        replica.replace_catalogue(3, [SOAP])
        assert (replica.priced_on(), replica.list_prices()) == (0, ())
        assert replica.article_by_sku("SOAP") == SOAP

    def test_stock_and_recommendations_are_swapped_whole(self, replica: Replica) -> None:
        assert (replica.stock(), replica.stock_as_of()) == ({}, (0, 0))
        replica.replace_stock(StockTable(3, 17, {"SOAP": 2_500, "MASK": 0}))
        assert replica.stock() == {"SOAP": 2, "MASK": 0}
        assert replica.stock_as_of() == (3, 17)
        replica.replace_stock(StockTable(4, 18, {"MASK": 1_000}))
        assert replica.stock() == {"MASK": 1}
        assert replica.recommendations() is None
        replica.replace_recommendations(2, b"table")
        assert replica.recommendations() == (2, b"table")

    def test_maps_printed_names(self, replica: Replica) -> None:
        replica.replace_catalogue(1, [SOAP, MASK])
        assert replica.article_by_receipt_name("补水面膜") == MASK
        assert replica.article_by_receipt_name("补水面膜5片") is None
        replica.replace_name_map({"补水面膜5片": "MASK", "玫瑰香皂": "MASK", "没有的": "NONE"})
        assert replica.article_by_receipt_name("补水面膜5片") == MASK
        assert replica.article_by_receipt_name("玫瑰香皂") == MASK, "a reviewed name wins"
        assert replica.article_by_receipt_name("没有的") is None
        replica.replace_name_map({})
        assert replica.article_by_receipt_name("补水面膜5片") is None

    def test_swaps_the_bundle(self, replica: Replica) -> None:
        replica.replace_bundle(3, b"three")
        replica.replace_bundle(4, b"four")
        assert replica.bundle() == (4, b"four")

    def test_keeps_the_last_few_bundles(self, replica: Replica) -> None:
        assert replica.earlier_bundles() == ()
        for version in range(1, limits.BUNDLES_KEPT + 4):
            replica.replace_bundle(version, bytes([version]))
        newest = limits.BUNDLES_KEPT + 3
        assert replica.bundle() == (newest, bytes([newest]))
        kept = range(newest - 1, 2, -1)
        assert replica.earlier_bundles() == tuple((v, bytes([v])) for v in kept)
        replica.replace_bundle(newest, b"again")
        assert replica.bundle() == (newest, b"again")
        assert len(replica.earlier_bundles()) == limits.BUNDLES_KEPT

    def test_closes_twice(self, replica: Replica) -> None:
        replica.close()
        replica.close()


class TestFakeReplica(ReplicaContract):
    @pytest.fixture
    def replica(self) -> FakeReplica:
        return FakeReplica()


class TestSqliteReplica(ReplicaContract):
    @pytest.fixture
    def replica(self, tmp_path: Path) -> Iterator[SqliteReplica]:
        replica = SqliteReplica(tmp_path / "replica.db", b"k" * 32)
        yield replica
        replica.close()
