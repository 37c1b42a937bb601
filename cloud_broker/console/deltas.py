"""What of the first page has to be sent again: old values and new ones in, parts out.

A tile is sent alone; a group when its stores or their order changed; the wall when the groups
themselves changed. So what changes one shop costs one small message, however large the wall is.

On a dense wall the style sheet puts the worst first, so that no order is ever sent; its tiles
travel as a few words each and never more of them at a time than a browser takes in within a frame.
"""

from dataclasses import dataclass
from typing import Literal

from cloud_broker.console.views import Group, TileView, Wall

Part = Literal["figures", "totals", "issues", "sales", "wall"]


@dataclass(frozen=True, slots=True)
class Delta:
    """The parts, groups and tiles to draw again; parts before groups before tiles."""

    parts: tuple[Part, ...] = ()
    groups: tuple[Group, ...] = ()
    tiles: tuple[TileView, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts or self.groups or self.tiles)


EVERYTHING: tuple[Part, ...] = ("figures", "totals", "issues", "wall", "sales")


def snapshot() -> Delta:
    """Return the delta that draws the whole page."""
    return Delta(EVERYTHING)


def delta(old: Wall, new: Wall) -> Delta:
    """Return the least there is to send to a page that shows `old`."""
    parts: list[Part] = []
    if old.figures != new.figures:
        parts.append("figures")
    if old.totals != new.totals:
        parts.append("totals")
    if old.issues != new.issues:
        parts.append("issues")
    if old.sales != new.sales:
        parts.append("sales")
    if old.roomy != new.roomy or _names(old) != _names(new):
        return Delta((*parts, "wall"))
    groups, tiles = _inside(old.groups, new.groups, ordered=new.roomy)
    return Delta(tuple(parts), groups, tiles)


def _names(wall: Wall) -> list[str]:
    return [group.key for group in wall.groups]


def _inside(
    old: tuple[Group, ...], new: tuple[Group, ...], *, ordered: bool
) -> tuple[tuple[Group, ...], tuple[TileView, ...]]:
    groups: list[Group] = []
    tiles: list[TileView] = []
    for before, after in zip(old, new, strict=True):
        held = {tile.store_id: tile for tile in before.tiles}
        now = [tile.store_id for tile in after.tiles]
        same = [*held] == now if ordered else held.keys() == set(now)
        if not same:
            groups.append(after)
        else:
            tiles += [tile for tile in after.tiles if held[tile.store_id] != tile]
    return tuple(groups), tuple(tiles)
