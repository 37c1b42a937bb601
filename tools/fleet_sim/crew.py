"""The worker processes as the parent sees them: started, told, listened to, killed."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tools.fleet_sim.cloud import ROOT
from tools.fleet_sim.spec import SPEC_FILE, line

Answer = dict[str, Any]


@dataclass(slots=True)
class Crew:
    """`parts` workers of one folder; `inside` is put before each command."""

    folder: Path
    parts: int
    inside: tuple[str, ...] = ()
    environment: dict[str, str] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start every worker."""
        self.workers = [self._start(part) for part in range(self.parts)]

    def _start(self, part: int) -> subprocess.Popen[bytes]:
        with (self.folder / f"worker-{part}.log").open("ab") as log:
            return subprocess.Popen(
                [
                    *self.inside,
                    *(sys.executable, "-m", "tools.fleet_sim.worker"),
                    *("--spec", str(self.folder / SPEC_FILE)),
                    *("--part", str(part), "--parts", str(self.parts)),
                ],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def tell(self, do: str, parts: Sequence[int] | None = None, **order: Any) -> list[Answer]:
        """Give workers an order and wait for all their answers."""
        chosen = range(self.parts) if parts is None else parts
        with ThreadPoolExecutor(max(1, len(chosen))) as pool:
            asked = pool.map(lambda part: self._ask(part, do, order), chosen)
            try:
                return list(asked)
            except KeyboardInterrupt:
                self.close()  # or the pool would wait for their answers
                raise

    def kill(self, part: int) -> None:
        """End a worker without a farewell, as a power cut would."""
        self.workers[part].kill()
        self.workers[part].wait()
        _close_pipes(self.workers[part])

    def start_again(self, part: int) -> None:
        """Start a killed worker on the files it left."""
        self.workers[part] = self._start(part)

    def close(self) -> None:
        """End whoever still runs."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
            _close_pipes(worker)

    def _ask(self, part: int, do: str, order: dict[str, Any]) -> Answer:
        worker = self.workers[part]
        if worker.stdin is None or worker.stdout is None:
            raise ChildProcessError("a worker without pipes")
        with suppress(BrokenPipeError):  # one that has ended says nothing below
            worker.stdin.write(line({"do": do, **order}))
            worker.stdin.flush()
        raw = worker.stdout.readline()
        if not raw:
            tail = (self.folder / f"worker-{part}.log").read_text(errors="replace")[-2_000:]
            raise ChildProcessError(f"worker {part} ended at {do!r}\n{tail}")
        answer: Answer = msgspec.json.decode(raw)
        return answer


def _close_pipes(worker: subprocess.Popen[bytes]) -> None:
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what it was told last and did not read
                pipe.close()
