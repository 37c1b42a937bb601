"""A real agent tells systemd's socket when it is ready, that it works, and what hangs."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retail_core.fleet.boot_loop import STARTS_MAX
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
EVERY_US = 400_000


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(address))
        listening.settimeout(PATIENCE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        monkeypatch.setenv("WATCHDOG_USEC", str(EVERY_US))

        def until(word: str) -> str:
            """Return the first message with a word in it."""
            ends = time.monotonic() + PATIENCE_S
            while time.monotonic() < ends:
                said = listening.recv(4_096).decode()
                if word in said:
                    return said
            raise AssertionError(f"nobody said {word}")

        yield until


def test_ready_fed_and_asked_to_end(tmp_path: Path, heard: Callable[[str], str]) -> None:
    with AgentProcess(tmp_path) as agent:
        assert heard("READY=1") == "READY=1\nSTATUS=works"
        assert heard("WATCHDOG=1") == "WATCHDOG=1\nSTATUS=works"
        assert agent.ask_to_end()[0] == 0
        assert heard("STOPPING=1").startswith("STOPPING=1")
    assert "NOTIFY_SOCKET" in os.environ, "taken out of the agent's environment, not of ours"


def test_killed_again_and_again_it_comes_up_with_less_and_is_let_out(tmp_path: Path) -> None:
    agent = AgentProcess(tmp_path)
    for _ in range(STARTS_MAX - 1):
        agent.start()
        agent.kill()
    with agent:
        reasons = agent.call("GET", "/v1/health").body["reasons"]
        assert "H120" in {one["code"] for one in reasons}
        login = {"number": "1002", "pin": OPERATOR_PIN}
        signed = agent.call("POST", "/v1/operators/login", login, token=SCREEN_TOKEN).body
        who = {"X_Operator": signed["operator_token"]}
        path = "/v1/tech/health/fixups/leave-safe-mode"
        assert agent.call("POST", path, {}, token=SCREEN_TOKEN, **who).status == 200
        assert agent.ended() == 0, "it ended by itself, for systemd to start it anew"
    with agent:
        reasons = agent.call("GET", "/v1/health").body["reasons"]
        assert "H120" not in {one["code"] for one in reasons}
