"""`edge-agent till devices` on a box whose agent does not run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.bootstrap.probes import probes
from edge_agent.cli.commands import app
from edge_agent.domain.device_claims import Kept, claims_document
from edge_agent.domain.devices import Claim, DeviceKind, Identity
from edge_agent.services.box.claim_book import DOCUMENT
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FAULTS, FaultCode
from tests.factories.agent_files import DEVICE, write_agent

ABSENT = Claim("till-1", Identity(DeviceKind.LINE, "1a86", "9999", "NO-SUCH", "00", "9-9"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = write_agent(tmp_path)
    folder = load_settings(path).config.data_dir
    documents = TinyDocuments(folder / "documents.json", FaultTally())
    documents.put(DOCUMENT, claims_document(Kept((ABSENT,))))
    documents.close()
    return path


def test_claims_are_listed_with_what_stands_in_their_way(config: Path) -> None:
    said = CliRunner().invoke(app, ["till", "devices", "-c", str(config), "--json"])
    assert said.exit_code == 0, said.output
    (claim,) = json.loads(said.stdout)["claims"]
    assert (claim["name"], claim["standing"], claim["trouble"]["code"]) == (
        "till-1", "missing", "T171",
    )  # fmt: skip
    shown = CliRunner().invoke(app, ["till", "devices", "-c", str(config)])
    assert "T171" in shown.stdout
    assert "…" not in shown.stdout, "nothing of what is to be done is cut off"
    cells = [line.split("│")[2].strip() for line in shown.stdout.splitlines() if "│" in line]
    assert FAULTS[FaultCode.DEVICE_ABSENT].zh.partition("} ")[2] in "".join(cells)


def test_a_claim_can_be_released_once(config: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["till", "devices", "release", "till-1", "-c", str(config)])
    assert done.exit_code == 0, done.output
    again = runner.invoke(app, ["till", "devices", "release", "till-1", "-c", str(config)])
    assert (again.exit_code, "T170" in again.output) == (3, True)


def test_a_device_that_is_not_there_cannot_be_claimed(config: Path) -> None:
    asked = ["till", "devices", "claim", "x", "/dev/ttyUSB99", "-c", str(config)]
    said = CliRunner().invoke(app, asked)
    assert (said.exit_code, "T177" in said.output) == (3, True)
    heard = ["till", "devices", "identify", "/dev/ttyUSB99", "-c", str(config)]
    assert CliRunner().invoke(app, heard).exit_code == 3


def test_check_says_which_claim_a_till_waits_for(tmp_path: Path) -> None:
    device = DEVICE.replace('port = "/dev/null"', 'port = "device:till-1"')
    assert device != DEVICE
    named = dict(probes(load_settings(write_agent(tmp_path, device=device))))
    with pytest.raises(Fault) as raised:
        named["老收银机 · till"]()
    assert raised.value.code is FaultCode.DEVICE_CLAIM_UNKNOWN
