"""A box killed in the middle of a sale: its baskets are there again, and no sale twice."""

from pathlib import Path
from typing import Any

import pytest

from tests.factories.agent_files import TILL_TOKEN
from tests.factories.agent_process import AgentProcess

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


def test_baskets_and_their_answers_survive_a_kill(tmp_path: Path) -> None:
    agent = AgentProcess(tmp_path)
    with agent:
        opened = said(agent, "POST", "/v1/baskets", {}, "key-open")
        path = f"/v1/baskets/{opened['basket_id']}"
        line = {"sku": "x", "unit_price_fen": 1_234, "name": "雨伞"}
        added = said(agent, "POST", f"{path}/lines", {"lines": [line]}, "key-add-1")
        assert added["total_fen"] == 1_234
        for _ in range(2):
            agent.kill()
            agent.start()
            again = said(agent, "POST", f"{path}/lines", {"lines": [line]}, "key-add-1")
            assert again == added
        paid = {"tenders": [{"kind": "cash", "amount_fen": 1_234}]}
        sold = said(agent, "POST", f"{path}/commit", paid, "key-pay-1")
        agent.kill()
        agent.start()
        assert said(agent, "POST", f"{path}/commit", paid, "key-pay-1") == sold
        refused = said(agent, "POST", f"{path}/commit", paid, "key-pay-2")
        assert (refused["code"], sold["seq"]) == ("A132", 1)


def said(agent: AgentProcess, method: str, path: str, body: object, key: str) -> dict[str, Any]:
    """Return what the box says to a write under a key."""
    sent = {"Idempotency_Key": key}
    answer: dict[str, Any] = agent.call(method, path, body, token=TILL_TOKEN, **sent).body
    return answer
