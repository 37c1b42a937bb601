from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.person_filter import (
    PersonFilter,
    decode_additions,
    encode_additions,
)


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


@given(st.sets(st.integers(0, 5_000)), st.sets(st.integers(0, 5_000)))
def test_additions_make_the_same_filter(early: set[int], late: set[int]) -> None:
    told, remote = PersonFilter.sized(500), PersonFilter.sized(500)
    told.add(map(person, early))
    remote.add(map(person, early))
    places = told.added(map(person, late))
    told.count = remote.count + len(late)
    bits, count, read = decode_additions(encode_additions(told.bits, told.count, places))
    assert bits == remote.bits
    remote.set(read)
    remote.count = count
    assert remote.encoded() == told.encoded()
    assert sorted(read) == sorted(places)


def test_additions_are_small_and_name_nobody() -> None:
    known = PersonFilter.sized(100_000)
    known.add(map(person, range(90_000)))
    places = known.added(map(person, range(90_000, 91_000)))
    sent = encode_additions(known.bits, 91_000, places)
    assert len(sent) < 1_000 * 16, "less than the identities themselves"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "W101"),
        (b"RPF1" + encode_additions(64, 1, [1])[4:], "W102"),
        (encode_additions(64, 1, [1]) + b"\xff", "W101"),
        (encode_additions(64, 1, [1]) + b"\xff" * 6, "W101"),
        (encode_additions(64, 1, [64]), "W101"),
    ],
)
def test_additions_that_are_none_are_refused(content: bytes, code: str) -> None:
    with pytest.raises(Fault, match=code):
        decode_additions(content)


def test_it_is_asked_where_it_lies(tmp_path: Path) -> None:
    known = PersonFilter.sized(50)
    known.add(map(person, range(50)))
    path = tmp_path / "persons"
    path.write_bytes(known.encoded())
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        there = PersonFilter.over(mapped)
        assert all(person(number) in there for number in range(50))
        assert there.count == 50
        assert there.encoded() == known.encoded()


def test_how_often_it_errs_can_be_said() -> None:
    known = PersonFilter.sized(10_000)
    assert known.mistakes == 0
    known.add(map(person, range(10_000)))
    assert 0.0009 < known.mistakes < 0.0011


def test_where_an_identity_lies_is_what_every_box_and_cloud_agree_on() -> None:
    known = PersonFilter(64)
    known.add([(5).to_bytes(8, "big") + (3).to_bytes(8, "big") + b"never looked at"])
    # 5 + 3 i + (i^3 - i) / 6 over 64, for i = 0..9
    places = {5, 8, 12, 18, 24, 27, 40, 49, 58}
    assert known.encoded()[-8:] == sum(1 << place for place in places).to_bytes(8, "little")
    assert (
        len(PersonFilter(65).encoded())
        == len(PersonFilter(72).encoded())
        == 8 + len(PersonFilter(8).encoded())
    )


@pytest.mark.parametrize(
    ("places", "packed"),
    [
        ([], b""),
        ([0], b"\x00"),
        ([3, 1, 3], b"\x01\x01"),
        ([127], b"\x7f"),
        ([128], b"\x80\x01"),
        ([0, 129, 130], b"\x00\x80\x01\x00"),
        ([16_384], b"\x80\x80\x01"),
        ([2**35 - 1], b"\xff" * 4 + b"\x7f"),
    ],
)
def test_additions_as_they_travel(places: list[int], packed: bytes) -> None:
    content = encode_additions(2**35, 7, places)
    assert content[len(encode_additions(2**35, 7, [])) :] == packed
    assert decode_additions(content) == (2**35, 7, sorted(set(places)))
