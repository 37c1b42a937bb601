"""`make fuzz-till N=1000000`: damaged byte streams into every parser on the till's side.

Each target runs in a child of its own. A case that takes more than `HANG_S` of the processor is a
hang, told by name; one that cannot even be told ends the child, and that is a crash. Memory is what
the system says the child holds, after its first tenth and at its end. The bar is 0 crashes, 0
hangs, memory flat.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tools.bench.report import Bench, Row

SEED = 20_261_122
HANG_S = 2.0
DEAD_S = 20.0
RSS_GROWTH_KB_MAX = 8_192
_SHOWN_MAX = 20
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1_024


class HangError(BaseException):
    """A case took too long."""


@dataclass(slots=True)
class Result:
    """What became of one target."""

    target: str
    cases: int
    crashes: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    rss_kb: tuple[int, int] = (0, 0)
    bytes_fed: int = 0
    seconds: float = 0.0


def run_cases(target: str, numbers: range, seed: int, *, hang_s: float = HANG_S) -> Result:
    """Run cases in this process; a hang is looked for where signals can be set."""
    from tools.fuzz_till_targets import stream, targets  # noqa: PLC0415 -- the parent needs none

    chosen, result = targets()[target], Result(target, len(numbers))
    warm, early_kb = numbers.start + max(1, len(numbers) // 10), rss_kb()
    began = time.monotonic()
    with _watched():
        for number in numbers:
            if number == warm:
                early_kb = rss_kb()
            rng = random.Random(f"{seed}/{target}/{number}")  # noqa: S311 -- repeatable
            pieces = stream(chosen.seeds, rng)
            result.bytes_fed += sum(map(len, pieces))
            _arm(hang_s)
            try:
                chosen.run(pieces)
            except HangError:
                result.hangs.append(f"case {number}")
            except Exception as error:  # noqa: BLE001 -- whatever comes out is a finding
                result.crashes.append(f"case {number}: {type(error).__name__}: {error}"[:200])
    result.seconds = time.monotonic() - began
    result.rss_kb = (early_kb, rss_kb())
    return result


class _watched:  # noqa: N801 -- reads as a word in `with _watched()`
    """Turns the processor's time running out into a `HangError`."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGVTALRM, _hung)

    def __exit__(self, *_ended: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGVTALRM, self._before)


def _arm(hang_s: float) -> None:
    """Give a case its time; the second timer ends the process where the first is not heard."""
    signal.setitimer(signal.ITIMER_VIRTUAL, hang_s)
    signal.setitimer(signal.ITIMER_PROF, DEAD_S)


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise HangError


def rss_kb() -> int:
    """Return what this process holds in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_KB


def run_target(target: str, cases: range, seed: int) -> Result:
    """Run one target in a child."""
    command = [
        sys.executable, "-m", "tools.fuzz_till", "--child", target,
        "--first", str(cases.start), "--cases", str(cases.stop), "--seed", str(seed),
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        died = f"child ended with {ended.returncode}: {ended.stderr[-200:]}"
        return Result(target, len(cases), crashes=[died])
    said = json.loads(ended.stdout)
    return Result(**said | {"rss_kb": tuple(said["rss_kb"])})


def shared_out(total: int, shares: dict[str, int]) -> dict[str, int]:
    """Return how many cases each target gets; none is forgotten."""
    whole = sum(shares.values())
    counts = {name: total * share // whole for name, share in shares.items()}
    first = next(iter(counts))
    counts[first] += total - sum(counts.values())
    return counts


def figures(results: list[Result], seed: int) -> Bench:
    """Return the figures against their bars; findings are told on stderr."""
    bench = Bench("fuzz-till")
    bench.add(Row("streams", sum(one.cases for one in results), f"seed {seed}"))
    bench.add(Row("bytes", sum(one.bytes_fed for one in results) / 1e6, "MB"))
    for name in ("crashes", "hangs"):
        found = [f"{one.target} {what}" for one in results for what in getattr(one, name)]
        bench.add(Row(name, len(found), "cases", 0))
        for line in found[:_SHOWN_MAX]:
            print(name, line, file=sys.stderr)
    growth = max(late - early for early, late in (one.rss_kb for one in results))
    bench.add(Row("memory grown, worst target", growth, "KB", RSS_GROWTH_KB_MAX))
    for one in results:
        early, late = one.rss_kb
        what = f"{one.target}: {one.cases} streams, RSS {early:,} → {late:,} KB"
        bench.add(Row(what, one.seconds, "s"))
    return bench


def main() -> int:
    """Be the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--first", dest="first", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    first = given.first or 0
    if given.child:
        done = run_cases(given.child, range(first, given.cases), given.seed)
        print(json.dumps({name: getattr(done, name) for name in Result.__slots__}))
        return 0
    from tools.fuzz_till_targets import targets  # noqa: PLC0415 -- a child says when it is broken

    shares = {name: target.share for name, target in targets().items()}
    wanted = shared_out(given.cases, shares).items()
    with ThreadPoolExecutor(given.jobs) as pool:
        running = [
            pool.submit(run_target, name, range(first, first + count), given.seed)
            for name, count in wanted
        ]
        return figures([one.result() for one in running], given.seed).finish()


if __name__ == "__main__":
    sys.exit(main())
