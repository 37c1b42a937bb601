from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter


def person(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


@given(st.sets(st.binary(min_size=16, max_size=32), max_size=60), st.integers(1, 100))
def test_nobody_is_forgotten(people: set[bytes], expected: int) -> None:
    known = PersonFilter.sized(expected)
    known.add(people)
    again = PersonFilter.decoded(known.encoded())
    assert all(one in known and one in again for one in people)
    assert known.count == again.count == len(people)


def test_one_stranger_in_a_thousand_is_taken_for_known() -> None:
    known = PersonFilter.sized(20_000)
    known.add(map(person, range(20_000)))
    mistaken = sum(person(number) in known for number in range(20_000, 60_000))
    assert 10 < mistaken < 80, "a thousandth of 40,000 is 40"
    assert len(known.encoded()) * 8 / 20_000 < 14.5


def test_an_empty_one_knows_nobody() -> None:
    assert person(1) not in PersonFilter.sized(0)


def test_the_order_of_arrival_leaves_no_trace() -> None:
    there, back = PersonFilter.sized(50), PersonFilter.sized(50)
    there.add(map(person, range(50)))
    back.add(map(person, reversed(range(50))))
    assert there.encoded() == back.encoded()


def test_an_identity_that_is_no_hash_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        PersonFilter.sized(1).add([b"13800138000"])
    with pytest.raises(ValueError, match="gigabyte"):
        PersonFilter.sized(10**12)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda good: good[:-1], "W101"),
        (lambda good: good + b"\x00", "W101"),
        (lambda good: good[:10], "W101"),
        (lambda good: b"RPF2" + good[4:], "W102"),
        (lambda good: good[:4] + b"\x0b" + good[5:], "W102"),
        (lambda good: good[:5] + b"\x00" * 8 + good[13:], "W101"),
        (lambda good: good[:5] + b"\xff" * 8 + good[13:], "W101"),
    ],
)
def test_bytes_that_are_no_filter_are_refused(spoil: object, code: str) -> None:
    assert callable(spoil)
    known = PersonFilter.sized(3)
    known.add([person(1)])
    with pytest.raises(Fault, match=code):
        PersonFilter.decoded(spoil(known.encoded()))
