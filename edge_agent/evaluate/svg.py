"""Plots as inline SVG: axes, steps, lines, whiskers and marks; colours come from the page's CSS."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import log10
from typing import Literal

WIDTH, HEIGHT = 720, 330
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 30, 46
LETTER = 6.2
ROW = 16
TICK_LABEL_GAP = 8

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction: from `low` to `high`, with ticks (value, label) and a title."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    title: str
    scale: Literal["linear", "log"] = "linear"

    def at(self, value: float) -> float:
        """Return where a value lies, 0..1; beyond the ends at the ends."""
        value = min(max(value, self.low), self.high)
        if self.scale == "log":
            return log10(value / self.low) / log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(slots=True)
class Plot:
    """One picture; `title` is read aloud instead of it."""

    title: str
    x: Axis
    y: Axis
    parts: list[str] = field(default_factory=list)

    def area(self, points: Sequence[Point], style: str) -> None:
        """Fill from the axis up to the points."""
        if points:
            ground = self._y(self.y.low)
            first, last = self._x(points[0][0]), self._x(points[-1][0])
            path = f"M{first:.1f} {ground:.1f}L{self._path(points)}L{last:.1f} {ground:.1f}Z"
            self.parts.append(f'<path class="area {style}" d="{path}"/>')

    def line(self, points: Sequence[Point], style: str) -> None:
        """Draw a line through the points."""
        if points:
            self.parts.append(f'<path class="line {style}" d="M{self._path(points)}"/>')

    def dot(self, x: float, y: float, style: str, *, spread: Point | None, told: str) -> None:
        """Draw one figure with its interval; `told` is shown when the pointer rests on it."""
        across = self._x(x)
        whisker = ""
        if spread is not None:
            low, high = self._y(spread[0]), self._y(spread[1])
            ends = "".join(f"M{across - 4:.1f} {end:.1f}h8" for end in (low, high))
            path = f"M{across:.1f} {low:.1f}V{high:.1f}{ends}"
            whisker = f'<path class="line {style}" d="{path}"/>'
        dot = f'<circle class="dot {style}" cx="{across:.1f}" cy="{self._y(y):.1f}" r="4.5"/>'
        self.parts.append(f"<g><title>{escape(told)}</title>{whisker}{dot}</g>")

    def upright(self, x: float, label: str, style: str, *, row: int | None = None) -> None:
        """Mark a value of x over the whole height; in a `row` the label stands left of it."""
        across, top = self._x(x), TOP + 12 + ROW * (row or 0)
        room = WIDTH - RIGHT - across
        left = row is not None or room < LETTER * len(label) + TICK_LABEL_GAP
        anchor, shift = ("end", -5) if left else ("start", 5)
        self.parts.append(
            f'<path class="mark {style}" d="M{across:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
            f'<text class="label {style}" x="{across + shift:.1f}" y="{top}" '
            f'text-anchor="{anchor}">{escape(label)}</text>'
        )

    def level(self, y: float, label: str, style: str) -> None:
        """Mark a value of y over the whole width."""
        height = self._y(y)
        self.parts.append(
            f'<path class="mark {style}" d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}"/>'
            f'<text class="label {style}" x="{WIDTH - RIGHT - 4}" y="{height - 5:.1f}" '
            f'text-anchor="end">{escape(label)}</text>'
        )

    def svg(self) -> str:
        """Return the whole picture."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(self.title)}">'
            f"{self._frame()}{''.join(self.parts)}</svg>"
        )

    def _frame(self) -> str:
        right, ground = WIDTH - RIGHT, HEIGHT - BOTTOM
        parts = [f'<path class="axis" d="M{LEFT} {ground}H{right}"/>']
        for value, label in self.x.ticks:
            across = self._x(value)
            parts.append(
                f'<path class="axis" d="M{across:.1f} {ground}v5"/><text class="tick" '
                f'x="{across:.1f}" y="{ground + 18}" text-anchor="middle">{escape(label)}</text>'
            )
        for value, label in self.y.ticks:
            height = self._y(value)
            parts.append(
                f'<path class="grid" d="M{LEFT} {height:.1f}H{right}"/><text class="tick" '
                f'x="{LEFT - TICK_LABEL_GAP}" y="{height + 4:.1f}" text-anchor="end">'
                f"{escape(label)}</text>"
            )
        parts.append(
            f'<text class="title" x="{right}" y="{HEIGHT - 8}" text-anchor="end">'
            f"{escape(self.x.title)}</text>"
            f'<text class="title" x="{LEFT}" y="{TOP - 14}">{escape(self.y.title)}</text>'
        )
        return "".join(parts)

    def _path(self, points: Sequence[Point]) -> str:
        return "L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y in points)

    def _x(self, value: float) -> float:
        return LEFT + self.x.at(value) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.y.at(value) * (HEIGHT - TOP - BOTTOM)
