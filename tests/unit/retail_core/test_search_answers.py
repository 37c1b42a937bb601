"""What the search answers under a limit is the same in every release.

A receipt whose price was not proven is priced again under the limit the till had: a search that
answers otherwise, or counts its nodes otherwise, would no longer prove what was charged.
"""

import json
from typing import Any

import pytest

from retail_core.pricing.solver import model
from tests.factories.search_answers import GOLDEN, answers, questions

CASES: dict[str, dict[str, Any]] = dict(json.loads(GOLDEN.read_text(encoding="utf-8")))


@pytest.mark.parametrize("size", ["10 units", "24 units", "60 units"])
def test_the_search_answers_what_it_always_answered(
    size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the nodes of the integer programs are their maker's to count
    monkeypatch.setattr(model, "highs", lambda: None)
    asked = {name: question for name, question in questions() if name.startswith(size)}
    assert list(asked) == [name for name in CASES if name.startswith(size)]
    for name, question in asked.items():
        assert answers(question) == CASES[name], name


def test_the_kept_answers_are_of_all_kinds() -> None:
    """The limits leave some open, coupons and points are used, and states stop where they must."""
    searched = [answer for case in CASES.values() for answer in case["search"]]
    assert any(gap for _, _, _, gap, _, _ in searched)
    assert any(points for _, points, _, _, _, _ in searched)
    assert any(coupon for _, _, coupon, _, _, _ in searched)
    assert {case["states"] is None for case in CASES.values()} == {True, False}
