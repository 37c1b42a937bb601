"""What a frame of the feed means for a box that stands somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.sync.cursor import Verdict, judge


@pytest.mark.parametrize(
    ("epoch", "prev_pos", "pos", "held_epoch", "held_pos", "wanted"),
    [
        # in order
        (3, 10, 15, 3, 10, Verdict.APPLY),
        (3, 10, 11, 3, 10, Verdict.APPLY),
        # seen before, wholly or in part
        (3, 5, 10, 3, 10, Verdict.DUPLICATE),
        (3, 1, 4, 3, 10, Verdict.DUPLICATE),
        (3, 8, 12, 3, 10, Verdict.APPLY),
        (3, 10, 10, 3, 10, Verdict.DUPLICATE),
        # something is missing between
        (3, 11, 15, 3, 10, Verdict.GAP),
        (3, 12, 12, 3, 10, Verdict.GAP),
        # the cloud was restored
        (4, 10, 15, 3, 10, Verdict.NEW_EPOCH),
        (4, 0, 1, 3, 10, Verdict.NEW_EPOCH),
        (4, 0, 1, 3, 0, Verdict.NEW_EPOCH),
        (2, 10, 15, 3, 10, Verdict.DUPLICATE),
        # a box that holds nothing yet
        (3, 0, 5, 0, 0, Verdict.APPLY),
        (3, 4, 5, 0, 0, Verdict.NEW_EPOCH),
        (0, 0, 5, 0, 0, Verdict.APPLY),
        (3, 0, 5, 0, 2, Verdict.NEW_EPOCH),
        (3, 0, 0, 0, 0, Verdict.DUPLICATE),
    ],
)
def test_verdicts(
    epoch: int, prev_pos: int, pos: int, held_epoch: int, held_pos: int, wanted: Verdict
) -> None:
    assert judge(epoch, prev_pos, pos, held_epoch, held_pos) is wanted


POS = st.integers(0, 20)


@given(POS, POS, POS)
def test_applying_never_skips_and_never_goes_back(prev_pos: int, ahead: int, held: int) -> None:
    pos = prev_pos + ahead
    verdict = judge(1, prev_pos, pos, 1, held)
    assert (verdict is Verdict.APPLY) == (prev_pos <= held < pos)
    assert (verdict is Verdict.GAP) == (prev_pos > held)
    assert verdict is not Verdict.NEW_EPOCH
