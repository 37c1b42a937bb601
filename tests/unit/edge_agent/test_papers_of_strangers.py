"""Papers of tills that no profile was written for are read to the fen, or are known for no sale."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.ports.till_tap import TappedReceipt

ROOT = Path(__file__).resolve().parents[3]
AUTO = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)
FILES = ("papers_of_strangers.toml", "papers_of_more_strangers.toml")
PAPERS: list[dict[str, Any]] = [
    paper
    for file in FILES
    for paper in tomllib.loads(
        (ROOT / "tests/golden" / file).read_text("utf-8"), parse_float=Decimal
    )["paper"]
]
INIT, CUT = b"\x1b@", b"\n\n\n\x1dV\x42\x00"
YEN = {"cp932": "\\"}  # where Japanese printers have it


def read(paper: dict[str, Any]) -> TappedReceipt:
    text = paper["text"].replace("¥", YEN.get(paper["codec"], "¥"))
    setup = bytes.fromhex(paper.get("setup", ""))
    return read_stream(INIT + setup + text.encode(paper["codec"]) + CUT, AUTO)[0]


def articles(receipt: TappedReceipt) -> list[tuple[str, int, int]]:
    lines = [line for line in receipt.lines if line.amount_fen >= 0]
    for extra in receipt.extras:
        lines.remove(extra)
    return [("".join(line.name.split()), line.qty_milli, line.amount_fen) for line in lines]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper["name"])
def test_a_paper_is_read_exactly_or_is_no_sale(paper: dict[str, Any]) -> None:
    receipt = read(paper)
    if "total" not in paper:
        assert receipt.kind != "sale" or receipt.fault is not None
        return
    assert (receipt.kind, receipt.fault) == ("sale", None)
    assert receipt.total_fen == int(paper["total"] * 100)
    assert articles(receipt) == [
        ("".join(name.split()), int(qty * 1000), int(amount * 100))
        for name, qty, amount in paper["items"]
    ]
