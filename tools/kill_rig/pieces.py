"""A long run in pieces: what earlier ones came to stays in the report's file and counts on.

A piece is a site of its own with a seed of its own, reckoned to its end; one that was broken off
counts as far as its last reckoning.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Piece = dict[str, Any]
STORMS = ("kills", "cuts")


class Pieces:
    """The report's file: `pieces` one by one, and beside them what they add up to."""

    def __init__(self, out: Path | None, control: str, *, resume: bool) -> None:
        self._out = out
        self._control = control
        self._before: list[Piece] = []
        if resume and out is not None and out.exists():
            held = json.loads(out.read_text(encoding="utf-8"))
            if held["control"] == control:
                self._before = held["pieces"]

    def __len__(self) -> int:
        return len(self._before)

    def done(self, storm: str) -> int:
        """Return how much of a storm earlier pieces have had."""
        return sum(piece[storm]["count"] for piece in self._before if storm in piece)

    def with_this(self, piece: Piece) -> dict[str, Any]:
        """Return all of it with the piece under way, and write it down."""
        pieces = [*self._before, piece]
        told = summed(pieces) | {"control": self._control, "pieces": pieces}
        if self._out is not None:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            self._out.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return told


def summed(pieces: list[Piece]) -> dict[str, Any]:
    """Add up every count; of names and lists the pieces themselves speak."""
    total: dict[str, Any] = {}
    for piece in pieces:
        _add(total, piece)
    return total


def _add(total: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping):
            if name != "examples":
                _add(total.setdefault(name, {}), value)
        elif isinstance(value, bool):
            total[name] = total.get(name, True) and value
        elif isinstance(value, int | float):
            worst = name.startswith("longest")
            before = total.get(name, 0)
            total[name] = max(before, value) if worst else round(before + value, 1)
