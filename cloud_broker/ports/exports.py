"""The books of a day as rows, for files that leave the house."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from cloud_broker.domain.export_plan import Counted

Row = tuple[object, ...]


class ExportRepo(Protocol):
    """A day's rows, and what the books say of their number and sum."""

    def counted(self, day: date) -> Mapping[str, Counted]:
        """Return rows and sums by table, reckoned by the database and not from the rows below."""
        ...

    def rows(self, table: str, day: date) -> Iterator[Row]:
        """Return a table's rows in the order of its key, with the columns of `export_plan`.

        Ids of members and wallets are the true ones: who writes them down hides them.
        """
        ...
