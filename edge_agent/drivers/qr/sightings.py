"""What a decoder saw in a picture: codes it read, and places that look like one it could not."""

from dataclasses import dataclass
from math import hypot

Point = tuple[float, float]

SIDE_PX_MIN = 12.0
# A code may hold a smaller one in its middle, and that is another code.
SIZE_RATIO_MAX = 2.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A code or something like it; corners in pixels of the picture, going round.

    `payload` is None for a code that was found and not read; `text` is the decoder's own reading
    of the payload's characters.
    """

    corners: tuple[Point, ...]
    decoder: str
    payload: bytes | None = None
    text: str = ""

    @property
    def middle(self) -> Point:
        """The middle of the corners."""
        xs, ys = zip(*self.corners, strict=True)
        return sum(xs) / len(xs), sum(ys) / len(ys)

    @property
    def side_px(self) -> float:
        """The mean length of its sides."""
        pairs = zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True)
        return sum(hypot(x1 - x2, y1 - y2) for (x1, y1), (x2, y2) in pairs) / len(self.corners)

    def at(self, scale: float, left: float = 0.0, top: float = 0.0) -> "Sighting":
        """Return it in the coordinates of the picture of which a part was enlarged by `scale`."""
        corners = tuple((x / scale + left, y / scale + top) for x, y in self.corners)
        return Sighting(corners, self.decoder, self.payload, self.text)

    def is_place_of(self, other: "Sighting") -> bool:
        """Tell whether another sighting is of the same code: same place, much the same size."""
        if not 1 / SIZE_RATIO_MAX < self.side_px / max(other.side_px, 1.0) < SIZE_RATIO_MAX:
            return False
        (x1, y1), (x2, y2) = self.middle, other.middle
        near = hypot(x1 - x2, y1 - y2) < self.side_px / 4
        return near or within(other.middle, self.corners)


def within(point: Point, corners: tuple[Point, ...]) -> bool:
    """Tell whether a point lies inside a polygon (even-odd rule)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def merged(seen: list[Sighting], more: list[Sighting]) -> list[Sighting]:
    """Add what is new: a place is read once, the first reading stands, a read one is not unread."""
    read = [one for one in seen if one.payload is not None]
    for one in more:
        if one.payload is not None and not any(old.is_place_of(one) for old in read):
            read.append(one)
    unread: list[Sighting] = []
    for one in (*seen, *more):
        if one.payload is not None or one.side_px < SIDE_PX_MIN:
            continue
        if not any(old.is_place_of(one) for old in (*read, *unread)):
            unread.append(one)
    return read + unread
