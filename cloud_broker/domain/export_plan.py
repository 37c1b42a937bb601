"""What a nightly export holds: its tables, what its sums are taken over, and which days are due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

# A box that was dark sells into days that were exported: so long back each night looks again.
LATE_DAYS: Final = 7
PEOPLE: Final = "people"


@dataclass(frozen=True, slots=True)
class Table:
    """A file of a day; `hidden` columns name a member or wallet and leave as pseudonyms.

    `total` is the column whose sum is compared with the books, "" for none. One that is not of
    a day (`standing`) is written as it is on the night of a day's first export.
    """

    columns: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    total: str = ""
    standing: bool = False


TABLES: Final[Mapping[str, Table]] = {
    "receipts": Table(
        ("receipt", "store", "till", "member", "source", "receipt_no", "business_date", "sold_ms",
         "shelf_fen", "total_fen", "points", "tenders"),
        frozenset({"member"}),
        "total_fen",
    ),
    "lines": Table(
        ("receipt", "line", "sku", "name", "qty_milli", "shelf_fen", "net_fen"), total="net_fen"
    ),
    "refunds": Table(
        ("refund", "receipt", "nth", "store", "till", "member", "business_date", "happened_ms",
         "money_fen", "points_fen", "points_back", "points_taken", "points_owed"),
        frozenset({"member"}),
        "money_fen",
    ),
    "postings": Table(
        ("document", "line", "rule", "kind", "nth", "debit", "credit", "points", "issuer",
         "redeemer", "business_date", "happened_ms"),
        frozenset({"debit", "credit"}),
        "points",
    ),
    "members": Table(
        ("member", "wallet", "tier", "tags", "store", "enrolled_on"),
        frozenset({"member", "wallet"}),
        standing=True,
    ),
}  # fmt: skip
# Who somebody is; written only where the setting says so, and read with a scope of its own.
PEOPLE_TABLE: Final = Table(("member", "member_id", "name", "phone_masked"), standing=True)

Counted = tuple[int, int]
"""Rows, and the sum over a table's `total`."""


def tables(*, people: bool) -> dict[str, Table]:
    """Return what is written for a day."""
    return {**TABLES, PEOPLE: PEOPLE_TABLE} if people else dict(TABLES)


def looked_at(today: date, keep_days: int) -> tuple[date, ...]:
    """Return the business days that a night looks at, oldest first; today's is not over."""
    return tuple(today - timedelta(days=back) for back in range(min(LATE_DAYS, keep_days), 0, -1))


def is_due(books: Mapping[str, Counted], exported: Mapping[str, Counted] | None) -> bool:
    """Tell whether a day's books hold what its newest export does not; books only ever grow."""
    if exported is None:
        return True
    return any(
        exported.get(name) != counted
        for name, counted in books.items()
        if name in TABLES and not TABLES[name].standing
    )


def gone(days: Sequence[date], today: date, keep_days: int) -> tuple[date, ...]:
    """Return the exported days that are kept no longer."""
    return tuple(day for day in days if (today - day).days > keep_days)
