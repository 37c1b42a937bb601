"""Where articles may stand on the paper: every arrangement of columns worth trying."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from edge_agent.drivers.profiles.till import COLUMNS_MAX, ItemColumn, Items
from edge_agent.drivers.till_escpos.amounts import Number
from edge_agent.drivers.till_escpos.cells import Cell
from edge_agent.drivers.till_escpos.layout import Segment, columns_of
from edge_agent.drivers.till_escpos.learning.pages import Page
from edge_agent.drivers.till_escpos.pricing import multiply
from edge_agent.drivers.till_escpos.rows import column_heading
from edge_agent.drivers.till_escpos.words import COLUMN_OF

_CLUSTERS_MAX = 6
_FIGURE_LETTERS_MAX = 12
_SHARE_PERMILLE_MIN = 600
_NAMED_PERMILLE_MIN = 600
_LETTERS_MIN = 2
_FIGURES = ("qty", "price", "amount")
_ORDERS: tuple[tuple[str, ...], ...] = (
    ("qty", "price", "amount"),
    ("price", "qty", "amount"),
    ("name", "qty", "price", "amount"),
    ("name", "price", "qty", "amount"),
    ("qty", "name", "price", "amount"),
    ("qty", "name", "amount"),
    ("name", "qty", "amount"),
    ("name", "amount"),
    ("qty", "price"),
    ("price", "qty"),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Figures that stand below each other: at one right edge, or from one left edge on."""

    right: bool
    edge: int
    start: int
    end: int

    def has(self, cell: Cell) -> bool:
        """Whether a figure stands in this column."""
        return (cell.end if self.right else cell.start) == self.edge


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One way to read article rows; `proven` rows had quantity times price equal the amount.

    `agrees` counts columns under a heading that calls them so, or, of bare figures, whether the
    smaller one is the quantity.
    """

    items: Items
    proven: int = 0
    agrees: int = 0


def arrangements(pages: Sequence[Page]) -> Iterator[Arrangement]:
    """Give what is worth trying, the arithmetically proven first."""
    found = [*_in_columns(pages), *_in_order()]
    return iter(sorted(found, key=lambda each: (not each.proven, -each.agrees, -each.proven)))


def clusters(pages: Sequence[Page]) -> list[Cluster]:
    """Return the columns of figures, left to right."""
    left = [
        (at, cell)
        for at, page in enumerate(pages)
        for row in page.words
        for cell in row
        if cell.number is not None and len(cell.text) <= _FIGURE_LETTERS_MAX
    ]
    found: list[Cluster] = []
    while left and len(found) < _CLUSTERS_MAX:
        right, edge, cells = _fullest(left)
        if len({at for at, _ in cells}) * 1000 < len(pages) * _SHARE_PERMILLE_MIN:
            break
        start, end = min(cell.start for _, cell in cells), max(cell.end for _, cell in cells)
        found.append(Cluster(right, edge, start, end))
        left = [each for each in left if each not in cells]
    return sorted(found, key=lambda each: (each.end + each.start, each.edge))


def _fullest(left: list[tuple[int, Cell]]) -> tuple[bool, int, list[tuple[int, Cell]]]:
    """Return the edge at which most figures stand, the right one when in doubt."""
    edges = Counter((True, cell.end) for _, cell in left)
    edges.update((False, cell.start) for _, cell in left)
    right, edge = max(edges, key=lambda each: (edges[each], each))
    chosen = [each for each in left if (each[1].end if right else each[1].start) == edge]
    return right, edge, chosen


def _in_columns(pages: Sequence[Page]) -> Iterator[Arrangement]:
    found = clusters(pages)
    for price, qty, amount in permutations((*found, None, None), 3):
        if amount is None or (price is not None and qty is None):
            continue
        roles = {"qty": qty, "price": price, "amount": amount}
        chosen = {kind: each for kind, each in roles.items() if each is not None}
        proven = _proven(pages, chosen) if len(chosen) == len(roles) else 0
        if proven or (len(chosen) < len(roles) and _counts(pages, chosen)):
            yield from _laid_out(pages, chosen, found, proven)


def _counts(pages: Sequence[Page], chosen: dict[str, Cluster]) -> bool:
    """Whether the quantities, if there are any, are not printed as money."""
    rows = [row for row in _rows(pages, chosen) if "qty" in row]
    return not any(row["qty"].is_money and not row["qty"].is_bare for row in rows)


def _proven(pages: Sequence[Page], chosen: dict[str, Cluster]) -> int:
    """Count rows whose quantity (other than one) times price is the amount, less those not."""
    count = 0
    for row in _rows(pages, chosen):
        qty, price, amount = row["qty"], row["price"], row["amount"]
        as_money = qty.is_money and not qty.is_bare
        if abs(multiply(qty, price) - amount.fen) > 1 or as_money or not qty.value:
            count -= 3
        elif abs(qty.value) != 1:
            count += 1
    return max(0, count)


def _rows(pages: Sequence[Page], chosen: dict[str, Cluster]) -> Iterator[dict[str, Number]]:
    """Give the figures of every line that has one in each chosen column."""
    for page in pages:
        for row in page.words:
            numbers = {
                kind: cell.number
                for kind, cluster in chosen.items()
                for cell in row
                if cell.number is not None and cluster.has(cell)
            }
            if len(numbers) == len(chosen):
                yield numbers


def _laid_out(
    pages: Sequence[Page], chosen: dict[str, Cluster], found: list[Cluster], proven: int
) -> Iterator[Arrangement]:
    """Give the arrangement with its name column, and the one without when names stand above."""
    names = _name_place(pages, chosen)
    kind_of = {cluster: kind for kind, cluster in chosen.items()}
    beside = [each for each in found if each in kind_of or _beside(pages, each, chosen)]
    edges = [(each.start, each.end, each.right, kind_of.get(each, "other")) for each in beside]
    if names is not None:
        edges.append((names[0], names[1], False, "name"))
    columns = _apart(sorted(edges))
    if columns:
        rows = "name-above" if names is None else "one-line"
        items = Items.model_validate({"columns": columns, "rows": rows})
        yield Arrangement(items, proven, _agreement(pages, items, chosen))


def _agreement(pages: Sequence[Page], items: Items, chosen: dict[str, Cluster]) -> int:
    """Count columns whose heading says what they are; headings that say otherwise count against."""
    found = 0
    for page in pages:
        for line in page.lines:
            if column_heading(line):
                found += sum(_said(segment, items) for segment in line.segments)
    if found or "price" not in chosen or "amount" not in chosen:
        return found
    rows = list(_rows(pages, chosen))
    return sum(1 if row["qty"].value <= row["price"].value else -1 for row in rows)


def _said(segment: Segment, items: Items) -> int:
    """Return 1 when a heading stands over the column it names, -1 over another."""
    kind = COLUMN_OF.get(segment.text.casefold().strip(" :："))
    last = segment.column + columns_of(segment.text) - 1
    under = next((each for each in items.columns if each.start <= last < each.end), None)
    if kind is None or under is None or "name" in (kind.value, under.kind):
        return 0
    return 1 if under.kind == kind.value else -1


def _beside(pages: Sequence[Page], cluster: Cluster, chosen: dict[str, Cluster]) -> bool:
    """Whether most article rows have a figure in this column too."""
    rows = _article_rows(pages, chosen)
    return sum(any(map(cluster.has, _figures(row))) for row in rows) * 2 > len(rows)


def _article_rows(pages: Sequence[Page], chosen: dict[str, Cluster]) -> list[tuple[Cell, ...]]:
    return [
        row
        for page in pages
        for row in page.words
        if all(any(map(cluster.has, _figures(row))) for cluster in chosen.values())
    ]


def _figures(row: tuple[Cell, ...]) -> list[Cell]:
    return [cell for cell in row if cell.number is not None]


def _name_place(pages: Sequence[Page], chosen: dict[str, Cluster]) -> tuple[int, int] | None:
    """Return where names stand in article rows; None when the rows have none."""
    rows = _article_rows(pages, chosen)
    texts = [[cell for cell in row if _is_word(cell)] for row in rows]
    named = [text for text in texts if text]
    if not named or len(named) * 1000 < len(rows) * _NAMED_PERMILLE_MIN:
        return None
    starts = Counter(text[0].start for text in named)
    return starts.most_common(1)[0][0], max(text[-1].end for text in named)


def _is_word(cell: Cell) -> bool:
    letters = sum(letter.isalpha() for letter in cell.text)
    return cell.number is None and not cell.silent and letters >= _LETTERS_MIN


def _apart(edges: list[tuple[int, int, bool, str]]) -> list[ItemColumn]:
    """Turn what was seen into ranges that leave no gap: a column grows to where it is not set."""
    columns: list[ItemColumn] = []
    for at, edge in enumerate(edges):
        last = at + 1 == len(edges)
        border = COLUMNS_MAX if last else _border(edge, edges[at + 1])
        begin = columns[-1].end if columns else 0
        if begin >= border:
            return []
        told = {"kind": edge[3], "start": begin, "end": border, "always": edge[3] in _FIGURES}
        columns.append(ItemColumn.model_validate(told))
    return columns


def _border(left: tuple[int, int, bool, str], right: tuple[int, int, bool, str]) -> int:
    """Return where one column ends and the next begins."""
    if left[3] == "name":
        growing = min(right[0], max(left[1] + 1, (left[1] + right[0]) // 2))
        return max(left[0] + 1, growing if right[2] else right[0])
    if left[2]:
        return left[1]
    return max(left[1], right[0]) if not right[2] else (left[1] + right[0] + 1) // 2


def _in_order() -> Iterator[Arrangement]:
    for kinds in _ORDERS:
        columns = [{"kind": kind} for kind in kinds]
        rows = "one-line" if "name" in kinds else "name-above"
        yield Arrangement(Items.model_validate({"columns": columns, "by": "order", "rows": rows}))
