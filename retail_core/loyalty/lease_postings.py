"""What the ledger books when points are lent, come back, or were spent too late.

The box's sale carries its own posting: from the leased account to the redeemer's clearing, as every
spending of points is booked (`spending`): who issued them is settled by the lots. What the cloud
adds is here, so that the leased account always holds what is lent and `free` what is free:
d(held) = -d(kept) by the sale + d(tied) from free + d(late) from the brand's suspense.
"""

from uuid import UUID

from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.leases import Lease, LeaseKey
from retail_core.loyalty.postings import Posting, brand_account, leased_account, member_account
from retail_core.loyalty.spending import redeem_postings

LENT = "lease.lent"
RETURNED = "lease.returned"
LATE = "lease.late"
LATE_BACK = "lease.late.back"


def redeem_posting(draw: Draw, rule: str, redeemer: UUID) -> Posting:
    """Return the posting of a sale that spends points of one lease; `nth` is the lease's."""
    key = draw.key
    source = leased_account(key.right.id, key.device, key.epoch)
    (made,) = redeem_postings(draw.amount, source, redeemer, key.nth, rule)
    return made


def moved(before: Lease | None, after: Lease, issuer: UUID, direct: int = 0) -> tuple[Posting, ...]:
    """Return the cloud's postings for a change of a wallet's lease; none for a plain spend.

    `direct` is what a refund's own postings made free already, without the leased account.
    """
    key = after.key
    leased = leased_account(key.right.id, key.device, key.epoch)
    free = member_account(key.right.id, "free")
    suspense = brand_account(issuer, "suspense")
    tied = after.tied - (0 if before is None else before.tied) + direct
    late = after.late - (0 if before is None else before.late)
    flows = (
        (LENT, free, leased, tied),
        (RETURNED, leased, free, -tied),
        (LATE, suspense, leased, late),
        (LATE_BACK, leased, suspense, -late),
    )
    return tuple(
        Posting(0, _rule(key), kind, key.nth, debit, credit, points, issuer)
        for kind, debit, credit, points in flows
        if points > 0
    )


def _rule(key: LeaseKey) -> str:
    return f"lease:{key.device}:{key.epoch}:{key.nth}"
