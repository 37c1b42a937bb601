"""Every field of every golden receipt, read by the profile of its till: exact, or it is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.drivers.till_escpos.frames import unknown_bytes
from tools.golden_receipts.__main__ import write

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "golden" / "receipts"
TILLS = sorted(home.name for home in FOLDER.iterdir())


def told(till: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((FOLDER / till / "expected.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize("till", TILLS)
def test_every_field_of_a_tills_receipts_is_read_exactly(till: str) -> None:
    profile = load_profile(ROOT / "device_configs", till, TillProfile)
    for expected in told(till):
        receipt, tokens = read_stream((FOLDER / till / expected["file"]).read_bytes(), profile)
        articles = len(expected["articles"])
        beyond = [line.amount_fen for line in receipt.lines[articles:]]
        read = {
            "file": expected["file"],
            "kind": receipt.kind,
            "receipt_no": receipt.receipt_no,
            "original_no": receipt.original_no,
            "total_fen": receipt.total_fen,
            "articles": [
                [line.name, line.qty_milli, line.amount_fen] for line in receipt.lines[:articles]
            ],
            "reductions": [fen for fen in beyond if fen < 0],
            "fees": [fen for fen in beyond if fen > 0],
            "tenders": [[one.label, one.amount_fen] for one in receipt.tenders],
            "change_fen": receipt.change_fen,
        }
        assert read == expected
        assert receipt.fault is None
        assert receipt.profile == till
        assert unknown_bytes(tokens) == 0


def test_there_are_receipts_of_every_kind_of_shop_paper_and_language() -> None:
    profiles = [load_profile(ROOT / "device_configs", till, TillProfile) for till in TILLS]
    assert len(TILLS) >= 12
    assert {till.split("-")[0] for till in TILLS} >= {"retail", "restaurant", "pharmacy"}
    assert {till.split("-")[1] for till in TILLS} >= {"zh", "en"}
    assert {profile.paper.columns for profile in profiles} >= {32, 42, 48}
    for till in TILLS:
        kinds = [expected["kind"] for expected in told(till)]
        assert kinds.count("sale") >= 5
        assert {"refund", "reprint"} <= set(kinds)
        assert any(expected["reductions"] for expected in told(till))


def test_the_streams_in_the_repository_are_those_the_writer_writes(tmp_path: Path) -> None:
    write(tmp_path)
    for path in sorted(tmp_path.rglob("*.*")):
        assert (FOLDER / path.relative_to(tmp_path)).read_bytes() == path.read_bytes()
