"""Every posting the core makes, whole: a wrong line, number or party is somebody's money."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from retail_core.errors import Fault
from retail_core.loyalty import lease_books, leases
from retail_core.loyalty.awards import award_postings, take_back_postings
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_postings import moved, redeem_posting
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.loyalty.lots import Lot
from retail_core.loyalty.merging import merging, unmerging
from retail_core.loyalty.policy import LoyaltyPolicy, Policies
from retail_core.loyalty.postings import MemberPurse, Posting, reverse
from retail_core.loyalty.spending import (
    redeem_postings,
)
from retail_core.loyalty.upkeep import expiring, maturing, settling

WALLET, OTHER, BRAND, SHOP, DEVICE, RECEIPT = (UUID(int=n) for n in range(1, 7))
HERS, THEIRS = f"member:{WALLET}", f"member:{OTHER}"
DAY = date(2026, 11, 22)
KEY = LeaseKey(Right(RightKind.POINTS, WALLET), DEVICE, 3, 7)
LEASED = f"{HERS}:leased:{DEVICE}:3"


def lot(day: date = DAY, expires: date | None = None, issuer: UUID = BRAND) -> Lot:
    return Lot(expires, day, RECEIPT, issuer)


def fault(error: pytest.ExceptionInfo[Fault]) -> tuple[str, dict[str, object]]:
    return error.value.code.value, dict(error.value.fields)


def test_an_award_and_its_taking_back() -> None:
    (given,) = award_postings(50, WALLET, BRAND, "task:sign", 4)
    liability = f"brand:{BRAND}:liability"
    assert given == Posting(0, "task:sign", "award", 4, liability, f"{HERS}:free", 50, BRAND)
    assert award_postings(0, WALLET, BRAND, "task:sign", 4) == ()
    back = Posting(0, "task:sign", "award.reversed", 4, f"{THEIRS}:free", liability, 30, BRAND)
    owed = Posting(0, "task:sign", "award.owed", 4, f"{THEIRS}:owed", liability, 20, BRAND)
    assert take_back_postings(given, OTHER, {"free": 30}) == (back, owed)
    all_owed = Posting(0, "task:sign", "award.owed", 4, f"{THEIRS}:owed", liability, 50, BRAND)
    assert take_back_postings(given, OTHER, {}) == (all_owed,)
    assert take_back_postings(given, OTHER, {"free": -5}) == (all_owed,)


def test_spending_at_once() -> None:
    clearing = f"brand:{SHOP}:clearing"
    (spent,) = redeem_postings(300, f"{HERS}:free", SHOP, 2, "pay")
    assert spent == Posting(0, "pay", "redeem", 2, f"{HERS}:free", clearing, 300, SHOP, SHOP)
    assert redeem_postings(0, f"{HERS}:free", SHOP) == ()
    (plain,) = redeem_postings(1, f"{HERS}:free", SHOP)
    assert plain == Posting(0, "points", "redeem", 0, f"{HERS}:free", clearing, 1, SHOP, SHOP)


def test_a_lease_is_spent_by_its_own_posting() -> None:
    clearing = f"brand:{SHOP}:clearing"
    made = redeem_posting(Draw(KEY, 90), "points", SHOP)
    assert made == Posting(0, "points", "redeem", 7, LEASED, clearing, 90, SHOP, SHOP)


def test_what_the_cloud_books_of_a_lease() -> None:
    rule = f"lease:{DEVICE}:3:7"
    free, suspense = f"{HERS}:free", f"brand:{BRAND}:suspense"
    lent = leases.lent(KEY, 100)
    assert moved(None, lent, BRAND) == (
        Posting(0, rule, "lease.lent", 7, free, LEASED, 100, BRAND),
    )
    spent = leases.spent(lent, RECEIPT, 60)
    assert moved(lent, spent, BRAND) == ()
    closed = leases.closed(spent, 60)
    assert moved(spent, closed, BRAND) == (
        Posting(0, rule, "lease.returned", 7, LEASED, free, 40, BRAND),
    )
    late = leases.spent(leases.taken_back(lent), RECEIPT, 60)
    assert moved(leases.taken_back(lent), late, BRAND) == (
        Posting(0, rule, "lease.late", 7, suspense, LEASED, 60, BRAND),
    )
    back = leases.refunded(late, OTHER, RECEIPT, 60)
    assert moved(late, back, BRAND) == (
        Posting(0, rule, "lease.late.back", 7, LEASED, suspense, 60, BRAND),
    )
    refunded = leases.refunded(spent, OTHER, RECEIPT, 10)
    assert moved(spent, refunded, BRAND, 10) == ()


def test_what_a_book_of_leases_refuses() -> None:
    book = lease_books.opened(KEY.right, 100)
    with pytest.raises(Fault) as overdrawn:
        lease_books.credit(book, -101)
    assert fault(overdrawn) == ("L102", {"free": 100, "wanted": 101})
    with pytest.raises(Fault) as too_much:
        lease_books.grant(book, KEY, 101)
    assert fault(too_much) == ("L102", {"free": 100, "wanted": 101})
    lent = lease_books.grant(book, KEY, 60)
    assert lease_books.grant(lent, KEY, 60) is lent
    with pytest.raises(Fault) as conflict:
        lease_books.grant(lent, KEY, 61)
    assert fault(conflict)[1] == {"receipt": WALLET}
    with pytest.raises(Fault) as unknown:
        lease_books.settle(book, KEY, RECEIPT, 1)
    assert fault(unknown)[1] == {"right": WALLET, "epoch": 3, "nth": 7}
    assert (lent.free, lent.held, lent.balance, lent.late) == (40, 60, 100, 0)
    assert lease_books.credit(lent, -40).free == 0


BALANCES: dict[MemberPurse, int] = {"free": 80, "pending": 30, "qualifying": 55, "owed": -9}
LOTS: dict[MemberPurse, list[tuple[Lot, int]]] = {
    "free": [(lot(), 50), (lot(issuer=SHOP), 60)],
    "pending": [(lot(), 40)],
}


def between(line: int, purse: str, points: int, issuer: UUID = BRAND) -> Posting:
    hers, theirs = f"{HERS}:{purse}", f"{THEIRS}:{purse}"
    return Posting(line, f"merge.{purse}", "merge", 2, hers, theirs, points, issuer)


MERGED = (
    between(0, "free", 50),
    between(1, "free", 30, SHOP),
    between(0, "pending", 30),
    between(0, "qualifying", 55),
    Posting(0, "merge.owed", "merge", 2, f"{THEIRS}:owed", f"{HERS}:owed", 9, BRAND),
)


def test_a_merge() -> None:
    assert merging(WALLET, OTHER, BALANCES, LOTS, 2) == MERGED
    assert merging(WALLET, OTHER, {}, LOTS) == ()
    bare = merging(WALLET, OTHER, {"qualifying": 5, "owed": -1}, {})
    assert [(one.issuer, one.points, one.line, one.nth) for one in bare] == [
        (OTHER, 5, 0, 0),
        (OTHER, 1, 0, 0),
    ]


def test_a_merge_is_undone_as_far_as_points_are_there() -> None:
    assert unmerging(MERGED, OTHER, BALANCES) == reverse(MERGED)
    first, second, pending, counted, owed = MERGED
    free, own = f"{THEIRS}:free", f"{HERS}:free"
    short = f"{THEIRS}:owed"
    left: dict[MemberPurse, int] = {"free": 60, "pending": 10, "qualifying": 50, "owed": -9}
    back = "merge.reversed"
    assert unmerging(MERGED, OTHER, left) == (
        *reverse([first]),
        replace(second, kind=back, debit=free, credit=own, points=10),
        replace(second, kind="merge.owed", debit=short, credit=own, points=20),
        replace(pending, kind=back, debit=pending.credit, credit=pending.debit, points=10),
        replace(pending, kind="merge.owed", debit=short, credit=own, points=20),
        replace(counted, kind=back, debit=counted.credit, credit=counted.debit, points=50),
        *reverse([owed]),
    )
    assert unmerging([pending], OTHER, {"free": 15, "pending": 10}) == (
        replace(pending, kind=back, debit=pending.credit, credit=pending.debit, points=10),
        replace(pending, kind="merge.matured", debit=free, credit=own, points=15),
        replace(pending, kind="merge.owed", debit=short, credit=own, points=5),
    )


def test_what_time_does() -> None:
    policies = Policies.of([(date(2026, 1, 1), LoyaltyPolicy(return_days=7))])
    ripe, green = lot(date(2026, 11, 15)), lot(date(2026, 11, 16))
    pending, free = f"{HERS}:pending", f"{HERS}:free"
    assert maturing([(ripe, 12), (green, 5)], WALLET, DAY, policies) == [
        (RECEIPT, Posting(0, "mature", "mature", 0, pending, free, 12, BRAND))
    ]
    over, last = lot(expires=date(2026, 11, 21)), lot(expires=DAY)
    gone = expiring([(over, 40), (last, 9), (over, 30)], WALLET, 60, DAY)
    breakage = f"brand:{BRAND}:breakage"
    assert [posting for _, posting in gone] == [
        Posting(0, "expiry", "expire", 0, free, breakage, 40, BRAND),
        Posting(0, "expiry", "expire", 0, free, breakage, 20, BRAND),
    ]
    assert gone[0][0] == UUID("0021656a-387e-c3f2-98e6-0e0735d6b79b")
    owed = f"{HERS}:owed"
    assert settling(WALLET, 5, 8, BRAND) == Posting(0, "owed", "settle", 0, free, owed, 5, BRAND)
    assert settling(WALLET, 8, 5, BRAND) == Posting(0, "owed", "settle", 0, free, owed, 5, BRAND)
    assert settling(WALLET, 0, 5, BRAND) is None
    assert settling(WALLET, 5, 0, BRAND) is None
    assert settling(WALLET, 1, 1, BRAND) is not None
