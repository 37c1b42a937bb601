"""One inference of each model on this processor, against the answers its manifest knows.

    python -m tools.try_models models [--seconds 30]

It is the box's own self-test, over every model of the manifest and not only the chosen ones.
"""

import argparse
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.selftest import TIME_LIMIT_S, SelfTest
from retail_core.errors import Fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Try each; 3 on a coded fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("--seconds", type=float, default=TIME_LIMIT_S, help="for each of them")
    asked = parser.parse_args(arguments)
    try:
        cards = {name: one.card() for name, one in read_manifest(asked.models).models.items()}
        for name, card in cards.items():
            SelfTest(asked.models, {name: card}, time_limit_s=asked.seconds).run()
            sys.stdout.write(f"{platform.machine()} {name}: {len(card.known)} outputs as known\n")
    except Fault as fault:
        sys.stderr.write(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
