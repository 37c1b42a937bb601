"""Tasks: what is due for what happened, and the laws that refunds and repetition follow."""

import random
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.growth.rewards import Act, Given, Reward, acted, settle
from retail_core.growth.task_progress import (
    Ask,
    CheckedIn,
    Facts,
    KeptLine,
    Shared,
    due,
    period_of,
    present_day,
    progress,
    task_of,
    with_basket,
)
from retail_core.growth.tasks import CheckInTask, Goods, ShareTask, SpendTask, Task
from retail_core.loyalty.awards import award_postings, take_back_postings
from retail_core.loyalty.postings import Ledger, MemberPurse, member_account, posting_key
from tests.factories.growth import FIRST, OTHER_SHOP, SHOP, facts, points, receipt, tasks

DAY = timedelta(days=1)
TENANT, WALLET, BRAND = (UUID(int=number) for number in (1, 2, 3))
SPEND = SpendTask(id="spend", name="满百", every="month", fen=10_000, reward=points(50))
DAILY = CheckInTask(
    id="sign", name="签到", every="day", reward=points(5), streak=3, streak_reward=points(20)
)


@pytest.mark.parametrize(
    ("every", "day", "key", "first", "last"),
    [
        ("day", FIRST, "2026-11-22", FIRST, FIRST),
        ("week", FIRST, "2026-W47", date(2026, 11, 16), FIRST),
        ("week", date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("month", date(2028, 2, 29), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 31), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("once", FIRST, "once", date.min, date.max),
    ],
)
def test_periods(every: str, day: date, key: str, first: date, last: date) -> None:
    task = msgspec.structs.replace(DAILY, every=every, streak=None)
    assert period_of(task, day) == (key, first, last)


def test_a_challenge_says_what_is_missing_and_is_done_when_nothing_is() -> None:
    shy = progress(SPEND, Facts((receipt(1, FIRST, 8_800),)), FIRST)
    assert (shy.asks, shy.done, shy.last) == ((Ask("fen", 10_000, 8_800),), False, FIRST)
    assert shy.asks[0].missing == 1_200
    both = Facts((receipt(1, FIRST, 8_800), receipt(2, FIRST + DAY, 1_200)))
    assert progress(SPEND, both, FIRST).done
    assert due(SPEND, both) == {"task:spend:2026-11": points(50)}
    assert task_of("task:spend:2026-11") == "spend"
    assert task_of("referral:x:y") == ""


def test_the_basket_on_the_counter_counts_before_it_is_paid() -> None:
    task = msgspec.structs.replace(SPEND, visits=2, units=3, items=Goods(skus=frozenset({"cream"})))
    before = progress(task, Facts((receipt(1, FIRST, 8_800),)), FIRST)
    lines = (KeptLine("cream", 2_000, 1_300), KeptLine("mask", 9_000, 99_000))
    today = with_basket(task, before, lines, FIRST)
    assert [(ask.kind, ask.missing) for ask in today.asks] == [
        ("fen", 0),
        ("visits", 1),  # a second receipt of the same day is no second visit
        ("units", 0),
    ]
    assert with_basket(task, before, lines, FIRST + DAY).done
    assert with_basket(task, before, (), FIRST + DAY) == before
    sign = progress(DAILY, Facts(), FIRST)
    assert with_basket(DAILY, sign, lines, FIRST) == sign


class TestTheDayInWhosePeriodSheStands:
    """A shop's business day may run ahead of the brand's, or behind it."""

    def test_a_shop_that_is_a_day_ahead_counts_while_its_day_runs(self) -> None:
        signed = Facts(checked_in=(CheckedIn(FIRST, SHOP), CheckedIn(FIRST + DAY, SHOP)))
        assert present_day(DAILY, signed, FIRST, {FIRST, FIRST + DAY}) == FIRST + DAY
        assert present_day(DAILY, signed, FIRST, {FIRST}) == FIRST

    def test_a_shop_that_is_a_day_behind_counts_too(self) -> None:
        signed = Facts(checked_in=(CheckedIn(FIRST - DAY, SHOP),))
        assert present_day(DAILY, signed, FIRST, {FIRST - DAY, FIRST}) == FIRST - DAY

    def test_without_anything_that_counts_on_a_running_day_it_is_today(self) -> None:
        assert present_day(DAILY, Facts(), FIRST, {FIRST, FIRST + DAY}) == FIRST
        signed = Facts(checked_in=(CheckedIn(FIRST + DAY, SHOP),))
        assert present_day(DAILY, signed, FIRST, {FIRST}) == FIRST
        bought = Facts(bought=(receipt(1, FIRST + DAY, 9_000),))
        assert present_day(DAILY, bought, FIRST, {FIRST, FIRST + DAY}) == FIRST
        assert present_day(SPEND, bought, FIRST, {FIRST, FIRST + DAY}) == FIRST + DAY


def test_units_are_whole_and_named_by_any_of_four() -> None:
    goods = Goods(
        brands=frozenset({"玉泽"}), tags=frozenset({"防晒"}), categories=frozenset({"水"})
    )
    task = msgspec.structs.replace(SPEND, fen=0, units=3, items=goods)
    lines = (
        KeptLine("a", 1_500, 1, brand="玉泽"),
        KeptLine("b", 1_000, 1, tags=frozenset({"防晒"})),
        KeptLine("c", 400, 1, category="水"),
        KeptLine("d", 9_000, 1),
    )
    found = progress(task, Facts((replace(receipt(1, FIRST, 1), lines=lines),)), FIRST)
    assert found.asks == (Ask("units", 3, 2),)


def test_a_run_without_a_gap_brings_more_and_a_gap_begins_anew() -> None:
    def seen(*days: int) -> dict[str, Reward]:
        return due(DAILY, Facts(checked_in=tuple(CheckedIn(FIRST + n * DAY, SHOP) for n in days)))

    assert sum(reward.points for reward in seen(0, 1, 2).values()) == 35
    assert "streak:sign:2026-11-24" in seen(0, 1, 2)
    assert "streak:sign:2026-11-24" not in seen(0, 2, 3)
    assert len([cause for cause in seen(*range(7)) if cause.startswith("streak")]) == 2


def test_a_task_counts_in_its_stores_and_days_only_and_so_often() -> None:
    task = msgspec.structs.replace(
        DAILY, stores=frozenset({SHOP}), first_day=FIRST, last_day=FIRST + 2 * DAY, streak=None
    )
    seen = Facts(
        checked_in=(
            CheckedIn(FIRST - DAY, SHOP),
            CheckedIn(FIRST, OTHER_SHOP),
            CheckedIn(FIRST + DAY, SHOP),
            CheckedIn(FIRST + DAY, SHOP),
            CheckedIn(FIRST + 2 * DAY, SHOP),
            CheckedIn(FIRST + 3 * DAY, SHOP),
        )
    )
    assert set(due(task, seen)) == {"task:sign:2026-11-23", "task:sign:2026-11-24"}
    once = msgspec.structs.replace(task, per_person=1)
    assert set(due(once, seen)) == {"task:sign:2026-11-23"}
    assert due(once, seen, earlier=1) == {}


def test_the_same_friend_counts_once() -> None:
    task = ShareTask(id="share", name="分享", friends=2, reward=points(10))
    ann, bea = UUID(int=8), UUID(int=9)
    assert not due(task, Facts(shared=(Shared(ann, FIRST), Shared(ann, FIRST))))
    assert due(task, Facts(shared=(Shared(ann, FIRST), Shared(bea, FIRST + DAY))))


@given(tasks(), facts(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(task: Task, all_: Facts, dice: random.Random) -> None:
    def mixed(some: tuple[object, ...]) -> tuple[object, ...]:
        again = [*some, *(one for one in some if dice.random() < 0.5)]
        dice.shuffle(again)
        return tuple(again)

    told = Facts(mixed(all_.bought), mixed(all_.checked_in), mixed(all_.shared))  # type: ignore[arg-type]
    assert due(task, told) == due(task, all_)


@given(tasks(), facts())
def test_what_was_taken_back_whole_was_never_bought(task: Task, all_: Facts) -> None:
    gone = Facts(tuple(replace(one, lines=()) for one in all_.bought), all_.checked_in, all_.shared)
    never = Facts((), all_.checked_in, all_.shared)
    assert due(task, gone) == due(task, never)
    nothing = Facts(
        tuple(
            replace(one, lines=tuple(replace(line, qty_milli=0, net_fen=0) for line in one.lines))
            for one in all_.bought
        )
    )
    assert due(task, nothing) == due(task, Facts())


@given(tasks(), facts())
def test_more_that_happens_never_takes_a_completion_away_of_a_task_without_cap(
    task: Task, all_: Facts
) -> None:
    task = msgspec.structs.replace(task, per_person=None, streak=None, streak_reward=Reward())
    for part in (Facts(all_.bought), Facts(all_.bought[:1], all_.checked_in[:1])):
        assert due(task, part).items() <= due(task, all_).items()


class _Purse:
    """One member's account, and what was given her so far."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.given: dict[str, Given] = {}

    def balance(self, purse: MemberPurse) -> int:
        return self.ledger.balance(member_account(WALLET, purse))

    def settle(self, wanted: dict[str, Reward]) -> None:
        acts = settle(self.given, wanted, lambda _cause: True)
        for act in acts:
            self._post(act)
        self.given = acted(self.given, acts)

    def _post(self, act: Act) -> None:
        under = UUID(bytes=act.cause.encode().ljust(16, b"\0")[-16:])
        made = award_postings(act.reward.points, WALLET, BRAND, act.cause, act.turn)
        if not act.give:
            purses: dict[MemberPurse, int] = {"free": self.balance("free")}
            made = tuple(back for one in made for back in take_back_postings(one, WALLET, purses))
        for one in made:
            self.ledger.post(posting_key(TENANT, under, one), one)


@given(tasks(), st.lists(facts(), max_size=4), facts())
def test_whatever_was_known_in_between_only_the_end_counts(
    task: Task, between: list[Facts], end: Facts
) -> None:
    """Rewards follow what is known: in the end she has what she would have had straight away."""
    purse = _Purse()
    for known in (*between, end, end):
        purse.settle(due(task, known))
    wanted = sum(reward.points for reward in due(task, end).values())
    assert purse.balance("free") == wanted
    assert {cause for cause, one in purse.given.items() if one.stands} == set(due(task, end))
    purse.settle({})
    assert not any(purse.ledger.balances().values())


@given(st.integers(1, 500), st.integers(0, 600))
def test_points_spent_before_the_rollback_are_owed(award: int, free: int) -> None:
    (gave,) = award_postings(award, WALLET, BRAND, "task:a", 1)
    back = take_back_postings(gave, WALLET, {"free": free})
    assert sum(one.points for one in back) == award
    assert {one.kind: one.points for one in back}.get("award.owed", 0) == max(0, award - free)
    assert award_postings(0, WALLET, BRAND, "task:a", 1) == ()


def test_what_stands_is_left_as_promised_and_what_is_not_spoken_for_is_kept() -> None:
    given_ = {
        "task:a:once": Given(points(5), 1, stands=True),
        "task:b:once": Given(points(6), 2, stands=False),
        "old:c": Given(points(7), 1, stands=True),
    }
    acts = settle(
        given_, {"task:a:once": points(99), "task:b:once": points(6)}, lambda one: one[0] == "t"
    )
    assert acts == (Act("task:b:once", points(6), 3, give=True),)
    after = settle(given_, {}, lambda one: one.startswith("task"))
    assert after == (Act("task:a:once", points(5), 1, give=False),)
