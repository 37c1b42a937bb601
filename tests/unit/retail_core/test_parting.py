"""Acts of one whose wallet lay in another go home with her, to the point."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from retail_core.loyalty.lots import Dated
from retail_core.loyalty.parting import acts_in, going_home
from retail_core.loyalty.postings import (
    MERGE_OWN,
    Posting,
    brand_account,
    leased_account,
    member_account,
    posting_key,
)

TENANT, BRAND, DEVICE = UUID(int=1), UUID(int=2), UUID(int=3)
HERS, HOLDER = UUID(int=10), UUID(int=11)
LIABILITY = brand_account(BRAND, "liability")


def booked(receipt: int, kind: str, debit: str, credit: str, points: int, nth: int = 0) -> Dated:
    posting = Posting(1, kind, kind, nth, debit, credit, points, BRAND)
    key = posting_key(TENANT, UUID(int=receipt), posting)
    return Dated(key, posting, date(2026, 11, 18), receipt)


def test_what_she_earned_spent_and_gave_back_is_netted_by_receipt() -> None:
    free, leased = member_account(HOLDER, "free"), leased_account(HOLDER, DEVICE, 1)
    rows = [
        booked(100, "earn", LIABILITY, free, 50),
        booked(100, "earn.reversed", free, LIABILITY, 20),
        booked(101, "redeem", leased, LIABILITY, 70),
        booked(102, "earn", LIABILITY, free, 999),
        booked(103, "earn", LIABILITY, member_account(HOLDER, "pending"), 8),
        booked(104, "qualify", LIABILITY, member_account(HOLDER, "qualifying"), 5),
        booked(105, "lease", free, leased, 5),
    ]
    hers = {UUID(int=number): HERS for number in (100, 101, 103, 104, 105)}
    acts = acts_in(HOLDER, rows, hers)
    assert [(act.under.int, dict(act.left)) for act in acts] == [
        (100, {"free": 30}),
        (101, {"free": -70}),
        (103, {"pending": 8}),
        (104, {"qualifying": 5}),
    ]
    home = going_home(acts, HERS, HOLDER, {"free": 10}, {"free": 25, "pending": 8, "qualifying": 5})
    assert [(under.int, one.kind, one.debit, one.credit, one.points) for under, one in home] == [
        (100, MERGE_OWN, free, member_account(HERS, "free"), 25),
        (100, MERGE_OWN + ".owed", member_account(HOLDER, "owed"), member_account(HERS, "free"), 5),
        (*(103, MERGE_OWN, member_account(HOLDER, "pending"), member_account(HERS, "pending"), 8),),
        (
            104,
            MERGE_OWN,
            member_account(HOLDER, "qualifying"),
            member_account(HERS, "qualifying"),
            5,
        ),
        (101, MERGE_OWN, member_account(HERS, "free"), free, 40),
        (101, MERGE_OWN + ".owed", member_account(HERS, "owed"), free, 30),
    ]


purchases = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["earn", "redeem"]), st.integers(1, 500)),
    max_size=12,
)


@given(purchases, st.integers(0, 600), st.integers(0, 600))
def test_both_end_with_their_own_and_coming_home_twice_brings_nothing(
    acts: list[tuple[int, str, int]], hers: int, others: int
) -> None:
    free = member_account(HOLDER, "free")
    rows = [
        booked(100 + receipt, kind, *((LIABILITY, free) if kind == "earn" else (free, LIABILITY)),
               points, nth)
        for nth, (receipt, kind, points) in enumerate(acts)
    ]  # fmt: skip
    doers = {UUID(int=100 + receipt): HERS for receipt in range(1, 10) if receipt % 2}
    made = going_home(acts_in(HOLDER, rows, doers), HERS, HOLDER, {"free": hers}, {"free": others})
    moved = {HERS: hers, HOLDER: others}
    for _, posting in made:
        for account, points in ((posting.credit, posting.points), (posting.debit, -posting.points)):
            moved[UUID(account.split(":")[1])] += points
    own = sum(
        points if kind == "earn" else -points
        for receipt, kind, points in acts
        if UUID(int=100 + receipt) in doers
    )
    assert moved == {HERS: hers + own, HOLDER: others - own}
    later = [
        Dated(posting_key(TENANT, under, one), one, date(2026, 11, 19), 1_000)
        for under, one in made
    ]
    assert acts_in(HOLDER, [*rows, *later], doers) == []
