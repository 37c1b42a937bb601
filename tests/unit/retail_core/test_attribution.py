"""Attribution against the textbook, all coalitions, and chains walked without linear algebra."""

from collections.abc import Callable
from itertools import combinations, pairwise
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats
from retail_core.insight.attribution import intervals, markov, rules
from retail_core.insight.attribution.journeys import Journeys
from retail_core.texts.faults import FaultCode

TEXTBOOK = Journeys(
    (("c1", "c2", "c3"), ("c1",), ("c2", "c3")), np.array([1.0, 0, 0]), np.array([0.0, 1, 1])
)
channels = st.sampled_from(["ads", "mail", "app", "shop"])
rows = st.lists(
    st.tuples(
        st.lists(channels, min_size=1, max_size=5).map(tuple),
        st.integers(0, 20),
        st.integers(0, 20),
        st.integers(0, 500),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
)


def journeys_of(some: list[tuple[tuple[str, ...], int, int, int]]) -> Journeys:
    paths, conversions, nulls, value = zip(*some, strict=True)
    return Journeys(
        paths, np.array(conversions) + 0.0, np.array(nulls) + 0.0, np.array(value) + 0.0
    )


Steps = dict[tuple[str, ...], dict[tuple[str, ...], float]]


def walked(journeys: Journeys, order: int, without: str, amounts: Floats) -> float:
    """What is earned when a channel ends all that come to it: mass pushed along, step by step."""
    steps, earns = stepped(journeys, order, amounts)
    mass, earned = {("start",) * order: 1.0}, 0.0
    for _ in range(5_000):
        further: dict[tuple[str, ...], float] = {}
        for state, here in mass.items():
            out = sum(steps[state].values()) or 1.0
            earned += here * earns.get(state, 0.0) / out
            for went, weight in steps[state].items():
                if went and without not in went:
                    further[went] = further.get(went, 0.0) + here * weight / out
        mass = further
        if sum(mass.values()) < 1e-11:
            break
    return earned


def stepped(
    journeys: Journeys, order: int, amounts: Floats
) -> tuple[Steps, dict[tuple[str, ...], float]]:
    """How many went from where to where, () at the end, and what was earned there."""
    steps: Steps = {}
    earns: dict[tuple[str, ...], float] = {}
    weights = journeys.conversions + journeys.nulls
    for path, weight, amount in zip(journeys.paths, weights, amounts, strict=True):
        padded = ("start",) * order + path
        states = [padded[at : at + order] for at in range(len(path) + 1)]
        for came, went in pairwise([*states, ()]):
            towards = steps.setdefault(came, {})
            towards[went] = towards.get(went, 0.0) + weight
        earns[states[-1]] = earns.get(states[-1], 0.0) + amount
    return steps, earns


class TestMarkov:
    def test_the_textbook(self) -> None:
        chain = markov.build_chain(TEXTBOOK, 1)
        effects = markov.removal_effects(chain, TEXTBOOK.conversions, TEXTBOOK.nulls)
        assert effects == pytest.approx({"c1": 0.5, "c2": 1.0, "c3": 1.0})
        found = markov.credit(TEXTBOOK, 1)
        assert found.conversions == pytest.approx({"c1": 0.2, "c2": 0.4, "c3": 0.4})
        assert found.value is None

    @given(rows, st.sampled_from([1, 2]))
    @settings(max_examples=15, deadline=None)
    def test_effects_are_what_walking_gives(
        self, some: list[tuple[tuple[str, ...], int, int, int]], order: int
    ) -> None:
        journeys = journeys_of(some)
        assert journeys.value is not None
        chain = markov.build_chain(journeys, order)
        counts = journeys.conversions, journeys.nulls
        for amounts, value in ((journeys.conversions, None), (journeys.value, journeys.value)):
            effects = markov.removal_effects(chain, *counts, value)
            # What is earned by journeys that nobody made cannot be walked to.
            made = np.where(sum(counts) > 0, amounts, 0.0)
            whole = walked(journeys, order, "nothing", made)
            for channel, effect in effects.items():
                left = walked(journeys, order, channel, made)
                wanted = 1 - left / whole if whole else 0.0
                assert effect == pytest.approx(wanted, abs=1e-8)

    @given(rows, st.sampled_from([1, 2]))
    @settings(deadline=None)
    def test_shares_sum_to_the_total(
        self, some: list[tuple[tuple[str, ...], int, int, int]], order: int
    ) -> None:
        journeys = journeys_of(some)
        found = markov.credit(journeys, order)
        assert sum(found.conversions.values()) == pytest.approx(journeys.conversions.sum())
        assert set(found.conversions) == set(journeys.channels())
        assert min(found.conversions.values()) >= -1e-9

    def test_two_steps_see_what_one_does_not(self) -> None:
        # Only who came from mail to the shop buys; one step back both look alike.
        journeys = Journeys(
            (("mail", "app", "shop"), ("ads", "app", "shop")),
            np.array([9.0, 1]),
            np.array([1.0, 9]),
        )
        one, two = (markov.credit(journeys, order).conversions for order in (1, 2))
        assert one["mail"] == pytest.approx(one["ads"])
        assert two["mail"] == pytest.approx(two["ads"])  # the last two are app and shop for both
        shorter = Journeys(
            (("mail", "shop"), ("ads", "shop")), np.array([9.0, 1]), np.array([1.0, 9])
        )
        two = markov.credit(shorter, 2).conversions
        assert two["mail"] == pytest.approx(9 * two["ads"])

    def test_too_many_states(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(markov, "STATES_MAX", 2)
        with pytest.raises(Fault) as refused:
            markov.build_chain(TEXTBOOK, 1)
        assert refused.value.code is FaultCode.INSIGHT_TOO_MANY


def by_coalitions(journeys: Journeys) -> dict[str, float]:
    """Shapley's own formula, over every coalition."""
    players = journeys.channels()
    counts: list[float] = journeys.conversions.tolist()
    pairs = list(zip(journeys.paths, counts, strict=True))

    def worth(coalition: frozenset[str]) -> float:
        return sum((count for path, count in pairs if coalition.issuperset(path)), 0.0)

    found = {}
    for player in players:
        others = [one for one in players if one != player]
        found[player] = 0.0
        for size in range(len(others) + 1):
            chance = factorial(size) * factorial(len(players) - size - 1) / factorial(len(players))
            for coalition in combinations(others, size):
                without = frozenset(coalition)
                found[player] += chance * (worth(without | {player}) - worth(without))
    return found


class TestRules:
    @given(rows)
    @settings(deadline=None)
    def test_shapley_over_all_coalitions(
        self, some: list[tuple[tuple[str, ...], int, int, int]]
    ) -> None:
        journeys = journeys_of(some)
        found = rules.credit(journeys, rules.shapley).conversions
        assert found == pytest.approx(by_coalitions(journeys), abs=1e-9)

    @pytest.mark.parametrize(
        ("split", "wanted"),
        [
            (rules.first, {"a": 1.0}),
            (rules.last, {"b": 1.0}),
            (rules.linear, {"a": 0.5, "b": 0.5}),
            (rules.shapley, {"a": 1 / 3, "c": 1 / 3, "b": 1 / 3}),
        ],
    )
    def test_one_journey(self, split: rules.Split, wanted: dict[str, float]) -> None:
        assert split(("a", "a", "c", "b") if split is rules.shapley else ("a", "b")) == (
            pytest.approx(wanted)
        )

    def test_a_channel_touched_twice_has_two_parts(self) -> None:
        assert rules.linear(("a", "b", "a", "a")) == pytest.approx({"a": 0.75, "b": 0.25})

    @pytest.mark.parametrize("split", [rules.first, rules.last, rules.linear, rules.shapley])
    def test_value_is_shared_as_conversions_are(
        self, split: Callable[[tuple[str, ...]], dict[str, float]]
    ) -> None:
        journeys = Journeys(
            (("a", "b"), ("c",)), np.array([2.0, 3]), np.array([0.0, 0]), np.array([50.0, 7])
        )
        found = rules.credit(journeys, split)
        assert found.value is not None
        assert sum(found.value.values()) == pytest.approx(57)
        assert found.value["c"] == pytest.approx(7)
        assert set(found.conversions) == {"a", "b", "c"}


def test_intervals_hold_the_estimate_and_narrow_with_more_journeys() -> None:
    def width(times: float) -> float:
        journeys = Journeys(
            (("a", "b"), ("b",), ("a",)),
            np.array([10.0, 5, 8]) * times,
            np.array([30.0, 20, 9]) * times,
        )
        spans = intervals.intervals(journeys, 1, 200, np.random.default_rng(1))
        estimate = markov.credit(journeys, 1).conversions
        for channel, (low, high) in spans.items():
            assert low < estimate[channel] < high
        return float((spans["a"][1] - spans["a"][0]) / estimate["a"])

    assert width(100) < width(1) / 5
