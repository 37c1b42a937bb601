"""Whatever else a till prints, from copies for the house to reports: nothing of it is sold."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.ports.till_tap import TappedReceipt

ROOT = Path(__file__).resolve().parents[3]
FIXTURE = ROOT / "tests" / "fixtures" / "escpos" / "papers.toml"
PAPERS = tomllib.loads(FIXTURE.read_text(encoding="utf-8"))["paper"]
AUTO = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)


def read(text: str, profile: TillProfile = AUTO) -> TappedReceipt:
    receipt, _tokens = read_stream(b"\x1b@" + text.encode() + b"\x1dV\x00", profile)
    return receipt


@pytest.mark.parametrize("paper", PAPERS, ids=[each["name"] for each in PAPERS])
def test_a_paper_is_booked_only_when_it_is_a_sale(paper: dict[str, Any]) -> None:
    receipt = read(paper["text"])
    is_booked = receipt.kind == "sale" and receipt.fault is None
    assert (receipt.total_fen if is_booked else None) == paper.get("total_fen")


SALE = "好邻居\n{head}No 0017\n面包 1 6.00\n合计 6.00\n现金 6.00\n{foot}"


@pytest.mark.parametrize(
    ("head", "foot"),
    [
        ("MERCHANT COPY\n", ""),
        ("", "--------\nMERCHANT COPY\nMID 1 TID 2\nAUTH 123456\nAMOUNT 6.00\n"),
    ],
)
def test_the_shops_copy_is_told_from_a_slip_below_the_receipt(head: str, foot: str) -> None:
    assert read(SALE.format(head=head, foot=foot)).kind == ("other" if head else "sale")


def test_what_a_till_calls_a_note_makes_no_other_paper_of_its_sales() -> None:
    text = SALE.format(head="练习\n", foot="")
    words = AUTO.words.model_copy(update={"note": ("练习",)})
    assert read(text).kind == "other"
    assert read(text, AUTO.model_copy(update={"words": words})).kind == "sale"


def test_an_article_named_like_a_copy_is_an_article() -> None:
    receipt = read("店\n1.A4复印纸\n4x33.82  135.28\n2.美团\n1x6.00  6.00\n合计 141.28\n")
    assert (receipt.kind, receipt.fault) == ("sale", None)
