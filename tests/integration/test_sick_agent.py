"""A real agent whose cloud takes every call and answers none, and whose replica is damaged."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.agent_api import Box, sale
from tests.factories.agent_files import DEVICE, SCREEN_TOKEN, TILL_TOKEN
from tests.factories.agent_process import AgentProcess

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.enable_socket]
MILK = {"sku": "milk", "unit_price_fen": 12_800, "name": "玉泽修护乳 50ml"}


@pytest.fixture
def silent_cloud() -> Iterator[int]:
    """A port that lets callers in and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield int(server.getsockname()[1])


def test_a_silent_cloud_and_a_damaged_replica_close_no_counter(
    tmp_path: Path, silent_cloud: int
) -> None:
    with Box(tmp_path):
        pass
    device = DEVICE.replace("127.0.0.1:8100", f"127.0.0.1:{silent_cloud}")
    device = device.replace("broker_port = 18830", f"broker_port = {silent_cloud}")
    replica = tmp_path / "data" / "replica.db"
    with AgentProcess(tmp_path, device=device) as agent:

        def sell(key: str, **changes: object) -> int:
            body = sale(12_800, **({"lines": [MILK], "till_receipt_no": key} | changes))
            answer = agent.call("POST", "/v1/sales", body, token=TILL_TOKEN, Idempotency_Key=key)
            return answer.status

        asked = agent.call(
            "POST",
            "/v1/identify/phone",
            {"phone": "13912345678"},
            token=TILL_TOKEN,
            X_Deadline_Ms="100",
        )
        assert (asked.status, asked.body["code"]) == (503, "A149")
        patient = agent.call(
            "POST", "/v1/identify/phone", {"phone": "13912345679"}, token=TILL_TOKEN
        )
        assert (patient.status, patient.body["outcome"]) == (200, "unknown")
        assert sell("silent-cloud-0001") == 200
        agent.kill()

        replica.write_bytes(b"\xff" * replica.stat().st_size)
        agent.start()
        health = agent.call("GET", "/v1/health").body
        assert (health["can_sell"], health["members"]) == (True, 0)
        assert sell("silent-cloud-0001") == 200, "the answer of before"
        assert sell("damaged-replica-1") == 200, "at the till's price"
        ledger = agent.call("GET", "/v1/ledger", token=SCREEN_TOKEN).body
        assert [row["total_fen"] for row in ledger["rows"]] == [12_800, 12_800]
    assert replica.with_name("replica.db.damaged").exists()
