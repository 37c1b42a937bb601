"""What every pile of orders promises: each is judged as if all were held at once, sign by sign."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_broker.adapters.order_pile import order_pile
from cloud_broker.ports.cleaning import CleaningPile, SeenOn
from retail_core.insight.cleaning.decision import Decision
from retail_core.insight.cleaning.layers import judge_orders
from retail_core.insight.cleaning.limits import OrderLimits
from retail_core.insight.cleaning.pile import judge_pile
from retail_core.insight.cleaning.seen import SeenOrder
from tests.fakes.cloud_cleaning import FakeCleaningPile
from tools.bench.planted_orders import plant

NOW_MS = 1_790_000_000_000
DAY = date(2026, 9, 21)
# Lines so low that a handful of orders crosses them all.
LOW = OrderLimits(
    duplicate_ms=5_000,
    quick_undo_ms=60_000,
    undone_orders=2,
    ring_buyers=2,
    many_on_one=3,
    orders_an_hour=2,
    orders_a_day=3,
    z_score=1.5,
    least_units=3,
    history_orders=3,
)


Piles = Callable[[], AbstractContextManager[CleaningPile]]


@pytest.fixture(params=["fake", "file"])
def piles(request: pytest.FixtureRequest) -> Piles:
    return order_pile if request.param == "file" else lambda: nullcontext(FakeCleaningPile())


def on(one: SeenOrder) -> SeenOn:
    return SeenOn(one, datetime.fromtimestamp(one.at_ms / 1000, UTC).date())


def judged(piles: Piles, *orders: SeenOrder, limits: OrderLimits | None = None) -> list[Decision]:
    with piles() as made:
        made.add(map(on, orders))
        return sorted(judge_pile(made, limits), key=lambda one: (one.subject, one.rule))


_NAMES = st.sampled_from(("", "a", "b", "c", "d"))
_GAPS = st.sampled_from((0, 1, 4_999, 5_000, 5_001, 60_000, 3_600_000, 3_600_001, 80_000_000))
_LINES = st.lists(
    st.tuples(st.sampled_from(("tea", "rice")), st.sampled_from((1, 2, 3, 40))), max_size=2
)
_ORDER = st.tuples(
    *(st.sampled_from(("till", "web", "douyin")), _NAMES, _NAMES, _NAMES, _NAMES, _LINES),
    *(_GAPS, st.sampled_from((100, 200)), st.sampled_from((None, None, 0, 60_000, 60_001))),
    st.sampled_from((None, 0, 2)),
)


@given(st.lists(_ORDER, max_size=30))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_whatever_the_orders_each_sign_is_the_same(
    piles: Piles,
    told: list[tuple[str, str, str, str, str, list[tuple[str, int]], int, int, int | None, int]],
) -> None:
    orders, at_ms = [], NOW_MS
    for nth, row in enumerate(told):
        channel, buyer, device, address, payer, lines, gap, fen, undone, views = row
        at_ms += gap
        orders.append(
            SeenOrder(
                *(f"o{nth:02}", channel, buyer, at_ms, fen, tuple(sorted(lines))),
                *(device, address, payer, None if undone is None else at_ms + undone, views),
            )
        )
    assert judged(piles, *orders, limits=LOW) == list(judge_orders(orders, LOW))


def test_so_it_is_of_planted_ones_that_come_in_any_order(piles: Piles) -> None:
    made = plant(1_500)
    said = judged(piles, *reversed(made.orders))
    assert said == list(judge_orders(made.orders))
    assert len({one.rule for one in said}) == 6


def test_signs_come_by_day_with_what_the_order_says(piles: Piles) -> None:
    rush = [
        SeenOrder(f"o{nth}", "web", "b", NOW_MS + nth * 600_000, 100 + nth, (("tea", 1),))
        for nth in range(7)
    ]
    seen = [SeenOn(one, DAY.replace(day=28 - nth)) for nth, one in enumerate(rush)]
    with piles() as pile:
        assert pile.add(seen[:3]) == 3
        assert pile.add(seen[3:]) == 7
        pile.note(judge_pile(pile))
        signs = list(pile.signs(DAY.replace(day=24)))
    assert [one.days[0].day for one in signs] == [24, 25, 26, 27, 28]
    first = signs[0]
    assert (first.kind, first.subject, first.rule, first.version) == ("order", "o4", "velocity", 1)
    assert (first.channel, first.net_fen, first.weight) == ("web", 104, 1_000)
    assert first.detail == {"by": "buyer", "more_than": 6, "hours": 1}


def test_nothing_of_it_is_left_behind(tmp_path: Path) -> None:
    with order_pile(tmp_path) as pile:
        assert pile.add([on(one) for one in plant(20).orders]) > 20
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
