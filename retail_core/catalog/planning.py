"""What a file would do to a table: facts in, plan out; nothing is written here.

Every row is added, changed, unchanged, ended or refused. A change holds from its day on: what the
table said for earlier days stays, and what it says already for later days stays too.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from retail_core import limits
from retail_core.catalog.cells import Row
from retail_core.catalog.masters import (
    CHAIN,
    ENDED,
    TABLES,
    Cells,
    Key,
    Known,
    MasterKind,
    listed,
)
from retail_core.catalog.reasons import RowError, RowReason
from retail_core.catalog.tables import walk_table
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PROGRESS_ROWS = 1_000


class Act(StrEnum):
    """What happens to a row."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"
    REFUSED = "refused"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Held:
    """What a table says of a key from a day on; of stock also what should lie there now."""

    day: date
    cells: Cells
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The table as it is, oldest first by key; which other codes are known; whose barcodes.

    `unnamed` is what is known, by name, of stores that no file has given a code yet.
    """

    held: Mapping[Key, Sequence[Held]]
    known: Known = field(default_factory=Known)
    unnamed: Mapping[str, Cells] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row of the plan; `after` are all its cells then, `before` those that change."""

    row: int
    key: Key
    act: Act
    day: date
    before: Cells = field(default_factory=dict)
    after: Cells = field(default_factory=dict)
    errors: tuple[RowError, ...] = ()

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """Return what changes: column → (before, after)."""
        return {
            name: (self.before.get(name, ""), cell)
            for name, cell in self.after.items()
            if self.before.get(name) != cell
        }


@dataclass(frozen=True, slots=True)
class MasterPlan:
    """Everything a file would do; unchanged rows are only counted."""

    kind: MasterKind
    rows: tuple[PlannedRow, ...]
    unchanged: int
    notes: tuple[RowError, ...] = ()

    @property
    def effects(self) -> tuple[PlannedRow, ...]:
        """Return the rows that would be written."""
        return tuple(row for row in self.rows if row.act is not Act.REFUSED)

    @property
    def refused(self) -> tuple[PlannedRow, ...]:
        """Return the rows that cannot be used."""
        return tuple(row for row in self.rows if row.act is Act.REFUSED)

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of each kind."""
        found = Counter(row.act for row in self.rows)
        found[Act.UNCHANGED] = self.unchanged
        return {act.value: found[act] for act in Act}


def plan(
    kind: MasterKind,
    text: str,
    facts: Facts,
    *,
    today: date,
    complete: bool = False,
    progress: Callable[[int], None] | None = None,
) -> MasterPlan:
    """Plan a CSV text; `complete` ends what the file does not name (articles and prices).

    Faults: C101 when a column is missing, C103 when there is no row, I120 when there are too many,
    I124 when a table cannot be taken as complete.
    """
    if complete and kind not in ENDABLE:
        raise Fault(FaultCode.MASTER_NOT_COMPLETE, kind=kind.value)
    notes: list[RowError] = []
    planner = _Planner(kind, facts, today)
    for count, row in enumerate(walk_table(text, TABLES[kind].columns, notes), start=1):
        if count > limits.MASTER_ROWS_MAX:
            raise Fault(FaultCode.MASTER_TOO_LONG, rows=limits.MASTER_ROWS_MAX)
        planner.take(row)
        if progress is not None and not count % PROGRESS_ROWS:
            progress(count)
    if not planner.seen and not notes:
        raise Fault(FaultCode.CATALOGUE_EMPTY)
    if complete:
        planner.end_others()
    return MasterPlan(kind, tuple(planner.rows()), planner.unchanged, tuple(notes))


ENDABLE = frozenset({MasterKind.ARTICLES, MasterKind.PRICES})


class _Planner:
    """What earlier rows of the file said."""

    def __init__(self, kind: MasterKind, facts: Facts, today: date) -> None:
        self.unchanged = 0
        self.seen = False
        self._kind = kind
        self._table = TABLES[kind]
        self._facts = facts
        self._today = today
        self._planned: list[PlannedRow] = []
        self._named: set[Key] = set()
        self._days: set[tuple[Key, date]] = set()
        self._said: dict[Key, list[Held]] = {}

    def take(self, row: Row) -> None:
        """Read one row and compare it with the table."""
        self.seen = True
        table, known = self._table, self._facts.known
        key = table.key(row, known)
        day = row.day(table.day, self._today)
        cells = {
            name: read(row, name, known) for name, read in table.cells.items() if row.has(name)
        }
        if not row.errors:
            self._check_repeat(row, key, day)
        self._named.add(key)
        held = self._at(key, day)
        before = self._unnamed(cells) if held is None else _cells_now(held)
        after = {**(table.defaults if held is None else {}), **(before or {}), **cells}
        if held is not None and self._says_the_same(held, day, after) and not row.errors:
            self.unchanged += 1
            return
        self._check(row, key, day, after, is_new=held is None)
        act = Act.REFUSED if row.errors else _act(self._kind, held, after)
        if act is not Act.REFUSED:
            self._said.setdefault(key, []).append(Held(day, after))
        errors = tuple(row.errors)
        self._planned.append(PlannedRow(row.number, key, act, day, before or {}, after, errors))

    def end_others(self) -> None:
        """End what the file does not name."""
        for key, held in sorted(self._facts.held.items()):
            current = _newest(held, self._today)
            if key in self._named or current is None or _is_ended(self._kind, current.cells):
                continue
            if self._kind is MasterKind.PRICES and key[1] == CHAIN:
                continue
            ended = {"price": ""} if self._kind is MasterKind.PRICES else {"status": ENDED}
            after = {**current.cells, **ended}
            self._planned.append(PlannedRow(0, key, Act.ENDED, self._today, current.cells, after))

    def rows(self) -> Iterator[PlannedRow]:
        """Return the plan; a barcode of two articles is refused now that all rows are known."""
        if self._kind is not MasterKind.ARTICLES:
            yield from self._planned
            return
        owners = self._owners()
        for row in self._planned:
            yield row if row.act is Act.REFUSED else _with_barcodes(row, owners)

    def _owners(self) -> dict[str, str]:
        """Return whose each barcode is, less the articles that the file speaks of or that ended."""
        spoken = {row.key for row in self._planned if row.act is not Act.REFUSED}
        return {
            code: key[0]
            for key, held in self._facts.held.items()
            if key not in spoken and held and not _is_ended(self._kind, held[-1].cells)
            for code in listed(held[-1].cells.get("barcodes", ""))
        }

    def _at(self, key: Key, day: date) -> Held | None:
        """Return what holds on a day, of the table and of earlier rows of the file."""
        return _newest([*self._facts.held.get(key, ()), *self._said.get(key, ())], day)

    def _unnamed(self, cells: Cells) -> Cells | None:
        """Return what is known of a store that a command made and that this row gives its code."""
        if self._kind is not MasterKind.STORES:
            return None
        return self._facts.unnamed.get(cells.get("name", ""))

    def _says_the_same(self, held: Held, day: date, after: Cells) -> bool:
        """Return whether a row says nothing new.

        A count of another day always does, and one of today where goods moved since the last.
        """
        if self._kind is not MasterKind.STOCK:
            return held.cells == after
        if held.cells != after or held.day != day:
            return False
        return day != self._today or held.level in {None, after["qty"]}

    def _check_repeat(self, row: Row, key: Key, day: date) -> None:
        if (key, day) in self._days:
            row.complain("-", RowReason.ROW_DUPLICATE, " ".join(key))
        self._days.add((key, day))

    def _check(self, row: Row, key: Key, day: date, after: Cells, *, is_new: bool) -> None:
        """Complain of what only the table as it is can tell."""
        for name in self._table.needed if is_new else ():
            if name not in after:
                row.complain(name, RowReason.REQUIRED)
        if self._kind is MasterKind.STOCK:
            if day > self._today:
                row.complain("counted_on", RowReason.DAY_FUTURE, day.isoformat())
            held = self._facts.held.get(key, ())
            if held and held[-1].day > day:
                row.complain("counted_on", RowReason.COUNT_OLDER, held[-1].day.isoformat())
        elif day < self._today and self._facts.held.get(key):
            row.complain("effective_from", RowReason.DAY_PAST, day.isoformat())


def _cells_now(held: Held) -> Cells:
    return held.cells if held.level is None else {**held.cells, "qty": held.level}


def _newest(held: Sequence[Held], day: date) -> Held | None:
    """Return what holds on a day; of the same day the later one."""
    found: Held | None = None
    for one in held:
        if one.day <= day and (found is None or one.day >= found.day):
            found = one
    return found


def _act(kind: MasterKind, before: Held | None, after: Cells) -> Act:
    if _is_ended(kind, after):
        return Act.ENDED
    return Act.ADDED if before is None else Act.CHANGED


def _is_ended(kind: MasterKind, cells: Cells) -> bool:
    if kind is MasterKind.PRICES:
        return not cells.get("price")
    return cells.get("status") == ENDED


def _with_barcodes(row: PlannedRow, owners: dict[str, str]) -> PlannedRow:
    if row.act is Act.ENDED:
        return row
    codes: Collection[str] = listed(row.after.get("barcodes", ""))
    errors = tuple(
        RowError(row.row, "barcodes", RowReason.BARCODE_TAKEN, f"{code} → {owners[code]}")
        for code in codes
        if owners.get(code, row.key[0]) != row.key[0]
    )
    if errors:
        return PlannedRow(row.row, row.key, Act.REFUSED, row.day, row.before, row.after, errors)
    for code in codes:
        owners[code] = row.key[0]
    return row
