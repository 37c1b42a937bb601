"""A process of its own for long works on rules, at low priority, there while there is work.

Pricing keeps a processor busy: in the process that books or serves pages everybody would wait.
"""

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection

from cloud_broker.domain.rule_work import Task, work
from retail_core.errors import Fault
from retail_core.struct_types import make_ready
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

PIECE_S_MAX = 180.0
NICE = 10
IDLE_S = 20.0
_LOOK_S = 0.2


class RuleProcess:
    """Fulfils `RuleWorkshop`."""

    def __init__(self, piece_s_max: float = PIECE_S_MAX, idle_s: float = IDLE_S) -> None:
        self._piece_s_max = piece_s_max
        self._idle_s = idle_s
        self._done_at = 0.0
        self._closed = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._running: tuple[multiprocessing.process.BaseProcess, Connection] | None = None

    def do(self, task: Task) -> bytes:
        """Do a piece. Faults P107, RULES_JOB_FAILED."""
        with self._one_at_a_time:
            self._done_at = time.monotonic()
            line = self._line()
            try:
                line.send(task)
                done = self._answer(line)
            except (EOFError, OSError):
                self._end()
                raise _failed("the process ended", "进程中断") from None
        if isinstance(done, Fault):
            raise done
        return done

    def rest(self) -> None:
        """End the process after a while without work; the next piece starts another."""
        with self._one_at_a_time:
            if time.monotonic() - self._done_at >= self._idle_s:
                self._end()

    def close(self) -> None:
        """End for good, also amid a piece."""
        self._closed.set()
        with self._one_at_a_time:
            self._end()

    def _answer(self, line: Connection) -> bytes | Fault:
        waited = 0.0
        while not line.poll(_LOOK_S):
            waited += _LOOK_S
            if self._closed.is_set() or waited >= self._piece_s_max:
                self._end()
                raise _failed(f"longer than {self._piece_s_max:.0f} s", "太久")
        done: bytes | Fault = line.recv()
        return done

    def _line(self) -> Connection:
        if self._closed.is_set():
            raise _failed("closed", "已停止")
        if self._running is None or not self._running[0].is_alive():
            self._end()
            context = multiprocessing.get_context("forkserver")
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), name="rules", daemon=True)
            process.start()
            theirs.close()
            self._running = process, ours
        return self._running[1]

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            process, line = running
            line.close()
            process.kill()
            process.join()
            process.close()


def serve(line: Connection) -> None:
    """Do what is asked over a line until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks says when to end
    os.nice(NICE)
    make_ready()
    while True:
        try:
            task: Task = line.recv()
        except (EOFError, OSError):
            return
        try:
            done: bytes | Fault = work(task)
        except Fault as fault:
            done = fault
        except Exception as error:  # noqa: BLE001 - a draft that nobody foresaw ends its own work
            done = _failed(repr(error)[:200], repr(error)[:200])
        line.send(done)


def _failed(en: str, zh: str) -> Fault:
    return Fault(FaultCode.RULES_JOB_FAILED, reason=Words(en, zh))
