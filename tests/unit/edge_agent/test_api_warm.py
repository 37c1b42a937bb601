"""What is made ready beside the start: models, programs, and what no collection need walk again."""

import gc
import sys
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from edge_agent.api import warm
from edge_agent.api.warm import warmed_beside
from tests.factories.waiting import PATIENCE_S, eventually


@pytest.fixture(autouse=True)
def _collects_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_lives_to_the_end_is_not_walked_again() -> None:
    app = FastAPI()
    app.get("/v1/health")(lambda: {"state": "ok"})
    gc.unfreeze()
    with warmed_beside(app):
        eventually(gc.get_freeze_count)
        assert "highspy" in sys.modules
    assert gc.get_freeze_count() == 0, "at the end all is collected, or native libraries complain"


def test_an_end_before_it_is_warm_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        loading.set()
        go_on.wait(PATIENCE_S)

    monkeypatch.setattr(warm, "highs", slowly)
    with warmed_beside(FastAPI()):
        assert loading.wait(PATIENCE_S)
    go_on.set()
    eventually(lambda: "warm" not in {one.name for one in threading.enumerate()})
    assert gc.get_freeze_count() == 0
