"""Prices, certificates, findings, rehearsals and books come out whole as they were kept.

Each is compared to the last field: a figure that nobody looks at in a test is still somebody's.
"""

import json
from typing import Any

import pytest

from tests.factories.whole_outcomes import GOLDEN, KINDS, outcomes

KEPT: dict[str, list[Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_outcome_is_whole_as_it_was_kept(kind: str) -> None:
    found = [json.loads(one) for one in outcomes(kind)]
    assert len(found) == len(KEPT[kind])
    for seed, (made, kept) in enumerate(zip(found, KEPT[kind], strict=True)):
        assert made == kept, (kind, seed)


def test_the_kept_outcomes_are_of_many_kinds() -> None:
    """What is compared is not empty: flaws, findings, refusals, debts and gifts occur."""
    flaws = {one["flaw"] for said in KEPT["strangers"] for part in said for one in part[1]}
    assert len(flaws) >= 7
    kinds = {one["kind"] for said in KEPT["lints"] for one in said if one != "made up"}
    assert len(kinds) >= 6
    assert any(tally["refused"] for tally, _ in KEPT["rehearsals"])
    assert {one["kind"] for said in KEPT["histories"] for _, one in said[1]} >= {
        "earn.reversed", "earn.owed", "earn.restored", "redeem.reversed", "expire", "mature",
        "merge", "settle",
    }  # fmt: skip
    assert any(made and made[0]["coupons"] for said in KEPT["histories"] for made in said[0])
    assert any(said[0]["gifts"] for said in KEPT["prices"])
