"""A challenge to turn one's head, frame by frame at each of its limits."""

import pytest

from retail_core.identity.head_turn import Glimpse, HeadTurn, Phase, Side, TurnLimits, TurnPlan
from retail_core.texts.faults import FaultCode

# Fractions of two, so that a limit is met exactly.
LIMITS = TurnLimits(
    straight_within=0.0625,
    off_middle_max=0.125,
    turned=0.25,
    wrong_way=0.125,
    step_max=0.125,
    alike_min=0.5,
)
SIZE = 128
LEFT = HeadTurn(TurnPlan((Side.LEFT,), (400,)), LIMITS)
RIGHT = HeadTurn(TurnPlan((Side.RIGHT,), (400,)), LIMITS)
Frame = tuple[float, float]  # milliseconds, and how far along the nose is


def face(at_ms: float, along: float, alike: float | None = 0.9, size: int = SIZE) -> Glimpse:
    """Return a square face: its nose is exactly so far along."""
    corners = ((0.0, 0.0), (float(size), 0.0), (0.0, float(size)), (float(size), float(size)))
    nose = (along * size, size / 2)
    return Glimpse(at_ms, (*corners[:2], nose, *corners[2:]), alike)


def seen(turn: HeadTurn, *frames: Frame) -> HeadTurn:
    for at_ms, along in frames:
        turn = turn.add(face(at_ms, along))
    return turn


STRAIGHT: tuple[Frame, ...] = ((0, 0.5), (200, 0.5), (400, 0.5))
TOLD = seen(LEFT, *STRAIGHT)
ON_THE_WAY = seen(TOLD, (500, 0.625))


def test_a_whole_turn_step_by_step() -> None:
    assert (LEFT.prompt, LEFT.progress) == ("straight", 0.0)
    assert seen(LEFT, *STRAIGHT[:2]).phase is Phase.STRAIGHT
    assert (TOLD.phase, TOLD.prompt, TOLD.progress) == (Phase.TURN, "left", 1 / 3)
    assert (TOLD.since_ms, TOLD.turned, TOLD.checked) == (400, 0, False)
    once = seen(ON_THE_WAY, (600, 0.75))
    assert (once.phase, once.turned) == (Phase.TURN, 1)
    back = seen(once, (700, 0.75))
    assert (back.phase, back.prompt, back.progress) == (Phase.BACK, "straight", 2 / 3)
    assert (back.since_ms, back.turned, back.checked, back.misses) == (700, 0, False, 0)
    assert seen(back, (800, 0.6875)).phase is Phase.BACK
    passed = seen(back, (800, 0.6875), (900, 0.5625))
    assert (passed.phase, passed.progress, passed.over) == (Phase.PASSED, 1.0, True)
    assert seen(passed, (99_000, 0.1)) == passed


def test_to_the_right_it_is_the_other_way_round() -> None:
    told = seen(RIGHT, *STRAIGHT)
    assert told.prompt == "right"
    assert seen(told, (500, 0.375), (600, 0.25), (700, 0.25)).phase is Phase.BACK
    assert seen(told, (500, 0.625)).reason is FaultCode.FACE_TURN_WRONG_WAY


def test_a_nose_that_comes_back_too_soon_counts_anew() -> None:
    wavers = seen(ON_THE_WAY, (600, 0.75), (700, 0.6875), (800, 0.75))
    assert (wavers.phase, wavers.turned) == (Phase.TURN, 1)
    assert seen(wavers, (900, 0.75)).phase is Phase.BACK


@pytest.mark.parametrize(
    ("frames", "ready"),
    [
        (((0, 0.5), (200, 0.5), (399, 0.5)), False),
        (((0, 0.5), (400, 0.5)), False),
        (((0, 0.5), (200, 0.5625), (400, 0.5)), True),
        (((0, 0.5), (200, 0.578125), (400, 0.5)), False),
        (((0, 0.625), (200, 0.625), (400, 0.625)), True),
        (((0, 0.640625), (200, 0.640625), (400, 0.640625)), False),
        (((0, 0.5), (600, 0.5), (1_200, 0.5)), True),
        (((0, 0.5), (601, 0.5), (1_001, 0.5)), False),
        (((0, 0.5), (601, 0.5), (801, 0.5), (1_001, 0.5)), True),
    ],
)
def test_looking_straight(frames: tuple[Frame, ...], *, ready: bool) -> None:
    assert (seen(LEFT, *frames).phase is Phase.TURN) is ready


@pytest.mark.parametrize(
    ("turn", "frame", "reason"),
    [
        (TOLD, (1_000, 0.5), None),
        (TOLD, (1_001, 0.5), FaultCode.FACE_TURN_LOST),
        (TOLD, (500, 0.625), None),
        (TOLD, (500, 0.6328125), FaultCode.FACE_TURN_JUMP),
        (TOLD, (500, 0.3828125), None),
        (TOLD, (500, 0.375), FaultCode.FACE_TURN_WRONG_WAY),
        (ON_THE_WAY, (599, 0.75), FaultCode.FACE_TURN_WRONG_WAY),
        (ON_THE_WAY, (600, 0.75), None),
        (ON_THE_WAY, (599, 0.7421875), None),
    ],
)
def test_what_ends_a_turn(turn: HeadTurn, frame: Frame, reason: FaultCode | None) -> None:
    after = seen(turn, frame)
    assert after.reason is reason
    assert (after.phase is Phase.FAILED) is (reason is not None)


def test_each_phase_has_its_time() -> None:
    slow = HeadTurn(LEFT.plan, LIMITS)
    first = slow.add(Glimpse(0))
    assert first.add(Glimpse(8_000)).phase is Phase.STRAIGHT
    assert first.add(Glimpse(8_001)).reason is FaultCode.FACE_TURN_LOST, "nobody was seen"
    stays = seen(TOLD, *((400 + 500 * n, 0.5) for n in range(1, 11)))
    assert (stays.phase, stays.last_ms) == (Phase.TURN, 5_400)
    assert seen(stays, (5_401, 0.5)).reason is FaultCode.FACE_TURN_TIMEOUT
    back = seen(ON_THE_WAY, (600, 0.75), (700, 0.75))
    waits = seen(back, *((700 + 500 * n, 0.75) for n in range(1, 9)))
    assert (waits.phase, waits.last_ms) == (Phase.BACK, 4_700)
    assert seen(waits, (4_701, 0.75)).reason is FaultCode.FACE_TURN_TIMEOUT


def test_a_face_that_is_gone_for_a_moment_is_waited_for() -> None:
    assert TOLD.add(Glimpse(1_000)) == TOLD
    assert TOLD.add(Glimpse(1_001)).reason is FaultCode.FACE_TURN_LOST
    early = seen(LEFT, *STRAIGHT[:2])
    forgotten = early.add(Glimpse(801))
    assert (forgotten.phase, forgotten.held, forgotten.last) == (Phase.STRAIGHT, (), None)


def test_somebody_else_ends_it_at_the_second_frame_and_her_own_face_clears_it() -> None:
    one = TOLD.add(face(500, 0.5, 0.49))
    assert (one.phase, one.misses) == (Phase.TURN, 1)
    assert one.add(face(600, 0.5, 0.49)).reason is FaultCode.FACE_TURN_OTHER
    assert one.add(face(600, 0.5, 0.5)).misses == 0, "just alike enough"
    assert one.add(face(600, 0.5, None)).misses == 1


def test_only_a_turned_face_says_who_turned() -> None:
    half = TOLD.add(face(500, 0.625))
    assert not half.checked, "half way is not beyond it"
    assert half.add(face(600, 0.6328125)).checked
    unknown = TOLD.add(face(500, 0.625, None)).add(face(600, 0.75, None))
    still = unknown.add(face(700, 0.75, None))
    assert (still.phase, still.turned) == (Phase.TURN, 2)
    assert still.add(face(800, 0.75)).phase is Phase.BACK


def test_a_face_that_grows_or_moves_too_fast_was_changed() -> None:
    assert TOLD.add(face(500, 0.5, size=160)).reason is None
    assert TOLD.add(face(500, 0.5, size=176)).reason is FaultCode.FACE_TURN_JUMP
