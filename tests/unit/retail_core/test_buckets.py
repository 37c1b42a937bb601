"""256 small sums find which members two copies do not agree about."""

import os
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.sync.buckets import BUCKETS, SUM_BYTES, apart, bucket_of, sums_of

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
HELD = st.dictionaries(st.binary(max_size=16), st.integers(0, 2**63), max_size=12)


def test_buckets_are_cut_by_the_sum_every_zip_file_uses() -> None:
    assert bucket_of(b"123456789") == 0xCBF43926 % 256 == 0x26
    assert {bucket_of(nth.to_bytes(2, "big")) for nth in range(4_096)} == set(range(256))


def test_the_sums_of_one_member_are_what_both_sides_have_agreed_on() -> None:
    sums = sums_of([(b"123456789", 258)])
    # printf '123456789\0\0\0\0\0\0\1\2' | sha256sum
    assert sums[0x26 * 8 : 0x27 * 8].hex() == "08e2fa1272cff667"
    assert sums.count(0) >= 255 * 8
    assert len(sums) == BUCKETS * SUM_BYTES == 2_048


def test_two_members_of_one_bucket_are_both_in_its_sum() -> None:
    same = [key for key in (nth.to_bytes(2, "big") for nth in range(2_000)) if bucket_of(key) == 7]
    whole, one, other = (
        sums_of([(key, 1) for key in same[:2]]),
        *(sums_of([(k, 1)]) for k in same[:2]),
    )
    assert whole not in (one, other, bytes(2_048))
    assert apart(whole, one) == apart(whole, other) == apart(one, other) == (7,)


@settings(max_examples=EXAMPLES)
@given(HELD, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(held: dict[bytes, int], dice: random.Random) -> None:
    mixed = list(held.items())
    dice.shuffle(mixed)
    assert sums_of(mixed) == sums_of(held.items())


@settings(max_examples=EXAMPLES)
@given(HELD, HELD)
def test_exactly_the_buckets_of_what_differs_are_apart(
    ours: dict[bytes, int], theirs: dict[bytes, int]
) -> None:
    differing = {bucket_of(key) for key, _ in ours.items() ^ theirs.items()}
    found = apart(sums_of(ours.items()), sums_of(theirs.items()))
    assert found == tuple(sorted(differing))


def test_the_first_bucket_and_the_last_are_compared() -> None:
    empty = bytes(BUCKETS * SUM_BYTES)
    assert apart(empty, empty) == ()
    assert apart(b"\1" + empty[1:], empty) == (0,)
    assert apart(empty, empty[:-1] + b"\1") == (255,)
    assert apart(empty[:7] + b"\1" + empty[8:], empty[:8] + b"\1" + empty[9:]) == (0, 1)


def test_sums_of_another_kind_agree_nowhere() -> None:
    whole = sums_of([])
    assert apart(whole, whole[:-SUM_BYTES]) == tuple(range(256))
    assert apart(b"", whole) == tuple(range(256))
    assert apart(b"", b"") == ()
