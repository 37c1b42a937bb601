"""A head that turns passes; a picture, another person, a jump, the wrong way do not."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.identity.head_turn import (
    Glimpse,
    HeadTurn,
    Phase,
    Side,
    TurnPlan,
    plan_of,
    shape_of,
)
from retail_core.texts.faults import FaultCode
from tests.factories.turning import FRAME_MS, OTHER, Sitter, Solid, View, sweep, yaw_towards


def drawn(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable noise


LEFT = TurnPlan((Side.LEFT,), (400,))
BOTH = TurnPlan((Side.RIGHT, Side.LEFT), (300, 500))
FLAT = Solid(nose=0.0)
views = st.builds(
    View,
    yaw=st.floats(-5, 5),
    pitch=st.floats(-12, 12),
    roll=st.floats(-15, 15),
    distance=st.floats(5, 14),
)
plans = st.binary(min_size=1, max_size=3).map(plan_of)


@given(view=views, yaw=st.floats(-60, 60))
def test_a_flat_picture_keeps_its_nose_in_place(view: View, yaw: float) -> None:
    seen = shape_of(View(yaw, view.pitch, view.roll, view.distance).of(FLAT))
    assert seen is not None
    assert seen.u == pytest.approx(0.5, abs=1e-6)


@given(yaw=st.floats(5, 40), nose=st.floats(0.28, 0.5))
def test_a_heads_nose_moves_towards_the_side_it_turns_to(yaw: float, nose: float) -> None:
    left, right = (shape_of(View(angle).of(Solid(nose))) for angle in (-yaw, yaw))
    assert left is not None
    assert right is not None
    assert left.u > 0.5 > right.u


@settings(max_examples=60)
@given(
    plan=plans,
    view=views,
    nose=st.floats(0.33, 0.5),
    angle=st.floats(36, 42),
    pace=st.floats(1.5, 5),
    seed=st.integers(0, 1_000),
)
def test_real_turns_pass_whatever_the_camera(
    plan: TurnPlan, view: View, nose: float, angle: float, pace: float, seed: int
) -> None:
    level = View(0, view.pitch, view.roll, view.distance)
    sitter = Sitter(plan, Solid(nose), level, noise_px=0.0, draw=drawn(seed))
    assert sitter.obeys(angle, pace).phase is Phase.PASSED


def test_most_real_turns_pass_on_points_that_tremble() -> None:
    """Noise is no law: `make bench-turn` counts; here the same 200 turns are played each time."""
    turns = (
        Sitter(BOTH, Solid(), View(0), noise_px=0.4, draw=drawn(seed)).obeys(38, 3)
        for seed in range(200)
    )
    assert sum(turn.phase is Phase.PASSED for turn in turns) >= 190


@settings(max_examples=60)
@given(
    plan=plans,
    view=views,
    angle=st.floats(0, 70),
    pace=st.floats(1, 8),
    seed=st.integers(0, 1_000),
)
def test_flat_pictures_never_pass_however_they_are_swung(
    plan: TurnPlan, view: View, angle: float, pace: float, seed: int
) -> None:
    sitter = Sitter(plan, FLAT, view, noise_px=1.0, draw=drawn(seed))
    assert sitter.obeys(angle, pace).phase is Phase.FAILED


@given(
    glimpses=st.lists(
        st.tuples(
            st.one_of(st.none(), st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 2), max_size=6)),
            st.one_of(st.none(), st.floats(-1, 1)),
            st.floats(1, 2_000),
        ),
        max_size=40,
    )
)
def test_nothing_that_is_seen_breaks_it(
    glimpses: list[tuple[list[tuple[float, float]] | None, float | None, float]],
) -> None:
    turn, at_ms, done = HeadTurn(BOTH), 0.0, 0.0
    for points, alike, later in glimpses:
        at_ms += later
        turn = turn.add(Glimpse(at_ms, None if points is None else tuple(points), alike))
        assert turn.progress >= done
        done = turn.progress
        assert turn.over == (turn.phase in {Phase.PASSED, Phase.FAILED})
        assert (turn.reason is None) == (turn.phase is not Phase.FAILED)


def test_the_way_is_told_when_it_is_due_and_not_before() -> None:
    sitter = Sitter(BOTH, Solid())
    told = [(sitter.turn.prompt, sitter.turn.progress)]
    sitter.rests()
    told.append((sitter.turn.prompt, sitter.turn.progress))
    sitter.shows(sweep(yaw_towards(Side.RIGHT, 35)))
    told.append((sitter.turn.prompt, sitter.turn.progress))
    assert told == [("straight", 0.0), ("right", pytest.approx(1 / 6)), ("straight", 0.5)]
    assert sitter.obeys().phase is Phase.PASSED
    assert sitter.turn.progress == 1.0


def test_the_way_and_the_moment_are_drawn() -> None:
    plans_ = [plan_of(bytes([byte])) for byte in range(256)]
    assert {plan.sides for plan in plans_} == {(Side.LEFT,), (Side.RIGHT,)}
    assert len({plan.holds_ms for plan in plans_}) == 8
    lefts = sum(plan.sides == (Side.LEFT,) for plan in plans_)
    assert lefts == 128


def ended(sitter: Sitter) -> FaultCode | None:
    assert sitter.turn.phase is Phase.FAILED
    return sitter.turn.reason


def test_the_wrong_way_fails_at_once() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows(sweep(yaw_towards(Side.RIGHT, 35)))
    assert ended(sitter) is FaultCode.FACE_TURN_WRONG_WAY


def test_who_turned_before_she_was_told_did_not_follow() -> None:
    """No one is at the full turn a fifth of a second after it was asked for: a film is."""
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.at_ms -= 60
    sitter.shows([-12, -22, -32])
    assert ended(sitter) is FaultCode.FACE_TURN_WRONG_WAY


def test_a_photo_of_a_turned_face_put_in_its_place_is_a_jump() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows([0.0] * 4)
    sitter.shows([-35.0])
    assert ended(sitter) is FaultCode.FACE_TURN_JUMP


@pytest.mark.parametrize("change", [View(distance=5), View(roll=170)])
def test_a_picture_that_changes_place_is_a_jump(change: View) -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows([0.0] * 4)
    moved = tuple((x + 120, y) for x, y in change.of(Solid()))
    sitter.sees(moved)
    assert ended(sitter) is FaultCode.FACE_TURN_JUMP


def test_a_jump_before_the_turn_only_begins_anew() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.shows([0.0] * 4)
    sitter.sees(View(distance=5).of(Solid()))
    assert sitter.turn.phase is Phase.STRAIGHT
    assert sitter.obeys().phase is Phase.PASSED


def test_another_face_in_the_turn_is_noticed() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows(sweep(-35)[:4])
    sitter.shows([-16, -20], alike=OTHER)
    assert ended(sitter) is FaultCode.FACE_TURN_OTHER


def test_one_poor_comparison_is_forgiven() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows([-4], alike=OTHER)
    assert sitter.obeys().phase is Phase.PASSED


def test_a_turn_nobody_could_be_told_in_does_not_count() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows([*sweep(-35)[:-3], 0.0], alike=None)
    assert sitter.turn.phase is Phase.TURN
    sitter.shows([0.0] * 80)
    assert ended(sitter) is FaultCode.FACE_TURN_TIMEOUT


def test_a_face_that_goes_away_in_the_turn_is_lost() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    for _ in range(10):
        sitter.sees(None)
    assert ended(sitter) is FaultCode.FACE_TURN_LOST


def test_frames_that_came_too_late_do_not_follow_each_other() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.at_ms += 900
    sitter.shows([0.0])
    assert ended(sitter) is FaultCode.FACE_TURN_LOST


def test_a_blink_of_the_detector_is_forgiven() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    for _ in range(3):
        sitter.sees(None)
    assert sitter.obeys().phase is Phase.PASSED


def test_nobody_there_ends_in_time() -> None:
    sitter = Sitter(LEFT, Solid())
    for _ in range(round(9_000 / FRAME_MS)):
        sitter.sees(None)
    assert ended(sitter) is FaultCode.FACE_TURN_LOST


def test_somebody_else_never_begins() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.shows([0.0, 0.0], alike=OTHER)
    assert ended(sitter) is FaultCode.FACE_TURN_OTHER


def test_looking_aside_all_the_time_is_no_start() -> None:
    sitter = Sitter(LEFT, Solid(), View(yaw=30))
    sitter.rests(frames=120)
    assert ended(sitter) is FaultCode.FACE_TURN_TIMEOUT


def test_a_swung_picture_is_called_one() -> None:
    sitter = Sitter(LEFT, FLAT)
    sitter.rests()
    while not sitter.turn.over:
        sitter.shows(sweep(-40))
    assert ended(sitter) is FaultCode.FACE_TURN_FLAT


def test_standing_still_is_only_late() -> None:
    sitter = Sitter(LEFT, Solid())
    sitter.rests()
    sitter.shows([0.0] * 80)
    assert ended(sitter) is FaultCode.FACE_TURN_TIMEOUT


def test_after_the_end_nothing_changes() -> None:
    sitter = Sitter(LEFT, Solid())
    passed = sitter.obeys()
    assert passed.phase is Phase.PASSED
    assert passed.add(Glimpse(sitter.at_ms + 10, None)) is passed


def test_points_that_are_no_face_have_no_shape() -> None:
    assert shape_of(((0.0, 0.0),) * 5) is None
    assert shape_of(((0.0, 0.0),) * 4) is None
