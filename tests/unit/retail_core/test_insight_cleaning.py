"""Fakes are set apart by their signs; honest people who give one of them are not."""

import random
from dataclasses import replace

import pytest

from retail_core.insight.cleaning.browsing import says_program
from retail_core.insight.cleaning.decision import Decision, Rule, set_apart
from retail_core.insight.cleaning.layers import judge_actors, judge_orders, with_and_without
from retail_core.insight.cleaning.limits import DAY_MS, HOUR_MS
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder
from tools.bench.planted_orders import AGENTS, PROGRAMS, Planted, plant

NOW = 1_790_000_000_000


def order(nth: int, *, at_ms: int = NOW, buyer: str = "b1", units: int = 1) -> SeenOrder:
    return SeenOrder(f"o{nth}", "web", buyer, at_ms, 1_000, (("tea", units),), views=3)


def rules(*orders: SeenOrder) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in judge_orders(orders):
        found.setdefault(one.subject, set()).add(one.rule.value)
    return found


class TestOrders:
    def test_the_same_again_within_seconds_is_one_order_and_the_first_stays(self) -> None:
        again = [order(nth, at_ms=NOW + nth * 4_000) for nth in range(3)]
        assert rules(*again) == {"o1": {"duplicate"}}

    def test_but_of_other_buyers_goods_or_sums_it_is_another(self) -> None:
        first = order(1)
        others = (
            order(2, buyer="b2"),
            order(3, units=2),
            replace(order(4), net_fen=999),
            replace(order(5), channel="till"),
            replace(order(6), buyer=""),
        )
        assert rules(first, *others) == {}

    def test_orders_made_to_be_undone(self) -> None:
        quick = [
            replace(one, undone_ms=one.at_ms + HOUR_MS)
            for one in (order(nth, at_ms=NOW + nth * DAY_MS) for nth in range(3))
        ]
        assert rules(*quick) == {f"o{nth}": {"order_cancel"} for nth in range(3)}
        # Two are a change of mind; slow ones, spread ones and a buyer's few of many are, too.
        assert rules(*quick[:2]) == {}
        slow = [replace(one, undone_ms=one.at_ms + HOUR_MS + 1) for one in quick]
        assert rules(*slow) == {}
        spread = [replace(one, at_ms=one.at_ms + nth * 5 * DAY_MS) for nth, one in enumerate(quick)]
        spread = [replace(one, undone_ms=one.at_ms) for one in spread]
        assert rules(*spread) == {}
        kept = [order(nth, at_ms=NOW - nth * DAY_MS) for nth in range(10, 13)]
        assert rules(*quick, *kept) == {}

    def ring(self, buyers: int, *shared: str) -> list[SeenOrder]:
        return [
            replace(
                order(nth, buyer=f"b{nth}", at_ms=NOW + nth * DAY_MS),
                device="same" if "device" in shared else f"d{nth}",
                address="same" if "address" in shared else f"h{nth}",
                payer="same" if "payer" in shared else f"p{nth}",
            )
            for nth in range(buyers)
        ]

    @pytest.mark.parametrize(
        ("buyers", "shared", "rule"),
        [
            (5, ("device", "address"), "ring"),
            (5, ("address", "payer"), "ring"),
            (4, ("device", "address"), ""),
            (6, ("device",), "ring"),
            (5, ("device",), ""),
            (60, ("address",), ""),
        ],
    )
    def test_a_ring_is_more_than_a_family_and_an_address_alone_is_nothing(
        self, buyers: int, shared: tuple[str, ...], rule: str
    ) -> None:
        made = self.ring(buyers, *shared)
        own = replace(
            made[0], order_id="own", device="x", address="x", payer="x", at_ms=NOW - DAY_MS
        )
        expected = {one.order_id: {rule} for one in made} if rule else {}
        assert rules(*made, own) == expected

    def test_an_hour_and_a_day_of_one_buyer(self) -> None:
        rush = [order(nth, at_ms=NOW + nth * 600_000) for nth in range(7)]
        assert rules(*rush) == {f"o{nth}": {"velocity"} for nth in range(7)}
        assert rules(*rush[:6]) == {}
        assert rules(*(replace(one, channel="till", views=None) for one in rush)) == {}
        daily = [order(nth, at_ms=NOW + nth * 5_400_000) for nth in range(16)]
        assert len(rules(*daily)) == 16
        assert rules(*daily[:15]) == {}

    def test_far_too_much_is_a_sign_and_with_no_look_at_it_enough(self) -> None:
        usual = [order(nth, buyer=f"b{nth}", at_ms=NOW + nth * DAY_MS) for nth in range(30)]
        bulk = order(99, buyer="company", units=90)
        assert rules(*usual, bulk) == {"o99": {"quantity"}}
        assert not set_apart(judge_orders([*usual, bulk]))
        blind = [*usual, replace(bulk, views=0)]
        assert rules(*blind) == {"o99": {"quantity", "no_browse"}}
        assert set_apart(judge_orders(blind)) == {"o99"}

    def test_where_nobody_is_seen_looking_no_look_says_nothing(self) -> None:
        blind = [replace(order(nth, buyer=f"b{nth}"), views=0) for nth in range(3)]
        assert rules(*blind, order(9, buyer="x")) == {}


class TestDecisions:
    def test_a_person_overrules_a_rule_of_an_order_and_takes_it_back(self) -> None:
        signs = [Decision("o", Rule.ring, 1_000, {}), Decision("o", Rule.no_browse, 500, {})]
        assert signs[0].version == 1
        assert set_apart(signs) == {"o"}
        assert set_apart(signs, {("o", "ring")}) == set()
        assert set_apart(signs, {("other", "ring")}) == {"o"}

    def test_a_report_says_with_and_without(self) -> None:
        first, again = order(1), order(2, at_ms=NOW + 1)
        undone = replace(order(3, buyer="x"), undone_ms=NOW + DAY_MS)
        orders = [first, again, undone]
        (web,) = with_and_without(orders, judge_orders(orders))
        assert (web.channel, web.everything.orders, web.without.orders) == ("web", 2, 1)
        assert (web.everything.net_fen, web.without.net_fen) == (2_000, 1_000)
        (kept,) = with_and_without(orders, judge_orders(orders), {("o2", "duplicate")})
        assert kept.without == kept.everything


class TestActors:
    def events(self, gaps: list[int], agent: str = AGENTS[0]) -> list[SeenEvent]:
        made, at_ms = [], NOW
        for nth, gap in enumerate(gaps):
            made.append(SeenEvent(f"e{nth}", "a", at_ms, agent))
            at_ms += gap
        return made

    def signs(self, gaps: list[int], agent: str = AGENTS[0]) -> set[str]:
        return {one.rule.value for one in judge_actors(self.events(gaps, agent))}

    def test_programs_say_what_they_are_and_a_make_of_telephone_is_none(self) -> None:
        assert all(map(says_program, PROGRAMS))
        assert not any(map(says_program, AGENTS))
        assert self.signs([1], PROGRAMS[1]) == {"bot_agent"}

    def test_nobody_reads_a_page_a_second(self) -> None:
        uneven = [1_000, 1_500] * 20
        assert self.signs(uneven) == {"bot_pace"}
        assert self.signs(uneven[:29]) == set()

    def test_what_a_page_tells_at_once_is_one_look(self) -> None:
        assert self.signs([10, 10, 10, 4_000, 10, 30_000] * 20) == set()

    def test_forty_looks_in_a_minute_are_too_many_however_long_the_others(self) -> None:
        burst = [1_400] * 41 + [9_000, 40_000, 15_000] * 30
        assert self.signs(burst) == {"bot_pace"}

    def test_a_clock_looks_evenly_and_never_sleeps(self) -> None:
        assert self.signs([10_000] * 40) == {"bot_regular"}
        assert self.signs([200_000, 900_000] * 100) == {"bot_sleepless"}


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(2_000)


def test_planted_fakes_are_found_and_honest_orders_left(planted: Planted) -> None:
    found = set_apart(judge_orders(planted.orders))
    assert len(found & planted.fakes) >= 0.95 * len(found)
    assert len(found & planted.fakes) >= 0.9 * len(planted.fakes)


def test_planted_bots_are_found_and_people_left(planted: Planted) -> None:
    found = set_apart(judge_actors(planted.events))
    assert len(found & planted.bots) >= 0.95 * len(found)
    assert len(found & planted.bots) >= 0.8 * len(planted.bots)


def test_what_is_said_does_not_hang_on_the_order_it_was_read_in(planted: Planted) -> None:
    shuffled = list(planted.orders)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - seeded
    assert judge_orders(shuffled) == judge_orders(planted.orders)
