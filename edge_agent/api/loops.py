"""Threads that wait for devices."""

import threading
from collections.abc import Callable

import structlog

from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

PAUSE_AFTER_ERROR_S = 1.0

log = structlog.get_logger("loops")


class Loop:
    """Repeats a short turn on a thread of its own; a turn that fails is counted, not the end."""

    def __init__(
        self, name: str, turn: Callable[[], None], tally: FaultTally, *, rest_s: float = 0
    ) -> None:
        self.name = name
        self._turn = turn
        self._tally = tally
        self._rest_s = rest_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End after the present turn, without waiting for it."""
        self._stopping.set()

    def stop(self) -> None:
        """End after the present turn; safe to call twice, and on one never started."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
                self._stopping.wait(self._rest_s)
            except Fault as fault:
                self._tally.count(fault.code)
                self._stopping.wait(PAUSE_AFTER_ERROR_S)
            except Exception as error:  # noqa: BLE001 - a device thread must outlive any surprise
                self._tally.count(FaultCode.API_INTERNAL)
                log.warning("turn_failed", loop=self.name, error=type(error).__name__)
                self._stopping.wait(PAUSE_AFTER_ERROR_S)
