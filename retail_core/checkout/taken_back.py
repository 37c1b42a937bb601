"""Which lines of a sold receipt a printed return is about: exact in name, quantity and money."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_FEN_OFF_MAX = 1


@dataclass(frozen=True, slots=True)
class Back:
    """One article as the return shows it; the amount is what was printed, without a minus."""

    name: str
    qty_milli: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of the receipt, and how much of it has not come back yet."""

    line: int
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    left_milli: int


def match_lines(
    sold: Sequence[SoldLine], back: Iterable[Back]
) -> tuple[tuple[int, int], ...] | None:
    """Return (line, quantity) of what comes back; None when something of it was not sold so.

    The price may be the shelf's or the one paid: tills print either.
    """
    left = {line.line: line.left_milli for line in sold}
    taken: dict[int, int] = {}
    for one in back:
        line = next((line for line in sold if _fits(line, one, left)), None)
        if line is None:
            return None
        left[line.line] -= one.qty_milli
        taken[line.line] = taken.get(line.line, 0) + one.qty_milli
    return tuple(sorted(taken.items())) or None


def _fits(line: SoldLine, back: Back, left: Mapping[int, int]) -> bool:
    if not 0 < back.qty_milli <= left[line.line] or folded(line.name) != folded(back.name):
        return False
    priced = (line.shelf_fen, line.net_fen)
    return any(
        abs(back.amount_fen * line.qty_milli - fen * back.qty_milli)
        <= _FEN_OFF_MAX * line.qty_milli
        for fen in priced
    )


def folded(name: str) -> str:
    """Return a printed name without widths, case and blanks."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
