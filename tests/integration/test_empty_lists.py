"""A list with nothing in it says so: on stderr, in both languages, never as silence."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from edge_agent.cli.commands import app as box_app
from tests.factories.agent_files import DEVICE, write_agent
from tests.factories.hq_commands import opened_hq
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
NOBODY = str(UUID(int=7))
OF_HQ = {
    ("alerts", "list"): "没有告警 / there are no alerts",
    ("alerts", "rules"): "alerts add / nobody is told of alerts yet",
    ("api-key", "list"): "api-key create / there is no key yet",
    ("effects",): "没有变更 / nothing was changed",
    ("growth", "history", NOBODY): "没有变过 / her tier never changed",
    ("growth", "pending"): "申请 / no proposal waits",
    ("leases", "list"): "额度 / no box holds anything",
    ("ledger", "pending"): "调整 / no adjustment waits",
    ("mall", "items"): "商城礼品 / the rule bundle offers no gifts",
}


def test_lists_of_hq_say_that_they_are_empty(database: Database, tmp_path: Path) -> None:
    hq = opened_hq(database, tmp_path)
    for command, said in OF_HQ.items():
        told = hq.run(*command)
        assert said in told.stderr, command
        listed = hq.run(*command, "--json")
        assert said not in listed.output
        lines = [json.loads(line) for line in listed.stdout.splitlines()]
        assert not any(map(_holds, lines)), command


def test_a_list_shows_whole_ids(database: Database, tmp_path: Path) -> None:
    hq = opened_hq(database, tmp_path)
    made = hq.said(
        "api-key", "create", "--name", "进销存和商品资料同步系统", "--scope", "master:read"
    )
    listed = hq.run("api-key", "list").stdout
    cells = [line.split("│")[1:3] for line in listed.splitlines() if "│" in line]
    ids, names = ("".join(part.strip() for part in column) for column in zip(*cells, strict=True))
    assert (ids, names) == (made["id"], "进销存和商品资料同步系统"), "revoke asks for the whole id"


def _holds(said: object) -> bool:
    """Tell whether there is anything in what was printed, beside fixed figures."""
    if isinstance(said, dict):
        return any(map(_holds, said.values()))
    return isinstance(said, list) and bool(said)


def test_lists_of_a_box_say_that_they_are_empty(tmp_path: Path) -> None:
    silent = DEVICE.replace('kind = "escpos"', 'kind = "api"\ntoken = "another-token-0123456789"')
    for line in ('profile = "generic-zh-32"', 'port = "/dev/null"', 'printer = "/dev/null"'):
        silent = silent.replace(f"{line}\n", "")
    config = str(write_agent(tmp_path, device=silent))

    def told(*command: str) -> tuple[str, str]:
        done = CliRunner().invoke(box_app, [*command, "--config", config])
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    out, err = told("terminals", "list")
    assert "1号收银台" in out, "what HQ's file names is listed without the agent, too"
    assert "edge-agent terminals pair" in err
    assert "no terminal is paired" in err
    listed = json.loads(told("terminals", "list", "--json")[0])
    assert [one["provisioned"] for one in listed] == [True, True, True]
    assert "no till is read" in told("till", "agreement")[1]
    assert "no points have to be looked at" in told("till", "points")[1]
    assert "no device is claimed yet" in told("till", "devices")[1]
    assert json.loads(told("till", "points", "--json")[0]) == []
