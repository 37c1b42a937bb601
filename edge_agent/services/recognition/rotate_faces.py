"""A new rotation of every template while the shop is open.

Faces are shut first, for longer than an enrolment before the camera may last, so that nothing that
was turned the old way is compared with, or stored among, what is turned the new way. Codes, cards
and sales know nothing of it. A power cut leaves the old rotation or the new one, never both.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

DRAIN_S = 25.0
log = structlog.get_logger("faces")


@dataclass(frozen=True, slots=True)
class Turned:
    """How it stands: the epoch in use, whether a new one is being made, and what went wrong."""

    epoch: int
    running: bool
    code: FaultCode | None = None


class RotateFaces:
    """The door of the faces, and who shuts it for a while; safe between threads.

    `renew` turns what is stored and returns the new epoch; `refill` reads it into memory again.
    """

    def __init__(
        self,
        epoch: int,
        renew: Callable[[], int],
        refill: Callable[[], None],
        tally: FaultTally,
        *,
        drain_s: float = DRAIN_S,
    ) -> None:
        self._renew = renew
        self._refill = refill
        self._tally = tally
        self._drain_s = drain_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._stands = Turned(epoch, running=False)

    def is_open(self) -> bool:
        """Tell whether faces may be read just now."""
        return not self._stands.running

    def stands(self) -> Turned:
        """Return how it stands."""
        return self._stands

    def begin(self) -> Turned:
        """Begin, unless it is under way; returns at once."""
        with self._lock:
            if not self._stands.running and not self._stopping.is_set():
                self._stands = Turned(self._stands.epoch, running=True)
                self._thread = threading.Thread(target=self._run, name="rotation", daemon=True)
                self._thread.start()
            return self._stands

    def stop(self) -> None:
        """End the waiting; what has begun to be written is finished. Safe to call twice."""
        with self._lock:
            self._stopping.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        epoch, code = self._stands.epoch, None
        try:
            if not self._stopping.wait(self._drain_s):
                epoch = self._renew()
                self._refill()
                log.info("rotated", epoch=epoch)
        except Fault as fault:
            code = fault.code
            self._tally.count(code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the door must not stay shut
            code = FaultCode.API_INTERNAL
            self._tally.count(code)
            log.warning("rotation_broke", error=type(error).__name__)
        self._stands = Turned(epoch, running=False, code=code)
