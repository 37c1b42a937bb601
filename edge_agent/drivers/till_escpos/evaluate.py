"""How well receipts are read: a folder of recorded streams against what is known about them.

`manifest.jsonl` has one object a stream: `file`, `kind` (`sale` or anything else), for a sale
`total` and `items` (`name`, `qty`, `amount`) in units of the currency.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.till_escpos.frames import Command, Token, Tokenizer, unknown_bytes
from edge_agent.drivers.till_escpos.jobs import new_paper, rules_of
from edge_agent.drivers.till_escpos.receipt import read_receipt
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt

MANIFEST = "manifest.jsonl"
_SALE = "sale"
_EVENTS = {
    **dict.fromkeys((b"\x1dV", b"\x1bi", b"\x1bm"), "cut"),
    **dict.fromkeys((b"\x1bp", b"\x10\x14"), "drawer"),
    **dict.fromkeys((b"\x1b*", b"\x1dv", b"\x1d8", b"\x1dQ"), "image"),
    b"\x1dk": "barcode",
}
_FUNCTIONS, _QR, _PRINT = b"\x1d(", b"1", b"Q"
_ItemKey = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class ItemRead:
    """One article as it was read; in units of the currency, as the manifest has them."""

    name: str
    qty: float
    amount: float


@dataclass(frozen=True, slots=True)
class FileScore:
    """One stream: what was read, and for a sale how much of it is right."""

    file: str
    expected_kind: str
    kind: str
    fault: str | None
    total: float | None
    total_fen: int | None
    total_exact: bool
    items_right: int
    items_read: int
    items_expected: int
    unknown_bytes: int
    events: tuple[str, ...]
    items: tuple[ItemRead, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """All streams: `false_sales` and `wrong_totals` would have booked money that was not taken."""

    sales: int
    total_exact: int
    item_f1: float
    false_sales: int
    wrong_totals: int
    unknown_bytes: int
    by_file: tuple[FileScore, ...]


def evaluate(folder: Path, profile: TillProfile) -> Score:
    """Read every stream of a folder; raises OSError or ValueError when the folder is not one."""
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line, parse_float=Decimal) for line in lines if line.strip()]
    files = tuple(_score(folder, entry, profile) for entry in entries)
    sales = [score for score in files if score.expected_kind == _SALE]
    return Score(
        sales=len(sales),
        total_exact=sum(score.total_exact for score in sales),
        item_f1=_f1(sales),
        false_sales=sum(_is_sale(score) for score in files if score.expected_kind != _SALE),
        wrong_totals=sum(_is_sale(score) and not score.total_exact for score in sales),
        unknown_bytes=sum(score.unknown_bytes for score in files),
        by_file=files,
    )


def read_stream(data: bytes, profile: TillProfile) -> tuple[TappedReceipt, list[Token]]:
    """Read a whole stream as one job, whatever it does about cutting."""
    tokenizer = Tokenizer()
    tokens = tokenizer.feed(data) + tokenizer.finish()
    paper = new_paper(profile)
    paper.write(tokens)
    return read_receipt(paper.sheet(), rules_of(profile)), tokens


def _score(folder: Path, entry: Mapping[str, Any], profile: TillProfile) -> FileScore:
    receipt, tokens = read_stream((folder / entry["file"]).read_bytes(), profile)
    expected = Counter(_expected_items(entry))
    read = Counter(_read_items(receipt))
    is_trusted = receipt.kind == _SALE and receipt.fault is None
    return FileScore(
        file=entry["file"],
        expected_kind=entry["kind"],
        kind=receipt.kind,
        fault=None if receipt.fault is None else receipt.fault.value,
        total=None if receipt.total_fen is None else receipt.total_fen / 100,
        total_fen=receipt.total_fen,
        total_exact=is_trusted and receipt.total_fen == _scaled(entry.get("total", -1), 100),
        items_right=(expected & read).total(),
        items_read=read.total(),
        items_expected=expected.total(),
        unknown_bytes=unknown_bytes(tokens),
        events=_events(tokens),
        items=tuple(
            ItemRead(line.name, line.qty_milli / 1_000, line.amount_fen / 100)
            for line in _articles(receipt)
        ),
    )


def _is_sale(score: FileScore) -> bool:
    return score.kind == _SALE and score.fault is None


def _f1(sales: list[FileScore]) -> float:
    right = sum(score.items_right for score in sales)
    both = sum(score.items_read + score.items_expected for score in sales)
    return 2 * right / both if both else 0.0


def _expected_items(entry: Mapping[str, Any]) -> Iterable[_ItemKey]:
    for item in entry.get("items", ()):
        amount = _scaled(item["amount"], 100)
        yield _plain(item["name"]), _scaled(item.get("qty", 1), 1_000), amount


def _read_items(receipt: TappedReceipt) -> Iterable[_ItemKey]:
    for line in _articles(receipt):
        yield _plain(line.name), line.qty_milli, line.amount_fen


def _articles(receipt: TappedReceipt) -> Iterable[ReceiptLine]:
    """Give the articles; reductions have a minus, and a fee or a tax on top is none either."""
    left = Counter(receipt.extras)
    for line in receipt.lines:
        if line.amount_fen < 0:
            continue
        if left[line]:
            left[line] -= 1
        else:
            yield line


def _events(tokens: list[Token]) -> tuple[str, ...]:
    """Return what else the stream made the printer do, each once, in order."""
    found = (_EVENTS.get(token.code) for token in tokens if isinstance(token, Command))
    symbols = (
        "qr" if token.args[3:4] == _QR else "symbol"
        for token in tokens
        if isinstance(token, Command) and token.code == _FUNCTIONS and token.args[4:5] == _PRINT
    )
    return tuple(dict.fromkeys([*filter(None, found), *symbols]))


def _scaled(value: Decimal | int | str, factor: int) -> int:
    return int((Decimal(value) * factor).to_integral_value())


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
