"""Accept, ask, unknown: the threshold, the margin and the vote."""

from math import inf, isclose
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.identity.face_match import (
    Accept,
    Ask,
    Candidate,
    Decision,
    FacePolicy,
    Unknown,
    Vote,
    decide,
    threshold_for,
)

POLICY = FacePolicy()
FREE = FacePolicy(threshold_min=-1.0, threshold_max=2.0)
ANNA, BERTA, CLARA = (UUID(int=number) for number in (1, 2, 3))
SCORES = st.floats(-1, 1)


def test_the_defaults_are_those_that_were_measured() -> None:
    assert FacePolicy(10, 0.40, 0.55, 0.08, 0.10) == POLICY


@pytest.mark.parametrize(
    ("gallery_size", "permille", "wanted"),
    [
        (1, 1, 0.337),  # one member, one stranger in a thousand: the measured point itself
        (10, 1, 0.474),
        (100, 10, 0.474),
        (100, 1, 0.611),
        (1, 10, 0.200),
        (1_000, 1_000, 0.337),
    ],
)
def test_the_line_goes_through_the_measured_points(
    gallery_size: int, permille: int, wanted: float
) -> None:
    assert isclose(threshold_for(gallery_size, permille, FREE), wanted, abs_tol=1e-9)


def test_the_threshold_stays_where_measurements_reach() -> None:
    assert threshold_for(1, 10, POLICY) == 0.40
    assert threshold_for(100_000, 10, POLICY) == 0.55
    assert threshold_for(100, 10, POLICY) == pytest.approx(0.474)


def test_an_empty_gallery_and_a_target_of_zero_are_taken_as_one() -> None:
    assert threshold_for(0, 10, FREE) == threshold_for(1, 10, FREE)
    assert threshold_for(10, 0, FREE) == threshold_for(10, 1, FREE)


@given(st.integers(0, 200_000), st.integers(0, 200_000), st.integers(1, 1_000))
def test_a_bigger_gallery_is_never_easier(one: int, other: int, permille: int) -> None:
    small, big = sorted((one, other))
    assert threshold_for(small, permille, POLICY) <= threshold_for(big, permille, POLICY)


def seen(score: float, rival: float | None = None, gallery_size: int = 100_000) -> Decision:
    second = None if rival is None else Candidate(BERTA, rival)
    return decide(Candidate(ANNA, score), second, gallery_size, POLICY)


def test_nobody_in_the_gallery_is_unknown() -> None:
    assert decide(None, None, 0, POLICY) == Unknown()


def test_a_gallery_of_one_has_no_rival() -> None:
    assert seen(0.41, gallery_size=1) == Accept(ANNA, 0.41)
    assert seen(0.39, gallery_size=1) == Ask((ANNA,))
    assert seen(0.29, gallery_size=1) == Unknown()


@pytest.mark.parametrize(
    ("score", "rival", "wanted"),
    [
        (0.55, None, Accept(ANNA, 0.55)),
        (0.549, None, Ask((ANNA,))),
        (0.451, None, Ask((ANNA,))),
        (0.449, None, Unknown()),
        (0.71, 0.62, Accept(ANNA, 0.71)),
        (0.70, 0.621, Ask((ANNA, BERTA))),
        (0.50, 0.46, Ask((ANNA, BERTA))),
        (0.50, 0.30, Ask((ANNA,))),
        (0.44, 0.43, Unknown()),
        (0.60, 0.90, Ask((ANNA, BERTA))),
    ],
)
def test_decisions(score: float, rival: float | None, wanted: Decision) -> None:
    assert seen(score, rival) == wanted


EXACT = FacePolicy(threshold_min=0.5, threshold_max=0.5, margin=0.125, ask_band=0.25)


@pytest.mark.parametrize(
    ("score", "rival", "wanted"),
    [
        (0.5, None, Accept(ANNA, 0.5)),
        (0.5, 0.375, Accept(ANNA, 0.5)),
        (0.25, None, Ask((ANNA,))),
        (0.25, 0.125, Ask((ANNA,))),
    ],
)
def test_the_bounds_themselves_belong_to_the_better_side(
    score: float, rival: float | None, wanted: Decision
) -> None:
    second = None if rival is None else Candidate(BERTA, rival)
    assert decide(Candidate(ANNA, score), second, 10, EXACT) == wanted


def test_the_threshold_follows_the_gallery() -> None:
    assert seen(0.45, gallery_size=10) == Accept(ANNA, 0.45)
    assert seen(0.46, gallery_size=100) == Ask((ANNA,))


def test_her_own_templates_are_no_rivals() -> None:
    with pytest.raises(ValueError, match=r"^the runner-up must be another member$"):
        decide(Candidate(ANNA, 0.9), Candidate(ANNA, 0.8), 10, POLICY)


@given(SCORES, SCORES | st.just(-inf), st.integers(1, 100_000))
def test_only_who_is_close_and_clear_is_accepted(
    score: float, rival: float, gallery_size: int
) -> None:
    decision = decide(Candidate(ANNA, score), Candidate(BERTA, rival), gallery_size, POLICY)
    threshold = threshold_for(gallery_size, 10, POLICY)
    close, clear = score >= threshold, score - rival >= POLICY.margin
    assert isinstance(decision, Accept) == (close and clear)
    assert isinstance(decision, Unknown) == (score < threshold - POLICY.ask_band)
    if isinstance(decision, Ask):
        assert decision.candidates == ((ANNA,) if clear else (ANNA, BERTA))


# ---- the vote -----------------------------------------------------------------------------------


def vote(*decisions: Decision, needed: int = 3) -> Vote:
    state = Vote(needed)
    for decision in decisions:
        state = state.add(decision)
    return state


A, B = Accept(ANNA, 0.7), Accept(BERTA, 0.6)


def test_nobody_wins_before_the_first_frame() -> None:
    assert Vote().winner is None
    assert Vote().frames == 0
    assert Vote().needed == 3
    assert Vote().candidates == ()


@pytest.mark.parametrize(
    ("decisions", "winner"),
    [
        ((A,), None),
        ((A, A), None),
        ((A, A, A), ANNA),
        ((A, Unknown(), A, Ask((BERTA,)), A), ANNA),
        ((A, A, B), None),
        ((A, A, A, B), None),
        ((A, A, A, B, A), ANNA),
        ((B, A, A, A, A), ANNA),
        ((B, B, B, A), None),
        ((B, B, B), BERTA),
        ((Ask((ANNA,)),) * 9, None),
        ((Unknown(),) * 9, None),
    ],
)
def test_the_winner_is_ahead_by_three_frames(
    decisions: tuple[Decision, ...], winner: UUID | None
) -> None:
    state = vote(*decisions)
    assert state.winner == winner
    assert state.frames == len(decisions)


def test_three_who_share_the_frames_win_nothing() -> None:
    c = Accept(CLARA, 0.6)
    assert vote(A, B, c, A, B, c, A, B, c).winner is None
    assert vote(c, c, A, A, A, A, A).winner == ANNA


def test_the_frames_needed_can_be_set() -> None:
    assert vote(A, needed=1).winner == ANNA
    assert vote(A, A, A, A, needed=5).winner is None
    assert vote(A, needed=5).needed == 5


def test_a_vote_is_never_changed_in_place() -> None:
    before = vote(A, A)
    before.add(A)
    assert before.winner is None
    assert before.frames == 2


def test_the_candidates_are_all_who_were_seen() -> None:
    state = vote(Ask((BERTA, ANNA)), A, Ask((BERTA, CLARA)), Unknown())
    assert state.candidates == (ANNA, BERTA, CLARA)
    assert state.asked == (BERTA, ANNA, CLARA)
    assert state.accepts == {ANNA: 1}
