"""Old orders from a file: a stream in chunks, each durable with how far it is; taken back whole.

An order is taken whole or not at all: where one of its rows cannot be read, none of them counts,
and all of them stand in the list of what was refused.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.imports import FileImport
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.insight.file_rows import Rows, opened, sha_of
from cloud_broker.services.insight.order_book import OrderBook
from retail_core.errors import Fault
from retail_core.insight.channel_orders.columns import Mapped, OrderRow, mapped, read_row
from retail_core.insight.channel_orders.words import LINES_MAX, Buyer, OrderLine, OrderWord, Said
from retail_core.insight.collection.plain import Hashed, phone_hash
from retail_core.texts.faults import FaultCode

CHUNK_ROWS: Final = 2_000
FILES_SHOWN = 200
UNDO_ORDERS = 2_000

# Told now and then: bytes read, bytes in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: which, where, and why in both languages."""

    row: int
    fault: Fault


Refused = Callable[[RefusedRow], None]


@dataclass(slots=True)
class Reading:
    """What a file says, or what of it was taken."""

    rows: int = 0
    orders: int = 0
    refused: int = 0
    conflicts: int = 0
    net_fen: int = 0
    refunded_fen: int = 0
    channels: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, int]:
        """Return it as it is kept."""
        return {
            "rows": self.rows,
            "orders": self.orders,
            "refused": self.refused,
            "conflicts": self.conflicts,
            "net_fen": self.net_fen,
            "refunded_fen": self.refunded_fen,
            **{f"channel:{name}": count for name, count in sorted(self.channels.items())},
        }

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "Reading":
        """Return what was kept."""
        named = ("rows", "orders", "refused", "conflicts", "net_fen", "refunded_fen")
        found = cls()
        for name in named:
            setattr(found, name, counts.get(name, 0))
        prefix = "channel:"
        found.channels.update(
            {
                name.removeprefix(prefix): count
                for name, count in counts.items()
                if name.startswith(prefix)
            }
        )
        return found


@dataclass(frozen=True, slots=True)
class _Order:
    """The rows of one order that stand together, read, or why they were not."""

    rows: tuple[OrderRow, ...]
    refused: tuple[RefusedRow, ...]
    last_row: int
    count: int


@dataclass(frozen=True, slots=True)
class OrderFiles:
    """Takes in files of orders."""

    units: Units
    clock: Clock
    ids: IdSource
    orders: OrderBook

    def check(
        self,
        path: Path,
        mapping: Mapping[str, Any] | None,
        told: Progress,
        refused: Refused,
    ) -> tuple[Mapped, Reading]:
        """Read a file and store nothing. Faults IMPORT_COLUMNS, IMPORT_MAPPING."""
        found = Reading()
        with opened(path) as rows:
            how = mapped(rows.header, mapping)
            for one in _grouped(rows, how, 0):
                _tell(one, found, refused)
                told(rows.bytes_read, rows.bytes)
        return how, found

    def run(  # noqa: PLR0913 -- a file, how it is read, who does it and who hears of it
        self,
        tenant: UUID,
        path: Path,
        mapping: Mapping[str, Any] | None,
        *,
        who: str,
        hashed: Hashed,
        told: Progress,
        refused: Refused,
    ) -> FileImport:
        """Take a file in; one that was broken off goes on, one that is done changes nothing.

        Faults IMPORT_COLUMNS, IMPORT_MAPPING, IMPORT_BUSY.
        """
        sha = sha_of(path)
        with opened(path) as rows:
            how = mapped(rows.header, mapping)
            file = self._begun(tenant, path, sha, how, who)
            if file.state == "done":
                return file
            for chunk in _chunks(_grouped(rows, how, file.rows_done)):
                file = self._take(tenant, file, chunk, how, hashed, refused)
                told(rows.bytes_read, rows.bytes)
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            unit.file_imports.turn(file.import_id, "done", now)
            detail: dict[str, object] = {"orders": Reading.of(file.counts).orders}
            unit.hq.audit(AuditEntry(who, "import.orders", str(file.import_id), detail), now)
        return replace(file, state="done")

    def undo(self, tenant: UUID, file: FileImport, who: str, told: Progress) -> int:
        """Take back all that a file said; return how many orders were looked at."""
        with self.units.begin(tenant) as unit:
            unit.file_imports.turn(file.import_id, "undoing", self.clock.now_ms())
        after, done, whole = UUID(int=0), 0, Reading.of(file.counts).orders
        while True:
            now = self.clock.now_ms()
            with self.units.begin(tenant) as unit:
                orders = unit.channel_orders.of_origin(file.import_id, after, UNDO_ORDERS)
                if not orders:
                    unit.file_imports.turn(file.import_id, "undone", now)
                    detail: dict[str, object] = {"orders": done}
                    entry = AuditEntry(who, "import.undo", str(file.import_id), detail)
                    unit.hq.audit(entry, now)
                    return done
                unit.channel_orders.lock(orders)
                self.orders.work_out(unit, tenant, orders, now)
            after, done = orders[-1], done + len(orders)
            told(done, max(done, whole))

    # ---- inside ---------------------------------------------------------------------------------

    def _begun(self, tenant: UUID, path: Path, sha: bytes, how: Mapped, who: str) -> FileImport:
        said = {
            "columns": dict(how.columns),
            "channel": how.channel,
            "zone": how.zone,
            "unit": how.unit,
            "dates": how.dates,
            "whole": how.whole,
            "statuses": dict(how.statuses),
        }
        new = FileImport(
            self.ids.uuid7(), "orders", path.name[:200], sha, said, who, self.clock.now_ms()
        )
        with self.units.begin(tenant) as unit:
            held = unit.file_imports.begin(new)
        if dict(held.how) != said:
            raise Fault(FaultCode.IMPORT_MAPPING, reason=f"import {held.import_id}")
        return held

    def _take(
        self,
        tenant: UUID,
        file: FileImport,
        chunk: Sequence[_Order],
        how: Mapped,
        hashed: Hashed,
        refused: Refused,
    ) -> FileImport:
        """Book a chunk and how far the file is in one transaction. Fault IMPORT_BUSY."""
        now, found = self.clock.now_ms(), Reading.of(file.counts)
        told: list[RefusedRow] = []
        with self.units.begin(tenant) as unit:
            words = []
            for one in chunk:
                _tell(one, found, told.append)
                if one.rows:
                    words.append(Said(file.import_id, _word(one.rows, how, hashed)))
            booked = self.orders.book(unit, tenant, words, now)
            found.conflicts += len(booked.conflicts)
            counts, rows_done = found.counts(), chunk[-1].last_row
            _advance(unit, file, rows_done, counts, now)
        for row in told:
            refused(row)
        return replace(file, rows_done=rows_done, counts=counts)


def _advance(
    unit: Unit, file: FileImport, rows_done: int, counts: Mapping[str, int], now_ms: int
) -> None:
    if not unit.file_imports.advance(file, rows_done, counts, now_ms):
        raise Fault(FaultCode.IMPORT_BUSY)


def _grouped(rows: Rows, how: Mapped, after: int) -> Iterator[_Order]:
    """Yield orders by rows that stand together, those after a row that was taken."""
    column, by = how.columns["order_no"], how.columns.get("channel", "")
    later = ((row, cells) for row, cells in rows if row > after)
    for _, some in groupby(later, lambda one: (one[1].get(column), one[1].get(by))):
        yield _order(list(some), how)


def _order(some: Sequence[tuple[int, Mapping[str, str]]], how: Mapped) -> _Order:
    read: list[OrderRow] = []
    refused: list[RefusedRow] = []
    for row, cells in some:
        try:
            read.append(read_row(cells, row, how))
        except Fault as fault:
            refused.append(RefusedRow(row, fault))
    last, count = some[-1][0], len(some)
    if count > LINES_MAX:
        long = Fault(FaultCode.IMPORT_ROW, row=last, column="rows", value=f"> {LINES_MAX}")
        refused = [RefusedRow(last, long)]
    if refused:
        # The others of the same order point at the first that is wrong.
        why = refused[0].fault
        wrong = {one.row for one in refused}
        refused += [RefusedRow(one.row, why) for one in read if one.row not in wrong]
        return _Order((), tuple(sorted(refused, key=lambda one: one.row)), last, count)
    return _Order(tuple(read), (), last, count)


def _chunks(orders: Iterator[_Order]) -> Iterator[list[_Order]]:
    chunk: list[_Order] = []
    rows = 0
    for one in orders:
        chunk.append(one)
        rows += one.count
        if rows >= CHUNK_ROWS:
            yield chunk
            chunk, rows = [], 0
    if chunk:
        yield chunk


def _tell(one: _Order, found: Reading, refused: Refused) -> None:
    found.rows += one.count
    found.refused += len(one.refused)
    for row in one.refused:
        refused(row)
    if one.rows:
        found.orders += 1
        found.channels[one.rows[0].channel] += 1
        found.net_fen += sum(row.net_fen or 0 for row in one.rows)
        found.refunded_fen += max(row.refunded_fen or 0 for row in one.rows)


def _word(rows: Sequence[OrderRow], how: Mapped, hashed: Hashed) -> OrderWord:
    """Return what rows of one order say together."""
    newest = max(rows, key=lambda row: row.version)
    lines = tuple(_line(row, how) for row in rows) if how.has_lines else None
    by_order = how.whole or not how.has_lines
    refunds = [row.refunded_fen for row in rows if row.refunded_fen is not None]
    return OrderWord(
        channel=newest.channel,
        order_no=newest.order_no,
        version=newest.version,
        part=rows[0].row,
        status=newest.status,
        ordered_ms=min(row.ordered_ms for row in rows),
        list_fen=newest.list_fen if by_order else None,
        net_fen=newest.net_fen if by_order else None,
        refunded_fen=(max(refunds) if by_order else sum(refunds)) if refunds else None,
        points_used=newest.points,
        coupons=newest.coupons,
        store=newest.store or None,
        buyer=_buyer(newest, hashed),
        lines=lines,
    )


def _line(row: OrderRow, how: Mapped) -> OrderLine:
    net = 0 if how.whole else row.net_fen or 0
    shelf = 0 if how.whole else row.list_fen or 0
    return OrderLine(row.sku, row.name, row.qty_milli, max(shelf, net), net, net < shelf)


def _buyer(row: OrderRow, hashed: Hashed) -> Buyer | None:
    if not (row.account or row.phone or row.address):
        return None
    number = phone_hash(row.phone, hashed) if row.phone else None
    return Buyer(
        account=hashed("account", row.account).hex() if row.account else "",
        phone="" if number is None else number.hex(),
        address=hashed("address", row.address).hex() if row.address else "",
    )
