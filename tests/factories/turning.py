"""A head of five points before a camera, and a photo of it, at any turn and with any noise."""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

from retail_core.identity.head_turn import Glimpse, HeadTurn, Phase, Points, Side, TurnPlan

EYES = ((-0.5, -0.5), (0.5, -0.5))
MOUTH = ((-0.4, 0.6), (0.4, 0.6))
NOSE = (0.0, 0.12)
FOCAL_PX = 600.0
FRAME_MS = 80.0
SAME, OTHER = 0.62, 0.05


@dataclass(frozen=True, slots=True)
class Solid:
    """Five points in eye distances; `nose` is how far its tip stands out of the plane."""

    nose: float = 0.4
    bend: float = 0.0

    def points(self) -> list[tuple[float, float, float]]:
        """Return (x, y, depth); a flat picture has nose 0, a bent one a bend."""
        flat = [*EYES, NOSE, *MOUTH]
        if self.bend:
            return [
                (math.sin(x * self.bend) / self.bend, y, (1 - math.cos(x * self.bend)) / self.bend)
                for x, y in flat
            ]
        return [(x, y, -self.nose if number == 2 else 0.0) for number, (x, y) in enumerate(flat)]


@dataclass(frozen=True, slots=True)
class View:
    """Where it is held: degrees, eye distances; `yaw` above zero turns to the picture's left."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 9.0

    def of(self, solid: Solid, noise_px: float = 0.0, draw: random.Random | None = None) -> Points:
        """Return the five points in pixels."""
        draw = draw or random.Random(0)  # noqa: S311 - repeatable noise
        return tuple(
            self._pixel(point, draw.gauss(0, noise_px), draw.gauss(0, noise_px))
            for point in solid.points()
        )

    def _pixel(
        self, point: tuple[float, float, float], dx: float, dy: float
    ) -> tuple[float, float]:
        x, y, z = point
        yaw, pitch, roll = (math.radians(angle) for angle in (self.yaw, self.pitch, self.roll))
        x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
        y, z = y * math.cos(pitch) - z * math.sin(pitch), z * math.cos(pitch) + y * math.sin(pitch)
        x, y = x * math.cos(roll) - y * math.sin(roll), y * math.cos(roll) + x * math.sin(roll)
        depth = z + self.distance
        return 320 + FOCAL_PX * x / depth + dx, 240 + FOCAL_PX * y / depth + dy


def sweep(angle: float, degrees_a_frame: float = 4.0) -> list[float]:
    """Return the yaw of each frame of one turn there and back, and a rest."""
    steps = max(1, round(abs(angle) / degrees_a_frame))
    there = [angle * step / steps for step in range(1, steps + 1)]
    return [*there, angle, angle, *reversed(there), 0.0, 0.0, 0.0]


def yaw_towards(side: Side, angle: float) -> float:
    """Return the yaw that turns a person to a side of her own."""
    return -angle if side is Side.LEFT else angle


class Sitter:
    """Does as she is told, frame by frame, and keeps the challenge."""

    def __init__(
        self,
        plan: TurnPlan,
        solid: Solid,
        view: View | None = None,
        *,
        noise_px: float = 0.0,
        draw: random.Random | None = None,
    ) -> None:
        self.turn = HeadTurn(plan)
        self.solid = solid
        self.view = view or View()
        self.noise_px = noise_px
        self.draw = draw or random.Random(0)  # noqa: S311 - repeatable noise
        self.at_ms = 0.0

    def shows(self, yaws: Iterable[float], alike: float | None = SAME) -> None:
        """Be seen at these yaws, a frame each."""
        for yaw in yaws:
            view = View(self.view.yaw + yaw, self.view.pitch, self.view.roll, self.view.distance)
            self.sees(view.of(self.solid, self.noise_px, self.draw), alike)

    def sees(self, points: Points | None, alike: float | None = SAME) -> None:
        """Hand one frame in."""
        self.at_ms += FRAME_MS
        self.turn = self.turn.add(Glimpse(self.at_ms, points, alike))

    def rests(self, until: Phase = Phase.TURN, frames: int = 60) -> None:
        """Look straight until the next thing is asked."""
        for _ in range(frames):
            if self.turn.phase is until or self.turn.over:
                return
            self.shows([0.0])

    def obeys(self, angle: float = 35.0, degrees_a_frame: float = 4.0) -> HeadTurn:
        """Do everything that is asked and return how it ended."""
        while not self.turn.over:
            self.rests()
            step = min(self.turn.step, len(self.turn.plan.sides) - 1)
            self.shows(sweep(yaw_towards(self.turn.plan.sides[step], angle), degrees_a_frame))
        return self.turn
