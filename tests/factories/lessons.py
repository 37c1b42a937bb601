"""Receipts a till prints while somebody teaches the box to read them."""

from pathlib import Path

from edge_agent.ports.till_tap import TappedReceipt
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import PRINTING_TILL

TAUGHT = "retail-zh-42-club"
FOLDER = Path(__file__).resolve().parents[1] / "golden" / "receipts" / TAUGHT


def lesson_streams(count: int = 3) -> list[bytes]:
    """Return the first receipts of a till that no profile was made for."""
    return [path.read_bytes() for path in sorted(FOLDER.glob("*.bin"))[:count]]


def printed(number: int) -> TappedReceipt:
    """Return a receipt as the tap reads it before it has learned: not at all."""
    fault = FaultCode.TILL_RECEIPT_UNREADABLE
    till, text = str(PRINTING_TILL), "大众会员店"
    return TappedReceipt(till, "generic-auto", f"{number:04d}", "other", (), None, text, fault)
