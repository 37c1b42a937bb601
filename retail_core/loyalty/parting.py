"""What a member did while her wallet lay in another one goes home with her when they part.

Undoing a merge returns what was moved (`merging.unmerging`). What she earned, spent and gave back
meanwhile was booked to the wallet that held hers; it is worked out from the postings of her own
receipts, rewards and orders, and each goes home under its own key. So both stand as if they had
never been one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from retail_core.loyalty.lots import Dated
from retail_core.loyalty.postings import (
    MERGE_OWN,
    OWED,
    MemberPurse,
    Posting,
    member_account,
)

PURSES: Final[tuple[MemberPurse, ...]] = ("free", "pending", "qualifying")
# Points lent to a box, kept for a basket or owed are points to spend.
_AS_FREE: Final = frozenset({"free", "leased", "owed"})


@dataclass(slots=True)
class Act:
    """What one receipt, reward or order left in a wallet that is not its doer's own."""

    under: UUID
    issuer: UUID
    nth: int = 0
    left: Counter[MemberPurse] = field(default_factory=Counter)


def acts_in(wallet: UUID, dated: Iterable[Dated], doers: Mapping[UUID, UUID]) -> list[Act]:
    """Return what acts left in a wallet, oldest first; `doers` says whose the wanted ones are."""
    found: dict[UUID, Act] = {}
    for one in sorted(dated, key=lambda row: row.order):
        if one.key.receipt_id not in doers:
            continue
        posting = one.posting
        act = found.setdefault(one.key.receipt_id, Act(one.key.receipt_id, posting.issuer))
        act.nth += one.key.kind.startswith(MERGE_OWN)
        for account, points in ((posting.credit, posting.points), (posting.debit, -posting.points)):
            purse = _purse_in(account, wallet)
            if purse is not None:
                act.left[purse] += points
    return [act for act in found.values() if any(act.left.values())]


def going_home(
    acts: Iterable[Act],
    home: UUID,
    holder: UUID,
    home_left: Mapping[MemberPurse, int],
    holder_left: Mapping[MemberPurse, int],
) -> list[tuple[UUID, Posting]]:
    """Return the postings that bring acts home, each with what it stands under.

    What the holder has spent of them it owes; what she spent beyond her own she owes.
    """
    made: list[tuple[UUID, Posting]] = []
    own, others = dict(home_left), dict(holder_left)
    ordered = list(acts)
    for gains in (True, False):
        for act in ordered:
            for purse in PURSES:
                points = act.left[purse]
                if points and (points > 0) == gains:
                    ends = (holder, home) if gains else (home, holder)
                    purses = (others, own) if gains else (own, others)
                    made += [
                        (act.under, posting)
                        for posting in _moved(act, purse, abs(points), ends, purses)
                    ]
    return made


def _moved(
    act: Act,
    purse: MemberPurse,
    points: int,
    ends: tuple[UUID, UUID],
    purses: tuple[dict[MemberPurse, int], dict[MemberPurse, int]],
) -> Iterable[Posting]:
    """Move what is there; beyond it points to spend are owed, and others are not there to move."""
    giver, taker = ends
    there = min(points, max(0, purses[0].get(purse, 0)))
    if there:
        purses[0][purse] = purses[0].get(purse, 0) - there
        purses[1][purse] = purses[1].get(purse, 0) + there
        accounts = member_account(giver, purse), member_account(taker, purse)
        yield Posting(0, f"own.{purse}", MERGE_OWN, act.nth, *accounts, there, act.issuer)
    if points > there and purse != "qualifying":
        purses[1]["free"] = purses[1].get("free", 0) + points - there
        accounts = member_account(giver, "owed"), member_account(taker, "free")
        kind = MERGE_OWN + OWED
        yield Posting(0, f"own.{purse}", kind, act.nth, *accounts, points - there, act.issuer)


def _purse_in(account: str, wallet: UUID) -> MemberPurse | None:
    """Return in which of a wallet's purses an account counts."""
    prefix = f"member:{wallet}:"
    if not account.startswith(prefix):
        return None
    purse = account.removeprefix(prefix).partition(":")[0]
    if purse in _AS_FREE:
        return "free"
    return next((known for known in PURSES if known == purse), None)
