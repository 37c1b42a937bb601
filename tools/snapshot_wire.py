"""Keep what travels today for the tests of tomorrow: `python -m tools.snapshot_wire 2026-11`.

Run once a release, before a message or the shape of a snapshot grows. The golden files follow the
code; these never do: `tests/unit/retail_core/test_old_wire.py` reads every one with the code of the
day, because a shop dark for months sends what its version wrote and reads what the cloud of then
wrote. A file that was written is never written again.
"""

import json
import sys
from pathlib import Path

from retail_core.wire.codec import encode_body
from tests.factories.wire import examples, member_record
from tests.factories.wire_sync import snapshot_examples

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "snapshots" / "wire"


def wire_of_today() -> dict[str, str]:
    """Return every message and every document by name, as hexadecimal."""
    made = {name: encode_body(message) for name, message in examples().items()}
    return {
        name: content.hex()
        for name, content in sorted(
            (made | snapshot_examples(encode_body(member_record()))).items()
        )
    }


def main(name: str) -> int:
    """Write the file of a release; 1 when it is there."""
    path = FOLDER / f"{name}.json"
    if path.exists():
        print(f"{path} is there and stays as it is")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wire_of_today(), indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(wire_of_today())} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
