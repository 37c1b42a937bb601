"""The box's side of leases, and the postings that go with them."""

from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.loyalty import lease_books, lease_box, leases
from retail_core.loyalty.lease_box import BoxLeases, Closing, Draw, Held
from retail_core.loyalty.lease_postings import moved, redeem_posting
from retail_core.loyalty.lease_wire import (
    grant_message,
    held_of,
    key_of,
    return_message,
    right_of,
    spend_message,
    told_of,
)
from retail_core.loyalty.leases import Lease, LeaseKey, Right, RightKind, Term
from retail_core.loyalty.postings import Ledger, leased_account, member_account, posting_key
from retail_core.texts.faults import FaultCode
from retail_core.wire.restored import LeaseTold

DEVICE, BOOT, BRAND = UUID(int=1), UUID(int=2), UUID(int=3)
POINTS = Right(RightKind.POINTS, UUID(int=4))
NOW = Instant(5_000, 1_000, BOOT, TimeQuality.UNKNOWN)
HARD = Held(LeaseKey(POINTS, DEVICE, 1, 1), 50)
SOON = Held(LeaseKey(POINTS, DEVICE, 1, 2), 20, BOOT, 2_000)
LATER = Held(LeaseKey(POINTS, DEVICE, 1, 3), 20, BOOT, 3_000)


def state(*held: Held, boot: UUID | None = BOOT) -> BoxLeases:
    return BoxLeases(DEVICE, 1, boot, MappingProxyType({one.key: one for one in held}))


def test_what_ends_first_is_spent_first() -> None:
    draws = lease_box.draw(state(HARD, LATER, SOON), POINTS, 45, NOW)
    assert draws == (Draw(SOON.key, 20), Draw(LATER.key, 20), Draw(HARD.key, 5))


def test_a_grant_is_taken_in_once_and_only_for_this_box_in_this_epoch() -> None:
    begun = lease_box.granted(state(HARD), SOON)
    assert dict(begun.leases) == {HARD.key: HARD, SOON.key: SOON}
    assert (begun.device, begun.epoch, begun.boot) == (DEVICE, 1, BOOT)
    assert lease_box.granted(begun, replace(SOON, amount=99)) is begun, "known: never begun again"
    for key in (replace(SOON.key, device=UUID(int=9)), replace(SOON.key, epoch=2)):
        assert lease_box.granted(begun, replace(SOON, key=key)) is begun


def test_a_spend_is_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        lease_box.draw(state(HARD), POINTS, 0, NOW)


@pytest.mark.parametrize(
    ("held", "amount", "code"),
    [
        (state(HARD, boot=UUID(int=9)), 1, FaultCode.LEASE_WAITS),
        (state(HARD, boot=None), 1, FaultCode.LEASE_WAITS),
        (state(HARD), 51, FaultCode.LEASE_SHORT),
        (state(), 1, FaultCode.LEASE_SHORT),
        (state(replace(HARD, closed=True)), 1, FaultCode.LEASE_SHORT),
        (state(replace(SOON, boot=UUID(int=9))), 1, FaultCode.LEASE_SHORT),
        (state(replace(SOON, until_mono_ms=1_000)), 1, FaultCode.LEASE_SHORT),
    ],
)
def test_what_may_not_be_spent(held: BoxLeases, amount: int, code: FaultCode) -> None:
    for attempt in (
        lambda: lease_box.draw(held, POINTS, amount, NOW),
        lambda: lease_box.spend(held, [Draw(HARD.key, amount)], NOW),
    ):
        with pytest.raises(Fault) as caught:
            attempt()
        assert caught.value.code == code


def test_a_spend_that_is_too_much_says_how_much_there_is() -> None:
    for attempt in (
        lambda: lease_box.draw(state(HARD, SOON), POINTS, 71, NOW),
        lambda: lease_box.spend(state(replace(HARD, amount=70)), [Draw(HARD.key, 71)], NOW),
    ):
        with pytest.raises(Fault) as caught:
            attempt()
        assert caught.value.fields == {"free": 70, "wanted": 71}


def test_a_welcome_of_the_past_or_for_another_boot_changes_nothing() -> None:
    held = replace(state(HARD), epoch=3)
    assert lease_box.welcomed(held, 2, BOOT, NOW) == (held, ())
    assert lease_box.welcomed(held, 3, UUID(int=9), NOW) == (held, ())


def test_a_new_epoch_for_another_boot_shuts_this_one_out() -> None:
    after, closings = lease_box.welcomed(state(replace(HARD, spent=7)), 2, UUID(int=9), NOW)
    assert closings == (Closing(HARD.key, 7),)
    assert after == BoxLeases(DEVICE, 2)


def test_a_welcome_gives_back_what_is_over() -> None:
    over = replace(SOON, until_mono_ms=500)
    after, closings = lease_box.welcomed(state(HARD, over), 1, BOOT, NOW)
    assert closings == (Closing(over.key, 0),)
    assert after.leases[over.key].closed


def test_only_who_was_let_in_gives_back() -> None:
    assert lease_box.closing(state(HARD, boot=None), POINTS, NOW) == ()
    assert lease_box.expired(state(replace(SOON, until_mono_ms=5), boot=None), NOW) == ()
    assert lease_box.closing(state(HARD, SOON), POINTS, NOW) == (
        Closing(HARD.key, 0),
        Closing(SOON.key, 0),
    )
    assert lease_box.given_back(state(), HARD.key) == state()


@given(st.lists(st.integers(1, 30), max_size=8))
def test_spends_never_pass_what_was_lent(amounts: list[int]) -> None:
    held, total = state(HARD, SOON), 0
    for amount in amounts:
        free = lease_box.spendable(held, POINTS, NOW)
        assert free == 70 - total
        if amount <= free:
            held = lease_box.spend(held, lease_box.draw(held, POINTS, amount, NOW), NOW)
            total += amount
    assert sum(one.spent for one in held.leases.values()) == total <= 70


def test_leases_travel_and_come_back() -> None:
    lease = leases.lent(HARD.key, 50)
    assert held_of(grant_message(lease)) == HARD
    timed = leases.lent(SOON.key, 20, Term(BOOT, 2_000, 9_000))
    assert held_of(grant_message(timed)) == SOON
    assert key_of(spend_message(Draw(SOON.key, 3)), DEVICE) == SOON.key
    assert key_of(return_message(Closing(HARD.key, 3)), DEVICE) == HARD.key
    assert told_of(replace(HARD, spent=7)) == LeaseTold(
        "points", POINTS.id.bytes, epoch=1, nth=1, amount=50
    ), "what was lent in all, not what is left"
    with pytest.raises(Fault) as caught:
        right_of("stars", bytes(16))
    assert caught.value.code is FaultCode.WIRE_MALFORMED
    assert caught.value.fields == {"detail": "right 'stars'"}
    with pytest.raises(Fault):
        right_of("points", bytes(15))


def test_a_box_that_is_shut_out_spends_nothing_and_forgets_nothing() -> None:
    shut = lease_box.shut_out(state(HARD, SOON))
    assert shut == replace(state(HARD, SOON), boot=None)
    assert lease_box.spendable(shut, POINTS, NOW) == 0
    back, closings = lease_box.welcomed(shut, 1, BOOT, NOW)
    assert (back, closings) == (state(HARD, SOON), ())


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("spend"), st.integers(1, 40), st.integers(0, 3)),
        st.tuples(st.just("close"), st.integers(0, 60), st.just(0)),
        st.tuples(st.just("back"), st.just(0), st.just(0)),
    ),
    max_size=6,
)


@given(MOVES)
def test_the_ledger_always_holds_what_the_book_says(moves: list[tuple[str, int, int]]) -> None:
    """Free and leased points, whatever happens to a lease: late spends are the brand's."""
    key, tenant = HARD.key, UUID(int=77)
    book = lease_books.opened(POINTS, 100)
    ledger, count = Ledger(), 0

    def book_moves(before: Lease | None, after: Lease) -> None:
        nonlocal count
        for posting in moved(before, after, BRAND):
            count += 1
            ledger.post(posting_key(tenant, UUID(int=count), posting), posting)

    book = lease_books.grant(book, key, 60)
    book_moves(None, book.leases[key])
    for name, amount, receipt in moves:
        before = book.leases[key]
        if name == "spend" and UUID(int=receipt) not in before.spends:
            book = lease_books.settle(book, key, UUID(int=receipt), amount)
            sold = redeem_posting(Draw(key, amount), "points", BRAND)
            ledger.post(posting_key(tenant, UUID(int=9_000 + receipt), sold), sold)
        elif name == "close":
            book = lease_books.close(book, key, amount)
        elif name == "back":
            book = lease_books.write_off(lease_books.fence(book, DEVICE, 1), DEVICE, 1)
        book_moves(before, book.leases[key])
    free = ledger.balance(member_account(POINTS.id, "free"))
    assert (100 + free, ledger.balance(leased_account(POINTS.id, DEVICE, 1))) == (
        book.free,
        book.held,
    )
