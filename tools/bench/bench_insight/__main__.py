"""`python -m tools.bench.bench_insight --data DIR [--only PART…]`: what logs say of customers."""

import argparse
import sys
from pathlib import Path

from tools.bench.bench_insight import (
    attribution,
    cleaning,
    identity,
    linking,
    metrics,
    suggesting,
    tables,
    value,
)
from tools.bench.report import Bench

PARTS = {
    "value": value.measure,
    "attribution": attribution.measure,
    "recommend": suggesting.measure,
    "metrics": metrics.measure,
    "identity": identity.measure,
    "linking": linking.measure,
    "cleaning": cleaning.measure,
    "tables": tables.measure,
}

# Takes a database of gigabytes and several minutes.
BY_NAME_ALONE = frozenset({"tables"})


def main(arguments: list[str]) -> int:
    """Run the parts; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with retail/, or that")
    parser.add_argument("--only", nargs="*", default=[], choices=[[], *PARTS])
    asked = parser.parse_args(arguments)
    folder = asked.data / "retail" if (asked.data / "retail").is_dir() else asked.data
    bench = Bench("insight")
    for name, part in PARTS.items():
        if name in asked.only or (not asked.only and name not in BY_NAME_ALONE):
            part(bench, folder)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
