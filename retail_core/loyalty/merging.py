"""Two wallets of one person become one, and two again: by postings, nothing is rewritten."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from retail_core.loyalty.lots import Lot
from retail_core.loyalty.postings import (
    MERGE,
    OWED,
    REVERSED,
    MemberPurse,
    Posting,
    member_account,
)

MATURED = ".matured"
LOTTED: tuple[MemberPurse, ...] = ("free", "pending")
# One line for each purse and issuer, so that each posting has a key of its own.
_RULES: dict[MemberPurse, str] = {purse: f"merge.{purse}" for purse in (*LOTTED, "qualifying")}


def merging(
    from_wallet: UUID,
    into_wallet: UUID,
    balances: Mapping[MemberPurse, int],
    lots: Mapping[MemberPurse, Sequence[tuple[Lot, int]]],
    nth: int = 0,
) -> tuple[Posting, ...]:
    """Return what moves everything but leases and reservations, issuer by issuer.

    `nth` counts the sweeps of one merge: a shop that was offline may still book to the old wallet.
    """
    made: list[Posting] = []
    for purse in LOTTED:
        by_issuer = _by_issuer(lots.get(purse, ()), balances.get(purse, 0))
        for line, (issuer, points) in enumerate(by_issuer):
            accounts = member_account(from_wallet, purse), member_account(into_wallet, purse)
            made.append(Posting(line, _RULES[purse], MERGE, nth, *accounts, points, issuer))
    qualifying, owed = balances.get("qualifying", 0), -balances.get("owed", 0)
    issuers = [posting.issuer for posting in made]
    issuer = issuers[0] if issuers else into_wallet
    if qualifying > 0:
        accounts = (
            member_account(from_wallet, "qualifying"),
            member_account(into_wallet, "qualifying"),
        )
        made.append(Posting(0, _RULES["qualifying"], MERGE, nth, *accounts, qualifying, issuer))
    if owed > 0:
        accounts = member_account(into_wallet, "owed"), member_account(from_wallet, "owed")
        made.append(Posting(0, "merge.owed", MERGE, nth, *accounts, owed, issuer))
    return tuple(made)


def _by_issuer(lots: Iterable[tuple[Lot, int]], points: int) -> list[tuple[UUID, int]]:
    """Split points over the issuers of the lots they leave, the first to leave first."""
    split: Counter[UUID] = Counter()
    for lot, held in lots:
        part = min(held, points)
        split[lot.issuer] += part
        points -= part
    return sorted((issuer, part) for issuer, part in split.items() if part)


def unmerging(
    merged: Iterable[Posting], into_wallet: UUID, balances: Mapping[MemberPurse, int]
) -> tuple[Posting, ...]:
    """Return the inverse of a merge's postings; `balances` are those of the wallet merged into.

    Whoever was merged gets back all that was hers, what she owed, too; pending points may have
    matured meanwhile. What the other spent of them, beyond what she has left, she owes.
    """
    left = dict(balances)
    made: list[Posting] = []
    for posting in merged:
        purse = _purse_of(posting)
        points = _take(left, purse, posting.points)
        if points:
            made.append(_turned(posting, REVERSED, points))
        if purse == "owed" and points < posting.points:
            # The other paid it since, or it went on: hers again, and made good to the other.
            ends = posting.credit, _free(posting.debit)
            made.append(_turned(posting, OWED, posting.points - points, ends))
        if purse not in LOTTED or points == posting.points:
            continue
        rest = posting.points - points
        matured = _take(left, "free", rest) if purse == "pending" else 0
        free = member_account(into_wallet, "free"), _free(posting.debit)
        owed = member_account(into_wallet, "owed"), free[1]
        if matured:
            made.append(_turned(posting, MATURED, matured, free))
        if rest > matured:
            made.append(_turned(posting, OWED, rest - matured, owed))
    return tuple(made)


def _purse_of(posting: Posting) -> MemberPurse:
    purses: tuple[MemberPurse, ...] = (*LOTTED, "qualifying")
    return next((purse for purse in purses if posting.rule == _RULES[purse]), "owed")


def _take(left: dict[MemberPurse, int], purse: MemberPurse, wanted: int) -> int:
    """Take from a purse what is there; what is owed counts below 0."""
    points = min(wanted, abs(left.get(purse, 0)))
    left[purse] = left.get(purse, 0) - (points if purse != "owed" else -points)
    return points


def _free(account: str) -> str:
    return account.rpartition(":")[0] + ":free"


def _turned(
    posting: Posting, suffix: str, points: int, accounts: tuple[str, str] | None = None
) -> Posting:
    debit, credit = accounts or (posting.credit, posting.debit)
    return Posting(
        posting.line,
        posting.rule,
        MERGE + suffix,
        posting.nth,
        debit,
        credit,
        points,
        posting.issuer,
    )
