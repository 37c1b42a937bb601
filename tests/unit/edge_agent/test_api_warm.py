"""What is made ready beside the start: models, programs, and what no collection need walk again."""

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from edge_agent.api import warm
from edge_agent.api.warm import ProgramsSoon, warmed_beside
from retail_core.pricing.rules.bundle import RuleBundle
from tests.factories.pricing import basket, line
from tests.factories.waiting import PATIENCE_S, eventually


@pytest.fixture(autouse=True)
def _collects_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_lives_to_the_end_is_not_walked_again() -> None:
    gc.unfreeze()
    with warmed_beside(programs=True):
        eventually(gc.get_freeze_count)
        assert "highspy" in sys.modules
    assert gc.get_freeze_count() == 0, "at the end all is collected, or native libraries complain"


def test_an_end_before_it_is_warm_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        loading.set()
        go_on.wait(PATIENCE_S)

    monkeypatch.setattr(warm, "highs", slowly)
    with warmed_beside(programs=True):
        assert loading.wait(PATIENCE_S)
    go_on.set()
    eventually(lambda: "warm" not in {one.name for one in threading.enumerate()})
    assert gc.get_freeze_count() == 0


def test_programs_load_beside_the_first_basket_of_two_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(warm, "highs", lambda: asked.append(threading.current_thread().name))
    price = ProgramsSoon()
    bundle = RuleBundle(version=0)
    one, two = (basket(*(line(n, 100) for n in range(1, count + 1))) for count in (1, 2))
    assert price(one, bundle, None).total_fen == 100
    assert asked == [], "a trial of a sale has one line, and nobody waits for its price"
    for _ in range(3):
        assert price(two, bundle, None).total_fen == 200
    eventually(lambda: asked)
    assert asked == ["programs"]
