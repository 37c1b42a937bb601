"""Tables of a back office in memory: what they say, and files planned against them."""

from collections.abc import Mapping, Sequence
from datetime import date

from retail_core.catalog.masters import Key, Known, MasterKind
from retail_core.catalog.planning import Facts, Held, MasterPlan, plan
from retail_core.catalog.reasons import RowReason

Table = Mapping[Key, Sequence[Held]]
TODAY = date(2026, 11, 22)
EARLIER = date(2026, 1, 1)
KNOWN = Known(
    entities={"SH-RETAIL"},
    stores={"SH001", "SH002"},
    places={"SH001", "SH002", "W1"},
    regions={"华东"},
    skus={"A1", "A2"},
)
A1 = {
    "barcodes": "6901234567892",
    "name": "洗面奶",
    "unit": "支",
    "price": "59.00",
    "cost": "20.00",
    "brand": "甲",
    "category": "洁面",
    "tags": "敏感肌",
    "status": "active",
}
HELD: Table = {("A1",): [Held(EARLIER, A1)]}
NOTHING: Table = {}


def planned(
    kind: MasterKind,
    text: str,
    held: Table = NOTHING,
    *,
    complete: bool = False,
) -> MasterPlan:
    return plan(kind, text, Facts(held, KNOWN), today=TODAY, complete=complete)


def reasons(made: MasterPlan) -> list[tuple[str, RowReason]]:
    return [(error.column, error.reason) for row in made.refused for error in row.errors]


def after(held: Table, made: MasterPlan) -> dict[Key, list[Held]]:
    """Return the table once a plan is written."""
    table = {key: list(some) for key, some in held.items()}
    for row in made.effects:
        table.setdefault(row.key, []).append(Held(row.day, row.after))
    return table
