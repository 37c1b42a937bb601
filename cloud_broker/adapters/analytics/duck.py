"""DuckDB over a tenant's Parquet files: what analysis runs on unless a chain is small.

In memory up to a limit, in a file of its own beyond it. Every connection is for one run.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import duckdb

from cloud_broker.adapters.analytics.statements import as_json, statement, step_by_step
from cloud_broker.domain.metrics import catalogue
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.domain.metrics.tables import SCHEMAS
from cloud_broker.ports.tags import Tagged
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PAGE = 10_000
# The step with a column for each fact: what every tag is made of.
WIDEST: Final = "facts"
TYPES: Final = {
    "string": "varchar",
    "uuid": "uuid",
    "date": "date",
    "timestamp": "timestamp",
    "int64": "bigint",
    "boolean": "boolean",
    "array<string>": "varchar[]",
}


class DuckAnalytics:
    """Fulfils `AnalyticEngine` over FOLDER/TABLE/**/*.parquet."""

    def __init__(
        self, folder: Path, *, memory: str = "2GB", threads: int | None = None, spill: Path
    ) -> None:
        spill.mkdir(parents=True, exist_ok=True)
        self._spill = tempfile.TemporaryDirectory(prefix="analytics-", dir=spill)
        file = Path(self._spill.name)
        self._engine = duckdb.connect()
        try:
            with _told():
                self._set_up(file, memory, threads)
                for table, columns in SCHEMAS.items():
                    self._show(folder, table, columns)
        except Fault:
            self.close()
            raise

    def _set_up(self, file: Path, memory: str, threads: int | None) -> None:
        self._engine.execute("set memory_limit = ?", [memory])
        self._engine.execute("set temp_directory = ?", [str(file / "spill")])
        self._engine.execute("set preserve_insertion_order = false")
        self._engine.execute(f"attach '{_quoted(file / 'laid')}' as laid")
        if threads is not None:
            self._engine.execute("set threads = ?", [threads])

    def _show(self, folder: Path, table: str, columns: dict[str, str]) -> None:
        """Show a table's files as a view in its types; without a file there is an empty one."""
        typed = {name: TYPES[kind] for name, kind in columns.items()}
        if not any((folder / table).rglob("*.parquet")):
            made = ", ".join(f"{name} {kind}" for name, kind in typed.items())
            self._engine.execute(f"create table {table} ({made})")
            return
        cast = ", ".join(f"{name}::{kind} as {name}" for name, kind in typed.items())
        files = _quoted(folder / table / "**" / "*.parquet")
        self._engine.execute(
            f"create view {table} as select {cast}"  # noqa: S608 - our names, a quoted path
            f" from read_parquet('{files}', hive_partitioning = false)"
        )

    def table(self, asked: Asked) -> str:
        """Work every tag out, step by step; return the table it lies in."""
        for _ in self.steps(asked):
            pass
        return "tags"

    def steps(self, asked: Asked) -> Iterator[str]:
        """Do a step and yield its name, then the next; what none reads any more goes. Fault E191.

        The facts of millions of members fill memory several times over as they are, and a
        twentieth of it as a file has them.
        """
        for step in step_by_step(asked, "duckdb"):
            if step.name == WIDEST:
                self._lay_down(step.name, step.query)
            else:
                self.keep(step.name, step.query)
            with _told():
                for name in step.over:
                    kind = "view" if name == WIDEST else "table"
                    self._engine.execute(f"drop {kind} {name}")
            yield step.name

    def keep(self, name: str, query: str) -> None:
        """Write a query's rows down as a table of this run; Fault E191."""
        with _told():
            self._engine.execute(f"create or replace table {name} as {query}")

    def _lay_down(self, name: str, query: str) -> None:
        with _told():
            self._engine.execute(f"create or replace table laid.{name} as {query}")
            self._engine.execute(f"create or replace view {name} as from laid.{name}")

    def tagged(self, asked: Asked) -> Iterator[Tagged]:
        """Yield every member with what is so of her, by member; Fault E191."""
        for member, tags in self._pages(as_json(self.table(asked))):
            yield UUID(str(member)), str(tags)

    def rows(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        """Yield every column of every tag, by member; Fault E191."""
        yield from self._pages(f"select * from {self.table(asked)} order by person_id")  # noqa: S608

    def rfm(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        """Yield the rows of `catalogue.rfm`, by member; Fault E191."""
        query = statement(catalogue.rfm(asked), "duckdb")
        yield from self._pages(f"select * from ({query}) order by person_id")  # noqa: S608

    def _pages(self, query: str) -> Iterator[tuple[object, ...]]:
        with _told():
            cursor = self._engine.cursor().execute(query)
            while page := cursor.fetchmany(PAGE):
                yield from page

    def close(self) -> None:
        """Let go of the file and what was spilled."""
        self._engine.close()
        self._spill.cleanup()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def _told() -> Iterator[None]:
    """Say what the engine has against a query in our words; Fault E191."""
    try:
        yield
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise Fault(FaultCode.METRICS_ENGINE, engine="DuckDB", why=why) from error
