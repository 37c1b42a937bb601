"""Ranges against the sets they stand for."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.sync.ranges import Range, Ranges, clamp, covers, from_seqs, normalise, subtract

ONE = st.tuples(st.integers(1, 40), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair)))
SOME = st.lists(ONE, max_size=8)


def as_set(ranges: Iterable[Range]) -> set[int]:
    return {seq for low, high in ranges for seq in range(low, high + 1)}


def is_normal(ranges: Ranges) -> bool:
    gaps = all(before[1] + 1 < after[0] for before, after in itertools.pairwise(ranges))
    return gaps and all(low <= high for low, high in ranges)


@given(SOME)
def test_the_normal_form_holds_the_same_and_is_unique(ranges: list[Range]) -> None:
    normal = normalise(ranges)
    assert as_set(normal) == as_set(ranges)
    assert is_normal(normal)
    assert normalise(normal) == normal
    assert normalise(reversed(ranges)) == normal
    assert from_seqs(as_set(ranges)) == normal


@given(SOME, SOME)
def test_subtraction_is_that_of_sets(ranges: list[Range], minus: list[Range]) -> None:
    left = subtract(ranges, minus)
    assert as_set(left) == as_set(ranges) - as_set(minus)
    assert is_normal(left)


@given(SOME, SOME)
def test_what_is_left_and_what_went_make_the_whole(ranges: list[Range], minus: list[Range]) -> None:
    left = subtract(ranges, minus)
    went = subtract(ranges, left)
    assert normalise([*left, *went]) == normalise(ranges)


@given(SOME, st.integers(0, 60), st.integers(0, 60))
def test_clamping_is_intersection(ranges: list[Range], low: int, high: int) -> None:
    inside = clamp(ranges, low, high)
    assert as_set(inside) == as_set(ranges) & set(range(low, high + 1))
    assert is_normal(inside)


@given(SOME, st.integers(0, 60))
def test_covering_is_membership(ranges: list[Range], seq: int) -> None:
    assert covers(ranges, seq) == (seq in as_set(ranges))


def test_neighbours_are_one() -> None:
    assert normalise([(4, 6), (1, 3)]) == ((1, 6),)
    assert normalise([(5, 6), (1, 3)]) == ((1, 3), (5, 6))
    assert normalise([(1, 9), (2, 3)]) == ((1, 9),)
    assert normalise([]) == ()
    assert from_seqs([3, 1, 2, 7]) == ((1, 3), (7, 7))


def test_a_range_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match=r"^range 5\.\.4$"):
        normalise([(5, 4)])
    assert normalise([(5, 5)]) == ((5, 5),)
