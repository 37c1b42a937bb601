"""Spending points; what a basket reserves before it is paid is held by its box's leases."""

from uuid import UUID

from retail_core.errors import Fault
from retail_core.loyalty.postings import REDEEM, Posting, brand_account
from retail_core.texts.faults import FaultCode

# A tender and not the price of an article: it stands on no line.
RECEIPT_LINE = 0
RULE = "points"
TENDER_POINTS = "points"


def redeem_postings(
    points: int, source: str, redeemer: UUID, nth: int = 0, rule: str = RULE
) -> tuple[Posting, ...]:
    """Return the spending of points from an account; `redeemer` is who honours them.

    Who issued them is settled by the lots; until then the redeemer stands for the issuer.
    """
    if points == 0:
        return ()
    clearing = brand_account(redeemer, "clearing")
    return (Posting(RECEIPT_LINE, rule, REDEEM, nth, source, clearing, points, redeemer, redeemer),)


def check_enough(free: int, wanted: int) -> None:
    """Refuse to spend what is not there (Fault L102) or a number that is none (L104)."""
    if wanted <= 0:
        raise Fault(FaultCode.LEDGER_POINTS_INVALID, points=wanted)
    if wanted > free:
        raise Fault(FaultCode.LEDGER_OVERDRAWN, free=free, wanted=wanted)
