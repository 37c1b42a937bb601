"""What every line of waiting frames promises: WaitingRepo, in memory and in PostgreSQL."""

from uuid import UUID

import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.ports.waiting import WaitingDepth, WaitingFrame
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_tenant

DEVICE, OTHER = fresh_id(), fresh_id()


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


def frame(
    first: int, last: int, shard: int = 1, left: tuple[int, ...] | None = None
) -> WaitingFrame:
    device = DEVICE if shard == 1 else OTHER
    payload = bytes([0xC1, first % 256]) * 50
    return WaitingFrame(shard, device, 7, first, last, 1_000 + first, "r1/x", payload, left)


def test_frames_come_out_in_order_as_they_went_in(any_units: Units, tenant: UUID) -> None:
    sent = [frame(1, 10), frame(5, 7, shard=2), frame(11, 14, left=(1, 3)), frame(15, 15)]
    with any_units.begin(tenant) as unit:
        unit.waiting.add(sent[:2])
        unit.waiting.add(sent[2:])
        unit.waiting.add([])
        assert unit.waiting.depth() == WaitingDepth(4, 16, 1_001)
    with any_units.begin(tenant) as unit:
        found = unit.waiting.oldest([1], 100)
        assert [one.first_seq for one in found] == [1, 11, 15]
        assert [one.first_seq for one in unit.waiting.oldest([1, 2], 11)] == [1, 5]
        assert [one.first_seq for one in unit.waiting.oldest([2], 1)] == [5]
        assert unit.waiting.oldest([3], 100) == ()
        (first, second, third) = found
        assert first.pos < second.pos < third.pos
        assert (second.payload, second.left, second.topic) == (sent[2].payload, (1, 3), "r1/x")
        assert (second.last_seq, second.received_ms, second.device) == (14, 1_011, DEVICE)


def test_what_is_booked_goes_and_the_rest_stays_in_its_place(
    any_units: Units, tenant: UUID
) -> None:
    with any_units.begin(tenant) as unit:
        unit.waiting.add([frame(1, 3), frame(4, 6), frame(7, 7, shard=2)])
        one, two, three = unit.waiting.oldest([1, 2], 100)
        assert unit.waiting.lock([one.pos, two.pos, 1 << 40]) == {one.pos: None, two.pos: None}
        unit.waiting.leave({one.pos: (2,), two.pos: ()})
    with any_units.begin(tenant) as unit:
        assert unit.waiting.lock([one.pos, two.pos]) == {one.pos: (2,)}
        assert unit.waiting.depth() == WaitingDepth(2, 2, 1_001)
        assert unit.waiting.first() == one.pos
        assert unit.waiting.first([one.pos]) == three.pos
        assert unit.waiting.first([one.pos, three.pos]) is None
        assert unit.waiting.of([(DEVICE, 7), (DEVICE, 8), (OTHER, 7)]) == {(DEVICE, 7), (OTHER, 7)}
        unit.waiting.leave({one.pos: (), three.pos: ()})
        assert unit.waiting.of([(DEVICE, 7)]) == frozenset()
        assert unit.waiting.depth() == WaitingDepth(0, 0, None)


def test_another_tenants_line_is_not_seen(any_units: Units, tenant: UUID) -> None:
    with any_units.begin(tenant) as unit:
        unit.waiting.add([frame(1, 3)])
    with any_units.begin(new_tenant(any_units)) as unit:
        assert unit.waiting.first() is None
        assert unit.waiting.oldest([1], 10) == ()
