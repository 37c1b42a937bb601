"""`edge-agent till points`: what nobody can tell is listed, and settled by a person's word."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from edge_agent.adapters.push_outbox_sqlite import SqlitePushOutbox
from edge_agent.bootstrap.till_software import open_outbox
from edge_agent.cli.tills import app
from edge_agent.domain.point_push import PointPush, PushState, Reading
from edge_agent.settings import load_settings
from tests.factories.agent_files import DEVICE, write_agent

TILL = UUID("01890000-0000-7000-8000-00000000000d")
SOFTWARE = f"""
[[tills]]
id = "{TILL}"
name = "银豹"
kind = "software"
profile = "software-pospal"
url = "https://pospal.example"
app_id = "app"
app_key = "key"
"""
DOUBTFUL = PointPush(UUID(int=7), UUID(int=1), 19).begun(Reading(300_500))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_agent(tmp_path, device=DEVICE + SOFTWARE)


@pytest.fixture
def outbox(config: Path) -> Iterator[SqlitePushOutbox]:
    opened = open_outbox(load_settings(config), TILL)
    opened.take(3, [DOUBTFUL.now(PushState.WAITING)])
    opened.keep(DOUBTFUL.now(PushState.UNSURE))
    opened.link(UUID(int=1), "700")
    yield opened
    opened.close()


def run(config: Path, *asked: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["points", "-c", str(config), *asked])
    return done.exit_code, done.stdout


def test_lists_what_a_person_has_to_look_at(config: Path, outbox: SqlitePushOutbox) -> None:
    code, said = run(config, "--json")
    assert code == 0
    assert json.loads(said) == [
        {
            "id": str(UUID(int=7)), "till": "银豹", "state": "unsure", "customer": "700",
            "points": 19, "before": 300.5, "tries": 1,
        }
    ]  # fmt: skip
    assert "customer=700" in run(config)[1]
    assert outbox.depth() == 0


def test_a_person_says_it_is_there(config: Path, outbox: SqlitePushOutbox) -> None:
    assert run(config, "--done", str(UUID(int=7)), "--json") == (0, "[]\n")
    assert (outbox.unsure(), outbox.open()) == ((), ())


def test_a_person_says_send_it_again(config: Path, outbox: SqlitePushOutbox) -> None:
    assert run(config, "--again", str(UUID(int=7)), "--json") == (0, "[]\n")
    assert outbox.open() == ((PointPush(UUID(int=7), UUID(int=1), 19), "700"),)
    assert run(config, "--again", str(UUID(int=9)))[0] == 1
