"""A process of its own that compares everybody with everybody: what it needs goes with it."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final

from cloud_broker.ports.evidence import Alike
from retail_core.errors import Fault
from retail_core.insight.persons.records import Comparable
from retail_core.struct_types import make_ready
from retail_core.texts.faults import FaultCode

LONGEST_S: Final = 3_600.0
NICE: Final = 15
_LOOK_S: Final = 0.5


class LinkProcess:
    """Fulfils `Likening`; splink and its engine are there while they compare and no longer."""

    def __init__(self, memory: str = "2GB", longest_s: float = LONGEST_S) -> None:
        self._memory = memory
        self._longest_s = longest_s
        self._closed = False

    def alike(self, records: Sequence[Comparable]) -> tuple[Alike, ...]:
        """Return pairs that may be one; Fault IDENTITY_SEARCH."""
        if self._closed:
            raise Fault(FaultCode.IDENTITY_SEARCH, why="stopped")
        context = multiprocessing.get_context("forkserver")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._memory), name="linking", daemon=True
        )
        process.start()
        theirs.close()
        try:
            ours.send(list(records))
            answer = self._answer(ours)
        except (EOFError, OSError) as error:
            raise Fault(FaultCode.IDENTITY_SEARCH, why="the process ended") from error
        finally:
            ours.close()
            process.kill()
            process.join()
            process.close()
        if isinstance(answer, str):
            raise Fault(FaultCode.IDENTITY_SEARCH, why=answer)
        return answer

    def close(self) -> None:
        """End it, also amid its work."""
        self._closed = True

    def _answer(self, line: Connection) -> tuple[Alike, ...] | str:
        waited = 0.0
        while not line.poll(_LOOK_S):
            waited += _LOOK_S
            if self._closed:
                return "stopped"
            if waited >= self._longest_s:
                return f"longer than {self._longest_s:.0f} s"
        found: tuple[Alike, ...] | str = line.recv()
        return found


def _serve(line: Connection, memory: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    make_ready()
    try:
        records = line.recv()
    except (EOFError, OSError):
        return
    # Imported here: the process that asks never needs what this brings in.
    from cloud_broker.adapters.analytics import linking  # noqa: PLC0415  # see above

    try:
        found = linking.candidates(records, memory=memory, weigh=True)
        answer: tuple[Alike, ...] | str = tuple(
            Alike(one.first, one.second, one.likely, one.weights, automatic=one.automatic)
            for one in found
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, somebody has to read it
        answer = repr(error)[:200]
    line.send(answer)
