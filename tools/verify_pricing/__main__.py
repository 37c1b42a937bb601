"""`make verify-pricing`: our answers against trying everything, and two exact methods together.

Small baskets of all kinds of rules are priced and compared with every choice there is: what is due,
points, coupon and number of sets. Larger ones are answered by states and by integer programs.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from rich.console import Console
from rich.progress import Progress

from tools.verify_pricing.checks import Verdict, against_everything, states_and_programs

CHUNK = 50


def main() -> int:
    """Run both comparisons; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="baskets of each comparison")
    parser.add_argument("--seed", type=int, default=0, help="where the seeds start")
    parser.add_argument("--only", choices=("everything", "programs"), help="one of the two")
    asked = parser.parse_args()
    console = Console(highlight=False)
    sound = True
    if asked.only != "programs":
        sound &= _compare(console, "trying everything", against_everything, asked.cases, asked.seed)
    if asked.only != "everything":
        sound &= _compare(
            console, "states and programs", states_and_programs, asked.cases, asked.seed + 10**6
        )
    return 0 if sound else 1


def _compare(
    console: Console, name: str, check: Callable[[int], Verdict], cases: int, seed: int
) -> bool:
    """Check seed after seed until so many baskets were compared."""
    tally: Counter[str] = Counter()
    differing: list[Verdict] = []
    with ProcessPoolExecutor(max_workers=2) as pool, Progress(console=console) as progress:
        task = progress.add_task(f"{name}, from seed {seed}", total=cases)
        seeds = iter(range(seed, seed + 20 * cases))
        while tally["compared"] < cases:
            for verdict in pool.map(check, list(islice(seeds, 8 * CHUNK)), chunksize=CHUNK // 5):
                if tally["compared"] < cases:
                    tally["compared" if verdict.equal is not None else "passed over"] += 1
                    tally.update(verdict.kinds)
                    differing += [verdict] if verdict.equal is False else []
            progress.update(task, completed=tally["compared"])
    _tell(console, name, tally, differing)
    return not differing


def _tell(console: Console, name: str, tally: Counter[str], differing: list[Verdict]) -> None:
    compared = tally.pop("compared")
    equal = compared - len(differing)
    console.print(f"{name}: equal on {equal:,} of {compared:,} baskets")
    console.print("  " + ", ".join(f"{kind} {times:,}" for kind, times in sorted(tally.items())))
    for verdict in islice(_first(differing), 10):
        console.print(f"  seed {verdict.seed}: {verdict.found} instead of {verdict.expected}")
    console.print(f"  load {os.getloadavg()[0]:.1f}")


def _first(differing: list[Verdict]) -> Iterator[Verdict]:
    yield from sorted(differing, key=lambda verdict: verdict.seed)


if __name__ == "__main__":
    sys.exit(main())
