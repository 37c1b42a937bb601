"""A backlog is promised first and booked later, and comes to what it would have come to at once."""

import random
from copy import deepcopy
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_broker.ports.waiting import WaitingDepth
from cloud_broker.services.booking.ingest import Outcome
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.points.walk import LedgerWalks
from retail_core.errors import Fault
from retail_core.limits import SHARDS
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_ack, encode, event_hash
from retail_core.wire.messages import AckFrame
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_ingest import Cloud


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def acks(outcome: Outcome, box: SimBox) -> list[AckFrame]:
    topic = box.topic("ack")
    return [decode_ack(one.payload) for one in outcome.send if one.topic == topic]


class TestKeeping:
    def test_a_backlog_is_acknowledged_before_it_is_booked(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.sells(person)
        (ack,) = acks(cloud.keep((box, box.frame())), box)
        assert (ack.ranges, ack.rejected, ack.ends) == (((1, 2),), (), (box.hashes[-1],))
        assert cloud.state.sales == {}
        waits = cloud.ingest.waits(cloud.tenant)
        assert (waits.frames, waits.events, waits.oldest_ms) == (1, 2, cloud.clock.now_ms())
        outcome = cloud.settle()
        assert outcome.events == 2
        assert acks(outcome, box) == []
        assert [one for one in outcome.send if one.topic == box.topic("chg")]
        assert cloud.free(person) == 59
        assert cloud.ingest.waits(cloud.tenant) == WaitingDepth(0, 0, None)

    def test_repeated_before_and_after_the_booking_nothing_waits_twice(self, cloud: Cloud) -> None:
        box = cloud.box()
        for _ in range(3):
            box.sells()
        cloud.keep((box, box.frame(1, 2)))
        cloud.keep((box, box.frame(1, 2)), (box, box.frame()))
        assert cloud.ingest.waits(cloud.tenant).events == 3
        cloud.book((box, box.frame()))
        assert cloud.state.sales == {}
        assert cloud.settle().events == 3
        cloud.keep((box, box.frame()))
        assert cloud.ingest.waits(cloud.tenant).frames == 0
        assert cloud.settle().events == 0
        assert len(cloud.state.sales) == 3

    def test_no_more_is_booked_in_one_go_than_was_asked_for(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        for _ in range(19):
            box.sells(person)
        cloud.keep((box, box.frame(1, 12)))
        cloud.keep((box, box.frame(13)))
        booked = [cloud.settle(limit=7).events for _ in range(4)]
        assert booked == [7, 7, 6, 0]
        assert len(cloud.state.sales) == 19
        assert cloud.free(person) == 19 * 59
        assert cloud.ingest.waits(cloud.tenant) == WaitingDepth(0, 0, None)

    def test_what_cannot_be_booked_is_told_when_that_is_known(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        box.journal("sale", b"\x93\x01\x02\x03")
        box.sells()
        (ack,) = acks(cloud.keep((box, box.frame())), box)
        assert ack.rejected == ()
        (later,) = acks(cloud.settle(), box)
        assert (later.ranges, [one.seq for one in later.rejected]) == (((1, 3),), [2])
        assert [item.code for item in cloud.state.repairs.values()] == ["W101"]
        (again,) = acks(cloud.keep((box, box.frame())), box)
        assert again.rejected == later.rejected

    def test_what_the_database_refuses_is_found_by_halving(self, cloud: Cloud) -> None:
        box, other = cloud.box("上"), cloud.box("成")
        for _ in range(5):
            box.sells()
            other.sells()
        box.events[3] = msgspec.structs.replace(box.events[3], time_quality=1 << 40)
        for index, event in enumerate(box.events):
            box.hashes[index + 1] = event_hash(box.hashes[index], event)
        cloud.keep((box, box.frame()), (other, other.frame()))
        outcome = cloud.settle()
        assert len(cloud.state.sales) == 9
        assert [one.seq for ack in acks(outcome, box) for one in ack.rejected] == [4]
        assert cloud.ingest.waits(cloud.tenant).frames == 0

    def test_strangers_and_garbage_are_put_before_a_person_at_once(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        forged = msgspec.structs.replace(box.up(1, 1), store=fresh_id().bytes)
        assert cloud.keep((box, encode(forged)), (box, b"\x00garbage")).send == []
        assert sorted(item.code for item in cloud.state.repairs.values()) == ["W101", "W104"]
        assert cloud.ingest.waits(cloud.tenant).frames == 0

    def test_a_copied_disk_is_seen_at_the_door(self, cloud: Cloud) -> None:
        box, copy = cloud.box(), None
        box.sells()
        copy = SimBox(box.tenant, box.store, box.device, box.legal_entity)
        copy.sells()
        cloud.keep((box, box.frame()))
        cloud.keep((copy, copy.frame()))
        assert {item.code for item in cloud.state.repairs.values()} == {"W105"}
        cloud.settle()
        assert len(cloud.state.sales) == 2

    def test_shards_are_booked_apart_and_a_little_at_a_time(self, cloud: Cloud) -> None:
        box = cloud.box()
        for _ in range(4):
            box.sells()
        cloud.keep((box, box.frame(1, 2)), (box, box.frame(3, 4)))
        shard = cloud.state.stores[box.store].shard
        assert cloud.settle(shards=[(shard + 1) % 64]).events == 0
        assert cloud.settle(1).events == 1
        assert cloud.settle(3, shards=[shard]).events == 3

    def test_a_box_that_was_replaced_meanwhile_keeps_its_sales(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        cloud.keep((box, box.frame()))
        cloud.state.retired.add(box.device)
        assert cloud.settle().events == 1

    def test_an_unreachable_database_promises_nothing(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        cloud.units.down = True
        with pytest.raises(Fault) as caught:
            cloud.keep((box, box.frame()))
        assert caught.value.code is FaultCode.SYNC_LINK_DOWN


class TestBeingEarly:
    def test_a_card_for_a_member_who_still_waits(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.issues_card(person)
        cloud.keep((box, box.frame(1, 1)))
        (ack,) = acks(cloud.book((box, box.frame(2))), box)
        assert ack.rejected == ()
        cloud.settle()
        assert set(cloud.state.cards.values()) == {person.member}
        assert cloud.state.repairs == {}

    def test_goods_back_whose_sale_still_waits(self, cloud: Cloud) -> None:
        here, there, person = cloud.box("上"), cloud.box("成"), Person()
        here.enrols(person)
        sold = here.sells(person)
        there.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        cloud.keep((here, here.frame()))
        cloud.book((there, there.frame()))
        assert cloud.state.refunds == []
        cloud.settle()
        assert len(cloud.state.refunds) == 1
        assert cloud.free(person) == 0
        assert cloud.state.repairs == {}

    def test_an_older_frame_of_another_shard_is_waited_for(self, cloud: Cloud) -> None:
        here, there = shops_of_two_shards(cloud)
        sold = here.sells()
        there.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        cloud.keep((here, here.frame()))
        cloud.keep((there, there.frame()))
        own, other = ([cloud.state.stores[box.store].shard] for box in (there, here))
        assert cloud.settle(shards=own).events == 0
        assert cloud.settle(shards=other).events == 1
        assert cloud.settle(shards=own).events == 1
        assert len(cloud.state.refunds) == 1

    def test_what_nothing_can_explain_any_more_is_a_persons(self, cloud: Cloud) -> None:
        box, other = cloud.box("上"), cloud.box("成")
        other.sells()
        box.issues_card(Person())
        cloud.keep((other, other.frame()))
        cloud.book((box, box.frame()))
        assert cloud.state.repairs == {}
        (later,) = acks(cloud.settle(), box)
        assert [one.code for one in later.rejected] == ["P106"]

    def test_a_sale_goes_before_its_member_and_her_note_is_closed(self, cloud: Cloud) -> None:
        box, person = cloud.box(), Person()
        box.enrols(person)
        box.sells(person)
        cloud.keep((box, box.frame(1, 1)))
        cloud.book((box, box.frame(2)))
        assert cloud.free(person) == 59
        cloud.settle()
        assert list(cloud.state.done.values()) == ["enrolment"]


def shops_of_two_shards(cloud: Cloud) -> tuple[SimBox, SimBox]:
    here, there = cloud.box("1"), cloud.box("2")
    while cloud.state.stores[here.store].shard == cloud.state.stores[there.store].shard:
        there = cloud.box(str(fresh_id()))
    return here, there


@dataclass
class Sent:
    """A frame, and by which way it goes."""

    box: SimBox
    payload: bytes
    kept: bool


def story(cloud: Cloud, chance: random.Random, boxes: int) -> list[SimBox]:
    """Let shops enrol, sell, give cards and take goods back."""
    shops = [cloud.box(str(number)) for number in range(boxes)]
    people = [Person(phone=str(number)) for number in range(3)]
    homes = {person.member: chance.choice(shops) for person in people}
    for person in people:
        homes[person.member].enrols(person)
    sold = []
    for _ in range(10):
        shop, buyer = chance.choice(shops), chance.choice([*people, None])
        sold.append(shop.sells(buyer, fen=chance.randint(101, 9_999)))
        if chance.random() < 0.2 and buyer is not None:
            homes[buyer.member].issues_card(buyer, str(len(sold)).encode())
    for event in chance.sample(sold, 2):
        chance.choice(shops).refunds(event, (2, 1_000), fen=100)
    shops[0].journal("sale", b"\x93\x01\x02\x03")
    return shops


def frames(shops: list[SimBox], chance: random.Random) -> list[Sent]:
    """Cut every journal anywhere, send pieces in any order and again, by either way."""
    sent: list[Sent] = []
    for shop in shops:
        at = 1
        while at <= len(shop.events):
            last = chance.randint(at, len(shop.events))
            sent += [Sent(shop, shop.frame(at, last), chance.random() < 0.7)]
            sent += sent[-1:] if chance.random() < 0.3 else []
            at = last + 1
    chance.shuffle(sent)
    return sent


def books(cloud: Cloud) -> dict[str, object]:
    """What must be the same whatever the way: ledger, balances, receipts, cards, chains."""
    state = cloud.state
    return {
        "balances": {account: points for account, points in state.balances.items() if points},
        "receipts": {receipt: sale.postings for receipt, sale in state.sales.items()},
        "postings": {one.dated.key for one in state.postings},
        "events": {one.event_id for one in state.events},
        "chains": state.chains,
        "cards": state.cards,
        "keys": state.keys,
        "repairs": {
            (item.kind, item.event_id, item.code)
            for item in state.repairs.values()
            if item.repair_id not in state.done
        },
    }


def told_again(cloud: Cloud) -> None:
    """Let a person press the button for what came before its cause."""
    bench = RepairBench(cloud.units, cloud.clock)
    for _ in range(2):
        for item in list(cloud.state.repairs.values()):
            if item.kind == "event" and item.repair_id not in cloud.state.done:
                bench.replay(cloud.tenant, item.repair_id, who="she")


def sends(cloud: Cloud, sent: list[Sent], chance: random.Random) -> None:
    """Let frames arrive in batches by both ways, and some of what waits be booked between."""
    while sent:
        batch, sent = sent[: (size := chance.randint(1, 4))], sent[size:]
        cloud.book(*[(one.box, one.payload) for one in batch if not one.kept])
        cloud.keep(*[(one.box, one.payload) for one in batch if one.kept])
        if chance.random() < 0.3:
            cloud.settle(chance.randint(1, 5), chance.sample(range(SHARDS), 40))
    while cloud.ingest.waits(cloud.tenant).frames:
        cloud.settle(chance.randint(1, 5))


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_way_any_order_any_repetition_comes_to_the_same_books(
    chance: random.Random, boxes: int
) -> None:
    cloud, straight = Cloud(), Cloud()
    shops = story(cloud, chance, boxes)
    straight.tenant = cloud.tenant
    straight.units.states[cloud.tenant] = deepcopy(cloud.state)
    straight.book(*[(shop, shop.frame()) for shop in shops if shop.events])
    sends(cloud, frames(shops, chance), chance)
    told_again(cloud)
    told_again(straight)
    assert books(cloud) == books(straight)
    assert sum(cloud.state.balances.values()) == 0
    verified = LedgerWalks(cloud.units).verify(cloud.tenant, lambda _seen, _of: None)
    assert verified.wrong == []
