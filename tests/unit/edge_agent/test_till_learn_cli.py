"""`edge-agent till learn`: shows first, writes when asked, says what is wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli import commands as cli
from edge_agent.cli import till_learn as till_learn_cli
from edge_agent.drivers.profiles import load_file
from tests.factories.lessons import lesson_streams

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for at, stream in enumerate(lesson_streams(3)):
        (tmp_path / f"{at}.bin").write_bytes(stream)
    return tmp_path


def test_it_shows_first_writes_when_asked_and_never_over_another(folder: Path) -> None:
    out = folder / "profiles"
    asked = ["till", "learn", str(folder), "--name", "mine", "--out", str(out)]
    shown = runner.invoke(cli.app, asked)
    assert shown.exit_code == 0
    assert "拢共" in shown.output
    assert "--write" in shown.output
    assert not out.exists()
    assert runner.invoke(cli.app, [*asked, "--write"]).exit_code == 0
    assert load_file(out / "mine.toml").name == "mine"
    refused = runner.invoke(cli.app, [*asked, "--write"])
    assert refused.exit_code == 2
    assert "T123" in refused.output
    assert runner.invoke(cli.app, [*asked, "--write", "--force"]).exit_code == 0


def test_programs_get_json_and_nothing_else_on_stdout(folder: Path) -> None:
    asked = ["till", "learn", str(folder), "--name", "mine", "--json"]
    told = json.loads(runner.invoke(cli.app, asked).stdout)
    assert told["file"] is None
    assert [sample["reads"] for sample in told["samples"]] == [True] * 3
    assert {finding["proof"] for finding in told["findings"]} == {"proven", "guessed"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere", "--name", "x"], "T121"),
        ([".", "--name", "x"], "T120"),
        (["--name", "x"], "T121"),
        (["--name", "x", "--live", "1号"], "I105"),
    ],
)
def test_what_cannot_be_learned_from_has_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = runner.invoke(cli.app, ["till", "learn", *arguments])
    assert refused.exit_code == 2
    assert code in refused.output


def test_a_name_no_file_may_have_is_refused(folder: Path) -> None:
    refused = runner.invoke(cli.app, ["till", "learn", str(folder), "--name", "../etc"])
    assert refused.exit_code == 2
    assert "T106" in refused.output


class Agent:
    """A running agent as the command sees it: one more receipt each time it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, method: str, path: str, body: object = None) -> object:
        self.asked.append(f"{method} {path.rpartition('/')[2]}")
        if path.endswith("/tills"):
            return {"tills": [{"till": "7f", "name": "1号收银台"}]}
        sent = self.asked.count("GET samples?data=true")
        return {"samples": [{"name": str(at), "data": "G0A="} for at in range(sent)]}


def test_samples_are_taken_from_the_running_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till_learn_cli, "ASK_AGAIN_S", 0.0)
    agent = Agent()
    taken = till_learn_cli.collect(agent, "1号收银台", 3)  # type: ignore[arg-type]
    assert [sample.data for sample in taken] == [b"\x1b@"] * 3
    assert agent.asked[1] == "POST samples"
    assert agent.asked[-1] == "DELETE samples"
