"""What this shop has booked: receipts in the journal, and receipts read off a printer."""

from uuid import UUID

from edge_agent.api.models.base import Answered
from edge_agent.api.models.identify import ReasonView


class LedgerRowView(Answered):
    """One receipt as booked here; `acked` when the cloud has committed it."""

    receipt_id: UUID
    seq: int
    business_date: int | None
    total_fen: int
    points: int
    member_id: UUID | None
    source: str
    till_receipt_no: str
    acked: bool


class LedgerAnswered(Answered):
    """Every receipt the journal still keeps, and the sums to compare with the cloud's."""

    epoch: int
    rows: tuple[LedgerRowView, ...]
    total_fen: int
    points: int
    waiting: int


class TappedLineView(Answered):
    """One printed line; `sku` is empty while its name is mapped to no article."""

    name: str
    sku: str
    qty_milli: int
    shelf_fen: int


class TappedView(Answered):
    """One printed receipt and how it was booked."""

    till: UUID
    till_name: str
    receipt_no: str
    outcome: str
    fault: ReasonView | None
    receipt_id: UUID | None
    seq: int | None
    member_id: UUID | None
    member_name: str
    total_fen: int | None
    points_earned: int
    lines: tuple[TappedLineView, ...]
    unmapped: tuple[str, ...]
    wall_ms: int


class TappedAnswered(Answered):
    """The last tapped receipts, newest first, and names nobody has mapped yet."""

    receipts: tuple[TappedView, ...]
    unmapped: tuple[str, ...]
