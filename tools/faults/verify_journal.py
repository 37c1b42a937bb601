"""`make verify-journal CUTS=10000`: power cuts over the journal, and three arms that must lose.

The control arms show that the disk is hard enough: the same work without a sync at each commit, on
a medium that only says it synced, and in a folder whose names are never synced, has to lose what
the till was told.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.faults.journal_life import Box, Toll

CUTS = 10_000
CONTROL_CUTS = 300
# Short lives: how a file is born is cut off too.
CHUNK = 25
MEMORY = Path("/dev/shm")  # noqa: S108 -- folders of our own inside
ARMS: dict[str, dict[str, bool]] = {
    "as shipped": {},
    "control: synchronous=NORMAL": {"synced": False},
    "control: a medium that swallows syncs": {"keeps_files": False, "keeps_folder": False},
    "control: a folder that swallows syncs": {"keeps_folder": False},
}
SHIPPED = next(iter(ARMS))


def cut(arm: str, seed: int, cuts: int) -> Toll:
    """Play one box through so many power cuts."""
    parent = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="regulars-cuts-", dir=parent) as folder:
        box = Box(Path(folder), seed, **ARMS[arm])
        for _ in range(cuts):
            box.live()
        return box.toll


def total(tolls: list[Toll]) -> Toll:
    """Add up what several boxes went through."""
    summed = Toll()
    for toll in tolls:
        for name in ("cuts", "told", "lost", "broken"):
            setattr(summed, name, getattr(summed, name) + getattr(toll, name))
        for kind, count in toll.work.items():
            summed.work[kind] = summed.work.get(kind, 0) + count
        summed.seen += toll.seen
    return summed


def played(arm: str, seed: int, cuts: int, workers: int) -> Toll:
    """Share the cuts of one arm over processes; each box has a seed of its own."""
    sizes = [min(CHUNK, cuts - done) for done in range(0, cuts, CHUNK)]
    with ProcessPoolExecutor(workers) as pool:
        running = [pool.submit(cut, arm, seed + at, size) for at, size in enumerate(sizes)]
        return total([one.result() for one in running])


def main() -> int:
    """Play all arms; 0 when the shipped one lost nothing and all others did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=CUTS)
    parser.add_argument("--control-cuts", type=int, default=CONTROL_CUTS, help="0: none of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    table = Table("arm", "cuts", "told to the till", "lost", "broken promises", "s")
    good, verdict = True, {}
    for arm in ARMS if asked.control_cuts else (SHIPPED,):
        began = time.monotonic()
        cuts = asked.cuts if arm == SHIPPED else min(asked.cuts, asked.control_cuts)
        toll = played(arm, asked.seed, cuts, asked.workers)
        seconds = time.monotonic() - began
        figures = (toll.cuts, toll.told, toll.lost, toll.broken)
        table.add_row(arm, *(f"{figure:,}" for figure in figures), f"{seconds:.1f}")
        good &= toll.broken == 0 if arm == SHIPPED else toll.lost > 0
        verdict[arm] = asdict(toll) | {"seconds": round(seconds, 1)}
    Console().print(table)
    for wrong in verdict[SHIPPED]["seen"]:
        print(wrong)
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps({"good": good, "arms": verdict}, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
