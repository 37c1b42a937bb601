"""Run every test; look a second time, alone, at the few with real peers that failed.

Half of the suite drives real processes and a browser, several at once on two cores. What fails
there may be a race of the product, or a peer that got no processor for seconds. A second look with
the machine to itself tells the two apart, and says by name what was unsteady. It is not given to
tests without a peer (they have no excuse), nor where more than `SECOND_LOOKS` failed.

    python -m tools.run_tests -n auto --dist loadfile        # any arguments of pytest
"""

import json
import subprocess
import sys
from pathlib import Path

SECOND_LOOKS = 3
WITH_PEERS = ("tests/contract/", "tests/e2e/", "tests/integration/")
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
TESTS_FAILED = 1


def worth_a_second_look(failed: list[str]) -> bool:
    """Say whether these tests, by pytest's ids, may be looked at again."""
    return 0 < len(failed) <= SECOND_LOOKS and all(one.startswith(WITH_PEERS) for one in failed)


def main(arguments: list[str]) -> int:
    """Return pytest's exit code, of the second look where there was one."""
    LAST_FAILED.unlink(missing_ok=True)
    pytest = [sys.executable, "-m", "pytest"]
    code = subprocess.run([*pytest, *arguments], check=False).returncode
    if code != TESTS_FAILED or not LAST_FAILED.exists():
        return code
    failed = sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8")))
    if not worth_a_second_look(failed):
        return code
    print(f"\nA second look, alone, at {len(failed)} with real peers:", *failed, sep="\n  ")
    again = subprocess.run([*pytest, *failed], check=False).returncode
    if again == 0:
        print("UNSTEADY (failed once, passed alone; mend the race):", *failed, sep="\n  ")
    return again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
