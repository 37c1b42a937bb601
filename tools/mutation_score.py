"""Run mutmut over the core and fail under a score (`--at-least 90`)."""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAUGHT = {"killed", "timeout", "segfault"}
LEFT_OUT = {"skipped", "no tests"}
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
    """Return mutant → status from mutmut's meta files."""
    results: dict[str, str] = {}
    for meta in folder.rglob("*.meta"):
        exits = json.loads(meta.read_text(encoding="utf-8")).get("exit_code_by_key", {})
        for mutant, code in exits.items():
            results[mutant] = STATUS_BY_EXIT.get(code, "suspicious")
    return results


def main() -> int:
    """Run, count, print; 1 under the wanted score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-least", type=float, default=90.0, metavar="PERCENT")
    parser.add_argument("--children", type=int, default=2, help="processes to run")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    wanted = parser.parse_args()
    subprocess.run(["mutmut", "run", "--max-children", str(wanted.children)], cwd=ROOT, check=False)
    results = read_results(ROOT / "mutants")
    counts = Counter(results.values())
    judged = sum(seen for status, seen in counts.items() if status not in LEFT_OUT)
    score = 100 * sum(counts[status] for status in CAUGHT) / judged if judged else 0.0
    if wanted.json:
        print(json.dumps({"score": round(score, 2), **counts}))
    else:
        print(f"mutation score {score:.1f} % ({dict(counts)})")
        for mutant, status in sorted(results.items()):
            if status in {"survived", "no tests"}:
                print(f"  {status:9} {mutant}")
    return 0 if score >= wanted.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
