"""Does each model run on this processor, and right? Asked of a process that may die of it.

A wheel built for another processor ends with an illegal instruction, not with an exception; a
program that tried it in its own process would be gone, and with it the till. So a child loads each
model, feeds it a fixed picture and says what came out: `selftest_child` reads a `Request` on stdin
and writes the digests on stdout. `SelfTest` decides what they mean.

Nothing here imports the runtime: even that may be what kills a process.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

import msgspec
import numpy as np

from retail_core.errors import Fault
from retail_core.identity.model_card import KnownAnswer, ModelCard
from retail_core.texts.faults import FaultCode

TIME_LIMIT_S = 30.0
# Other processors add in another order; weights of another net or a broken kernel differ by far
# more. Relative to the length of the answer, and to the size of its values.
TOLERANCE = 2e-3
# What a child says last stands on the till screen: short, and no folder of this box in it.
SAID_CHARS_MAX = 120
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FOLDERS = re.compile(r"[/\\]+(?:[^/\\\s'\"]+[/\\]+)+")

Answers = dict[str, dict[str, KnownAnswer]]
# The child's exit code when it says a coded fault on stdout.
REFUSED = 3


class Refusal(msgspec.Struct, frozen=True):
    """A fault that the child met before a model ran: its file is missing or another one."""

    code: FaultCode
    fields: dict[str, str]


class Request(msgspec.Struct, frozen=True):
    """What the child is to load."""

    models_dir: str
    models: dict[str, ModelCard]


def child_command() -> tuple[str, ...]:
    """Return how the child is started."""
    return (sys.executable, "-m", "edge_agent.drivers.face_onnx.selftest_child")


class SelfTest:
    """One run of the child over all models of a box."""

    def __init__(
        self,
        models_dir: Path,
        models: Mapping[str, ModelCard],
        *,
        command: Sequence[str] | None = None,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        self._asked = msgspec.json.encode(Request(str(models_dir), dict(models)))
        self._models = models
        self._command = tuple(command or child_command())
        self._time_limit_s = time_limit_s
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def run(self) -> None:
        """Run it; Faults MODEL_CRASHED, MODEL_HANGS, MODEL_ANSWERS_WRONG, or the child's own."""
        with self._lock:
            if self._cancelled:
                raise Fault(FaultCode.MODEL_CRASHED, how="cancelled")
            child = self._child = subprocess.Popen(  # noqa: S603 - our own module
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        with child:
            try:
                said, complained = child.communicate(self._asked, self._time_limit_s)
            except subprocess.TimeoutExpired:
                child.kill()
                raise Fault(FaultCode.MODEL_HANGS, seconds=round(self._time_limit_s)) from None
        if child.returncode == REFUSED:
            raise _refused(said)
        if child.returncode != 0:
            raise Fault(FaultCode.MODEL_CRASHED, how=_how(child.returncode, complained))
        self._compare(said)

    def cancel(self) -> None:
        """Kill the child; safe at any time and from any thread."""
        with self._lock:
            self._cancelled = True
            if self._child is not None and self._child.poll() is None:
                self._child.kill()

    def _compare(self, said: bytes) -> None:
        try:
            answers = msgspec.json.decode(said, type=Answers)
        except msgspec.DecodeError as error:
            raise Fault(FaultCode.MODEL_CRASHED, how=_plain(str(error))) from None
        for name, card in self._models.items():
            given = answers.get(name, {})
            alike = [_alike(wanted, given.get(output)) for output, wanted in card.known.items()]
            if not alike or not all(alike):
                raise Fault(FaultCode.MODEL_ANSWERS_WRONG, name=name)


def _alike(wanted: KnownAnswer, got: KnownAnswer | None) -> bool:
    if got is None or len(got.first) != len(wanted.first):
        return False
    reach = max(map(abs, wanted.first), default=0.0)
    values = np.abs(np.subtract(got.first, wanted.first)).max(initial=0.0)
    near = abs(got.norm - wanted.norm) <= TOLERANCE * wanted.norm + TOLERANCE
    return bool(near and values <= TOLERANCE * reach + TOLERANCE)


def _refused(said: bytes) -> Fault:
    try:
        refusal = msgspec.json.decode(said, type=Refusal)
    except msgspec.DecodeError as error:
        return Fault(FaultCode.MODEL_CRASHED, how=_plain(str(error)))
    return Fault(refusal.code, **refusal.fields)


def _how(returncode: int, complained: bytes) -> str:
    if returncode < 0:
        return f"signal {-returncode}"
    said = map(_plain, complained.decode("utf-8", "replace").splitlines())
    last = next(filter(None, reversed(list(said))), "-")
    return f"exit {returncode}: {last}"


def _plain(line: str) -> str:
    """Return what people may read of a line another program said."""
    coloured = _FOLDERS.sub("", _COLOURS.sub("", line))
    clean = "".join(char if char.isprintable() else " " for char in coloured)
    return clean.strip()[:SAID_CHARS_MAX]
