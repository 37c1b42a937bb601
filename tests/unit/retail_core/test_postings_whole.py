"""Every posting the core makes, whole: a wrong line, number or party is somebody's money."""

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
from retail_core.loyalty.postings import Posting, reverse
from retail_core.loyalty.spending import (
    commit_posting,
    hold_posting,
    redeem_postings,
    void_posting,
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


def test_spending_at_once_and_from_a_reservation() -> None:
    clearing = f"brand:{SHOP}:clearing"
    (spent,) = redeem_postings(300, f"{HERS}:free", SHOP, 2, "pay")
    assert spent == Posting(0, "pay", "redeem", 2, f"{HERS}:free", clearing, 300, SHOP, SHOP)
    assert redeem_postings(0, f"{HERS}:free", SHOP) == ()
    (plain,) = redeem_postings(1, f"{HERS}:free", SHOP)
    assert plain == Posting(0, "points", "redeem", 0, f"{HERS}:free", clearing, 1, SHOP, SHOP)
    hold = hold_posting(300, LEASED, WALLET, SHOP)
    assert hold == Posting(0, "points", "hold", 0, LEASED, f"{HERS}:held", 300, SHOP, SHOP)
    paid = Posting(0, "points", "resolve", 0, f"{HERS}:held", clearing, 300, SHOP, SHOP)
    assert commit_posting(hold) == paid
    voided = Posting(0, "points", "resolve", 0, f"{HERS}:held", LEASED, 300, SHOP, SHOP)
    assert void_posting(hold) == voided


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


def test_a_merge_and_its_undoing() -> None:
    balances = {"free": 80, "pending": 30, "qualifying": 55, "owed": -9}
    lots = {"free": [(lot(), 50), (lot(issuer=SHOP), 60)], "pending": [(lot(), 40)]}
    made = merging(WALLET, OTHER, balances, lots, 2)  # type: ignore[arg-type]
    free, pending, counted = (
        Posting(0, "merge.free", "merge", 2, f"{HERS}:free", f"{THEIRS}:free", 50, BRAND),
        Posting(0, "merge.pending", "merge", 2, f"{HERS}:pending", f"{THEIRS}:pending", 30, BRAND),
        Posting(
            0,
            "merge.qualifying",
            "merge",
            2,
            f"{HERS}:qualifying",
            f"{THEIRS}:qualifying",
            55,
            BRAND,
        ),
    )
    second = Posting(1, "merge.free", "merge", 2, f"{HERS}:free", f"{THEIRS}:free", 30, SHOP)
    owed = Posting(0, "merge.owed", "merge", 2, f"{THEIRS}:owed", f"{HERS}:owed", 9, BRAND)
    assert made == (free, second, pending, counted, owed)
    assert merging(WALLET, OTHER, {}, lots) == ()  # type: ignore[arg-type]
    bare = merging(WALLET, OTHER, {"qualifying": 5, "owed": -1}, {})
    assert [(one.issuer, one.points, one.line, one.nth) for one in bare] == [
        (OTHER, 5, 0, 0),
        (OTHER, 1, 0, 0),
    ]
    there = {"free": 80, "pending": 30, "qualifying": 55, "owed": -9}
    undone = unmerging(made, OTHER, there)  # type: ignore[arg-type]
    assert undone == reverse(made)
    poorer = unmerging(made, OTHER, {"free": 60, "pending": 10, "qualifying": 50, "owed": -9})
    assert poorer == (
        *reverse([free]),
        Posting(1, "merge.free", "merge.reversed", 2, f"{THEIRS}:free", f"{HERS}:free", 10, SHOP),
        Posting(1, "merge.free", "merge.owed", 2, f"{THEIRS}:owed", f"{HERS}:free", 20, SHOP),
        Posting(
            0,
            "merge.pending",
            "merge.reversed",
            2,
            f"{THEIRS}:pending",
            f"{HERS}:pending",
            10,
            BRAND,
        ),
        Posting(0, "merge.pending", "merge.owed", 2, f"{THEIRS}:owed", f"{HERS}:free", 20, BRAND),
        Posting(
            0,
            "merge.qualifying",
            "merge.reversed",
            2,
            f"{THEIRS}:qualifying",
            f"{HERS}:qualifying",
            50,
            BRAND,
        ),
        *reverse([owed]),
    )
    ripe = unmerging([pending], OTHER, {"free": 15, "pending": 10})
    assert [(one.kind, one.debit, one.credit, one.points) for one in ripe] == [
        ("merge.reversed", f"{THEIRS}:pending", f"{HERS}:pending", 10),
        ("merge.matured", f"{THEIRS}:free", f"{HERS}:free", 15),
        ("merge.owed", f"{THEIRS}:owed", f"{HERS}:free", 5),
    ]


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
