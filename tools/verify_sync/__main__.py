"""`make verify-sync`: the line between boxes and cloud, in seeded histories full of bad luck.

`--seed N` plays one again, `--replay FILE` a schedule that was printed, `--mutants` plants known
bugs and tells how many histories it took to find each.
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

from tools.verify_sync.history import Outcome, as_lists, as_steps, history, play, shrink
from tools.verify_sync.mutants import MUTANTS, hunt, planted

CHUNK = 20
SEEDS = 4_000
STEPS = 100
HUNT_SEEDS = 1_000
SECONDS_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Result:
    """Sums over all histories that were played."""

    histories: int
    steps: int
    sold: int
    booked: int
    in_storm: int
    set_back: int
    restores: int
    seconds: float
    a_minute: int
    failures: tuple[Outcome, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when something did not hold, or a planted bug was not found."""
    asked = _parser().parse_args(arguments)
    console = Console(highlight=False, stderr=asked.json)
    if asked.mutants:
        return _hunt_all(console, asked)
    if asked.replay is not None:
        told = json.loads(asked.replay.read_text(encoding="utf-8"))
        return _show(console, play(int(told["seed"]), as_steps(told["steps"])))
    if asked.seed is not None:
        outcome = play(asked.seed, history(asked.seed, asked.steps))
        return _tell(console, outcome, asked.steps)
    result = verify(range(asked.first, asked.first + asked.seeds), asked.steps, asked.jobs, console)
    if asked.json:
        print(json.dumps(asdict(result), indent=2))
    _write(asked.out, asdict(result))
    _print(console, result)
    return _tell(console, result.failures[0], asked.steps) if result.failures else 0


def verify(seeds: Sequence[int], steps: int, jobs: int, console: Console) -> Result:
    """Play seeds over several processes."""
    started, outcomes = time.perf_counter(), list[Outcome]()
    columns = (TextColumn("sync"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("histories", total=len(seeds))
        for some in _played(seeds, steps, jobs):
            outcomes += some
            bar.advance(task, len(some))
    seconds = time.perf_counter() - started
    return Result(
        histories=len(outcomes),
        steps=sum(one.steps for one in outcomes),
        sold=sum(one.sold for one in outcomes),
        booked=sum(one.booked for one in outcomes),
        in_storm=sum(one.in_storm for one in outcomes),
        set_back=sum(one.set_back for one in outcomes),
        restores=sum(one.restores for one in outcomes),
        seconds=round(seconds, 1),
        a_minute=round(len(outcomes) / seconds * SECONDS_A_MINUTE),
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


def _hunt_all(console: Console, asked: argparse.Namespace) -> int:
    table = Table("planted bug", "histories", "steps left", "found as")
    rows, missed = list[dict[str, object]](), 0
    for mutant in MUTANTS:
        found = hunt(mutant, range(min(asked.seeds, HUNT_SEEDS)), asked.steps)
        rows.append({"name": mutant.name, "histories": None if found is None else found.seed + 1})
        if found is None:
            missed += 1
            table.add_row(mutant.name, "-", "-", "NOT FOUND")
            continue
        with planted(mutant):
            small = shrink(found.seed, history(found.seed, asked.steps), mutant.habits)
        table.add_row(mutant.name, str(found.seed + 1), str(len(small)), found.failure)
    console.print(table)
    _write(asked.out, {"mutants": rows})
    return 1 if missed else 0


def _write(out: Path | None, content: object) -> None:
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _print(console: Console, result: Result) -> None:
    console.print(
        f"{result.histories:,} histories · {result.steps:,} steps · {result.sold:,} sales ·"
        f" {result.booked:,} booked, {result.in_storm:,} of them in the storm ·"
        f" {result.set_back:,} cards set back · {result.restores:,} restores ·"
        f" {len(result.failures)} violations ·"
        f" {result.seconds:,.1f} s, {result.a_minute:,} histories a minute"
    )


def _show(console: Console, outcome: Outcome) -> int:
    if not outcome.failure:
        console.print(f"seed {outcome.seed}: all held, {outcome.booked} sales booked")
        return 0
    console.print(f"seed {outcome.seed}, step {outcome.at}: {outcome.failure}")
    return 1


def _tell(console: Console, outcome: Outcome, steps: int) -> int:
    """Tell an outcome; of a failure also the smallest schedule that still fails, for --replay."""
    if _show(console, outcome):
        small = shrink(outcome.seed, history(outcome.seed, steps))
        schedule = {"seed": outcome.seed, "steps": as_lists(small)}
        console.print_json(json.dumps(schedule), indent=None)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verify_sync", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="play this one alone")
    parser.add_argument("--replay", type=Path, help="play the schedule of this file")
    parser.add_argument("--mutants", action="store_true", help="plant bugs and find them")
    parser.add_argument("--json", action="store_true", help="result on standard output as JSON")
    parser.add_argument("--out", type=Path, help="result as a JSON file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
