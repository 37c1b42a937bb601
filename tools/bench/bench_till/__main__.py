"""`python -m tools.bench.bench_till [--data DIR] [--only PART…]`: the figures of any till."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from edge_agent.drivers.till_escpos.evaluate import MANIFEST
from tools.bench.bench_till import beside, framed, proxy, reading, slips, streams, twins
from tools.bench.report import Bench, Row


def main(arguments: list[str]) -> int:
    """Run the parts; 1 when a bar was missed."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # readers die on purpose
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        help="a folder of streams with manifest.jsonl, or one that has it in escpos/",
    )
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    if asked.data is not None and (asked.data / "escpos" / MANIFEST).is_file():
        asked.data /= "escpos"
    bench = Bench("till")
    for name, part in _parts(asked.data).items():
        if not asked.only or name in asked.only:
            for row in part():
                bench.add(row)
    return bench.finish()


def _parts(data: Path | None) -> dict[str, Callable[[], Iterable[Row]]]:
    profile = streams.default_profile()
    return {
        "proxy": lambda: proxy.rows(profile),
        "streams": lambda: streams.rows(profile),
        "reading": lambda: reading.rows(data),
        "beside": beside.rows,
        "framed": framed.rows,
        "twins": twins.rows,
        "slips": lambda: slips.rows(profile),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
