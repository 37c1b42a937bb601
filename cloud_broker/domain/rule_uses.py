"""How often members used rules that may be used only so often, as boxes counted it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from retail_core import limits
from retail_core.growth.account import day_number
from retail_core.wire.standing import RuleUse


class Use(NamedTuple):
    """A rule used by a member on a business day."""

    member: UUID
    rule: str
    day: date


def uses_of(sales: Iterable[BookedSale]) -> dict[Use, int]:
    """Return the uses of a batch, in one order everywhere so that batches never wait in a ring."""
    found = Counter[Use]()
    for sale in sales:
        member = sale.arrival.member
        for rule, times in sale.sale.uses:
            if times and member is not None:
                found[Use(member, rule, sale.day)] += times
    return {use: found[use] for use in sorted(found)}


def told_uses(by_day: Mapping[tuple[str, date], int]) -> tuple[tuple[RuleUse, ...], int]:
    """Return a member's uses by rule, those of the newest day apart, and that day (0 for none).

    The rules used last come first where there are more than a record may hold.
    """
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
