"""A sale made now passes what waited when the line came up."""

import pytest

from cloud_broker.ingest.batcher import is_live
from retail_core import limits
from retail_core.wire.codec import decode_up, encode
from retail_core.wire.messages import WIRE_VERSION, AckFrame
from retail_core.wire.packing import NEWEST_PACKING, is_packed
from tests.unit.edge_agent.test_uplink import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.link.connect()
    return bench


def test_a_backlog_keeps_to_the_clouds_credit_and_lets_live_sales_pass(bench: Bench) -> None:
    bench.sell(2_000)
    bench.uplink.session_began()
    bench.ack(credit=limits.FRAMES_IN_FLIGHT)
    bench.uplink.pump()
    assert bench.sent() == [(1, 256), (257, 512)]
    bench.sell()
    bench.uplink.pump()
    assert bench.sent() == [(2_001, 2_001)]
    bench.sell()
    bench.uplink.pump()
    assert bench.sent() == []
    bench.ack((2_001, 2_001), credit=limits.FRAMES_IN_FLIGHT)
    bench.uplink.pump()
    assert bench.sent() == [(2_002, 2_002)]


def test_what_gathered_while_the_cloud_was_down_is_backlog(bench: Bench) -> None:
    bench.uplink.cloud_state(up=False)
    bench.sell(600)
    bench.uplink.cloud_state(up=True)
    bench.uplink.pump()
    assert bench.sent() == [(1, 256), (257, 512)]
    bench.uplink.cloud_state(up=True)
    bench.sell()
    bench.uplink.pump()
    assert bench.sent() == [(601, 601)]


def test_what_waits_when_the_program_begins_is_backlog(bench: Bench) -> None:
    bench.sell(600)
    bench.uplink = bench.built()
    bench.uplink.pump()
    assert bench.sent() == [(1, 256), (257, 512)]


def test_many_sales_made_at_once_go_as_what_the_cloud_takes_for_live(bench: Bench) -> None:
    bench.uplink.session_began()
    held = bench.journal.epoch
    read = AckFrame(WIRE_VERSION, held, (), limits.FRAMES_IN_FLIGHT, packing=NEWEST_PACKING)
    bench.uplink.on_ack(encode(read))
    bench.sell(100)
    bench.uplink.pump()
    newest, *older = bench.link.up
    assert older
    assert all(is_live(one) for one in (newest, *older))
    assert len(decode_up(newest).events) > limits.FRAME_ZSTD_FROM_EVENTS


def test_what_waited_is_packed_and_shares_no_frame_with_a_sale_made_now(bench: Bench) -> None:
    bench.sell(100)
    bench.uplink.session_began()
    bench.sell(2)
    held = bench.journal.epoch
    read = AckFrame(WIRE_VERSION, held, (), limits.FRAMES_IN_FLIGHT, packing=NEWEST_PACKING)
    bench.uplink.on_ack(encode(read))
    bench.uplink.pump()
    now, waited = bench.link.up
    assert (is_live(now), is_packed(waited)) == (True, True)
    assert [(one.first_seq, len(one.events)) for one in map(decode_up, (now, waited))] == [
        (101, 2),
        (1, 100),
    ]
