"""The end of a day and of a month: the till's figures against the books, and who owes whom."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from retail_core.loyalty.lots import Movement, base_kind
from retail_core.loyalty.postings import (
    ADJUST,
    AWARD,
    EARN,
    EXPIRE,
    MERGE,
    OPENING,
    REDEEM,
    SETTLE,
)


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What a till, or the books, say of one business day; amounts in fen."""

    sales: int = 0
    gross_fen: int = 0
    net_fen: int = 0
    points_earned: int = 0
    points_redeemed: int = 0
    refunds: int = 0
    refund_fen: int = 0

    def __add__(self, other: "DayTotals") -> "DayTotals":
        return DayTotals(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(DayTotals))
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure in which till and books differ; `where` is the till or the receipt's number."""

    where: str
    figure: str
    till: int | None
    books: int | None


def reconcile(
    tills: Mapping[str, DayTotals], books: Mapping[str, DayTotals]
) -> tuple[Difference, ...]:
    """Return every figure that differs, till by till; None where one side knows no such till."""
    found: list[Difference] = []
    for name in sorted(tills.keys() | books.keys()):
        said, booked = tills.get(name), books.get(name)
        for one in fields(DayTotals):
            till = None if said is None else int(getattr(said, one.name))
            ours = None if booked is None else int(getattr(booked, one.name))
            if till != ours:
                found.append(Difference(name, one.name, till, ours))
    return tuple(found)


def reconcile_receipts(till: Mapping[str, int], books: Mapping[str, int]) -> tuple[Difference, ...]:
    """Return every receipt (number → total in fen) that one side lacks or has otherwise."""
    return tuple(
        Difference(number, "receipt_fen", till.get(number), books.get(number))
        for number in sorted(till.keys() | books.keys())
        if till.get(number) != books.get(number)
    )


@dataclass(slots=True)
class Liability:
    """Points one legal entity owes to members over a period; the parts add up to `closing`."""

    opening: int = 0
    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    adjusted: int = 0

    @property
    def closing(self) -> int:
        """What is owed at the end."""
        return self.opening + self.issued - self.redeemed - self.expired + self.adjusted


# What was spent of a lease that had ended is the brand's loss: the points stand in for it.
LATE = "lease"
_COLUMNS = {
    EARN: "issued",
    AWARD: "issued",
    SETTLE: "issued",
    REDEEM: "redeemed",
    EXPIRE: "expired",
    ADJUST: "adjusted",
    OPENING: "adjusted",
    MERGE: "adjusted",
    LATE: "adjusted",
}
_OUTGOING = frozenset({"redeemed", "expired"})


def liability(
    movements: Iterable[Movement], first: date, last: date, into: dict[UUID, Liability]
) -> None:
    """Add movements of lots to the table of a period, legal entity by legal entity."""
    for movement in movements:
        if movement.day > last:
            continue
        row = into.setdefault(movement.issuer, Liability())
        column = "opening" if movement.day < first else _COLUMNS[base_kind(movement.kind)]
        sign = -1 if column in _OUTGOING else 1
        setattr(row, column, getattr(row, column) + sign * movement.points)


def clearing(
    movements: Iterable[Movement], first: date, last: date, into: Counter[tuple[UUID, UUID]]
) -> None:
    """Add what each issuer owes each redeemer for points honoured in a period."""
    for movement in movements:
        spent = base_kind(movement.kind) == REDEEM
        if spent and movement.redeemer is not None and first <= movement.day <= last:
            into[movement.issuer, movement.redeemer] -= movement.points
