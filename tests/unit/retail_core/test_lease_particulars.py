"""Leases to the letter: the postings they make, what a refusal names, how a visit fades."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from retail_core.errors import Fault
from retail_core.loyalty import lease_books, leases
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_placement import PlacementRule, Visit, affinity, place, spread
from retail_core.loyalty.lease_postings import moved, redeem_posting
from retail_core.loyalty.leases import Lease, LeaseKey, LeaseState, Right, RightKind, Term
from retail_core.loyalty.postings import Posting
from retail_core.texts.faults import FaultCode

WALLET, DEVICE, BRAND = (UUID(int=number) for number in (1, 2, 3))
KEY = LeaseKey(Right(RightKind.POINTS, WALLET), DEVICE, 4, 7)
LENT = leases.lent(KEY, 60)
FREE, LEASED = f"member:{WALLET}:free", f"member:{WALLET}:leased:{DEVICE}:4"
SUSPENSE, RULE = f"brand:{BRAND}:suspense", f"lease:{DEVICE}:4:7"
RECEIPT, REFUND = UUID(int=50), UUID(int=51)


def posting(kind: str, debit: str, credit: str, points: int) -> Posting:
    return Posting(0, RULE, kind, 7, debit, credit, points, BRAND)


@pytest.mark.parametrize(
    ("before", "after", "made"),
    [
        (None, LENT, [posting("lease.lent", FREE, LEASED, 60)]),
        (LENT, LENT, []),
        (LENT, leases.spent(LENT, RECEIPT, 20), []),
        (LENT, leases.closed(LENT, 0), [posting("lease.returned", LEASED, FREE, 60)]),
        (LENT, leases.closed(LENT, 20), [posting("lease.returned", LEASED, FREE, 40)]),
        (
            leases.closed(LENT, 0),
            leases.spent(leases.closed(LENT, 0), RECEIPT, 20),
            [posting("lease.late", SUSPENSE, LEASED, 20)],
        ),
        (
            leases.spent(leases.closed(LENT, 0), RECEIPT, 20),
            leases.refunded(leases.spent(leases.closed(LENT, 0), RECEIPT, 20), REFUND, RECEIPT, 5),
            [posting("lease.late.back", LEASED, SUSPENSE, 5)],
        ),
    ],
)
def test_the_postings_of_a_change(before: Lease | None, after: Lease, made: list[Posting]) -> None:
    assert list(moved(before, after, BRAND)) == made


def test_what_a_refund_made_free_itself_is_not_moved_again() -> None:
    spent = leases.spent(LENT, RECEIPT, 20)
    back = leases.refunded(spent, REFUND, RECEIPT, 20)
    assert moved(spent, back, BRAND) == (posting("lease.returned", LEASED, FREE, 20),)
    assert moved(spent, back, BRAND, direct=20) == ()


def test_a_spend_of_a_lease_is_named_by_it() -> None:
    made = redeem_posting(Draw(KEY, 20), "points", BRAND)
    assert (made.rule, made.nth, made.points) == ("points", 7, 20)
    assert (made.debit, made.credit) == (LEASED, f"brand:{BRAND}:clearing")
    assert redeem_posting(Draw(KEY, 20), "other", BRAND).rule == "other"


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (lambda: leases.spent(LENT, RECEIPT, 0), RECEIPT),
        (lambda: leases.spent(leases.spent(LENT, RECEIPT, 5), RECEIPT, 6), RECEIPT),
        (lambda: leases.refunded(LENT, REFUND, RECEIPT, 0), REFUND),
        (
            lambda: leases.refunded(leases.refunded(LENT, REFUND, RECEIPT, 5), REFUND, RECEIPT, 6),
            REFUND,
        ),
        (
            lambda: leases.refunded(leases.refunded(LENT, REFUND, RECEIPT, 5), REFUND, BRAND, 5),
            REFUND,
        ),
        (lambda: leases.closed(LENT, 61), WALLET),
        (lambda: leases.closed(LENT, -1), WALLET),
    ],
)
def test_a_conflict_names_what_it_is_about(step: Callable[[], Lease], named: UUID) -> None:
    with pytest.raises(Fault) as caught:
        step()
    assert caught.value.code is FaultCode.LEASE_CONFLICT
    assert caught.value.fields == {"receipt": named}


def test_what_may_just_be_entered() -> None:
    assert leases.spent(LENT, RECEIPT, 1).spent == 1
    assert leases.refunded(LENT, REFUND, RECEIPT, 1).refunds == {REFUND: (RECEIPT, 1)}
    assert [leases.closed(LENT, final).cover for final in (0, 60)] == [0, 60]
    assert leases.lent(KEY, 1).amount == 1


def test_a_book_says_what_it_lacks() -> None:
    book = lease_books.opened(KEY.right, 100)
    lent = lease_books.grant(book, KEY, 60, Term(BRAND, 1, 2))
    attempts: list[tuple[Callable[[], object], str, dict[str, object]]] = [
        (lambda: lease_books.grant(lent, replace(KEY, nth=8), 41), "LEDGER_OVERDRAWN",
         {"free": 40, "wanted": 41}),
        (lambda: lease_books.credit(lent, -41), "LEDGER_OVERDRAWN", {"free": 40, "wanted": 41}),
        (lambda: lease_books.grant(lent, KEY, 60), "LEASE_CONFLICT", {"receipt": WALLET}),
        (lambda: lease_books.grant(lent, KEY, 61, Term(BRAND, 1, 2)), "LEASE_CONFLICT",
         {"receipt": WALLET}),
        (lambda: lease_books.close(book, KEY, 1), "LEASE_UNKNOWN",
         {"right": WALLET, "epoch": 4, "nth": 7}),
    ]  # fmt: skip
    for attempt, code, fields in attempts:
        with pytest.raises(Fault) as caught:
            attempt()
        assert (caught.value.code, caught.value.fields) == (FaultCode[code], fields)
    assert lease_books.grant(lent, replace(KEY, nth=8), 40).free == 0
    assert (lease_books.next_nth(lent, DEVICE, 4), lease_books.next_nth(lent, BRAND, 4)) == (8, 1)
    assert (lease_books.lent_to(lent, DEVICE), lease_books.in_doubt(lent)) == (60, 0)
    fenced = lease_books.fence(lent, DEVICE, 4)
    assert (lease_books.lent_to(fenced, DEVICE), lease_books.in_doubt(fenced)) == (0, 60)
    assert lease_books.fence(lent, DEVICE, 3) == lent
    assert lease_books.reclaim(lent, 1) == lent
    assert lease_books.reclaim(lent, 2).leases[KEY].state is LeaseState.RECLAIMED


HOME, WORK = UUID(int=11), UUID(int=12)


@pytest.mark.parametrize(("days", "permille"), [(0, 1_000), (15, 750), (30, 500), (60, 250)])
def test_a_visit_fades_straight_between_its_halves(days: int, permille: int) -> None:
    ((_, fresh),) = affinity([Visit(HOME, 0)], 30)
    ((_, faded),) = affinity([Visit(HOME, days)], 30)
    assert faded * 1_000 == fresh * permille
    assert affinity([Visit(HOME, -5)], 30) == ((HOME, fresh),)


def test_the_reserve_the_share_and_the_least_amount() -> None:
    rule = PlacementRule(30, reserve_permille=200, share_permille_min=250, least_amount=10)
    both = [Visit(HOME, 0), Visit(WORK, 0)]
    assert place(100, both, rule) == {HOME: 40, WORK: 40}
    assert place(24, both, rule) == {}, "9 and 9 are too little"
    assert place(25, both, rule) == {HOME: 10, WORK: 10}
    assert place(100, [*both, Visit(HOME, 0), Visit(HOME, 0)], rule) == {HOME: 60, WORK: 20}
    assert place(100, [*both, *[Visit(HOME, 0)] * 3], rule) == {HOME: 80}
    assert place(-5, both, rule) == {}


def test_a_budget_is_spread_whole() -> None:
    rule = PlacementRule(reserve_permille=100)
    assert spread(1_000, {WORK: 1, HOME: 2}, rule) == {HOME: 600, WORK: 300}
    assert spread(-1, {HOME: 1}, rule) == {HOME: 0}
    assert spread(1_000, {HOME: 0}, rule) == spread(1_000, {}, rule) == {}
