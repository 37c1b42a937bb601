"""uuid7 against RFC 9562 and its own laws."""

from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.ids import uuid7
from tests.fakes.ids import made_ms

LAST_MS = (1 << 48) - 1
TIMES = st.integers(0, LAST_MS)
RANDOM = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_rfc() -> None:
    # RFC 9562 A.6: rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F, at 2022-02-22 19:22:22 UTC
    randomness = ((0xCC3 << 68) | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7(0x017F22E279B0, randomness) == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


@given(TIMES, RANDOM)
def test_version_variant_and_time_stand_in_it(unix_ms: int, randomness: bytes) -> None:
    made = uuid7(unix_ms, randomness)
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made_ms(made) == unix_ms


@given(TIMES, TIMES, RANDOM, RANDOM)
def test_ids_sort_by_time(first: int, second: int, one: bytes, other: bytes) -> None:
    if first < second:
        assert uuid7(first, one) < uuid7(second, other)


@given(RANDOM)
def test_74_random_bits_stand_in_it(randomness: bytes) -> None:
    bits = int.from_bytes(randomness, "big")
    made = uuid7(0, randomness).int
    assert (made >> 64) & 0xFFF == bits >> 68
    assert made & ((1 << 62) - 1) == bits & ((1 << 62) - 1)


@pytest.mark.parametrize("unix_ms", [-1, LAST_MS + 1])
def test_a_time_out_of_range_is_refused(unix_ms: int) -> None:
    with pytest.raises(ValueError, match=f"^unix_ms out of range: {unix_ms}$"):
        uuid7(unix_ms, bytes(10))


@pytest.mark.parametrize("unix_ms", [0, LAST_MS])
def test_the_ends_of_the_range_are_allowed(unix_ms: int) -> None:
    assert made_ms(uuid7(unix_ms, bytes(10))) == unix_ms


@pytest.mark.parametrize("size", [0, 9, 11])
def test_the_amount_of_randomness_is_fixed(size: int) -> None:
    with pytest.raises(ValueError, match=f"^need 10 random bytes, got {size}$"):
        uuid7(0, bytes(size))
