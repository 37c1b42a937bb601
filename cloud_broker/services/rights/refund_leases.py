"""After a refund is booked: what its receipt had spent of leases comes back in their books too.

Points stand in the member's free account by the refund's own postings; here the lease's book learns
of it, so that lent, free and spent still add up. A coupon is given again, a campaign's budget comes
back with the whole receipt, a store's cap as soon as its rule was not used after all.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.points import BookedRefund
from cloud_broker.ports.feed import FeedRow, NewChange
from cloud_broker.ports.unit import Unit
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.leasing import Leasing
from retail_core.errors import Fault
from retail_core.growth.account import day_number
from retail_core.loyalty.cap_sharing import cap_right
from retail_core.loyalty.lease_wire import key_of
from retail_core.loyalty.leases import Lease, LeaseKey, RightKind
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.refund import UsesGone

# A store's day may still be running where the goods come back the day after.
_STILL_COUNTED = timedelta(days=1)


class Spend(NamedTuple):
    """What a receipt spent of a lease."""

    key: LeaseKey
    amount: int


def give_back(
    unit: Unit,
    tenant: UUID,
    leasing: Leasing,
    refunds: Sequence[BookedRefund],
    sales: Sequence[BookedSale],
) -> None:
    """Enter refunds in the books of the leases their receipts spent of.

    `sales` are those of this very batch, whose spends are entered already but not yet written.
    """
    if not refunds:
        return
    spends = _spends(unit, refunds, sales)
    leasing.load({spend.key.right for all_ in spends.values() for spend in all_})
    for refund in refunds:
        own = sorted(spends.get(refund.receipt_id, ()))
        _points(leasing, refund, [one for one in own if one.key.right.kind == RightKind.POINTS])
        budgets = [one for one in own if one.key.right.kind == RightKind.BUDGET]
        if refund.whole:
            _budgets(leasing, refund, budgets)
        else:
            _caps(tenant, leasing, refund, budgets)


def give_again(benefits: Benefits, refunds: Sequence[BookedRefund]) -> tuple[FeedRow, ...]:
    """Give the coupons again that came back with their lines, each once."""
    for refund in refunds:
        for coupon in refund.made.coupons:
            benefits.reissue(UUID(coupon))
    return benefits.tell()


def uses_told(refunds: Sequence[BookedRefund]) -> dict[UUID, list[NewChange]]:
    """Return what selling stores hear of limited rules that were not used after all.

    Each time all that is gone of the receipt: told twice or late, it takes nothing off twice.
    """
    told: dict[UUID, list[NewChange]] = {}
    for one in refunds:
        counted = one.counting
        if one.gone and one.day <= counted.day + _STILL_COUNTED:
            body = encode_body(UsesGone(day_number(counted.day), one.gone))
            change = NewChange(ChangeKind.USES_BACK, one.receipt_id, one.nth + 1, body)
            told.setdefault(counted.store, []).append(change)
    return told


def _spends(
    unit: Unit, refunds: Sequence[BookedRefund], sales: Sequence[BookedSale]
) -> dict[UUID, list[Spend]]:
    wanted = {refund.receipt_id for refund in refunds}
    found = {
        receipt: [Spend(*one) for one in spent]
        for receipt, spent in unit.leases.spends_of(wanted).items()
    }
    found |= {sale.receipt_id: _told(sale) for sale in sales if sale.receipt_id in wanted}
    return found


def _told(sale: BookedSale) -> list[Spend]:
    """Return what a sale of this batch says it spent; what nobody can read was noted before."""
    found: list[Spend] = []
    for spend in sale.sale.lease_spends:
        try:
            found.append(Spend(key_of(spend, sale.arrival.place.device), spend.amount))
        except Fault:
            continue
    return found


def _points(leasing: Leasing, refund: BookedRefund, spends: Sequence[Spend]) -> None:
    """Share the points that came back over the leases they were spent of.

    What a lease did not cover (told too late, taken back before) was never the member's loss; she
    gets it all the same, as the brand's gift, and that lease stays as it is.
    """
    left = refund.made.points_back
    for spend in spends:
        lease = leasing.lease(spend.key)
        if lease is None or not left:
            continue
        amount = min(left, _covered(lease, refund.receipt_id))
        if amount:
            leasing.refunded(spend.key, refund.refund_id, refund.receipt_id, amount)
            left -= amount


def _budgets(leasing: Leasing, refund: BookedRefund, spends: Sequence[Spend]) -> None:
    for spend in spends:
        if leasing.lease(spend.key) is not None:
            leasing.refunded(spend.key, refund.refund_id, refund.receipt_id, spend.amount)


def _caps(tenant: UUID, leasing: Leasing, refund: BookedRefund, spends: Sequence[Spend]) -> None:
    counted = refund.counting
    for rule, times in refund.made.uses:
        right, left = cap_right(tenant, counted.store, rule, day_number(counted.day)), times
        for spend in spends:
            amount = min(left, spend.amount)
            if spend.key.right == right and amount and leasing.lease(spend.key) is not None:
                leasing.refunded(spend.key, refund.refund_id, refund.receipt_id, amount)
                left -= amount


def _covered(lease: Lease, receipt: UUID) -> int:
    """Return what of a receipt's spend may come back; nothing of a lease the brand bore a part of.

    Which of its receipts came too late cannot be told; the lease keeps that loss as it is.
    """
    if lease.late:
        return 0
    back = sum(amount for of, amount in lease.refunds.values() if of == receipt)
    return max(0, min(lease.spends.get(receipt, 0) - back, lease.kept))
