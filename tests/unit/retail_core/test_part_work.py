"""Which parts of a box stand still, and what an expired box signs to be let in again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.fleet.box_identity import late_words
from retail_core.fleet.work import Stand, begun, hung, noted

looks = st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)), max_size=8)


def test_a_number_that_moves_begins_a_new_count() -> None:
    first = noted({}, {"till": 1, "sync": 0}, 1_000)
    assert first == {"till": Stand(1, 1_000), "sync": Stand(0, 1_000)}
    second = noted(first, {"till": 1, "sync": 1}, 2_000)
    assert second == {"till": Stand(1, 1_000), "sync": Stand(1, 2_000)}
    back = noted(second, {"till": 0}, 3_000)
    assert back == {"till": Stand(0, 3_000)}, "another number, also a smaller one; sync is gone"


@pytest.mark.parametrize(("now", "names"), [(5_999, ()), (6_000, ()), (6_001, ("sync", "till"))])
def test_whoever_stands_longer_than_the_patience_hangs(now: int, names: tuple[str, ...]) -> None:
    stands = {"till": Stand(4, 1_000), "sync": Stand(9, 1_000), "net": Stand(2, 5_000)}
    assert hung(stands, 5_000, now) == names


def test_begun_is_when_every_part_has_done_something() -> None:
    assert begun({"till": Stand(1, 0), "sync": Stand(2, 0)})
    assert not begun({"till": Stand(1, 0), "sync": Stand(0, 0)})
    assert begun({})


@given(looks)
def test_a_part_stands_since_the_first_look_that_showed_its_number(
    shown: list[dict[str, int]],
) -> None:
    stands: dict[str, Stand] = {}
    for now, marks in enumerate(shown):
        stands = noted(stands, marks, now)
        assert stands.keys() == marks.keys()
        for name, one in stands.items():
            since = now
            while since and shown[since - 1].get(name) == marks[name]:
                since -= 1
            assert one == Stand(marks[name], since)


def test_a_late_box_signs_this_request_for_this_certificate_and_nothing_else() -> None:
    assert late_words(b"csr", b"print") == b"regulars late renewal 1\x00printcsr"
