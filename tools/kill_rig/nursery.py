"""Starts programs of ours quickly: it has imported them, and every start is a fork.

Each child is a process of its own that opens its files and ports like after any start, only the
imports are done. One line of JSON on standard input asks for a child, its pid comes back; a closed
input ends the nursery. Children are reaped by the system.
"""

import faulthandler
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.kill_rig.control import CONTROLS, plant

PROGRAMS = {
    "edge": (
        "edge_agent.__main__",
        ("edge_agent.cli.running", "edge_agent.cli.logs", "edge_agent.cli.serving"),
    ),
    "cloud": ("cloud_broker.__main__", ("cloud_broker.bootstrap.serving",)),
}
POLL_S = 0.02
APPENDED = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def main(program: str, control: str) -> None:
    """Serve starts until the input ends."""
    name, beside = PROGRAMS[program]
    module = importlib.import_module(name)
    for one in beside:
        importlib.import_module(one)
    if control:
        plant(control)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ.update(asked["environment"])
            _be(module.main, asked["arguments"], asked["log"], asked["out"])
        print(child, flush=True)


def _be(work: Callable[[], None], arguments: list[str], log: str, out: str) -> None:
    os.setsid()
    faulthandler.register(signal.SIGUSR1)  # where it stands, into its log
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, APPENDED, 0o600)
    said = os.open(out, APPENDED, 0o600)
    for taken, place in ((nothing, 0), (said, 1), (written, 2)):
        os.dup2(taken, place)
    sys.argv = arguments
    code = 1
    try:
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 -- nobody is above to tell it to
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        sys.stdout.flush()
        os._exit(code)


class Nursery:
    """The rig's end of a nursery."""

    def __init__(self, program: str, control: str = "") -> None:
        self._program, self._runs = program, 0
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.kill_rig.nursery", program, control],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def wait(self) -> None:
        """Wait until everything is imported."""
        if self._answer() != "ready":
            raise RuntimeError("a nursery did not start")

    def start(
        self,
        arguments: Sequence[str],
        log: Path,
        out: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> int:
        """Start a child; return its pid."""
        said: Any = self._process.stdin
        asked = {"arguments": list(arguments), "log": str(log), "out": str(out or log)}
        with self._lock:  # several victims rise at once; each must hear of its own child
            said.write(json.dumps(asked | {"environment": dict(environment or {})}) + "\n")
            said.flush()
            return int(self._answer())

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run a command to its end and return what it wrote to standard output."""
        with self._lock:
            self._runs += 1
            name = f"{self._program}-run-{self._runs}"
        out, log = folder / f"{name}.out", folder / f"{name}.log"
        child = self.start(arguments, log, out, environment)
        with suppress(ProcessLookupError):
            while True:
                os.kill(child, 0)
                time.sleep(POLL_S)
        if log.stat().st_size and not out.stat().st_size:
            raise RuntimeError(f"{arguments}: {log.read_text(encoding='utf-8')}")
        return out.read_text(encoding="utf-8")

    def _answer(self) -> str:
        heard: Any = self._process.stdout
        return str(heard.readline().strip())

    def stop(self) -> None:
        """End the nursery; its children are ended by whoever asked for them."""
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                end.close()
        self._process.terminate()
        self._process.wait()


if __name__ == "__main__":
    if sys.argv[2:] and sys.argv[2] and sys.argv[2] not in CONTROLS:
        sys.exit(f"no such control: {sys.argv[2]}")
    main(sys.argv[1], sys.argv[2] if sys.argv[2:] else "")
