"""What is made ready beside the start: models, programs, and what no collection need walk again."""

import gc
import sys
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from edge_agent.api.warm import warm_beside
from tests.factories.waiting import eventually


@pytest.fixture(autouse=True)
def _collects_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_lives_to_the_end_is_not_walked_again() -> None:
    app = FastAPI()
    app.get("/v1/health")(lambda: {"state": "ok"})
    gc.unfreeze()
    warm_beside(app)
    eventually(gc.get_freeze_count)
    assert "highspy" in sys.modules
