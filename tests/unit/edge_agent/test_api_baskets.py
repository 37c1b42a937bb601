"""A counter sale over HTTP, from the first line to the receipt."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.factories.agent_api import MEMBER, TILL, Box

keys = count(1)


class Till:
    """A client that gives every write a key of its own."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def post(self, path: str, body: object = None, **more: Any) -> dict[str, Any]:
        return self.send("POST", path, body, **more)

    def put(self, path: str, body: object) -> dict[str, Any]:
        return self.send("PUT", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        return self.send("DELETE", path, {})

    def get(self, path: str) -> dict[str, Any]:
        return self._said(self.client.get(path))

    def send(
        self, method: str, path: str, body: object, key: str = "", code: str = ""
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": key or f"test-key-{next(keys)}"}
        answer = self.client.request(method, path, json=body or {}, headers=headers)
        return self._said(answer) if not code else answer.json()

    def _said(self, answer: Any) -> dict[str, Any]:
        said: dict[str, Any] = answer.json()
        return said


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path / "box") as box:
        yield box


@pytest.fixture
def till(box: Box) -> Till:
    return Till(box.till())


def opened(till: Till, *skus: str, **asked: Any) -> str:
    """Open a basket with these articles."""
    path = f"/v1/baskets/{till.post('/v1/baskets', asked)['basket_id']}"
    if skus:
        till.post(f"{path}/lines", {"lines": [{"sku": sku} for sku in skus]})
    return path


def test_open_add_price_attach_and_commit(till: Till, box: Box) -> None:
    path = opened(till, "milk")
    assert till.get(path)["total_fen"] == 12_800
    shown = till.put(f"{path}/member", {"member_id": str(MEMBER)})
    assert (shown["total_fen"], shown["due_fen"], shown["state"]) == (12_160, 12_160, "open")
    sold = till.post(
        f"{path}/commit", {"tenders": [{"kind": "cash", "amount_fen": 12_160}]}, key="commit-1"
    )
    assert (sold["total_fen"], sold["seq"], sold["points_earned"]) == (12_160, 1, 121)
    assert box.storage.journal.next_seq() == 2
    assert till.get(path)["state"] == "committed"
    assert till.get(path)["till"] == str(TILL)
