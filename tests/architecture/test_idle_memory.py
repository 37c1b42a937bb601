"""What a box that nobody buys at, without camera and faces, does not carry in its memory."""

import json
import subprocess
import sys
from pathlib import Path

from tests.factories.agent_files import DEVICE, write_agent

# Each is loaded by the one thing that needs it; `make bench-idle` says what all of it comes to.
ELSEWHERE = {
    "numpy": "arrays, once a template or a picture is there (edge_agent/ports/arrays.py)",
    "simsimd": "as numpy",
    "cv2": "a camera",
    "onnxruntime": "faces",
    "zxingcpp": "a camera",
    "scipy": "nothing on a box",
    "highspy": "the first basket of two lines (edge_agent/api/warm.py)",
    "tuf": "a release that is looked at (edge_agent/adapters/releases_late.py)",
    "securesystemslib": "as tuf",
    "urllib3": "as tuf",
    "rich": "commands and refusals (edge_agent/cli/unpainted.py)",
    "typer": "commands (edge_agent/__main__.py)",
    "pygments": "as rich",
    "sqlalchemy": "the cloud",
    "psycopg": "the cloud",
    "segno": "the first code that is drawn (edge_agent/drivers/qr/draw.py)",
    "tarfile": "diagnostics (edge_agent/services/box/diag.py)",
    "serial": "a port that is opened (edge_agent/bootstrap/device_broker.py)",
    "pydantic.v1": "nothing (edge_agent/cli/unpainted.py)",
    "edge_agent.drivers.profiles": "a till, scanner or display that has one",
    "edge_agent.drivers.till_software": "a till of that kind",
    "email.policy": "certificates in bulk (edge_agent/adapters/est_http.py)",
    "edge_agent.cli.commands": "commands (edge_agent/__main__.py)",
    "edge_agent.evaluate": "commands",
}
# The first till sells by the API; the second, with drivers and a profile, is left out.
_TILLS = DEVICE.split("[[tills]]")
UNTAPPED = "[[tills]]".join(_TILLS[:2]) + "[[operators]]" + _TILLS[2].split("[[operators]]", 1)[1]
STARTS = """
import json, sys
from pathlib import Path
from edge_agent.cli.running import load_structlog, without_former_models
load_structlog()
without_former_models()
import edge_agent.__main__
from edge_agent.cli import logs, serving
from edge_agent.bootstrap.agent import build_agent
from edge_agent.services.box.trial_sale import TrialSale
from edge_agent.settings import load_settings

agent = build_agent(load_settings(Path(sys.argv[1])), "0")
services, storage = agent.services, agent.storage
tried = TrialSale(services.prices, storage.journal, storage.replica, agent.basis.clock).run()
assert tried.priced and tried.booked
agent.stop()
print(json.dumps(sorted(name for name, module in sys.modules.items() if module)))
"""


def test_a_box_without_vision_loads_only_what_it_needs(tmp_path: Path) -> None:
    config = write_agent(tmp_path, device=UNTAPPED)
    ran = subprocess.run(
        [sys.executable, "-c", STARTS, config], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    loaded = set(json.loads(ran.stdout.splitlines()[-1]))
    assert "edge_agent.bootstrap.agent" in loaded
    assert "structlog" in loaded
    assert {name: why for name, why in ELSEWHERE.items() if name in loaded} == {}
