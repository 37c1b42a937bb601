"""Journeys from steps, what they add up to by channel and by store, and what was spent on them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.insight.attribution.walks import DAY_MS, WINDOW_MS, Book, Step, Walk, walks
from retail_core.insight.attribution.ways import WAYS
from retail_core.insight.returns import Cost, payback_days, returned_permille, spent_in

ENDLESS = 10**15


def walked(*steps: Step, first: int = 0, last: int = ENDLESS) -> list[Walk]:
    return list(walks(steps, first, last))


class TestWalks:
    def test_an_order_ends_a_journey_and_is_its_last_touch(self) -> None:
        found = walked(
            Step(0, "ad:x"),
            Step(DAY_MS, "web"),
            Step(DAY_MS + 5, "web"),
            Step(2 * DAY_MS, "store", "s1", 1, 900),
            Step(3 * DAY_MS, "web"),
        )
        assert found == [
            Walk((("ad:x", ""), ("web", ""), ("store", "s1")), 1, 900),
            Walk((("web", ""),), 0, 0),
        ]

    def test_what_lies_too_far_back_is_a_journey_without_an_order(self) -> None:
        late = Step(WINDOW_MS + 1, "store", "s1", 1, 900)
        assert walked(Step(0, "web"), late) == [
            Walk((("web", ""),), 0, 0),
            Walk((("store", "s1"),), 1, 900),
        ]
        just = Step(WINDOW_MS, "store", "s1", 1, 900)
        assert walked(Step(0, "web"), just) == [Walk((("web", ""), ("store", "s1")), 1, 900)]

    def test_a_coupon_touches_before_what_it_pays_for(self) -> None:
        (one,) = walked(Step(0, "store", "s1", 1, 900, coupons=2))
        assert one.touches == (("coupon", ""), ("store", "s1"))

    def test_only_what_ends_in_the_time_counts(self) -> None:
        steps = Step(5, "web"), Step(10, "web", "", 1, 100), Step(20, "web", "", 1, 100)
        assert len(walked(*steps, first=11)) == 1
        assert len(walked(*steps, last=20)) == 1
        assert walked(Step(5, "web"), first=6) == []

    @given(
        st.lists(
            st.tuples(st.integers(0, 90), st.sampled_from(["web", "ad:x", "store"]), st.booleans()),
            max_size=30,
        )
    )
    def test_no_order_is_lost_and_every_way_shares_out_all_of_it(
        self, rows: list[tuple[int, str, bool]]
    ) -> None:
        steps = [
            Step(
                day * DAY_MS, channel, "s1" if channel == "store" else "", int(bought), bought * 10
            )
            for day, channel, bought in sorted(rows)
        ]
        book = Book()
        for walk in walks(steps, 0, ENDLESS):
            book.add(walk)
        orders = sum(one.orders for one in steps)
        journeys = book.by_channel()
        assert journeys.conversions.sum() == orders
        if not journeys.paths:
            return
        for way in WAYS.values():
            found = way(journeys)
            assert sum(found.conversions.values()) == pytest.approx(orders)
            assert sum((found.value or {}).values()) == pytest.approx(orders * 10)


class TestStores:
    def test_what_a_store_had_a_part_in(self) -> None:
        book = Book()
        book.add(Walk((("web", ""), ("store", "a")), 1, 900))
        book.add(Walk((("store", "a"),), 2, 400))
        book.add(Walk((("store", "a"), ("web", "")), 1, 300))
        book.add(Walk((("store", "b"), ("store", "a")), 1, 100))
        book.add(Walk((("store", "b"), ("web", "")), 0, 0))
        found = book.by_store()
        a, b = found["a"], found["b"]
        assert (a.orders, a.net_fen, a.helped_orders, a.helped_fen) == (4, 1_400, 1, 900)
        assert (a.credit_fen, a.elsewhere_fen) == (450 + 400 + 150 + 50, 150)
        assert (b.orders, b.credit_fen, b.elsewhere_fen) == (0, 50, 50)
        assert dict(a.by_channel or {}) == {"web": 450}
        assert (len(book), book.journeys) == (5, 6)


DAY = date(2026, 11, 1)


class TestReturns:
    @given(st.integers(1, 10**9), st.integers(0, 400), st.integers(-50, 450))
    def test_parts_of_adjoining_times_add_up_to_the_cost(
        self, fen: int, days: int, cut: int
    ) -> None:
        cost = Cost(DAY, DAY + timedelta(days=days), fen)
        middle = DAY + timedelta(days=cut)
        early, late = DAY - timedelta(days=100), DAY + timedelta(days=600)
        parts = spent_in([cost], early, middle), spent_in([cost], middle + timedelta(days=1), late)
        assert sum(parts) == fen
        assert min(parts) >= 0

    def test_returns_are_what_came_more_than_was_spent(self) -> None:
        assert returned_permille(3_000, 1_000) == 2_000
        assert returned_permille(500, 1_000) == -500
        assert returned_permille(500, 0) is None

    def test_a_shop_pays_off_when_more_is_earned(self) -> None:
        assert payback_days(100, 400, 30_000) == 750
        assert payback_days(100, 400, 30_001) == 751
        assert payback_days(0, 400, 30_000) is None
        assert payback_days(-5, 400, 30_000) is None
        assert payback_days(100, None, 30_000) is None
        assert payback_days(100, 400, 0) is None
