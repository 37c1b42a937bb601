"""Costs, baselines and journeys in PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.adapters.postgres.order_pass import one_pass
from cloud_broker.adapters.postgres.roi_steps import RoiSight
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.roi import (
    Baseline,
    CostImport,
    CostRow,
    Margin,
    Person,
    Span,
    StoreFigures,
)
from retail_core.insight.returns import Cost

Answer = TypeVar("Answer")
_ADD: Final = """
insert into channel_cost select %(tenant)s, %(id)s, n.* from unnest(%(rows)b::bigint[],
  %(channels)b::text[], %(stores)b::uuid[], %(firsts)b::date[], %(lasts)b::date[],
  %(fens)b::bigint[], %(notes)b::text[]) as n
"""
_COSTS: Final = """
select c.row_no, c.channel, c.store_id, c.first_day, c.last_day, c.fen, c.note from channel_cost c
join cost_import i on i.tenant_id = c.tenant_id and i.import_id = c.import_id
where c.tenant_id = %(tenant)s and i.undone_at is null and c.first_day <= %(until)s
order by i.made_at, c.import_id, c.row_no
"""


class RoiRows(Repository):
    """The statements, in one transaction."""

    def costs(self, until: date) -> Sequence[CostRow]:
        """Return costs that began by a day."""
        rows = self._rows(_COSTS, until=until)
        return [
            CostRow(
                row.row_no,
                row.channel,
                row.store_id,
                Cost(row.first_day, row.last_day, row.fen),
                row.note,
            )
            for row in rows
        ]

    def add(self, made: CostImport, rows: Sequence[CostRow]) -> None:
        """Take a file's rows in."""
        self._run(
            "insert into cost_import (tenant_id, import_id, name, rows_taken, fen, made_by,"
            " made_at) values (%(tenant)s, %(id)s, %(name)s, %(rows)s, %(fen)s, %(who)s, %(now)s)",
            id=made.import_id,
            name=made.name,
            rows=made.rows,
            fen=made.fen,
            who=made.made_by,
            now=at(made.made_ms),
        )
        self._run(
            _ADD,
            id=made.import_id,
            rows=[one.row for one in rows],
            channels=[one.channel for one in rows],
            stores=[one.store for one in rows],
            firsts=[one.cost.first for one in rows],
            lasts=[one.cost.last for one in rows],
            fens=[one.cost.fen for one in rows],
            notes=[one.note for one in rows],
        )
        detail = {"name": made.name, "rows": made.rows, "total_fen": made.fen}
        self._audit("roi.costs", str(made.import_id), detail, made.made_by, made.made_ms)

    def imports(self, limit: int) -> Sequence[CostImport]:
        """Return what was taken in, newest first."""
        rows = self._rows(
            "select * from cost_import where tenant_id = %(tenant)s"
            " order by made_at desc, import_id desc limit %(limit)s",
            limit=limit,
        )
        return [_import(row) for row in rows]

    def undo(self, import_id: UUID, who: str, now_ms: int) -> bool:
        """Take an import back."""
        changed = self._run(
            "update cost_import set undone_at = %(now)s, undone_by = %(who)s"
            " where tenant_id = %(tenant)s and import_id = %(id)s and undone_at is null",
            id=import_id,
            who=who,
            now=at(now_ms),
        )
        if changed:
            self._audit("roi.costs_back", str(import_id), {}, who, now_ms)
        return bool(changed)

    def baseline(self) -> Baseline | None:
        """Return against which days HQ compares."""
        row = self._row(
            "select * from roi_baseline where tenant_id = %(tenant)s order by change_no desc"
            " limit 1"
        )
        if row is None:
            return None
        return Baseline(
            row.first_day, row.last_day, row.margin_permille, row.set_by, ms_of(row.set_at)
        )

    def set_baseline(self, baseline: Baseline, who: str, now_ms: int) -> None:
        """Choose other days."""
        self._run(
            "insert into roi_baseline (tenant_id, first_day, last_day, margin_permille, set_by,"
            " set_at) values (%(tenant)s, %(first)s, %(last)s, %(margin)s, %(who)s, %(now)s)",
            first=baseline.first,
            last=baseline.last,
            margin=baseline.margin_permille,
            who=who,
            now=at(now_ms),
        )
        detail = {"from": baseline.first.isoformat(), "until": baseline.last.isoformat()}
        self._audit("roi.baseline", "roi", detail, who, now_ms)

    def store_names(self) -> Mapping[UUID, str]:
        """Return the stores."""
        rows = self._rows("select store_id, name from store where tenant_id = %(tenant)s")
        return {row.store_id: row.name for row in rows}

    def _audit(
        self, act: str, subject: str, detail: Mapping[str, object], who: str, now_ms: int
    ) -> None:
        entry = AuditEntry(who, act, subject, dict(detail))
        PostgresHq(self._connection, self._tenant).audit(entry, now_ms)


class PostgresRoiShelf:
    """Fulfils `RoiShelf`; each call is a transaction."""

    def __init__(self, units: PostgresUnits, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    def persons(self, tenant: UUID, span: Span) -> Iterator[Person]:
        """Yield who did something in the window before and on some days."""
        with self._long(tenant) as connection:
            yield from RoiSight(connection, tenant).persons(span)

    def stores(self, tenant: UUID, span: Span, until: date) -> Mapping[UUID, StoreFigures]:
        """Return how stores did on some days, as known on the day `until`."""
        with self._long(tenant) as connection:
            return RoiSight(connection, tenant).stores(span, until)

    def margins(self, tenant: UUID, span: Span) -> Mapping[UUID, Margin]:
        """Return what stores sold at a known cost."""
        with self._long(tenant) as connection:
            return RoiSight(connection, tenant).margins(span)

    def store_names(self, tenant: UUID) -> Mapping[UUID, str]:
        """Return the stores."""
        return self._ask(tenant, RoiRows.store_names)

    def costs(self, tenant: UUID, until: date) -> Sequence[CostRow]:
        """Return costs that began by a day."""
        return self._ask(tenant, lambda rows: rows.costs(until))

    def add_costs(self, tenant: UUID, name: str, rows: Sequence[CostRow], who: str) -> CostImport:
        """Take a file's rows in, and enter who did in the audit."""
        fen = sum(one.cost.fen for one in rows)
        made = CostImport(self._ids.uuid7(), name, len(rows), fen, who, self._clock.now_ms())
        self._ask(tenant, lambda held: held.add(made, rows))
        return made

    def cost_imports(self, tenant: UUID, limit: int) -> Sequence[CostImport]:
        """Return what was taken in, newest first."""
        return self._ask(tenant, lambda rows: rows.imports(limit))

    def undo_costs(self, tenant: UUID, import_id: UUID, who: str) -> bool:
        """Take an import back; False: there is none, or it was taken back already."""
        now = self._clock.now_ms()
        return self._ask(tenant, lambda rows: rows.undo(import_id, who, now))

    def baseline(self, tenant: UUID) -> Baseline | None:
        """Return against which days HQ compares."""
        return self._ask(tenant, RoiRows.baseline)

    def set_baseline(self, tenant: UUID, baseline: Baseline, who: str) -> None:
        """Choose other days, and enter who did in the audit."""
        now = self._clock.now_ms()
        self._ask(tenant, lambda rows: rows.set_baseline(baseline, who, now))

    def _ask(self, tenant: UUID, question: Callable[[RoiRows], Answer]) -> Answer:
        with self._units.connection(tenant) as connection:
            return question(RoiRows(connection, tenant))

    @contextmanager
    def _long(self, tenant: UUID) -> Iterator[Connection]:
        with self._units.connection(tenant) as connection, one_pass(connection):
            yield connection


def _import(row: Row[Any]) -> CostImport:
    return CostImport(
        row.import_id,
        row.name,
        row.rows_taken,
        row.fen,
        row.made_by,
        ms_of(row.made_at),
        None if row.undone_at is None else ms_of(row.undone_at),
        row.undone_by,
    )
