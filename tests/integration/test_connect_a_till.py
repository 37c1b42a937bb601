"""The page for a till's developer, run as it stands: pairing on the box, then curl after curl."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.factories.agent_api import Box
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import ROOT, AgentProcess
from tests.factories.waiting import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.enable_socket]
PAGE = (ROOT / "docs" / "how-to" / "connect-a-till.md").read_text("utf-8")
ENV = {**os.environ, "REGULARS_OPERATOR_PIN": OPERATOR_PIN, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A box that already has articles, offers and a member."""
    with Box(tmp_path):
        return tmp_path


def blocks(kind: str) -> str:
    """Return the page's blocks of a kind, one after the other."""
    return "\n".join(re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL))


def terminals(agent: AgentProcess, *arguments: str) -> list[str]:
    """Return the command line of `edge-agent terminals …`."""
    options = [] if "--config" in arguments else ["--config", str(agent.config)]
    return [sys.executable, "-m", "edge_agent", "terminals", *arguments, *options]


def paired_by_the_page(agent: AgentProcess) -> "subprocess.Popen[str]":
    """Start the page's own command on the box."""
    words = shlex.split(blocks("console"))
    assert words[:2] == ["edge-agent", "terminals"]
    command = terminals(
        agent, *(str(agent.config) if one == "agent.toml" else one for one in words[2:])
    )
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, cwd=ROOT, env=ENV,
    )  # fmt: skip


def test_the_page_sells(folder: Path) -> None:
    for tool in ("curl", "jq", "bash"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt-get install {tool}")
    with AgentProcess(folder) as agent, paired_by_the_page(agent) as manager:
        assert manager.stdout is not None
        assert manager.stdin is not None
        code = manager.stdout.readline().rsplit(maxsplit=1)[-1]
        manager.stdin.write("y\n")
        manager.stdin.flush()
        script = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", blocks("sh")],
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
            env={**ENV, "BOX": agent.base, "CODE": code},
        )  # fmt: skip
        said = manager.communicate(timeout=PATIENCE_S)[0]
        assert script.returncode == 0, script.stderr + said
        assert manager.returncode == 0, said
        assert '"total_fen": 12800' in script.stdout
        assert '"P104"' in script.stdout
        check = re.findall(r"digits: (\d{4})", script.stdout)
        assert check
        assert f"[{check[0]}]" in said
        ledger = agent.call("GET", "/v1/ledger", token=SCREEN_TOKEN).body
        assert [row["total_fen"] for row in ledger["rows"]] == [12_800]
        logged = agent.log.read_text("utf-8")
        assert code not in logged


def test_terminals_are_listed_and_revoked_with_and_without_the_agent(folder: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            terminals(agent, *arguments), capture_output=True, text=True, check=False,
            cwd=ROOT, env=ENV,
        )  # fmt: skip

    with AgentProcess(folder) as agent:
        names = []
        for lane_name in ("one", "two"):
            opened = _manager(agent, "POST", "/v1/pairing", {})
            body = {"code": opened["code"], "name": lane_name, "kind": "display"}
            claim = agent.call("POST", "/v1/pair", body).body["claim"]
            asking = _manager(agent, "GET", "/v1/pairing")["asking"]
            _manager(agent, "POST", "/v1/pairing/confirm", {"request_id": asking["request_id"]})
            names.append(agent.call("POST", "/v1/pair/claim", {"claim": claim}).body)
        listed = json.loads(run("list", "--json").stdout)
        assert [one["name"] for one in listed if not one["provisioned"]] == ["one", "two"]
        gone = run("revoke", names[0]["terminal"]["terminal_id"], "--operator", "1002")
        assert gone.returncode == 0, gone.stderr
        answer = agent.call("GET", "/v1/terminals/self", token=names[0]["token"])
        assert (answer.status, answer.body["code"]) == (401, "A102")
        assert agent.call("GET", "/v1/terminals/self", token=names[1]["token"]).status == 200
        refused = run("revoke", names[0]["terminal"]["terminal_id"], "--operator", "1002")
        assert (refused.returncode, "A108" in refused.stderr) == (3, True)
        agent.ask_to_end()
        assert "two" in run("list").stdout
        assert run("revoke", names[1]["terminal"]["terminal_id"]).returncode == 0
        left = json.loads(run("list", "--json").stdout)
        assert [one["provisioned"] for one in left] == [True] * len(left)
        assert "terminals pair" in run("list").stderr
        assert run("pair", "--operator", "1002").returncode == 3
        agent.start()
        answer = agent.call("GET", "/v1/terminals/self", token=names[1]["token"])
        assert answer.status == 401


def _manager(agent: AgentProcess, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Ask as the manager signed in at the screen."""
    login = {"number": "1002", "pin": OPERATOR_PIN}
    said = agent.call("POST", "/v1/operators/login", login, token=SCREEN_TOKEN).body
    answer = agent.call(method, path, body, token=SCREEN_TOKEN, X_Operator=said["operator_token"])
    assert answer.status == 200, answer.body
    return dict(answer.body)
