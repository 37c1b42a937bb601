"""Tills nobody wrote a profile for, in thirteen languages: read to the fen, or left alone."""

from pathlib import Path

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from tests.factories.strange.languages import LANDS
from tests.factories.strange.tills import Till

AUTO = load_profile(
    Path(__file__).resolve().parents[3] / "device_configs", "generic-auto", TillProfile
)
SALES = range(3)
OTHERS = range(100, 102)
SALES_READ_MIN = 0.9


def test_most_sales_of_strange_tills_are_read_to_the_fen_and_none_wrongly() -> None:
    papers = [Till(seed, land).sale() for land in LANDS.values() for seed in SALES]
    read = [read_stream(paper.data, AUTO)[0] for paper in papers]
    booked = [
        (paper.total, receipt.total_fen)
        for paper, receipt in zip(papers, read, strict=True)
        if receipt.kind == "sale" and receipt.fault is None
    ]
    assert [total for total, _ in booked] == [total_fen for _, total_fen in booked]
    assert len(booked) >= len(papers) * SALES_READ_MIN


@pytest.mark.parametrize("land", LANDS, ids=list(LANDS))
def test_what_is_no_sale_is_not_taken_for_one(land: str) -> None:
    for seed in OTHERS:
        paper = Till(seed, LANDS[land]).other()
        receipt, _ = read_stream(paper.data, AUTO)
        assert receipt.kind != "sale" or receipt.fault is not None, paper.style
        if paper.kind in {"refund", "reprint"}:
            assert receipt.kind == paper.kind
