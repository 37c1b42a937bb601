"""Run mutmut over the core and fail under a score (`--at-least 90`).

All mutants take hours on two cores; `--sample 1000` judges that many, drawn evenly at random, and
prints the 95 % interval of the whole (Wilson, JASA 22:158, 1927). A table by package, the worst
first, shows the hole that a good score over all would hide.
"""

import argparse
import json
import math
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAUGHT = {"killed", "timeout", "segfault"}
SMALL = "retail_core.tally.*"
Z_95 = 1.96
STATUS_BY_EXIT = {
    0: "survived",
    1: "killed",
    3: "killed",
    5: "no tests",
    24: "timeout",
    33: "no tests",
    34: "skipped",
    35: "suspicious",
    36: "timeout",
    255: "timeout",
    -9: "segfault",
    -11: "segfault",
    -24: "timeout",
}


def read_results(folder: Path) -> dict[str, str]:
    """Return mutant → status from mutmut's meta files; `not run` for one that was never judged."""
    results: dict[str, str] = {}
    for meta in folder.rglob("*.meta"):
        exits = json.loads(meta.read_text(encoding="utf-8")).get("exit_code_by_key", {})
        for mutant, code in exits.items():
            results[mutant] = "not run" if code is None else STATUS_BY_EXIT.get(code, "suspicious")
    return results


def drop_half_made(folder: Path) -> None:
    """Remove what a killed run left half written: mutmut takes any newer file for whole."""
    for made in folder.rglob("*.py"):
        if not made.with_name(made.name + ".meta").exists():
            made.unlink()


def run_mutmut(children: int, mutants: list[str]) -> None:
    """Judge these mutants, or all of them."""
    drop_half_made(ROOT / "mutants" / "retail_core")
    command = ["mutmut", "run", "--max-children", str(children), *mutants]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise SystemExit("mutmut stopped: the tests must pass before mutants are judged")


def interval(caught: int, judged: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of caught / judged, in per cent."""
    share, spread = caught / judged, Z_95**2 / judged
    centre = (share + spread / 2) / (1 + spread)
    half = Z_95 / (1 + spread) * math.sqrt(share * (1 - share) / judged + spread / judged / 4)
    return 100 * (centre - half), 100 * (centre + half)


@dataclass(frozen=True, slots=True)
class PackageScore:
    """Mutants of one package that were judged, and those that a test caught."""

    package: str
    judged: int
    caught: int
    score: float


def package_of(mutant: str) -> str:
    """Return `retail_core.sync` of `retail_core.sync.buckets.x_apart__mutmut_3`."""
    module = mutant.split(".x", 1)[0]
    return ".".join(module.split(".")[:2])


def by_package(results: Mapping[str, str]) -> list[PackageScore]:
    """Return the score of each package, the worst first; what was skipped is of none."""
    judged: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for mutant, status in results.items():
        if status != "skipped":
            judged[package_of(mutant)] += 1
            caught[package_of(mutant)] += status in CAUGHT
    scores = [
        PackageScore(name, count, caught[name], round(100 * caught[name] / count, 1))
        for name, count in judged.items()
    ]
    return sorted(scores, key=lambda one: (one.score, one.package))


def judge(wanted: argparse.Namespace) -> dict[str, str]:
    """Return mutant → status of all mutants, or of those that were asked for."""
    children, sample, only = wanted.children, wanted.sample, tuple(wanted.only)
    if sample is None and not only:
        run_mutmut(children, [])
        return read_results(ROOT / "mutants")
    run_mutmut(children, [SMALL])  # makes all mutants, judges few
    every = sorted(read_results(ROOT / "mutants"))
    asked = [mutant for mutant in every if not only or mutant.startswith(only)]
    wished = len(asked) if sample is None else min(sample, len(asked))
    drawn = random.Random(wanted.seed).sample(asked, wished)  # noqa: S311  # no secret
    print(f"{len(drawn)} of {len(asked)} mutants, seed {wanted.seed}", flush=True)
    run_mutmut(children, drawn)
    results = read_results(ROOT / "mutants")
    return {mutant: results[mutant] for mutant in drawn}


def report(results: Mapping[str, str], *, as_json: bool) -> float:
    """Print the counts, the packages and what survived; return the score in per cent."""
    counts = Counter(results.values())
    # What no test reaches has survived; what was skipped on purpose is the only thing left out.
    judged = sum(counts.values()) - counts["skipped"]
    caught = sum(counts[status] for status in CAUGHT)
    score = 100 * caught / judged if judged else 0.0
    low, high = interval(caught, judged) if judged else (0.0, 100.0)
    packages = by_package(results)
    if as_json:
        told = {"score": round(score, 2), "low": low, "high": high, **counts}
        print(json.dumps({**told, "packages": [asdict(one) for one in packages]}))
        return score
    print(f"mutation score {score:.1f} % [{low:.1f}, {high:.1f}] ({dict(counts)})")
    for one in packages:
        print(f"  {one.package:24} {one.judged:6} judged {one.caught:6} caught {one.score:5.1f} %")
    for mutant, status in sorted(results.items()):
        if status in {"survived", "no tests", "not run"}:
            print(f"  {status:9} {mutant}")
    return score


def main() -> int:
    """Run, count, print; 1 under the wanted score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-least", type=float, default=90.0, metavar="PERCENT")
    parser.add_argument("--children", type=int, default=2, help="processes to run")
    parser.add_argument("--sample", type=int, help="judge so many, drawn at random")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PACKAGE", help="as retail_core.pricing"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    wanted = parser.parse_args()
    score = report(judge(wanted), as_json=wanted.json)
    return 0 if score >= wanted.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
