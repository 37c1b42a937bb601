"""`make verify-ledger`: histories full of bad luck, over the code that ships.

`--seed N` plays one again; `--mutants` plants known bugs and tells which seed found each.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.verify_ledger.history import GOOD, Outcome, history, play, shrink
from tools.verify_ledger.mutants import MUTANTS, hunt, planted

CHUNK = 25
SEEDS = 10_000
STEPS = 100
HUNT_SEEDS = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """Sums over all seeds that were played."""

    seeds: int
    steps: int
    redeemed: int
    late: int
    erased: int
    seconds: float
    failures: tuple[Outcome, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when something did not hold, or a planted bug was not found."""
    asked = _parser().parse_args(arguments)
    console = Console(highlight=False, stderr=asked.json)
    if asked.mutants:
        return _hunt_all(console, asked.seeds, asked.steps)
    if asked.seed is not None:
        return _tell(console, play(asked.seed, history(asked.seed, asked.steps)))
    seeds = range(asked.first, asked.first + asked.seeds)
    result = verify(seeds, asked.steps, asked.jobs, console)
    if asked.json:
        print(json.dumps(asdict(result), indent=2))
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(asdict(result), indent=2) + "\n")
    _print(console, result)
    return _tell(console, result.failures[0]) if result.failures else 0


def verify(seeds: Sequence[int], steps: int, jobs: int, console: Console) -> Result:
    """Play seeds over several processes."""
    started, outcomes = time.perf_counter(), []
    columns = (TextColumn("ledger"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("seeds", total=len(seeds))
        for some in _played(seeds, steps, jobs):
            outcomes += some
            bar.advance(task, len(some))
    return Result(
        seeds=len(outcomes),
        steps=sum(one.steps for one in outcomes),
        redeemed=sum(one.redeemed for one in outcomes),
        late=sum(one.late for one in outcomes),
        erased=sum(one.erased for one in outcomes),
        seconds=round(time.perf_counter() - started, 1),
        failures=tuple(one for one in outcomes if one.failure),
    )


def _played(seeds: Sequence[int], steps: int, jobs: int) -> Iterator[list[Outcome]]:
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    if jobs == 1:
        yield from (_play_all(chunk, steps) for chunk in chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(_play_all, steps=steps), chunks)


def _play_all(seeds: Iterable[int], steps: int) -> list[Outcome]:
    return [play(seed, history(seed, steps)) for seed in seeds]


def _hunt_all(console: Console, seeds: int, steps: int) -> int:
    table = Table("planted bug", "seed", "step", "small", "found as")
    missed = 0
    for mutant in MUTANTS:
        found = hunt(mutant, min(seeds, HUNT_SEEDS), steps)
        if found is None:
            missed += 1
            table.add_row(mutant.name, "-", "-", "-", "NOT FOUND")
            continue
        with planted(mutant):
            small = shrink(found.seed, history(found.seed, steps), mutant.habits)
        what = found.failure.split(": LeaseKey")[0].split(": [Lease")[0]
        table.add_row(mutant.name, str(found.seed), str(found.at), str(len(small)), what)
    console.print(table)
    return 1 if missed else 0


def _print(console: Console, result: Result) -> None:
    console.print(
        f"{result.seeds:,} seeds · {result.steps:,} steps · {result.redeemed:,} redemptions ·"
        f" {len(result.failures)} violations · {result.seconds:,.1f} s"
    )
    console.print(
        f"{result.late:,} units spent in time and told too late (the brand's) ·"
        f" {result.erased:,} redemptions whose only record went with a card"
    )


def _tell(console: Console, outcome: Outcome) -> int:
    if not outcome.failure:
        console.print(f"seed {outcome.seed}: all held, {outcome.redeemed} redemptions")
        return 0
    console.print(f"seed {outcome.seed}, step {outcome.at}: {outcome.failure}")
    for step in shrink(outcome.seed, history(outcome.seed, outcome.steps), GOOD):
        console.print(f"  {step}")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verify_ledger", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="play this one alone")
    parser.add_argument("--mutants", action="store_true", help="plant bugs and find them")
    parser.add_argument("--json", action="store_true", help="result on standard output as JSON")
    parser.add_argument("--out", type=Path, help="result as a JSON file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
