"""Booking frames: once, whatever happens on the way; poison alone, foreigners not at all."""

import random
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_broker.services.booking.ingest import Outcome
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_ack, decode_change, decode_member, encode, event_hash
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import AckFrame, ChangeFrame
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_ingest import Cloud


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def acks(outcome: Outcome, box: SimBox) -> list[AckFrame]:
    topic = box.topic("ack")
    return [decode_ack(one.payload) for one in outcome.send if one.topic == topic]


def changes(outcome: Outcome, box: SimBox) -> list[ChangeFrame]:
    topic = box.topic("chg")
    return [decode_change(one.payload) for one in outcome.send if one.topic == topic]


def records(outcome: Outcome, box: SimBox) -> list[MemberRecord]:
    frames = changes(outcome, box)
    return [decode_member(change.body) for frame in frames for change in frame.changes]


class TestBooking:
    def test_a_first_sale_from_enrolment_to_the_feed(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.consents(person)
        box.issues_card(person)
        box.sells(person)
        outcome = cloud.book((box, box.frame()))
        (ack,) = acks(outcome, box)
        assert (ack.epoch, ack.ranges, ack.rejected, ack.credit) == (7, ((1, 4),), (), 3)
        (frame,) = changes(outcome, box)
        assert (frame.prev_pos, frame.pos, frame.feed_epoch) == (0, 1, 1)
        (record,) = records(outcome, box)
        assert (record.name, record.points_free, record.last_total_fen) == ("王芳", 59, 5_900)
        assert len(record.cards) == 1
        assert cloud.free(person) == 59
        assert len(cloud.state.events) == 4
        assert len(cloud.state.consents) == 1
        assert outcome.marks == {(cloud.tenant, box.store): 1}
        # The shopping bag has no article; somebody will say what it is.
        assert cloud.state.to_review == {"购物袋": 1}

    def test_the_same_frame_again_changes_nothing_and_is_acknowledged(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.sells(person)
        cloud.book((box, box.frame()))
        before = msgspec.msgpack.encode(cloud.state.balances)
        outcome = cloud.book((box, box.frame()), (box, box.frame(2)))
        assert acks(outcome, box)[0].ranges == ((1, 2),)
        assert changes(outcome, box) == []
        assert outcome.events == 0
        assert msgspec.msgpack.encode(cloud.state.balances) == before

    def test_other_stores_hear_of_a_member_they_hold(self, cloud: Cloud) -> None:
        shanghai, chengdu, beijing = (cloud.box(name) for name in "上成北")
        person = Person()
        shanghai.enrols(person)
        cloud.book((shanghai, shanghai.frame()))
        chengdu.sells(person)
        outcome = cloud.book((chengdu, chengdu.frame()))
        for box in (shanghai, chengdu):
            (record,) = records(outcome, box)
            assert record.points_free == 59
            assert record.last_store == chengdu.store.bytes
            assert record.last_store_name == "成"
        assert changes(outcome, beijing) == []

    def test_what_others_told_a_store_meanwhile_goes_out_in_front(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        cloud.book((box, box.frame()))
        for _ in range(3):
            with cloud.units.begin(cloud.tenant) as unit:
                refresh(unit, [person.member], cloud.clock.now_ms())
        box.sells(person)
        outcome = cloud.book((box, box.frame(2)))
        (frame,) = changes(outcome, box)
        assert (frame.prev_pos, frame.pos, len(frame.changes)) == (1, 5, 4)
        box.sells(person)
        (frame,) = changes(cloud.book((box, box.frame(3))), box)
        assert (frame.prev_pos, frame.pos) == (5, 6)

    def test_a_sale_may_come_before_its_member(self, cloud: Cloud) -> None:
        """The live lane is faster than the backlog that holds her enrolment."""
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.sells(person)
        first = cloud.book((box, box.frame(2)))
        assert acks(first, box)[0].ranges == ((2, 2),)
        assert cloud.free(person) == 59
        (note,) = cloud.state.repairs.values()
        assert (note.kind, note.code) == ("member", "P106")
        second = cloud.book((box, box.frame(1, 1)))
        (record,) = records(second, box)
        assert (record.points_free, record.last_total_fen) == (59, 5_900)
        assert cloud.state.done == {note.repair_id: "enrolment"}

    def test_enrolment_and_sale_of_two_boxes_in_one_batch(self, cloud: Cloud) -> None:
        shanghai, chengdu, person = cloud.box("上"), cloud.box("成"), Person()
        shanghai.enrols(person)
        chengdu.sells(person)
        cloud.book((chengdu, chengdu.frame()), (shanghai, shanghai.frame()))
        assert cloud.state.repairs == {}
        assert cloud.free(person) == 59

    def test_the_second_member_with_a_phone_is_kept_and_shown(self, cloud: Cloud) -> None:
        box, one, two = cloud.box(), Person(), Person()
        box.enrols(one)
        box.enrols(two)
        cloud.book((box, box.frame()))
        assert cloud.state.members.keys() == {one.member, two.member}
        assert cloud.state.identities["phone", one.phone_hash] == one.member
        (note,) = cloud.state.repairs.values()
        assert (note.kind, note.code, note.member) == ("person", "S105", two.member)

    def test_a_card_of_another_member_is_not_bound(self, cloud: Cloud) -> None:
        box, one, two = cloud.box(), Person(), Person(phone="8613900000000")
        box.enrols(one)
        box.enrols(two)
        box.issues_card(one)
        box.issues_card(two)
        cloud.book((box, box.frame()))
        assert set(cloud.state.cards.values()) == {one.member}
        assert [item.kind for item in cloud.state.repairs.values()] == ["person"]


class TestProofs:
    def test_a_code_used_in_two_stores_is_flagged_once(self, cloud: Cloud) -> None:
        here, there, person = cloud.box(), cloud.box("北京店"), Person()
        here.enrols(person)
        here.proves(person, b"one")
        here.proves(person, b"two")
        there.proves(person, b"one")
        cloud.book((here, here.frame()))
        assert cloud.state.repairs == {}
        for _ in range(2):
            (ack,) = acks(cloud.book((there, there.frame())), there)
            assert ack.rejected == ()
        (item,) = cloud.state.repairs.values()
        assert (item.kind, item.code, item.store) == ("proof", "R209", there.store)
        assert item.member == person.member
        assert str(here.store) in item.detail

    def test_both_uses_in_one_batch_are_seen(self, cloud: Cloud) -> None:
        here, there, person = cloud.box(), cloud.box("北京店"), Person()
        for box in (here, there):
            box.proves(person, b"one")
        cloud.book((here, here.frame()), (there, there.frame()))
        assert [item.kind for item in cloud.state.repairs.values()] == ["proof"]

    def test_a_card_that_seems_copied_waits_for_somebody_to_look(self, cloud: Cloud) -> None:
        here, person = cloud.box(), Person()
        here.enrols(person)
        here.suspects(person, 7, 9)
        for _ in range(2):
            (ack,) = acks(cloud.book((here, here.frame())), here)
            assert ack.rejected == ()
        (item,) = cloud.state.repairs.values()
        assert (item.kind, item.code, item.store) == ("proof", "R312", here.store)
        assert item.member == person.member
        assert "counter=7, last=9" in item.detail


class TestRefusing:
    def refused(self, cloud: Cloud, box: SimBox, seq: int) -> str:
        outcome = cloud.book((box, box.frame()))
        (ack,) = acks(outcome, box)
        assert ack.ranges == ((1, len(box.events)),)
        (rejected,) = ack.rejected
        assert rejected.seq == seq
        item = cloud.state.repairs[UUID(bytes=box.events[seq - 1].event_id)]
        assert (item.kind, item.code, item.seq) == ("event", rejected.code, seq)
        again = cloud.book((box, box.frame()))
        assert acks(again, box)[0].rejected == ack.rejected
        assert cloud.tally.snapshot()[rejected.code] == 1
        return rejected.code

    def test_a_body_that_cannot_be_read(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        box.journal("sale", b"\x93\x01\x02\x03")
        box.sells()
        assert self.refused(cloud, box, 2) == "W101"
        assert len(cloud.state.sales) == 2

    def test_a_type_of_a_later_release(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.journal("stock.count", b"\x90")
        assert self.refused(cloud, box, 1) == "W101"

    def test_a_receipt_that_is_booked_already(self, cloud: Cloud) -> None:
        box = cloud.box()
        receipt = fresh_id().bytes
        box.sells(receipt_id=receipt)
        box.sells(receipt_id=receipt)
        assert self.refused(cloud, box, 2) == "L101"

    def test_a_printed_receipt_that_is_booked_already(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells(source="tap", till_receipt_no="0001")
        box.sells(source="tap", till_receipt_no="0001")
        assert self.refused(cloud, box, 2) == "S104"

    def test_printed_receipts_without_a_number_are_all_booked(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells(source="tap", till_receipt_no="")
        box.sells(source="tap", till_receipt_no="")
        cloud.book((box, box.frame()))
        assert len(cloud.state.sales) == 2

    def test_points_for_a_wallet_that_is_not_hers(self, cloud: Cloud) -> None:
        box, person, other = cloud.box(), Person(), Person()
        box.enrols(person)
        box.sells(person, postings=box.sale(other).postings)
        assert self.refused(cloud, box, 2) == "W101"
        assert cloud.free(other) == 0

    def test_a_line_number_twice(self, cloud: Cloud) -> None:
        box = cloud.box()
        lines = box.sale(None).lines
        box.sells(lines=(*lines, lines[0]))
        assert self.refused(cloud, box, 1) == "W101"

    def test_a_day_that_is_none(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells(business_date=1 << 62)
        assert self.refused(cloud, box, 1) == "W101"

    def test_a_member_enrolled_twice(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.enrols(person)
        assert self.refused(cloud, box, 2) == "W101"

    def test_a_wallet_taken_twice(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.enrols(Person(wallet=person.wallet, phone="1"))
        assert self.refused(cloud, box, 2) == "W101"

    def test_a_card_of_nobody_known(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.issues_card(Person())
        assert self.refused(cloud, box, 1) == "P106"

    def test_what_the_database_refuses_is_found_by_halving(self, cloud: Cloud) -> None:
        box, other = cloud.box("上"), cloud.box("成")
        for _ in range(5):
            box.sells()
            other.sells()
        box.events[3] = msgspec.structs.replace(box.events[3], time_quality=1 << 40)
        rebuild(box)
        outcome = cloud.book((other, other.frame()), (box, box.frame()))
        assert len(cloud.state.sales) == 9
        ranges = {one for ack in acks(outcome, box) for one in ack.ranges}
        covered = {seq for low, high in ranges for seq in range(low, high + 1)}
        assert covered == {1, 2, 3, 4, 5}
        rejected = [one.seq for ack in acks(outcome, box) for one in ack.rejected]
        assert rejected == [4]
        assert cloud.state.chains[box.device, 7].ranges == ((1, 5),)
        assert cloud.state.chains[box.device, 7].breaks == 0


class TestStrangers:
    def queued(self, cloud: Cloud, code: str) -> None:
        (item,) = cloud.state.repairs.values()
        assert (item.kind, item.code) == ("frame", code)
        assert cloud.tally.snapshot() == {code: 1}

    def test_bytes_that_are_no_frame(self, cloud: Cloud) -> None:
        box = cloud.box()
        outcome = cloud.book((box, b"\x00garbage"))
        assert outcome.send == []
        self.queued(cloud, "W101")
        cloud.book((box, b"\x00garbage"))
        assert len(cloud.state.repairs) == 1
        assert list(cloud.state.tries.values()) == [1]

    def test_a_later_version(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        cloud.book((box, encode(msgspec.structs.replace(box.up(1, 1), v=2))))
        self.queued(cloud, "W102")

    @pytest.mark.parametrize("field", ["tenant", "device", "store"])
    def test_a_frame_in_the_name_of_another(self, cloud: Cloud, field: str) -> None:
        box = cloud.box()
        box.sells()
        forged = msgspec.structs.replace(box.up(1, 1), **{field: fresh_id().bytes})
        outcome = cloud.book((box, encode(forged)))
        assert outcome.send == []
        assert cloud.state.sales == {}
        self.queued(cloud, "W104")

    def test_a_box_nobody_has_entered(self, cloud: Cloud) -> None:
        box = SimBox(cloud.tenant)
        box.sells()
        cloud.book((box, box.frame()))
        assert cloud.state.sales == {}
        self.queued(cloud, "W104")

    def test_a_topic_that_is_none_of_ours(self, cloud: Cloud) -> None:
        cloud.ingest.book([Inbound("r1/x/1/d/y/up", b"", 0)])
        assert cloud.tally.snapshot() == {"W101": 1}


def test_an_unreachable_database_books_nothing_and_says_so(cloud: Cloud) -> None:
    box = cloud.box()
    box.sells()
    cloud.units.down = True
    with pytest.raises(Fault) as caught:
        cloud.book((box, box.frame()))
    assert caught.value.code is FaultCode.SYNC_LINK_DOWN
    cloud.units.down = False
    cloud.book((box, box.frame()))
    assert len(cloud.state.sales) == 1


def cut_and_shuffled(shops: list[SimBox], chance: random.Random) -> list[tuple[SimBox, bytes]]:
    """Return frames of every shop, cut anywhere, each shop's whole journal among them."""
    sent: list[tuple[SimBox, bytes]] = []
    for shop in (shop for shop in shops if shop.events):
        sent.append((shop, shop.frame()))
        for _ in range(6):
            first = chance.randint(1, len(shop.events))
            sent.append((shop, shop.frame(first, chance.randint(first, len(shop.events)))))
    chance.shuffle(sent)
    return sent


def check_shop(cloud: Cloud, shop: SimBox) -> None:
    if shop.events:
        chain = cloud.state.chains[shop.device, 7]
        assert (chain.ranges, chain.breaks) == (((1, len(shop.events)),), 0)
    positions = [row.pos for row in cloud.state.feeds.get(shop.store, [])]
    assert positions == list(range(1, len(positions) + 1))


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_order_and_any_repetition_books_everything_once(
    chance: random.Random, boxes: int
) -> None:
    """Frames cut anywhere, sent in any order, any number of times, in any batches."""
    cloud = Cloud()
    shops = [cloud.box(str(n)) for n in range(boxes)]
    people = [Person(phone=str(n)) for n in range(3)]
    for person in people:
        chance.choice(shops).enrols(person)
    for _ in range(12):
        chance.choice(shops).sells(chance.choice([*people, None]), fen=chance.randint(101, 9_999))
    sent = cut_and_shuffled(shops, chance)
    while sent:
        size = chance.randint(1, 5)
        cloud.book(*sent[:size])
        sent = sent[size:]
    assert len(cloud.state.events) == sum(len(shop.events) for shop in shops)
    assert len(cloud.state.sales) == 12
    assert sum(cloud.state.balances.values()) == 0
    for person in people:
        bought = [one for one in cloud.state.sales.values() if one.arrival.member == person.member]
        assert cloud.free(person) == 59 * len(bought)
    for shop in shops:
        check_shop(cloud, shop)
    assert not [item for item in cloud.state.repairs.values() if item.kind != "member"]


def rebuild(box: SimBox) -> None:
    """Compute the hashes again after an event was changed."""
    for index, event in enumerate(box.events):
        box.hashes[index + 1] = event_hash(box.hashes[index], event)
