"""A block of the copy that found no room spoils the job it belongs to, and no other."""

import queue
from pathlib import Path

from edge_agent.drivers.lines.transport import Port
from edge_agent.drivers.profiles import SerialLine, TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import PATIENCE_MS

ROOT = Path(__file__).resolve().parents[3]
AUTO = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)
GOODS = "豆浆  3.00\n合计  3.00\n现金  3.00\n".encode("gb18030") + b"\x1dV\x00"


def nothing_there(path: str, line: SerialLine) -> Port:
    raise Fault(FaultCode.TILL_PORT_OPEN, port=path)


def test_a_refund_whose_title_was_lost_is_no_sale() -> None:
    tap = EscposTap("till", AUTO, ("/till", "/printer"), open_line=nothing_there)
    tap._copies = queue.Queue(2)
    blocks = [b"No 0001\n" + GOODS, b"No 0002\n", "退货单\n".encode("gb18030"), GOODS]
    ends = [sum(map(len, blocks[: at + 1])) for at in range(len(blocks))]
    for block, end in zip(blocks[:3], ends[:3], strict=True):
        tap._copy(block, end)
    tap.start()
    try:
        first = tap.next_receipt(timeout_ms=PATIENCE_MS)
        tap._copy(blocks[3], ends[3])
        second = tap.next_receipt(timeout_ms=PATIENCE_MS)
    finally:
        tap.stop()
    assert first is not None
    assert (first.receipt_no, first.kind, first.fault) == ("0001", "sale", None)
    assert second is not None
    assert second.fault is FaultCode.TILL_STREAM_TRUNCATED
