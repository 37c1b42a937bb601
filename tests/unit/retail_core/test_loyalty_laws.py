"""The laws of the ledger over random histories of two members, two entities and many days."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from retail_core.errors import Fault
from retail_core.loyalty.closing import Liability, liability
from retail_core.loyalty.lots import Pool, fold
from retail_core.loyalty.policy import LoyaltyPolicy, Months, Never, Policies, Yearly
from retail_core.loyalty.postings import Ledger, member_account
from retail_core.loyalty.refunds import Rest
from retail_core.pricing.rules.ruleset import EarnRule
from tests.factories.books import (
    ANN,
    BEA,
    FIRST_DAY,
    OTHER_SHOP,
    PENDING_RULE,
    PURSES,
    RULE,
    SHOP,
    Books,
)

WALLETS = st.sampled_from([ANN, BEA])
SHOPS = st.sampled_from([SHOP, OTHER_SHOP])
NETS = st.lists(st.integers(0, 9_000), min_size=1, max_size=3)
EXPIRIES = st.sampled_from([Never(), Months(months=1), Yearly(month=12, day=31, years=0)])
LAWS = settings(max_examples=30, stateful_step_count=10, deadline=None)


def policies(expiry: Any, grace_days: int = 0, return_days: int = 2) -> Policies:
    policy = LoyaltyPolicy(expiry=expiry, grace_days=grace_days, return_days=return_days)
    return Policies.of([(FIRST_DAY, policy)])


class History(RuleBasedStateMachine):
    """Whatever happens, in whatever order."""

    books = Books()

    @initialize(expiry=EXPIRIES, grace_days=st.sampled_from([0, 20]))
    def opens(self, expiry: Any, grace_days: int) -> None:
        self.books = Books(policies(expiry, grace_days))

    @rule(wallet=WALLETS, nets=NETS, shop=SHOPS, late=st.booleans(), spent=st.integers(0, 80))
    def sells(self, wallet: UUID, nets: list[int], shop: UUID, spent: int, *, late: bool) -> None:
        points = min(spent, self.books.balance(wallet), sum(nets))
        earn = PENDING_RULE if late else RULE
        self.books.sell(wallet, *nets, points=points, shop=shop, rule=earn)

    @precondition(lambda self: self.books.sold)
    @rule(data=st.data(), qty_milli=st.integers(1, 3000))
    def refunds(self, data: st.DataObject, qty_milli: int) -> None:
        sold = data.draw(st.sampled_from(self.books.sold))
        line = data.draw(st.sampled_from(sold.receipt.lines))
        left = line.qty_milli - sold.returned.get(line.line, 0)
        if left:
            self.books.refund(sold, (line.line, min(left, qty_milli)))

    @rule(wallet=WALLETS, points=st.integers(1, 60))
    def lends(self, wallet: UUID, points: int) -> None:
        if points <= self.books.balance(wallet):
            self.books.lend(wallet, points)

    @rule(days=st.integers(0, 40), wallet=WALLETS)
    def time_passes(self, days: int, wallet: UUID) -> None:
        self.books.wait(days)
        self.books.mature(wallet)
        self.books.expire(wallet)
        self.books.settle(wallet)

    @precondition(lambda self: not self.books.merged)
    @rule(ends=st.permutations([ANN, BEA]))
    def merges(self, ends: list[UUID]) -> None:
        self.books.merge(*ends)

    @precondition(lambda self: self.books.merged)
    @rule(data=st.data())
    def unmerges(self, data: st.DataObject) -> None:
        merge_id = data.draw(st.sampled_from(sorted(self.books.merged)))
        self.books.unmerge(merge_id)
        del self.books.merged[merge_id]

    @invariant()
    def all_accounts_add_up_to_nothing(self) -> None:
        assert sum(self.books.ledger.balances().values()) == 0

    @invariant()
    def no_purse_goes_below_nothing(self) -> None:
        for wallet in (ANN, BEA):
            assert all(self.books.balance(wallet, purse) >= 0 for purse in PURSES)
            assert self.books.balance(wallet, "owed") <= 0

    @invariant()
    def lots_are_the_balances(self) -> None:
        book, held = self.books.book(), Counter[Pool]()
        for account, points in self.books.ledger.balances().items():
            owner, wallet, purse, *_ = account.split(":")
            if owner == "member" and purse in {"free", "held", "leased"}:
                held[Pool(wallet, "spendable")] += points
            elif owner == "member" and purse == "pending":
                held[Pool(wallet, "pending")] += points
        found = {pool: points for pool, points in book.pools().items() if points}
        assert found == {pool: points for pool, points in held.items() if points}
        assert not any(book.short(wallet) for wallet in (ANN, BEA))

    @invariant()
    def the_table_of_liability_closes(self) -> None:
        book, rows = self.books.book(), dict[UUID, Liability]()
        liability(book.movements, FIRST_DAY, self.books.day, rows)
        left = Counter[UUID]()
        for wallet in (ANN, BEA):
            for lot, points in (*book.lots(wallet), *book.lots(wallet, "pending")):
                left[lot.issuer] += points
        assert {one: row.closing for one, row in rows.items() if row.closing} == dict(left)


TestHistory = History.TestCase
TestHistory.settings = LAWS


def happened(data: st.DataObject) -> Books:
    """A short history with expiry, a merge, spendings and refunds."""
    books = Books(policies(data.draw(EXPIRIES), 10))
    for _ in range(data.draw(st.integers(1, 6))):
        wallet = data.draw(WALLETS)
        spent = min(data.draw(st.integers(0, 50)), books.balance(wallet))
        nets = data.draw(NETS.filter(lambda nets: sum(nets) >= 50))
        sold = books.sell(wallet, *nets, points=spent, shop=data.draw(SHOPS))
        if data.draw(st.booleans()):
            books.refund(sold, (1, data.draw(st.integers(1, 3000))))
        books.wait(data.draw(st.integers(0, 40)))
        books.expire(wallet)
    if data.draw(st.booleans()):
        books.merge(ANN, BEA)
    return books


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_any_order_and_multiplicity_gives_the_same_balances_and_lots(data: st.DataObject) -> None:
    books = happened(data)
    some = st.sampled_from(books.dated) if books.dated else st.nothing()
    again = data.draw(st.lists(some, max_size=10 if books.dated else 0))
    shuffled = data.draw(st.permutations(books.dated + again))
    other = Ledger()
    for dated in shuffled:
        other.post(dated.key, dated.posting)
    assert other.balances() == books.ledger.balances()
    one, two = books.book(), fold(shuffled, books.policies)
    for wallet in (ANN, BEA):
        assert one.lots(wallet) == two.lots(wallet)
        assert one.lots(wallet, "pending") == two.lots(wallet, "pending")


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_every_prefix_adds_up_to_nothing(data: st.DataObject) -> None:
    ledger = Ledger()
    for dated in happened(data).dated:
        ledger.post(dated.key, dated.posting)
        assert sum(ledger.balances().values()) == 0


def refund_all(data: st.DataObject, books: Books, number: int) -> int:
    """Take a receipt back in any number of parts; return the money handed out."""
    sold = books.sold[number]
    left = {
        line.line: line.qty_milli - sold.returned.get(line.line, 0) for line in sold.receipt.lines
    }
    while any(left.values()):
        line = data.draw(st.sampled_from([line for line in left if left[line]]))
        qty_milli = data.draw(st.sampled_from([left[line], 1, left[line] // 2 or 1]))
        books.refund(sold, (line, qty_milli))
        left[line] -= qty_milli
    return sold.money_fen


@given(st.data(), NETS, st.integers(0, 60), st.sampled_from([RULE, PENDING_RULE]))
@settings(max_examples=30, deadline=None)
def test_a_refund_of_everything_in_any_parts_is_nothing(
    data: st.DataObject, nets: list[int], points: int, earn: EarnRule
) -> None:
    books = Books(policies(Months(months=2)))
    books.sell(ANN, 6_000)
    books.wait(5)
    books.sell(ANN, 3_000, shop=OTHER_SHOP)
    before, lots = books.state(), books.book().lots(ANN)
    spent = min(points, sum(nets))
    sold = books.sell(ANN, *nets, points=spent, shop=OTHER_SHOP, rule=earn)
    assert refund_all(data, books, 2) == sum(nets) - spent
    assert sold.points_fen == spent
    assert books.state() == before
    assert books.book().lots(ANN) == lots
    with pytest.raises(Fault):
        books.refund(sold, (1, 1))


@given(st.data(), st.integers(0, 90))
@settings(max_examples=30, deadline=None)
def test_what_was_earned_and_spent_is_owed_and_then_paid(data: st.DataObject, spent: int) -> None:
    books = Books()
    books.sell(ANN, 9_000)
    books.sell(ANN, 500, points=spent, rule=RULE)
    earned_since = books.balance(ANN) - (90 - spent)
    refund_all(data, books, 0)
    owed = max(0, spent - earned_since)
    assert books.balance(ANN, "owed") == -owed
    assert books.balance(ANN) == max(0, earned_since - spent)
    books.sell(ANN, 20_000)
    books.settle(ANN)
    assert books.balance(ANN, "owed") == 0
    assert books.balance(ANN) == 200 + earned_since - spent


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_merge_and_its_undoing_change_nothing(data: st.DataObject) -> None:
    books = happened(data)
    before, old = books.state(), books.book()
    merge_id = books.merge(ANN, BEA)
    assert not any(books.balance(ANN, purse) for purse in PURSES)
    assert books.book().lots(ANN) == ()
    books.unmerge(merge_id)
    after = books.book()
    assert books.state() == before
    for wallet in (ANN, BEA):
        assert after.lots(wallet) == old.lots(wallet)


@given(st.data(), st.lists(st.integers(1_000, 9_000), min_size=2, max_size=4))
@settings(max_examples=30, deadline=None)
def test_as_if_never_bought_the_rest_stands_as_bought_alone(
    data: st.DataObject, nets: list[int]
) -> None:
    alone, books = Books(), Books()
    kept = data.draw(st.lists(st.booleans(), min_size=len(nets), max_size=len(nets)))
    lines = [number for number, keep in enumerate(kept, start=1) if not keep]
    rest_nets = {
        number: net + data.draw(st.integers(0, 300))
        for number, (net, keep) in enumerate(zip(nets, kept, strict=True), start=1)
        if keep
    }
    sold = books.sell(ANN, *nets)
    if not lines:
        return
    full = [rest_nets.get(number, 0) for number in range(1, len(nets) + 1)]
    priced_alone = alone.sell(ANN, *full)
    rest = Rest(rest_nets, alone.standing(priced_alone).postings)
    made = books.refund(sold, *((line, 3000) for line in lines), rest=rest)
    assert books.state() == alone.state()
    assert made.money_fen == max(0, sum(nets) - sum(rest_nets.values()))
    refund_all(data, books, 0)
    assert books.state() == {}
    assert books.balance(ANN) == 0
    assert books.ledger.balance(member_account(ANN, "qualifying")) == 0
