"""Points given for a task or an invitation, and taken back when what they were given for is undone.

Free at once, in a lot of their own under the award's id; `nth` counts how often it was given, so
that giving it again after a rollback is another posting. What was spent meanwhile is owed and paid
from later points, as after a refund.
"""

from collections.abc import Mapping
from uuid import UUID

from retail_core.loyalty.postings import (
    AWARD,
    OWED,
    REVERSED,
    MemberPurse,
    Posting,
    brand_account,
    member_account,
)


def award_postings(
    points: int, wallet: UUID, issuer: UUID, rule: str, nth: int
) -> tuple[Posting, ...]:
    """Return what gives points; none for a reward without any."""
    if points == 0:
        return ()
    accounts = brand_account(issuer, "liability"), member_account(wallet, "free")
    return (Posting(0, rule, AWARD, nth, *accounts, points, issuer),)


def take_back_postings(
    given: Posting, wallet: UUID, purses: Mapping[MemberPurse, int]
) -> tuple[Posting, ...]:
    """Return the inverse of an award: from what is free, the rest is owed.

    `wallet` holds the points now; a merge may have moved them.
    """
    there = min(given.points, max(0, purses.get("free", 0)))
    parts = (
        (REVERSED, member_account(wallet, "free"), there),
        (OWED, member_account(wallet, "owed"), given.points - there),
    )
    return tuple(
        Posting(
            given.line,
            given.rule,
            AWARD + suffix,
            given.nth,
            account,
            given.debit,
            points,
            given.issuer,
        )
        for suffix, account, points in parts
        if points
    )
