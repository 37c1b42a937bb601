"""What a till gives back, and what it is told of it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RefundCommand:
    """Goods of a receipt come back: (line, quantity in thousandths).

    `repriced` asks for the account as if they had never been bought; otherwise each line goes back
    in proportion.
    """

    till: UUID
    till_receipt_no: str
    receipt_id: UUID
    lines: tuple[tuple[int, int], ...]
    tenders: tuple[tuple[str, int], ...]
    reason: str
    repriced: bool = False
    operator: UUID | None = None
    source: str = "api"


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """What a refund comes to; points are settled by the cloud, which knows what is left of them.

    `uses` are the limited rules that count as not used after all, `left` is what could still come
    back of each line afterwards. `whole` is False when the cloud could not be asked whether another
    shop took something back meanwhile.
    """

    money_fen: int
    points_fen: int
    points_back: int
    points_taken: int
    coupons: tuple[str, ...] = ()
    uses: tuple[tuple[str, int], ...] = ()
    left: tuple[tuple[int, int], ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class RefundResult:
    """A refund as it stands in the journal."""

    refund_id: UUID
    seq: int
    quote: RefundQuote
    member_id: UUID | None
    business_date: int | None
    wall_ms: int
