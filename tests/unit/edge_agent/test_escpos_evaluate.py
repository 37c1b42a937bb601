"""The score of a folder of streams: right, wrong, and money that was never taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import evaluate
from edge_agent.drivers.till_escpos.sim import sale_bytes

AUTO = load_profile(
    Path(__file__).resolve().parents[3] / "device_configs", "generic-auto", TillProfile
)
ITEMS = [{"name": "可乐", "qty": 2, "amount": 7.0}, {"name": "面包", "amount": 6.5}]
SALE = sale_bytes("1", [("可乐", 2, 350), ("面包", 1, 650)], discount_fen=50)


def write(folder: Path, *entries: tuple[dict[str, Any], bytes]) -> None:
    lines = []
    for number, (entry, stream) in enumerate(entries):
        name = f"{number}.bin"
        (folder / name).write_bytes(stream)
        lines.append(json.dumps({"file": name, **entry}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n\n", encoding="utf-8")


def test_what_is_read_right_counts(tmp_path: Path) -> None:
    write(
        tmp_path,
        ({"kind": "sale", "total": 13.0, "items": ITEMS}, SALE),
        ({"kind": "not-a-sale"}, "厨房单\n可乐 2\n".encode("gb18030")),
    )
    score = evaluate(tmp_path, AUTO)
    assert (score.sales, score.total_exact, score.item_f1) == (1, 1, 1.0)
    assert (score.false_sales, score.wrong_totals, score.unknown_bytes) == (0, 0, 0)
    assert [each.kind for each in score.by_file] == ["sale", "other"]


def test_what_is_read_wrong_counts_against_us(tmp_path: Path) -> None:
    write(
        tmp_path,
        ({"kind": "sale", "total": 99, "items": ITEMS[:1]}, SALE),
        ({"kind": "sale", "total": 13}, b"\x1bY"),
        ({"kind": "not-a-sale"}, SALE),
    )
    score = evaluate(tmp_path, AUTO)
    assert (score.sales, score.total_exact, score.wrong_totals, score.false_sales) == (2, 0, 1, 1)
    assert score.item_f1 == pytest.approx(2 / 3)
    assert score.unknown_bytes == 2
    assert score.by_file[1].fault == "T103"


def test_a_folder_without_sales_scores_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    assert evaluate(tmp_path, AUTO).item_f1 == 0.0
    with pytest.raises(OSError, match="manifest"):
        evaluate(tmp_path / "missing", AUTO)
