"""A computed receipt beside the printed one: line by line and in total.

Lines are put together by article first: one till prints two of a kind as one line, another as two.
Where only one of the two names an article, the same quantity and amount make them one, if there is
just one such pair: scanners know articles that printed names do not, and names know keyed ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a receipt may differ."""

    PRICE = "price"
    QUANTITY = "quantity"
    MISSING = "missing"
    EXTRA = "extra"
    UNKNOWN = "unknown"
    TOTAL = "total"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Computed:
    """One line as computed: what it costs without and with what was taken off it."""

    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class Printed:
    """One line as printed; `sku` is "" when no article has its name."""

    sku: str
    name: str
    qty_milli: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One finding; what is not there is None."""

    kind: Kind
    name: str = ""
    sku: str = ""
    computed_fen: int | None = None
    printed_fen: int | None = None
    computed_milli: int | None = None
    printed_milli: int | None = None


UNREAD = Difference(Kind.UNREAD)


def differences(
    computed: Sequence[Computed],
    printed: Sequence[Printed],
    totals: tuple[int, int],
) -> tuple[Difference, ...]:
    """Return what differs, nothing when they agree; `totals` are (computed, printed) in fen."""
    ours, theirs = _by_article(computed), list(printed)
    found: list[Difference] = []
    for sku, line in ours.items():
        same = [one for one in theirs if one.sku == sku] if sku else []
        if same:
            theirs = [one for one in theirs if one not in same]
            found += _of_line(line, same)
            continue
        stand_in = _stand_in(line, list(ours.values()), theirs)
        if stand_in is None:
            found.append(_missing(line))
        else:
            theirs.remove(stand_in)
    found += [_left_over(one) for one in theirs]
    if totals[0] != totals[1]:
        computed_fen, printed_fen = totals
        found.append(Difference(Kind.TOTAL, computed_fen=computed_fen, printed_fen=printed_fen))
    return tuple(found)


def _by_article(lines: Iterable[Computed]) -> dict[str, Computed]:
    """Put lines of one article together; those without one stay by themselves."""
    found: dict[str, Computed] = {}
    for number, line in enumerate(lines):
        key = line.sku or f"\x00{number}"
        held = found.get(key)
        found[key] = line if held is None else _sum(held, line)
    return found


def _sum(one: Computed, other: Computed) -> Computed:
    return Computed(
        one.sku,
        one.name,
        one.qty_milli + other.qty_milli,
        one.shelf_fen + other.shelf_fen,
        one.net_fen + other.net_fen,
    )


def _of_line(line: Computed, same: Sequence[Printed]) -> list[Difference]:
    amount = sum(one.amount_fen for one in same)
    qty = sum(one.qty_milli for one in same)
    if qty != line.qty_milli:
        kind = Kind.QUANTITY
    elif amount not in {line.shelf_fen, line.net_fen}:
        kind = Kind.PRICE
    else:
        return []
    return [Difference(kind, line.name, line.sku, line.net_fen, amount, line.qty_milli, qty)]


def _stand_in(
    line: Computed, ours: Sequence[Computed], theirs: Sequence[Printed]
) -> Printed | None:
    """Return the one nameless printed line that this computed line, and no other, can be."""

    def fits(one: Computed, other: Printed) -> bool:
        amounts = {one.shelf_fen, one.net_fen}
        nameless = not (one.sku and other.sku)
        return nameless and one.qty_milli == other.qty_milli and other.amount_fen in amounts

    printed = [one for one in theirs if fits(line, one)]
    if len(printed) != 1 or sum(fits(one, printed[0]) for one in ours) != 1:
        return None
    return printed[0]


def _missing(line: Computed) -> Difference:
    return Difference(
        Kind.MISSING, line.name, line.sku, computed_fen=line.net_fen, computed_milli=line.qty_milli
    )


def _left_over(line: Printed) -> Difference:
    kind = Kind.EXTRA if line.sku else Kind.UNKNOWN
    return Difference(
        kind, line.name, line.sku, printed_fen=line.amount_fen, printed_milli=line.qty_milli
    )
