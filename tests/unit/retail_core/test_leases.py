"""Leases of one right: sets of facts, so that order and repetition do not matter."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from retail_core import limits
from retail_core.errors import Fault
from retail_core.loyalty import lease_books, leases
from retail_core.loyalty.lease_books import Anchor, RightBook
from retail_core.loyalty.leases import Lease, LeaseKey, LeaseState, Right, RightKind, Term
from retail_core.texts.faults import FaultCode

WALLET = Right(RightKind.POINTS, UUID(int=1))
COUPON = Right(RightKind.COUPON, UUID(int=2))
BOXES = (UUID(int=11), UUID(int=12), UUID(int=13))
BOOT = UUID(int=21)


def key(nth: int = 1, device: UUID = BOXES[0], epoch: int = 1, right: Right = WALLET) -> LeaseKey:
    return LeaseKey(right, device, epoch, nth)


def book(free: int = 100, right: Right = WALLET) -> RightBook:
    return lease_books.opened(right, free)


def receipt(number: int) -> UUID:
    return UUID(int=1_000 + number)


def test_lending_takes_from_free_and_never_more() -> None:
    lent = lease_books.grant(book(), key(), 60)
    assert (lent.free, lent.held, lent.balance) == (40, 60, 100)
    with pytest.raises(Fault) as caught:
        lease_books.grant(lent, key(2), 41)
    assert caught.value.code == FaultCode.LEDGER_OVERDRAWN
    assert lease_books.grant(lent, key(2), 40).free == 0


def test_the_same_lease_again_changes_nothing_and_another_is_refused() -> None:
    lent = lease_books.grant(book(), key(), 60)
    assert lease_books.grant(lent, key(), 60) is lent
    with pytest.raises(Fault) as caught:
        lease_books.grant(lent, key(), 30)
    assert caught.value.code == FaultCode.LEASE_CONFLICT


def test_a_lease_lends_something_and_only_points_for_a_time() -> None:
    with pytest.raises(ValueError, match="something"):
        leases.lent(key(), 0)
    with pytest.raises(ValueError, match="points"):
        leases.lent(key(right=COUPON), 1, Term(BOOT, 1, 2))


def test_a_spend_counts_once_and_a_changed_one_is_refused() -> None:
    lent = lease_books.grant(book(), key(), 60)
    once = lease_books.settle(lent, key(), receipt(1), 25)
    assert lease_books.settle(once, key(), receipt(1), 25) is once
    assert (once.free, once.held, once.balance) == (40, 35, 75)
    for wrong in (26, 0):
        with pytest.raises(Fault) as caught:
            lease_books.settle(once, key(), receipt(1), wrong)
        assert caught.value.code == FaultCode.LEASE_CONFLICT


def test_what_was_never_lent_cannot_be_settled() -> None:
    with pytest.raises(Fault) as caught:
        lease_books.settle(book(), key(), receipt(1), 1)
    assert caught.value.code == FaultCode.LEASE_UNKNOWN


def test_a_return_frees_the_rest_before_the_spends_arrive() -> None:
    lent = lease_books.grant(book(), key(), 60)
    back = lease_books.close(lent, key(), 25)
    assert (back.free, back.held) == (75, 25)
    done = lease_books.settle(back, key(), receipt(1), 25)
    assert (done.free, done.held, done.late) == (75, 0, 0)


@pytest.mark.parametrize("final", [-1, 61])
def test_a_return_of_more_than_was_lent_is_refused(final: int) -> None:
    lent = lease_books.grant(book(), key(), 60)
    with pytest.raises(Fault) as caught:
        lease_books.close(lent, key(), final)
    assert caught.value.code == FaultCode.LEASE_CONFLICT


def test_the_first_return_counts() -> None:
    back = lease_books.close(lease_books.grant(book(), key(), 60), key(), 25)
    assert lease_books.close(back, key(), 50) == back


def test_a_fenced_lease_is_lent_to_nobody_else_and_still_bears_its_spends() -> None:
    lent = lease_books.grant(book(), key(), 60)
    fenced = lease_books.fence(lent, BOXES[0], 1)
    assert fenced.leases[key()].state == LeaseState.FENCED
    assert (fenced.free, lease_books.in_doubt(fenced)) == (40, 60)
    assert lease_books.lent_to(fenced, BOXES[0]) == 0
    spent = lease_books.settle(fenced, key(), receipt(1), 60)
    assert (spent.balance, spent.late) == (40, 0)


def test_a_fence_leaves_other_devices_and_later_epochs_alone() -> None:
    lent = lease_books.grant(book(), key(epoch=2), 30)
    lent = lease_books.grant(lent, key(device=BOXES[1]), 30)
    fenced = lease_books.fence(lent, BOXES[0], 1)
    assert {lease.state for lease in fenced.leases.values()} == {LeaseState.OPEN}


def test_points_in_doubt_can_be_written_off_and_a_late_spend_is_the_brands() -> None:
    lent = lease_books.settle(lease_books.grant(book(), key(), 60), key(), receipt(1), 10)
    off = lease_books.write_off(lease_books.fence(lent, BOXES[0], 1), BOXES[0], 1)
    assert (off.free, off.balance) == (90, 90)
    late = lease_books.settle(off, key(), receipt(2), 50)
    assert (late.free, late.late) == (90, 50)


def test_an_open_lease_cannot_be_written_off() -> None:
    lent = lease_books.grant(book(), key(), 60)
    assert lease_books.write_off(lent, BOXES[0], 1) == lent


def test_a_coupon_in_doubt_stays_used_until_its_box_says_otherwise() -> None:
    lent = lease_books.grant(book(1, COUPON), key(right=COUPON), 1)
    off = lease_books.write_off(lease_books.fence(lent, BOXES[0], 1), BOXES[0], 1)
    assert (off.free, off.leases[key(right=COUPON)].state) == (0, LeaseState.LOST)
    assert lease_books.close(off, key(right=COUPON), 0).free == 1


def test_a_timed_lease_comes_back_at_the_latest_moment_its_box_could_spend() -> None:
    term = lease_books.term_of(Anchor(BOOT, 5_000, 1_000_000), 600_000)
    slow = 600_000 * limits.LEASE_DRIFT_PERMILLE // 1_000
    assert term == Term(BOOT, 605_000, 1_600_000 + slow + limits.LEASE_MARGIN_MS)
    lent = lease_books.grant(book(), key(), 60, term)
    assert lease_books.reclaim(lent, term.reclaim_ms - 1) == lent
    assert lease_books.reclaim(lent, term.reclaim_ms).free == 100


def test_a_hard_lease_never_comes_back_by_itself() -> None:
    lent = lease_books.grant(book(), key(), 60)
    assert lease_books.reclaim(lent, 1 << 60) == lent


def test_a_refund_gives_back_first_what_the_brand_bore() -> None:
    off = lease_books.write_off(
        lease_books.fence(lease_books.grant(book(), key(), 60), BOXES[0], 1), BOXES[0], 1
    )
    late = lease_books.settle(off, key(), receipt(1), 60)
    back = lease_books.refund(late, key(), receipt(9), receipt(1), 60)
    assert (back.free, back.late) == (100, 0)


def test_credit_may_not_take_what_is_lent() -> None:
    lent = lease_books.grant(book(), key(), 60)
    assert lease_books.credit(lent, -40).free == 0
    with pytest.raises(Fault):
        lease_books.credit(lent, -41)


def test_a_book_opened_from_what_is_free_knows_what_is_lent() -> None:
    lent = lease_books.settle(lease_books.grant(book(), key(), 60), key(), receipt(1), 10)
    again = lease_books.opened(WALLET, lent.free, lent.leases.values())
    assert again == lent
    assert (again.right, again.free, again.held, again.late) == (WALLET, 40, 50, 0)
    assert lease_books.next_nth(again, BOXES[0], 1) == 2
    assert lease_books.next_nth(again, BOXES[0], 2) == 1


def test_a_lease_that_a_restore_lost_is_known_again_as_its_box_says() -> None:
    revived = lease_books.revive(book(), key(), 30)
    assert (revived.free, revived.held) == (70, 30)
    assert revived.leases[key()] == leases.lent(key(), 30)
    assert lease_books.revive(revived, key(), 30) is revived
    assert lease_books.revive(revived, key(), 29) is revived, "it lends at least so much"
    more = lease_books.revive(revived, key(), 31)
    assert (more.free, more.held, more.leases[key()].amount) == (69, 31, 31)


def test_free_may_fall_below_nothing_until_what_was_earned_arrives_again() -> None:
    revived = lease_books.revive(book(10), key(), 30)
    assert (revived.free, revived.held, revived.balance) == (-20, 30, 10)
    assert lease_books.credit(revived, 20).free == 0


def test_a_lease_in_doubt_is_revived_in_doubt_and_one_that_ended_stays_ended() -> None:
    lent = lease_books.grant(book(), key(), 20)
    fenced = lease_books.revive(lease_books.fence(lent, BOXES[0], 1), key(), 30)
    one = fenced.leases[key()]
    assert (one.state, one.amount, one.cover, fenced.held) == (LeaseState.FENCED, 30, 30, 30)
    over = lease_books.revive(lease_books.close(lent, key(), 5), key(), 30)
    one = over.leases[key()]
    assert (one.state, one.amount, one.cover, over.held) == (LeaseState.CLOSED, 30, 5, 5)


@given(
    amounts=st.lists(st.integers(1, 20), max_size=4),
    backs=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 20)), max_size=4),
    rnd=st.randoms(),
)
def test_any_order_and_repetition_makes_the_same_lease(
    amounts: list[int], backs: list[tuple[int, int]], rnd: object
) -> None:
    spends = [lambda b, n=n, a=a: lease_books.settle(b, key(), receipt(n), a)
              for n, a in enumerate(amounts)]  # fmt: skip
    refunds = [
        lambda b, i=i, of=of, a=a: lease_books.refund(b, key(), receipt(50 + i), receipt(of), a)
        for i, (of, a) in enumerate(backs)
    ]
    ends = [lambda b: lease_books.close(b, key(), sum(amounts))]
    messages: list[Callable[[RightBook], RightBook]] = [*spends, *refunds, *ends]
    lent = lease_books.grant(book(), key(), 80)
    straight, shuffled = lent, lent
    for message in messages:
        straight = message(straight)
    mixed = messages * 2
    rnd.shuffle(mixed)  # type: ignore[attr-defined]
    for message in mixed:
        shuffled = message(shuffled)
    assert shuffled == straight
    assert straight.free + straight.held + _kept(straight) == 100


def _kept(some: RightBook) -> int:
    return sum(lease.kept for lease in some.leases.values())


class Books(RuleBasedStateMachine):
    """Everything that can befall one wallet's book, against plain sums."""

    def __init__(self) -> None:
        super().__init__()
        self.book = book(200)
        self.came = 200
        self.receipts = 0

    @rule(box=st.sampled_from(BOXES), part=st.integers(0, 1_000))
    def lend(self, box: UUID, part: int) -> None:
        amount = self.book.free * part // 1_000
        if amount:
            nth = lease_books.next_nth(self.book, box, 1)
            self.book = lease_books.grant(self.book, key(nth, box), amount)

    @precondition(lambda self: self.book.leases)
    @rule(data=st.data())
    def spend(self, data: st.DataObject) -> None:
        lease = self._one(data)
        if lease.held and lease.state in leases.LENT:
            self.receipts += 1
            amount = data.draw(st.integers(1, lease.held))
            self.book = lease_books.settle(self.book, lease.key, receipt(self.receipts), amount)

    @precondition(lambda self: self.book.leases)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        lease = self._one(data)
        self.book = lease_books.close(self.book, lease.key, min(lease.spent, lease.amount))

    @rule(box=st.sampled_from(BOXES))
    def doubt(self, box: UUID) -> None:
        self.book = lease_books.fence(self.book, box, 1)

    @rule(box=st.sampled_from(BOXES))
    def lose(self, box: UUID) -> None:
        self.book = lease_books.write_off(self.book, box, 1)

    @rule(amount=st.integers(-50, 50))
    def come_and_go(self, amount: int) -> None:
        if -amount <= self.book.free:
            self.book = lease_books.credit(self.book, amount)
            self.came += amount

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        lease = self._one(data)
        for number in list(lease.spends)[:1]:
            self.receipts += 1
            self.book = lease_books.refund(self.book, lease.key, receipt(self.receipts), number, 5)

    def _one(self, data: st.DataObject) -> Lease:
        return data.draw(st.sampled_from(sorted(self.book.leases.values(), key=lambda x: x.key)))

    @invariant()
    def nothing_is_lost_or_made(self) -> None:
        assert self.book.free >= 0
        assert self.book.late == 0
        assert self.book.free + self.book.held + _kept(self.book) == self.came


TestBooks = Books.TestCase


def test_a_lease_is_plain_data() -> None:
    lease = leases.lent(key(), 5)
    assert replace(lease, amount=6) != lease
