"""A receipt that is claimed later: what it would have earned, less what was returned meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from retail_core.checkout.receipt import Receipt
from retail_core.loyalty.earning import EarnTerms, earn_postings
from retail_core.loyalty.postings import EARN, QUALIFY, MemberPurse, Posting
from retail_core.loyalty.refunds import Returned, Standing, plan_refund, standing_points

# Whoever she is by now: nobody claims a receipt at a tier that she had not shown at the till.
BASE_TIER = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim books: points to spend and points that count towards a tier."""

    postings: tuple[Posting, ...]
    points: int
    qualifying: int


def claim_postings(
    receipt: Receipt,
    returned: Mapping[int, int],
    earn: EarnTerms | None,
    wallet: UUID,
    issuer: UUID,
) -> Claimed:
    """Return the postings of a claim, at the base tier.

    All that the receipt earned is booked and what was returned is taken off at once, so that later
    refunds find it as if she had been there from the beginning.
    """
    postings = earn_postings(receipt, earn, BASE_TIER, wallet, issuer, receipt.points_fen)
    back = [Returned(line, qty) for line, qty in sorted(returned.items()) if qty]
    if postings and back:
        purses = _all_there(postings)
        made = plan_refund(Standing(receipt, postings, {}), back, wallet=wallet, purses=purses)
        postings += made.postings
    left = standing_points(postings)
    return Claimed(postings, _sum(left, EARN), _sum(left, QUALIFY))


def _all_there(postings: tuple[Posting, ...]) -> dict[MemberPurse, int]:
    total = sum(posting.points for posting in postings)
    return {"free": total, "pending": total, "qualifying": total}


def _sum(left: Mapping[tuple[int, str, str], int], kind: str) -> int:
    return sum(points for (_, _, of), points in left.items() if of == kind)
