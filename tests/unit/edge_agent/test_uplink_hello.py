"""A hello is said again until the cloud has answered it."""

from edge_agent.services.line.uplink import HELLO_AGAIN_MS, HELLO_AGAIN_MS_MAX
from retail_core.wire.codec import encode
from retail_core.wire.messages import WIRE_VERSION, AckFrame
from tests.unit.edge_agent.test_uplink import Bench


def test_a_hello_without_an_answer_is_said_again_ever_more_rarely() -> None:
    bench = Bench()
    bench.link.connect()
    said: list[int] = []
    bench.uplink.greet_with(lambda: said.append(bench.time.ms))
    bench.uplink.session_began()
    began = bench.time.ms
    for _ in range(60 * 60):
        bench.uplink.pump()
        bench.time.ms += 1_000
    waits = [after - before for before, after in zip((began, *said), said, strict=False)]
    assert waits[:5] == [HELLO_AGAIN_MS, *(HELLO_AGAIN_MS * 2**n for n in range(1, 5))]
    assert set(waits[5:]) == {HELLO_AGAIN_MS_MAX}


def test_an_answered_hello_is_not_said_again_and_the_acknowledgement_of_a_sale_is_no_answer() -> (
    None
):
    bench = Bench()
    bench.link.connect()
    said: list[int] = []
    bench.uplink.greet_with(lambda: said.append(bench.time.ms))
    bench.uplink.session_began()
    bench.ack()
    bench.time.ms += HELLO_AGAIN_MS
    bench.uplink.pump()
    assert len(said) == 1
    answer = AckFrame(WIRE_VERSION, bench.journal.epoch, (), 3, cloud_epoch=1)
    bench.uplink.on_ack(encode(answer))
    bench.time.ms += HELLO_AGAIN_MS_MAX
    bench.uplink.pump()
    assert len(said) == 1
    bench.uplink.session_began()
    bench.uplink.cloud_state(up=False)
    bench.time.ms += HELLO_AGAIN_MS
    bench.uplink.pump()
    assert len(said) == 1, "nobody is there to hear it"
    bench.uplink.cloud_state(up=True)
    bench.uplink.pump()
    assert len(said) == 2
