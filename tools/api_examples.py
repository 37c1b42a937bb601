"""Write `edge_agent/api/examples.json`: every operation asked and answered in one real run."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

from edge_agent.api.examples import FILE
from tests.factories.agent_api import Box
from tests.factories.api_tour import Tour, written


def main() -> None:
    """Walk once and write down what was said."""
    with TemporaryDirectory() as folder, Box(Path(folder)) as box:
        FILE.write_text(written(Tour(box).walk()), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
