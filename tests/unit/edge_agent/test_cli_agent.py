"""The command line: help, version, and coded refusals with their exit codes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import started
from edge_agent.cli import commands as cli
from edge_agent.cli.about import version
from edge_agent.cli.doctor import examine, print_findings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import Box

runner = CliRunner()


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["doctor", "--help"]])
def test_help_speaks_both_languages(arguments: list[str]) -> None:
    shown = runner.invoke(cli.app, arguments)
    assert shown.exit_code == 0
    assert "盒子" in shown.output
    assert "box" in shown.output


def test_version() -> None:
    shown = runner.invoke(cli.app, ["version"])
    assert shown.output.strip() == version()


def test_a_bad_file_has_its_exit_code(tmp_path: Path) -> None:
    for command in ("run", "doctor"):
        shown = runner.invoke(cli.app, [command, "--config", str(tmp_path / "nowhere.toml")])
        assert shown.exit_code == 2
        assert "I105" in shown.output


def test_a_plain_run_starts_without_the_library_of_the_commands(tmp_path: Path) -> None:
    config = tmp_path / "nowhere.toml"
    for option in ("--config", "-c"):
        assert started(["run", option, str(config)]) == config
    for others in ([], ["run"], ["run", "--help"], ["doctor", "-c", "x"], ["run", "-c", "x", "-h"]):
        assert started(others) is None
    # In a program of its own: its fault is said as the command says it, with the same exit code.
    ran = subprocess.run(
        [sys.executable, "-m", "edge_agent", "run", "--config", config],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "I105" in ran.stderr


def refuse(fault: Exception) -> Callable[[], None]:
    def probe() -> None:
        raise fault

    return probe


def test_findings_are_faults_whatever_the_probe_raised(capsys: pytest.CaptureFixture[str]) -> None:
    findings = examine(
        [
            ("fine", lambda: None),
            ("fault", refuse(Fault(FaultCode.MODEL_MISSING, name="yunet[x]"))),
            ("package", refuse(ImportError("no", name="smartcard"))),
            ("file", refuse(PermissionError(13, "Permission denied", "/data"))),
        ]
    )
    assert [finding.as_json().get("code") for finding in findings] == [None, "M102", "I101", "I105"]
    assert findings[0].as_json() == {"name": "fine", "ok": True}
    print_findings(findings)
    shown = capsys.readouterr().out
    assert "yunet[x]" in shown
    assert "smartcard" in shown


def test_a_link_that_is_none_is_not_written() -> None:
    for link in ("ftp://club.example/", "https://club.example/" + "x" * 200, "https://club.例/"):
        shown = runner.invoke(cli.app, ["nfc", "write-tag", link])
        assert shown.exit_code == 2


def test_the_api_is_printed_without_a_box() -> None:
    for arguments, kind in ((["api"], "openapi"), (["api", "--events"], "asyncapi")):
        shown = runner.invoke(cli.app, arguments)
        assert shown.exit_code == 0
        document = json.loads(shown.output)
        assert document[kind].startswith("3.")
        assert document["info"]["version"] == version()


def test_pairing_says_in_both_languages_that_nothing_runs(tmp_path: Path) -> None:
    with Box(tmp_path):
        pass
    asked = ["terminals", "pair", "-c", str(tmp_path / "agent.toml"), "--operator", "9001"]
    shown = runner.invoke(cli.app, asked)
    assert (shown.exit_code, "盒子程序没有运行" in shown.output) == (3, True), shown.output
    assert "systemctl start regulars-edge-agent" in shown.output
