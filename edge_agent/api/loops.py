"""Threads that wait for devices and tell the screen what happened there."""

import threading
from collections.abc import Callable

import structlog

from edge_agent.ports.nfc import CardTap, NfcReader
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

TURN_MS = 500
PAUSE_AFTER_ERROR_S = 1.0

log = structlog.get_logger("loops")


class Loop:
    """Repeats a short turn on a thread of its own; a turn that fails is counted, not the end."""

    def __init__(
        self, name: str, turn: Callable[[], None], tally: FaultTally, *, rest_s: float = 0
    ) -> None:
        self._turn = turn
        self._tally = tally
        self._rest_s = rest_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

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
                log.warning("turn_failed", loop=self._thread.name, error=type(error).__name__)
                self._stopping.wait(PAUSE_AFTER_ERROR_S)


class CardRelay:
    """Stands between a reader and everybody who waits for a card: one thread empties the reader.

    A tap goes to whoever waits for one; a tap nobody asked for is handed to `on_unasked`.
    """

    def __init__(
        self, reader: NfcReader, on_unasked: Callable[[CardTap], None], tally: FaultTally
    ) -> None:
        self._reader = reader
        self._on_unasked = on_unasked
        self._news = threading.Condition()
        self._waiting = 0
        self._handed: list[CardTap] = []
        self._loop = Loop("card-relay", self._turn, tally)

    def start(self) -> None:
        """Begin watching."""
        self._reader.start()
        self._loop.start()

    def next_tap(self, *, timeout_ms: int) -> CardTap | None:
        """Return the next tap made from now on, or None when none came in time."""
        with self._news:
            self._waiting += 1
            try:
                self._news.wait_for(lambda: bool(self._handed), timeout_ms / 1_000)
                return self._handed.pop(0) if self._handed else None
            finally:
                self._waiting -= 1

    def state(self) -> str:
        """Return the reader's state."""
        return self._reader.state()

    def stop(self) -> None:
        """Stop both threads; safe to call twice."""
        self._loop.stop()
        self._reader.stop()

    def _turn(self) -> None:
        tap = self._reader.next_tap(timeout_ms=TURN_MS)
        if tap is None:
            return
        with self._news:
            if self._waiting > len(self._handed):
                self._handed.append(tap)
                self._news.notify()
                return
        self._on_unasked(tap)
