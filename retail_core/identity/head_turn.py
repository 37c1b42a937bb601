"""Was that a head that turned, or a picture that was swung? Judged by five landmarks a frame.

Eyes and mouth corners lie in one plane, the tip of the nose stands out of it. Four points fix how
a plane is seen, so the nose of a flat picture keeps its place among them (`u`, 0.5 is the middle)
under every tilt, distance and lens; a head's nose moves by its height times the tangent of the
turn. Direction and moment are drawn for each try, so that a film must follow them.

It does not stop a film made to answer both directions, a mask, or a picture bent round something
as narrow as a face; therefore a turn lets a face earn, and never spend.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import hypot
from statistics import median
from typing import Literal, TypeAlias

from retail_core.texts.faults import FaultCode

Point: TypeAlias = tuple[float, float]
Points: TypeAlias = tuple[Point, ...]
_POINTS = 5
_TINY = 1e-6
_HOLD_STEP_MS = 100
_HOLD_STEPS = 8


class Side(StrEnum):
    """A way to turn, as the person herself names it; a camera that mirrors would swap them."""

    LEFT = "left"
    RIGHT = "right"


class Phase(StrEnum):
    """What is waited for, or how it ended."""

    STRAIGHT = "straight"
    TURN = "turn"
    BACK = "back"
    PASSED = "passed"
    FAILED = "failed"


Prompt: TypeAlias = Literal["straight", "left", "right"]


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """`u` in widths of the face's plane, places in eye-to-mouth heights, times in milliseconds."""

    straight_within: float = 0.06
    off_middle_max: float = 0.14
    turned: float = 0.20
    wrong_way: float = 0.12
    turned_frames: int = 2
    straight_frames: int = 3
    step_max: float = 0.12
    move_max: float = 0.8
    grow_max: float = 1.35
    # Landmarks found in a swung photo lean the way a head's would, the more so the narrower it is
    # seen (0.13 ± 0.06 at 50°), and a bent one shows some relief. A head gets there with its eyes
    # still far apart; the narrower they have become, the more the nose must show.
    narrow_from: float = 0.84
    narrow_slope: float = 0.8
    narrow_min: float = 0.62
    flat_narrow: float = 0.88
    alike_min: float = 0.30
    alike_misses: int = 2
    gap_ms: float = 600
    reaction_ms: float = 200
    straight_ms: float = 8_000
    turn_ms: float = 5_000
    back_ms: float = 4_000


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """Which ways to turn, and how long to look straight before each is told."""

    sides: tuple[Side, ...]
    holds_ms: tuple[int, ...]


def plan_of(draw: bytes, hold_min_ms: int = 300) -> TurnPlan:
    """Return the plan that random bytes stand for: one turn a byte."""
    sides = tuple(Side.LEFT if byte & 1 else Side.RIGHT for byte in draw)
    holds = tuple(hold_min_ms + (byte >> 1) % _HOLD_STEPS * _HOLD_STEP_MS for byte in draw)
    return TurnPlan(sides, holds)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One frame: the one face's points (picture order: eyes, nose, mouth corners), or None.

    `alike` is the similarity to the member in question; None when no template could be made.
    """

    at_ms: float
    points: Points | None = None
    alike: float | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What matters of five points: the nose's place among the others, and where they are."""

    u: float
    narrow: float
    centre: Point
    height: float


def shape_of(points: Points) -> Shape | None:
    """Return the shape, or None for points that are no face seen from the front."""
    if len(points) != _POINTS:
        return None
    eye_left, eye_right, nose, mouth_left, mouth_right = points
    place = _place_in((eye_left, eye_right, mouth_right, mouth_left), nose)
    eyes, mouth = _middle(eye_left, eye_right), _middle(mouth_left, mouth_right)
    height = hypot(mouth[0] - eyes[0], mouth[1] - eyes[1])
    if place is None or height < _TINY:
        return None
    across = hypot(eye_right[0] - eye_left[0], eye_right[1] - eye_left[1])
    return Shape(place, across / height, _middle(eyes, mouth), height)


@dataclass(frozen=True, slots=True)
class HeadTurn:
    """A challenge under way; `add` folds in one frame, in order of time."""

    plan: TurnPlan
    limits: TurnLimits = TurnLimits()
    phase: Phase = Phase.STRAIGHT
    reason: FaultCode | None = None
    step: int = 0
    since_ms: float | None = None
    held: tuple[Shape, ...] = ()
    held_since_ms: float = 0.0
    last: Shape | None = None
    last_ms: float = 0.0
    turned: int = 0
    checked: bool = False
    misses: int = 0
    swung: bool = False

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.phase in {Phase.PASSED, Phase.FAILED}

    @property
    def prompt(self) -> Prompt:
        """What the person shall do now."""
        if self.phase is Phase.TURN:
            return self.plan.sides[self.step].value
        return "straight"

    @property
    def progress(self) -> float:
        """How much is done, from 0 to 1."""
        parts = {Phase.TURN: 1, Phase.BACK: 2}.get(self.phase, 0)
        done = self.step * 3 + parts
        return 1.0 if self.phase is Phase.PASSED else done / (len(self.plan.sides) * 3)

    def add(self, seen: Glimpse) -> "HeadTurn":
        """Return the challenge with one more frame."""
        if self.over:
            return self
        state = self if self.since_ms is not None else replace(self, since_ms=seen.at_ms)
        late = _late(state, seen.at_ms)
        if late is not None:
            return _failed(state, late)
        shape = None if seen.points is None else shape_of(seen.points)
        if shape is None:
            return _unseen(state, seen.at_ms)
        state = _compared(state, seen.alike, shape)
        if state.misses >= state.limits.alike_misses:
            return _failed(state, FaultCode.FACE_TURN_OTHER)
        broken = _broken(state, shape, seen.at_ms)
        if broken is not None and state.phase is not Phase.STRAIGHT:
            return _failed(state, broken)
        state = _moved(state, shape, seen.at_ms, fresh=broken is not None)
        return replace(state, last=shape, last_ms=seen.at_ms)


def _late(turn: HeadTurn, at_ms: float) -> FaultCode | None:
    limits = turn.limits
    allowed = {
        Phase.STRAIGHT: limits.straight_ms,
        Phase.TURN: limits.turn_ms,
        Phase.BACK: limits.back_ms,
    }[turn.phase]
    if turn.since_ms is None or at_ms - turn.since_ms <= allowed:
        return None
    if turn.phase is Phase.TURN and turn.swung:
        return FaultCode.FACE_TURN_FLAT
    return FaultCode.FACE_TURN_LOST if turn.last is None else FaultCode.FACE_TURN_TIMEOUT


def _unseen(turn: HeadTurn, at_ms: float) -> HeadTurn:
    if at_ms - turn.last_ms <= turn.limits.gap_ms:
        return turn
    if turn.phase is Phase.STRAIGHT:
        return replace(turn, held=(), last=None)
    return _failed(turn, FaultCode.FACE_TURN_LOST)


def _compared(turn: HeadTurn, alike: float | None, shape: Shape) -> HeadTurn:
    """Count frames of somebody else; in a turn only a turned face says who turned."""
    if alike is None:
        return turn
    if alike < turn.limits.alike_min:
        return replace(turn, misses=turn.misses + 1)
    tells = turn.phase is not Phase.TURN or abs(_shift(turn, shape)) > _half_way(turn)
    return replace(turn, misses=0, checked=turn.checked or tells)


def _broken(turn: HeadTurn, shape: Shape, at_ms: float) -> FaultCode | None:
    """Say whether this frame cannot follow the last: a picture was changed, or it is late."""
    last, limits = turn.last, turn.limits
    if last is None:
        return None
    if at_ms - turn.last_ms > limits.gap_ms:
        return FaultCode.FACE_TURN_LOST
    moved = hypot(shape.centre[0] - last.centre[0], shape.centre[1] - last.centre[1])
    grown = max(shape.height, last.height) / min(shape.height, last.height)
    jumped = (
        abs(shape.u - last.u) > limits.step_max
        or moved > limits.move_max * last.height
        or grown > limits.grow_max
    )
    return FaultCode.FACE_TURN_JUMP if jumped else None


def _moved(turn: HeadTurn, shape: Shape, at_ms: float, *, fresh: bool) -> HeadTurn:
    if turn.phase is Phase.STRAIGHT:
        return _straight(turn, shape, at_ms, fresh=fresh)
    if turn.phase is Phase.TURN:
        return _turn(turn, shape, at_ms)
    return _back(turn, shape, at_ms)


def _straight(turn: HeadTurn, shape: Shape, at_ms: float, *, fresh: bool) -> HeadTurn:
    limits = turn.limits
    held = () if fresh else turn.held
    middle = median(one.u for one in (*held, shape))
    still = all(abs(one.u - middle) <= limits.straight_within for one in (*held, shape))
    if not still or abs(middle - 0.5) > limits.off_middle_max:
        held = ()
    began = at_ms if not held else turn.held_since_ms
    held = (*held, shape)
    ready = (
        len(held) >= limits.straight_frames
        and at_ms - began >= turn.plan.holds_ms[turn.step]
        and turn.checked
    )
    state = replace(turn, held=held, held_since_ms=began)
    return _enter(state, Phase.TURN, at_ms) if ready else state


def _turn(turn: HeadTurn, shape: Shape, at_ms: float) -> HeadTurn:
    limits, shift = turn.limits, _shift(turn, shape)
    if turn.plan.sides[turn.step] is Side.RIGHT:
        shift = -shift
    narrow = shape.narrow / median(one.narrow for one in turn.held)
    swung = turn.swung or (narrow < limits.flat_narrow and shift < _half_way(turn))
    needed = limits.turned + limits.narrow_slope * max(0.0, limits.narrow_from - narrow)
    turned = shift >= needed and narrow >= limits.narrow_min
    since_ms = at_ms if turn.since_ms is None else turn.since_ms
    early = shift >= limits.turned and at_ms - since_ms < limits.reaction_ms
    if early or shift <= -limits.wrong_way:
        return _failed(turn, FaultCode.FACE_TURN_WRONG_WAY)
    state = replace(turn, swung=swung, turned=turn.turned + 1 if turned else 0)
    enough = state.turned >= limits.turned_frames and state.checked
    return _enter(state, Phase.BACK, at_ms) if enough else state


def _back(turn: HeadTurn, shape: Shape, at_ms: float) -> HeadTurn:
    if abs(_shift(turn, shape)) > turn.limits.straight_within or not turn.checked:
        return turn
    if turn.step + 1 == len(turn.plan.sides):
        return replace(turn, phase=Phase.PASSED)
    state = replace(turn, step=turn.step + 1, held=())
    return _enter(state, Phase.STRAIGHT, at_ms)


def _enter(turn: HeadTurn, phase: Phase, at_ms: float) -> HeadTurn:
    return replace(
        turn, phase=phase, since_ms=at_ms, turned=0, checked=False, misses=0, swung=False
    )


def _failed(turn: HeadTurn, reason: FaultCode) -> HeadTurn:
    return replace(turn, phase=Phase.FAILED, reason=reason)


def _shift(turn: HeadTurn, shape: Shape) -> float:
    """Return how far the nose has moved towards the picture's right: her own left."""
    return shape.u - median(one.u for one in turn.held) if turn.held else 0.0


def _half_way(turn: HeadTurn) -> float:
    return turn.limits.turned / 2


def _middle(one: Point, two: Point) -> Point:
    return (one[0] + two[0]) / 2, (one[1] + two[1]) / 2


def _place_in(corners: tuple[Point, Point, Point, Point], inner: Point) -> float | None:
    """Return how far along the upper edge a point lies, 0..1, whatever the view of the plane.

    The map of the unit square onto four corners, going round, is a homography with a closed form
    (Heckbert 1989); this is the first coordinate of its inverse.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    if abs(area) < _TINY:
        return None
    g = (dx3 * dy2 - dx2 * dy3) / area
    h = (dx1 * dy3 - dx3 * dy1) / area
    a, b = x1 - x0 + g * x1, x3 - x0 + h * x3
    d, e = y1 - y0 + g * y1, y3 - y0 + h * y3
    x, y = inner
    along = (e - y0 * h) * x + (x0 * h - b) * y + b * y0 - e * x0
    weight = (d * h - e * g) * x + (b * g - a * h) * y + a * e - b * d
    return along / weight if abs(weight) > _TINY else None
