"""`python -m tools.golden_receipts`: write the golden streams and what is printed on them."""

import json
import sys
from pathlib import Path

from tools.golden_receipts.layout import Layout, stream
from tools.golden_receipts.ticket import Expected, Ticket
from tools.golden_receipts.tickets import tickets
from tools.golden_receipts.tills import TILLS

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "golden" / "receipts"


def expected(layout: Layout, ticket: Ticket, file: str) -> Expected:
    """Say what must be read from a ticket's stream; an article's name is that on the paper."""
    reductions = [-item.off_fen for item in ticket.items if item.off_fen]
    return Expected(
        file=file,
        kind=ticket.kind,
        receipt_no=ticket.number,
        original_no=ticket.original if layout.words.original else "",
        total_fen=ticket.total_fen,
        articles=[(item.name, item.qty_milli, item.amount_fen) for item in ticket.items],
        reductions=reductions + ([-ticket.off_fen] if ticket.off_fen else []),
        fees=[ticket.fee_fen] if ticket.fee_fen else [],
        tenders=list(ticket.paid),
        change_fen=ticket.change_fen,
    )


def write(folder: Path) -> int:
    """Write every till's streams below a folder; returns how many there are."""
    count = 0
    for layout in TILLS:
        home = folder / layout.name
        home.mkdir(parents=True, exist_ok=True)
        told = []
        for at, ticket in enumerate(tickets(layout), start=1):
            file = f"{at:02d}-{ticket.kind}.bin"
            (home / file).write_bytes(stream(layout, ticket))
            told.append(expected(layout, ticket, file).as_json())
            count += 1
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
        (home / "expected.json").write_text(text, encoding="utf-8")
    return count


if __name__ == "__main__":
    print(write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER), "streams")
