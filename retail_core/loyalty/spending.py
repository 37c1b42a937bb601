"""Spending points: at once, or held first and then committed or given back.

A reservation is resolved by postings under one key, so that it is resolved once: a second,
different word on it is refused by the ledger (Fault L101) and not booked beside the first.
"""

from uuid import UUID

from retail_core.errors import Fault
from retail_core.loyalty.postings import (
    HOLD,
    REDEEM,
    RESOLVE,
    Posting,
    brand_account,
    member_account,
)
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


def hold_posting(points: int, source: str, wallet: UUID, redeemer: UUID) -> Posting:
    """Return the reservation of points for a basket that is not paid yet."""
    held = member_account(wallet, "held")
    return Posting(RECEIPT_LINE, RULE, HOLD, 0, source, held, points, redeemer, redeemer)


def commit_posting(hold: Posting) -> Posting:
    """Return what turns a reservation into a spending."""
    return _resolved(hold, brand_account(hold.issuer, "clearing"))


def void_posting(hold: Posting) -> Posting:
    """Return what gives a reservation back to where it came from."""
    return _resolved(hold, hold.debit)


def _resolved(hold: Posting, credit: str) -> Posting:
    return Posting(
        hold.line,
        hold.rule,
        RESOLVE,
        hold.nth,
        hold.credit,
        credit,
        hold.points,
        hold.issuer,
        hold.redeemer,
    )
