"""`edge-agent till agreement` while no agent runs: the score as it lies on disk."""

import json
from pathlib import Path

from typer.testing import CliRunner

from edge_agent.cli.tills import app
from edge_agent.services.tills.write_permit import Verdict
from retail_core.fusion.compare import Difference, Kind
from tests.factories.agent_api import PRINTING_TILL, Box

WRONG = Difference(Kind.PRICE, "可乐", "S1", 300, 350)


def test_the_score_of_a_stopped_box(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        config = str(box.settings.config_path)
        permit = box.agent.services.permit
        for differences in ((), (), (WRONG,)):
            permit.judge(Verdict(PRINTING_TILL, ahead=True, differences=differences))
    said = CliRunner().invoke(app, ["agreement", "--config", config, "--json"])
    assert said.exit_code == 0, said.output
    (till,) = json.loads(said.stdout)["tills"]
    assert (till["results"], till["seen"], till["agreed"]) == ("AAD", 3, 2)
    assert till["examples"][0]["printed_fen"] == 350
    shown = CliRunner().invoke(app, ["agreement", "--config", config])
    assert "✗ inject" in shown.stdout
    assert "T140" in shown.stdout
    assert "price: 1" in shown.stdout
    missing = CliRunner().invoke(app, ["agreement", "--config", str(tmp_path / "none.toml")])
    assert missing.exit_code == 3
