"""The agent as a process: sells without a cloud, ends quickly, and forgets nothing when killed."""

import contextlib
import http.client
import json
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.factories.agent_api import MEMBER, Box, sale
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN, TILL_TOKEN
from tests.factories.agent_process import ROOT, AgentProcess

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.enable_socket]
ONCE = {"Idempotency_Key": "0190-process-0001"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A box that already has articles, offers and a member."""
    with Box(tmp_path):
        return tmp_path


def edge_agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_sells_without_a_cloud_and_ends_with_zero(folder: Path) -> None:
    with AgentProcess(folder) as agent:
        health = agent.call("GET", "/v1/health").body
        assert (health["can_sell"], health["devices"]["cloud"]) == (True, "gone")
        assert health["devices"]["camera"] == "off"
        body = sale(12_160, member_id=str(MEMBER))
        sold = agent.call("POST", "/v1/sales", body, token=TILL_TOKEN, **ONCE)
        assert sold.status == 200
        assert sold.body["member"]["name"] == "李*"
        ledger = agent.call("GET", "/v1/ledger", token=SCREEN_TOKEN).body
        assert (ledger["total_fen"], ledger["waiting"]) == (12_160, 1)
        code, _seconds = agent.ask_to_end()
        assert code == 0
        logged = agent.log.read_text(encoding="utf-8")
    for line in logged.splitlines():
        json.loads(line)
    for secret in (TILL_TOKEN, SCREEN_TOKEN, "李敏", "device-token-0123456789"):
        assert secret not in logged
    assert stat.S_IMODE((folder / "data" / "journal.db").stat().st_mode) & 0o007 == 0


def test_a_killed_agent_gives_the_same_answer_again(folder: Path) -> None:
    with AgentProcess(folder) as agent:
        sold = agent.call("POST", "/v1/sales", sale(12_800), token=TILL_TOKEN, **ONCE)
        agent.kill()
        agent.start()
        again = agent.call("POST", "/v1/sales", sale(12_800), token=TILL_TOKEN, **ONCE)
        assert again.body == sold.body
        assert again.headers["idempotency-replayed"] == "true"
        other = agent.call("POST", "/v1/sales", sale(1), token=TILL_TOKEN, **ONCE)
        assert (other.status, other.body["code"]) == (409, "A106")
        ledger = agent.call("GET", "/v1/ledger", token=SCREEN_TOKEN).body
        assert [row["receipt_id"] for row in ledger["rows"]] == [sold.body["receipt_id"]]
        assert agent.ask_to_end(signal.SIGINT)[0] == 0


def test_ends_although_somebody_waits_for_a_customer(folder: Path) -> None:
    with AgentProcess(folder, extra="") as agent:
        asked = {"deadline_ms": 10_000}

        def ask() -> None:
            # Answered, or cut off with the agent; asked too late it is refused.
            with contextlib.suppress(OSError, http.client.HTTPException):
                agent.call("POST", "/v1/identify", asked, token=SCREEN_TOKEN)

        waiting = threading.Thread(target=ask)
        waiting.start()
        listener = socket.create_connection(("127.0.0.1", agent.port))
        time.sleep(0.3)
        code, _seconds = agent.ask_to_end()
        listener.close()
        waiting.join()
        assert code == 0


def test_a_second_agent_on_the_port_is_refused(folder: Path) -> None:
    with AgentProcess(folder) as agent:
        second = edge_agent("run", "--config", str(agent.config))
        assert second.returncode == 3
        assert "I102" in second.stderr
        assert agent.call("GET", "/v1/health").status == 200


def test_a_foreign_journal_is_refused(folder: Path) -> None:
    device = folder / "device.toml"
    text = device.read_text(encoding="utf-8").replace("55" * 32, "66" * 32)
    agent = AgentProcess(folder, device=text)
    refused = edge_agent("run", "--config", str(agent.config))
    assert refused.returncode == 4
    assert "D104" in refused.stderr


def test_check_says_what_is_missing(folder: Path) -> None:
    agent = AgentProcess(folder, extra='nfc = {reader = "ACR"}')
    found = edge_agent("doctor", "--config", str(agent.config), "--json")
    names = {finding["name"]: finding for finding in json.loads(found.stdout)}
    assert found.returncode == 1
    assert names["老收银机 · profile"]["ok"]
    assert names["本店账本 / journal and replica"]["ok"]
    assert not names["老收银机 · printer"]["ok"] or Path("/dev/null").exists()

    (folder / "device.toml").chmod(0o644)
    found = edge_agent("doctor", "--config", str(agent.config), "--json")
    names = {finding["name"]: finding for finding in json.loads(found.stdout)}
    assert names["设备文件 / device file"]["code"] == "I105"


def test_data_is_handed_over_and_templates_renewed_while_it_runs(folder: Path) -> None:
    with AgentProcess(folder) as agent:
        config = ("--config", str(agent.config))
        clerk = ("--operator", "1001", "--pin", OPERATOR_PIN)
        manager = ("--operator", "1002", "--pin", OPERATOR_PIN)
        told = edge_agent("member", "export", str(MEMBER), *config, *clerk)
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["profile"]["name"] == "李敏"
        none = edge_agent("consent", "receipts", str(MEMBER), *config, *clerk)
        assert (none.returncode, none.stdout) == (0, ""), none.stderr
        wrong = edge_agent("member", "export", str(MEMBER), *config, *clerk[:3], "1")
        assert (wrong.returncode, "A110" in wrong.stderr) == (3, True)
        refused = edge_agent("consent", "rotate", *config, *clerk)
        assert (refused.returncode, "A190" in refused.stderr) == (3, True)
        turned = edge_agent("consent", "rotate", *config, *manager)
        assert turned.returncode == 0, turned.stderr
        assert "epoch 2" in turned.stdout
        assert agent.ask_to_end()[0] == 0
    turned = edge_agent("consent", "rotate", *config)
    assert "epoch 3" in turned.stdout
    told = edge_agent("member", "export", str(MEMBER), *config)
    assert json.loads(told.stdout)["profile"]["name"] == "李敏"
