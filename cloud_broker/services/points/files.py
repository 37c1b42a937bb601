"""Ledger files: the month's export as CSV or JSON, opening balances as CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from cloud_broker.services.points.desk import OpeningRow
from cloud_broker.services.points.walk import Month
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

HEADER_LIABILITY = (
    "legal_entity", "opening", "issued", "redeemed", "expired", "adjusted", "closing",
)  # fmt: skip
HEADER_CLEARING = ("issuer", "redeemer", "points")


def month_rows(month: Month) -> list[dict[str, object]]:
    """Return the table of liability, one row for each legal entity."""
    rows = sorted(month.liability.items(), key=lambda item: (month.name(item[0]), item[0]))
    return [
        {
            "legal_entity": month.name(entity),
            "opening": row.opening,
            "issued": row.issued,
            "redeemed": row.redeemed,
            "expired": row.expired,
            "adjusted": row.adjusted,
            "closing": row.closing,
        }
        for entity, row in rows
    ]


def clearing_rows(month: Month) -> list[dict[str, object]]:
    """Return what each issuer owes each redeemer, in points."""
    named = {
        (month.name(issuer), month.name(redeemer)): points
        for (issuer, redeemer), points in month.clearing.items()
    }
    return [
        {"issuer": issuer, "redeemer": redeemer, "points": points}
        for (issuer, redeemer), points in sorted(named.items())
    ]


def month_json(month: Month) -> dict[str, object]:
    """Return the export as it is printed with --json."""
    return {
        "first": month.first.isoformat(),
        "last": month.last.isoformat(),
        "liability": month_rows(month),
        "clearing": clearing_rows(month),
    }


def month_csv(month: Month) -> dict[str, str]:
    """Return the export's two files by their endings."""
    return {
        "liability.csv": _csv(HEADER_LIABILITY, month_rows(month)),
        "clearing.csv": _csv(HEADER_CLEARING, clearing_rows(month)),
    }


def opening_rows(text: str) -> Iterator[OpeningRow]:
    """Read `member,points[,expires]` (Fault L112 names the row)."""
    reader = csv.DictReader(io.StringIO(text))
    missing = {"member", "points"} - set(reader.fieldnames or ())
    if missing:
        reason = f"missing columns: {', '.join(sorted(missing))}"
        raise Fault(FaultCode.LEDGER_IMPORT_ROW, row=1, reason=reason)
    for number, row in enumerate(reader, start=2):
        try:
            expires = (row.get("expires") or "").strip()
            yield OpeningRow(
                number,
                UUID((row["member"] or "").strip()),
                int((row["points"] or "").strip()),
                date.fromisoformat(expires) if expires else None,
            )
        except ValueError as error:
            reason = str(error)
            raise Fault(FaultCode.LEDGER_IMPORT_ROW, row=number, reason=reason) from None


def _csv(header: tuple[str, ...], rows: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
