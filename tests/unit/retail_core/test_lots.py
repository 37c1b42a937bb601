"""Which points leave first, and where those that come back go."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest

from retail_core.loyalty.closing import Liability, clearing, liability
from retail_core.loyalty.lots import Dated, Lot, Pool, base_kind, fold, is_over, pool_of
from retail_core.loyalty.policy import LoyaltyPolicy, Months, Policies
from retail_core.loyalty.postings import (
    Ledger,
    Posting,
    brand_account,
    leased_account,
    member_account,
    posting_key,
)
from retail_core.loyalty.spending import redeem_postings
from tests.factories.books import ANN, BEA, FIRST_DAY, OTHER_SHOP, SHOP, Books
from tests.factories.pricing import TENANT


def monthly(grace_days: int = 0) -> Books:
    policy = LoyaltyPolicy(expiry=Months(months=1), grace_days=grace_days)
    return Books(Policies.of([(FIRST_DAY, policy)]))


def left(books: Books, wallet: UUID = ANN) -> list[tuple[str, int]]:
    return [(str(lot.expires), points) for lot, points in books.book().lots(wallet)]


@pytest.mark.parametrize(
    ("account", "pool"),
    [
        (member_account(ANN, "free"), Pool(str(ANN), "spendable")),
        (leased_account(ANN, BEA, 3), Pool(str(ANN), "spendable")),
        (member_account(ANN, "pending"), Pool(str(ANN), "pending")),
        (member_account(ANN, "qualifying"), None),
        (member_account(ANN, "owed"), None),
        (brand_account(SHOP, "liability"), None),
        ("brand:x:free", None),
    ],
)
def test_what_counts_as_points(account: str, pool: Pool | None) -> None:
    assert pool_of(account) == pool


def test_kinds_know_what_they_invert() -> None:
    assert base_kind("earn") == base_kind("earn.reversed") == base_kind("earn.owed") == "earn"


def test_a_lot_lives_through_its_last_day() -> None:
    lot = Lot(date(2026, 12, 31), FIRST_DAY, ANN, SHOP)
    assert not is_over(lot, date(2026, 12, 31))
    assert is_over(lot, date(2027, 1, 1))
    assert not is_over(Lot(None, FIRST_DAY, ANN, SHOP), date.max)


def test_the_soonest_to_expire_leaves_first_then_the_oldest() -> None:
    books = monthly()
    books.sell(ANN, 1_000)
    books.wait(2)
    books.sell(ANN, 2_000)
    books.wait(20)
    books.sell(ANN, 3_000)
    assert left(books) == [("2026-12-31", 10), ("2026-12-31", 20), ("2027-01-31", 30)]
    books.sell(ANN, 15, points=15)
    assert left(books) == [("2026-12-31", 15), ("2027-01-31", 30)]
    books.sell(ANN, 16, points=16)
    assert left(books) == [("2027-01-31", 29)]


def test_points_come_back_into_their_lots_the_longest_lived_first() -> None:
    books = monthly()
    books.sell(ANN, 1_000)
    books.wait(30)
    books.sell(ANN, 1_000)
    spent = books.sell(ANN, 15, points=15)
    books.refund(spent, (1, 1_000))
    assert left(books) == [("2027-01-31", 10)]
    books.refund(spent, (1, 2_000))
    assert left(books) == [("2026-12-31", 10), ("2027-01-31", 10)]


@pytest.mark.parametrize(("grace_days", "last"), [(0, "2026-12-31"), (20, "2027-01-21")])
def test_points_that_come_back_too_late_live_a_little_longer(grace_days: int, last: str) -> None:
    books = monthly(grace_days)
    books.sell(ANN, 1_000)
    spent = books.sell(ANN, 10, points=10)
    books.wait(40)
    books.refund(spent, (1, 3_000))
    assert left(books) == [(last, 10)]


def test_points_come_back_on_their_last_day_as_they_were() -> None:
    books = monthly(20)
    books.sell(ANN, 1_000)
    spent = books.sell(ANN, 10, points=10)
    books.wait((date(2026, 12, 31) - FIRST_DAY).days)
    books.refund(spent, (1, 3_000))
    assert left(books) == [("2026-12-31", 10)]


def test_a_refund_takes_the_points_its_receipt_brought() -> None:
    books = monthly()
    books.sell(ANN, 1_000)
    books.wait(30)
    sold = books.sell(ANN, 2_000)
    books.refund(sold, (1, 3_000))
    assert left(books) == [("2026-12-31", 10)]


def test_expiry_takes_what_is_over_and_leaves_leases_alone() -> None:
    books = monthly()
    books.sell(ANN, 1_000)
    books.wait(30)
    books.sell(ANN, 1_000, shop=OTHER_SHOP)
    books.lend(ANN, 15)
    books.wait(10)
    assert books.expire(ANN) == 5
    assert books.expire(ANN) == 0
    assert left(books) == [("2026-12-31", 5), ("2027-01-31", 10)]
    assert books.ledger.balance(brand_account(SHOP, "breakage")) == 5
    assert books.ledger.balance(brand_account(OTHER_SHOP, "breakage")) == 0


def test_a_spending_waits_for_points_that_come_later() -> None:
    books = monthly()
    free = member_account(ANN, "free")
    books.post(books.fresh(), *redeem_postings(7, free, OTHER_SHOP))
    book = books.book()
    assert (book.short(ANN), book.lots(ANN), book.movements) == (7, (), [])
    assert book.pools() == {Pool(str(ANN), "spendable"): -7}
    books.sell(ANN, 1_000)
    book = books.book()
    assert (book.short(ANN), [points for _, points in book.lots(ANN)]) == (0, [3])
    rows: dict[UUID, Liability] = {}
    liability(book.movements, FIRST_DAY, FIRST_DAY, rows)
    assert (rows[SHOP].issued, rows[SHOP].redeemed, rows[SHOP].closing) == (10, 7, 3)


def test_who_honoured_whose_points() -> None:
    books = monthly()
    books.sell(ANN, 1_000)
    spent = books.sell(ANN, 500, points=8, shop=OTHER_SHOP)
    books.refund(spent, (1, 1_500))
    owed: Counter[tuple[UUID, UUID]] = Counter()
    clearing(books.book().movements, FIRST_DAY, FIRST_DAY, owed)
    assert owed == {(SHOP, OTHER_SHOP): 4}
    clearing(books.book().movements, date.max, date.max, owed)
    assert owed == {(SHOP, OTHER_SHOP): 4}


def test_a_day_named_in_the_posting_wins_over_the_policy() -> None:
    books = monthly()
    accounts = brand_account(SHOP, "adjust"), member_account(ANN, "free")
    posting = Posting(0, "opening", "opening", 0, *accounts, 9, SHOP, None, date(2030, 1, 1))
    books.post(books.fresh(), posting)
    assert left(books) == [("2030-01-01", 9)]


def test_merged_points_keep_their_lots() -> None:
    books = monthly()
    books.sell(ANN, 1_000)
    books.wait(30)
    books.sell(BEA, 1_000, shop=OTHER_SHOP)
    old = books.book().lots(ANN)
    books.merge(ANN, BEA)
    assert left(books, ANN) == []
    assert left(books, BEA) == [("2026-12-31", 10), ("2027-01-31", 10)]
    assert books.book().lots(BEA)[0] == old[0]


def test_the_same_key_counts_once() -> None:
    accounts = brand_account(SHOP, "liability"), member_account(ANN, "free")
    posting = Posting(1, "r", "earn", 0, *accounts, 9, SHOP)
    dated = Dated(posting_key(TENANT, UUID(int=5), posting), posting, FIRST_DAY, 1)
    book = fold([dated, dated], Policies())
    assert [points for _, points in book.lots(ANN)] == [9]
    ledger = Ledger()
    ledger.post(dated.key, posting)
    assert ledger.balance(accounts[1]) == 9
