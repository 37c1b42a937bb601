"""`make fuzz N=200000`: malformed pictures, codes and cards against the real decoders and parsers.

Each target runs in a child process, so that a decoder that dies is seen: the child writes the
number of the case it begins, and after a death the next child begins behind it. A case that takes
longer than `HANG_S` is a hang. The bar is 0 crashes, 0 hangs, 0 accepts.
"""

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.report import Bench, Row

SEED = 20_261_122
HANG_S = 20.0
POLL_S = 0.2
SHARES = {
    "picture": 12, "symbol": 8, "token": 20, "digits": 15, "apdu": 15, "ndef": 10, "sun": 10,
    "tag": 10,
}  # fmt: skip
_NUMBER = struct.Struct("<q")
_SHOWN_MAX = 20


@dataclass(slots=True)
class Result:
    """What became of one target."""

    target: str
    cases: int
    crashes: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    accepts: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run_cases(target: str, numbers: range, seed: int, state: Path | None = None) -> list[list[str]]:
    """Run cases in this process; return [kind, case, what] of every finding."""
    import cv2  # noqa: PLC0415 -- the parent needs no decoder

    from tools.fuzz_cases import Cases  # noqa: PLC0415 -- nor this

    cv2.setNumThreads(1)
    case, found = Cases().targets()[target], []
    file = os.open(state, os.O_WRONLY | os.O_CREAT) if state else None
    for number in numbers:
        if file is not None:
            os.pwrite(file, _NUMBER.pack(number), 0)
        try:
            accepted = case(random.Random(f"{seed}/{target}/{number}"))  # noqa: S311 -- repeatable
        except Exception as error:  # noqa: BLE001 -- whatever is not documented is a finding
            found.append(["crash", str(number), f"{type(error).__name__}: {error}"])
        else:
            if accepted is not None:
                found.append(["accept", str(number), accepted])
    return found


def run_target(target: str, cases: int, seed: int) -> Result:
    """Run one target in child processes until every case had its turn."""
    result, first, began = Result(target, cases), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "case"
        while first < cases:
            state.write_bytes(_NUMBER.pack(first))
            ended, output = _child(target, range(first, cases), seed, state)
            if ended == 0:
                _note(result, json.loads(output))
                break
            (at,) = _NUMBER.unpack(state.read_bytes())
            where = f"case {at}: exit {ended}"
            (result.hangs if ended is None else result.crashes).append(where)
            # What the dead child found before is found again, without the deadly case.
            _note(result, _before(target, range(first, at), seed, state))
            first = at + 1
    result.seconds = time.monotonic() - began
    return result


def _before(target: str, numbers: range, seed: int, state: Path) -> list[list[str]]:
    ended, output = _child(target, numbers, seed, state)
    return json.loads(output) if ended == 0 else []


def _child(target: str, numbers: range, seed: int, state: Path) -> tuple[int | None, str]:
    """Return (exit status, output); None when the child hung and was ended."""
    command = [
        sys.executable, "-m", "tools.fuzz_recognition", "--child", target,
        "--first", str(numbers.start), "--cases", str(numbers.stop), "--seed", str(seed),
        "--state", str(state),
    ]  # fmt: skip
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        seen, since = state.read_bytes(), time.monotonic()
        while child.poll() is None:
            time.sleep(POLL_S)
            now_at = state.read_bytes()
            if now_at != seen:
                seen, since = now_at, time.monotonic()
            elif time.monotonic() - since > HANG_S:
                child.kill()
                child.wait()
                return None, ""
        output.seek(0)
        return child.returncode, output.read()


def _note(result: Result, findings: list[list[str]]) -> None:
    for kind, number, what in findings:
        (result.accepts if kind == "accept" else result.crashes).append(f"case {number}: {what}")


def shared_out(total: int) -> dict[str, int]:
    """Return how many cases each target gets."""
    whole = sum(SHARES.values())
    counts = {target: total * share // whole for target, share in SHARES.items()}
    counts["token"] += total - sum(counts.values())
    return counts


def report(results: list[Result], seed: int) -> int:
    """Print and write the figures; 1 when anything was found."""
    bench = Bench("fuzz")
    bench.add(Row("cases", sum(one.cases for one in results), f"seed {seed}"))
    for name in ("crashes", "hangs", "accepts"):
        found = [f"{one.target} {what}" for one in results for what in getattr(one, name)]
        bench.add(Row(name, len(found), "cases", 0))
        for line in found[:_SHOWN_MAX]:
            print(name, line[:300], file=sys.stderr)
    for one in results:
        bench.add(Row(f"{one.target}: {one.cases} cases", one.seconds, "s"))
    return bench.finish()


def main() -> int:
    """Be the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(
            json.dumps(
                run_cases(given.child, range(given.first, given.cases), given.seed, given.state)
            )
        )
        return 0
    with ThreadPoolExecutor(given.jobs) as pool:
        wanted = shared_out(given.cases).items()
        running = [pool.submit(run_target, *one, given.seed) for one in wanted]
        return report([one.result() for one in running], given.seed)


if __name__ == "__main__":
    sys.exit(main())
