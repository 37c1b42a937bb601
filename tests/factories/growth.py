"""Tasks, facts and invitations for tests: small worlds and arbitrary ones."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from retail_core.growth.referral import Referral, ReferralRule
from retail_core.growth.rewards import GiftGoods, Reward
from retail_core.growth.task_progress import Bought, CheckedIn, Facts, KeptLine, Shared
from retail_core.growth.tasks import CheckInTask, Every, Goods, ShareTask, SpendTask, Task

FIRST = date(2026, 11, 22)  # a Sunday
SHOP, OTHER_SHOP = "上海徐汇店", "杭州湖滨店"
SKUS = ("cream", "mask", "sun")


def receipt(number: int, day: date, fen: int, sku: str = "cream", units: int = 1) -> Bought:
    """A receipt of one line."""
    return Bought(UUID(int=number), day, SHOP, (KeptLine(sku, units * 1000, fen),))


def points(number: int) -> Reward:
    """So many points."""
    return Reward(points=number)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Any task."""
    every: Every = draw(st.sampled_from(("once", "day", "week", "month")))
    streak = None if every == "once" else draw(st.sampled_from((None, 2, 3)))
    common: dict[str, Any] = {
        "id": draw(st.sampled_from(("a", "b-1", "c.2"))),
        "name": "任务",
        "every": every,
        "reward": Reward(
            points=draw(st.integers(1, 90)),
            gift=draw(st.sampled_from((None, GiftGoods(sku="sample")))),
        ),
        "per_person": draw(st.sampled_from((None, 1, 2, 5))),
        "streak": streak,
        "streak_reward": Reward() if streak is None else Reward(points=7),
        "first_day": draw(st.sampled_from((None, FIRST))),
        "last_day": draw(st.sampled_from((None, FIRST + timedelta(days=20)))),
        "stores": draw(st.sampled_from((frozenset(), frozenset({SHOP})))),
    }
    match draw(st.integers(0, 2)):
        case 0:
            return CheckInTask(**common, days=draw(st.integers(1, 3)))
        case 1:
            return ShareTask(**common, friends=draw(st.integers(1, 2)))
        case _:
            items = draw(st.sampled_from((Goods(), Goods(skus=frozenset({"cream"})))))
            asks: dict[str, Any] = {
                "fen": draw(st.integers(1, 9_000)),
                "visits": draw(st.integers(0, 2)),
            }
            return SpendTask(**common, **asks, units=draw(st.integers(0, 2)), items=items)


_DAYS = st.integers(-3, 40).map(lambda n: FIRST + timedelta(days=n))
_STORES = st.sampled_from((SHOP, OTHER_SHOP))
_LINES = st.builds(
    KeptLine, st.sampled_from(SKUS), st.integers(1, 3).map(lambda n: n * 1000), st.integers(0, 9000)
)


@st.composite
def bought(draw: st.DrawFn) -> tuple[Bought, ...]:
    """Receipts, each once."""
    some = draw(st.lists(st.tuples(_DAYS, _STORES, st.lists(_LINES, max_size=3)), max_size=8))
    return tuple(
        Bought(UUID(int=number), day, store, tuple(lines))
        for number, (day, store, lines) in enumerate(some, start=1)
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Anything that can happen."""
    seen = draw(st.lists(st.builds(CheckedIn, _DAYS, _STORES), max_size=12))
    friends = draw(st.lists(st.builds(Shared, st.integers(1, 4).map(_person), _DAYS), max_size=5))
    return Facts(draw(bought()), tuple(seen), tuple({one.friend: one for one in friends}.values()))


def _person(number: int) -> UUID:
    return UUID(int=0xF000 + number)


INVITERS = (UUID(int=0xA1), UUID(int=0xA2))
RULE = ReferralRule(inviter=points(200), friend=points(100), after_days=7, least_fen=1_000)


@st.composite
def referrals(draw: st.DrawFn) -> tuple[Referral, ...]:
    """Friends who joined, with what is left of their purchases."""
    some = draw(
        st.lists(
            st.tuples(
                st.sampled_from(INVITERS),
                _DAYS,
                st.lists(st.tuples(_DAYS, st.integers(0, 3_000)), max_size=3),
            ),
            max_size=8,
        )
    )
    return tuple(
        Referral(inviter, _person(number), joined, tuple(sales))
        for number, (inviter, joined, sales) in enumerate(some, start=10)
    )
