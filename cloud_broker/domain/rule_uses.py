"""How often members used rules that may be used only so often, as boxes counted it.

Counts are added up, those of refunds below nothing: in whatever order messages come, the sum is the
same, and what was taken back whole counts as never used.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.points import BookedRefund
from retail_core import limits
from retail_core.growth.account import day_number
from retail_core.pricing.proof.repricing import day_of
from retail_core.wire.messages import Sale
from retail_core.wire.standing import RuleUse


class Use(NamedTuple):
    """A rule used by a member on a business day."""

    member: UUID
    rule: str
    day: date


def counted_day(sale: Sale, booked: date) -> date:
    """Return the day a sale's uses count for: its basket's, if that was opened on another day."""
    return day_of(sale.uses_on) or booked


def uses_moved(sales: Iterable[BookedSale], refunds: Iterable[BookedRefund]) -> dict[Use, int]:
    """Return what a batch adds to uses, in one order so that batches never wait in a ring."""
    found = Counter[Use]()
    for sale in sales:
        member, day = sale.arrival.member, counted_day(sale.sale, sale.day)
        for rule, times in sale.sale.uses:
            if member is not None:
                found[Use(member, rule, day)] += times
    for refund in refunds:
        for rule, times in refund.made.uses:
            if refund.counting.member is not None:
                found[Use(refund.counting.member, rule, refund.counting.day)] -= times
    return {use: found[use] for use in sorted(found) if found[use]}


def told_uses(by_day: Mapping[tuple[str, date], int]) -> tuple[tuple[RuleUse, ...], int]:
    """Return a member's uses by rule, those of the newest day apart, and that day (0 for none).

    The rules used last come first where there are more than a record may hold.
    """
    by_day = {use: times for use, times in by_day.items() if times > 0}
    if not by_day:
        return (), 0
    newest = max(day for _, day in by_day)
    ever, today, last = Counter[str](), Counter[str](), dict[str, date]()
    for (rule, day), times in by_day.items():
        ever[rule] += times
        last[rule] = max(day, last.get(rule, day))
        if day == newest:
            today[rule] += times
    rules = sorted(ever, key=lambda rule: (-last[rule].toordinal(), rule))
    kept = rules[: limits.MEMBER_USES_MAX]
    return tuple(RuleUse(rule, ever[rule], today[rule]) for rule in kept), day_number(newest)
