"""Merges, the ends of days, and chains, one by one."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from retail_core.loyalty.chain import Link, Walk, walk
from retail_core.loyalty.closing import (
    DayTotals,
    Difference,
    Liability,
    liability,
    reconcile,
    reconcile_receipts,
)
from retail_core.loyalty.lots import Lot, Movement
from retail_core.loyalty.merging import LOTTED, merging, unmerging
from retail_core.loyalty.policy import LoyaltyPolicy, Policies
from retail_core.loyalty.postings import MemberPurse, Posting, member_account
from retail_core.loyalty.upkeep import settling, without
from retail_core.wire.codec import GENESIS_HASH, event_hash
from tests.factories.books import ANN, BEA, FIRST_DAY, OTHER_SHOP, PENDING_RULE, SHOP, Books
from tests.factories.wire import event

PURSES: tuple[MemberPurse, ...] = ("free", "pending", "owed")


def _net(postings: Iterable[Posting], wallet: UUID) -> int:
    ends = {member_account(wallet, purse) for purse in PURSES}
    return sum(one.points * ((one.credit in ends) - (one.debit in ends)) for one in postings)


FREE, PENDING, QUALIFYING, OWED = (
    f"member:{BEA}:{purse}" for purse in ("free", "pending", "qualifying", "owed")
)


class TestMerging:
    def test_everything_but_leases_moves_issuer_by_issuer(self) -> None:
        books = Books()
        books.sell(ANN, 1_000)
        books.sell(ANN, 2_000, shop=OTHER_SHOP)
        books.sell(ANN, 500, rule=PENDING_RULE)
        books.lend(ANN, 4)
        merge_id = books.merge(ANN, BEA)
        moved = [(d.posting.rule, d.posting.issuer, d.posting.points) for d in books.dated]
        assert moved[-4:] == [
            ("merge.free", SHOP, 10),
            ("merge.free", OTHER_SHOP, 16),
            ("merge.pending", SHOP, 5),
            ("merge.qualifying", SHOP, 35),
        ]
        assert books.ledger.balance(FREE) == 26
        assert books.ledger.balance(PENDING) == 5
        assert books.ledger.balance(QUALIFYING) == 35
        leased = f"member:{ANN}:leased:{UUID(int=77)}:1"
        assert {k: v for k, v in books.state().items() if k.startswith(f"member:{ANN}")} == {
            leased: 4
        }
        books.unmerge(merge_id)
        assert books.balance(ANN) == 26
        assert books.ledger.balance(FREE) == 0

    def test_what_is_owed_moves_too(self) -> None:
        books = Books()
        sold = books.sell(ANN, 3_000)
        books.sell(ANN, 30, points=30)
        books.refund(sold, (1, 3_000))
        assert books.balance(ANN, "owed") == -30
        merge_id = books.merge(ANN, BEA)
        assert (books.balance(ANN, "owed"), books.balance(BEA, "owed")) == (0, -30)
        books.unmerge(merge_id)
        assert (books.balance(ANN, "owed"), books.balance(BEA, "owed")) == (-30, 0)

    def test_what_was_spent_meanwhile_is_owed_by_who_spent_it(self) -> None:
        books = Books()
        books.sell(ANN, 1_000)
        merge_id = books.merge(ANN, BEA)
        books.sell(BEA, 8, points=8)
        books.unmerge(merge_id)
        assert (books.balance(ANN), books.balance(BEA), books.balance(BEA, "owed")) == (10, 0, -8)
        assert sum(points for _, points in books.book().lots(ANN)) == 10

    def test_what_matured_meanwhile_comes_back_free(self) -> None:
        books = Books()
        books.sell(ANN, 1_000, rule=PENDING_RULE)
        merge_id = books.merge(ANN, BEA)
        books.mature(BEA)
        assert (books.balance(BEA), books.balance(BEA, "pending")) == (10, 0)
        books.sell(BEA, 3, points=3)
        books.unmerge(merge_id)
        assert (books.balance(ANN), books.balance(ANN, "pending")) == (10, 0)
        assert (books.balance(BEA), books.balance(BEA, "owed")) == (0, -3)

    def test_a_debt_that_was_paid_meanwhile_is_hers_again(self) -> None:
        books = Books()
        sold = books.sell(ANN, 3_000)
        books.sell(ANN, 30, points=30)
        books.refund(sold, (1, 3_000))
        merge_id = books.merge(ANN, BEA)
        books.sell(BEA, 5_000)
        books.settle(BEA)
        assert (books.balance(BEA), books.balance(BEA, "owed")) == (20, 0)
        books.unmerge(merge_id)
        assert (books.balance(ANN), books.balance(ANN, "owed")) == (0, -30)
        assert (books.balance(BEA), books.balance(BEA, "owed")) == (50, 0)

    @given(
        st.fixed_dictionaries(dict.fromkeys(PURSES, st.integers(0, 50))),
        st.fixed_dictionaries(dict.fromkeys(PURSES, st.integers(0, 50))),
    )
    def test_who_parts_takes_her_points_and_her_debts(
        self, hers: dict[MemberPurse, int], left: dict[MemberPurse, int]
    ) -> None:
        lots: dict[MemberPurse, list[tuple[Lot, int]]] = {
            purse: [(Lot(None, FIRST_DAY, UUID(int=1), SHOP), hers[purse])] for purse in LOTTED
        }
        moved = merging(ANN, BEA, hers | {"owed": -hers["owed"]}, lots)
        back = unmerging(moved, BEA, left | {"owed": -left["owed"]})
        assert _net(back, ANN) == hers["free"] + hers["pending"] - hers["owed"]
        assert _net(back, BEA) == -_net(back, ANN)

    def test_nothing_moves_where_nothing_is(self) -> None:
        books = Books()
        books.merge(ANN, BEA)
        assert books.dated == []


class TestUpkeep:
    def test_points_mature_once_on_their_day(self) -> None:
        policy = LoyaltyPolicy(return_days=3)
        books = Books(Policies.of([(FIRST_DAY, policy)]))
        books.sell(ANN, 1_000, rule=PENDING_RULE)
        for days, pending in ((2, 10), (1, 0), (1, 0)):
            books.wait(days)
            books.mature(ANN)
            books.mature(ANN)
            assert books.balance(ANN, "pending") == pending
        assert books.balance(ANN) == 10

    @pytest.mark.parametrize(
        ("free", "owed", "paid"), [(5, 9, 5), (9, 5, 5), (0, 5, 0), (5, 0, 0), (5, -1, 0)]
    )
    def test_what_is_owed_is_paid_as_far_as_it_goes(self, free: int, owed: int, paid: int) -> None:
        made = settling(ANN, free, owed, SHOP)
        assert (0 if made is None else made.points) == paid
        if made is not None:
            assert (made.debit, made.credit) == (
                member_account(ANN, "free"),
                member_account(ANN, "owed"),
            )

    @pytest.mark.parametrize("paid", [1, 20, 21, 34])
    def test_a_payment_takes_its_issuers_lots_before_others(self, paid: int) -> None:
        books = Books()
        for shop, fen in ((OTHER_SHOP, 1_000), (SHOP, 2_000), (SHOP, 500)):
            books.sell(ANN, fen, shop=shop)
        free = books.balance(ANN)
        made = settling(ANN, free, paid, SHOP)
        assert made is not None
        left = without(books.book().lots(ANN), made)
        books.post(books.fresh(), made)
        assert left == books.book().lots(ANN)
        assert sum(points for _, points in left) == free - paid


class TestDays:
    def test_figures_that_differ_are_listed_one_by_one(self) -> None:
        till = {"1": DayTotals(2, 100, 90, 9, 1, 0, 0), "2": DayTotals(1)}
        books = {"1": DayTotals(2, 100, 95, 9, 1, 1, 5), "3": DayTotals()}
        assert reconcile(till, till) == ()
        found = reconcile(till, books)
        assert found[:3] == (
            Difference("1", "net_fen", 90, 95),
            Difference("1", "refunds", 0, 1),
            Difference("1", "refund_fen", 0, 5),
        )
        assert Difference("2", "sales", 1, None) in found
        assert Difference("3", "sales", None, 0) in found
        assert len(found) == 17

    def test_receipts_that_one_side_lacks(self) -> None:
        assert reconcile_receipts({"1": 5, "2": 6, "3": 7}, {"1": 5, "2": 5, "4": 1}) == (
            Difference("2", "receipt_fen", 6, 5),
            Difference("3", "receipt_fen", 7, None),
            Difference("4", "receipt_fen", None, 1),
        )

    def test_totals_add_up(self) -> None:
        one, two = DayTotals(1, 2, 3, 4, 5, 6, 7), DayTotals(10, 20, 30, 40, 50, 60, 70)
        assert one + two == DayTotals(11, 22, 33, 44, 55, 66, 77)

    def test_a_month_by_what_moved(self) -> None:
        first, last = date(2026, 11, 1), date(2026, 11, 30)
        kinds = (
            ("earn", 100),
            ("earn.reversed", -10),
            ("settle", -5),
            ("redeem", -20),
            ("redeem.reversed", 2),
            ("expire", -7),
            ("adjust", 4),
            ("opening", 50),
            ("merge.owed", 6),
            ("lease.late", 1),
        )
        moved = [Movement(last, kind, SHOP, None, points) for kind, points in kinds]
        before = Movement(date(2026, 10, 31), "earn", SHOP, None, 1_000)
        after = Movement(date(2026, 12, 1), "earn", SHOP, None, 9_999)
        rows: dict[UUID, Liability] = {}
        liability([before, after, *moved], first, last, rows)
        row = rows[SHOP]
        assert (row.opening, row.issued, row.redeemed) == (1_000, 85, 18)
        assert (row.expired, row.adjusted) == (7, 61)
        assert row.closing == 1_000 + sum(points for _, points in kinds)
        rest: dict[UUID, Liability] = {}
        liability([Movement(first, "earn", SHOP, None, 3)], first, last, rest)
        assert (rest[SHOP].opening, rest[SHOP].issued) == (0, 3)


def links(count: int) -> list[Link]:
    found, last = [], GENESIS_HASH
    for seq in range(1, count + 1):
        one = event(seq)
        last = event_hash(last, one)
        found.append(Link(seq, one, last))
    return found


class TestChains:
    def test_a_whole_chain_and_none(self) -> None:
        assert walk(links(4)) == Walk(4, (), ())
        assert walk([]) == Walk(0, (), ())

    def test_gaps_are_told_with_their_ends(self) -> None:
        found = links(6)
        assert walk([*found[1:2], *found[4:]]) == Walk(3, ((1, 1), (3, 4)), ())

    def test_a_journal_that_goes_on_in_a_new_epoch_leaves_no_gap(self) -> None:
        found = links(6)
        hashes = {one.seq: one.hash for one in found}
        before = [*found[:2]]

        def earlier(seq: int) -> tuple[bytes, ...]:
            return tuple(one.hash for one in before if one.seq == seq)

        assert walk(found[2:], earlier) == Walk(4, (), ())
        assert walk(found[3:], earlier) == Walk(3, ((1, 3),), ())
        assert walk(found[3:], lambda seq: (bytes(32), hashes[seq])) == Walk(3, (), ())
        assert walk(found[3:], lambda _: (bytes(32),)) == Walk(3, ((1, 3),), ())

    @given(st.integers(0, 4), st.booleans())
    def test_a_changed_event_breaks_it_there(self, place: int, hash_too: bool) -> None:  # noqa: FBT001
        found = links(5)
        changed = replace(found[place].event, wall_ms=1)
        stored = bytes(32) if hash_too else found[place].hash
        found[place] = Link(place + 1, changed, stored)
        broken = walk(found).broken
        assert broken[0] == place + 1
        assert broken[1:] == ((place + 2,) if hash_too and place < 4 else ())
