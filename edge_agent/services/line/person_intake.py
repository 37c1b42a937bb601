"""Keeps the summary of known persons up to date, beside everything else.

The work has a thread of its own, made when the cloud says there is something and gone afterwards: a
whole summary is megabytes, and no member's change waits behind it.
"""

import threading

import structlog

from edge_agent.ports.known_persons import KnownPersons
from edge_agent.ports.person_line import PersonLine
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Published

RETRY_S = 60.0
log = structlog.get_logger("persons")


class PersonIntake:
    """Fetches what is new; safe to call from any thread."""

    def __init__(
        self,
        line: PersonLine,
        known: KnownPersons,
        tally: FaultTally,
        *,
        retry_s: float = RETRY_S,
    ) -> None:
        self._line = line
        self._known = known
        self._tally = tally
        self._retry_s = retry_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._asked = False

    def told(self, published: Published | None) -> None:
        """Hear of a version, or (None) look whether there is a newer one; never blocks."""
        if published is not None and published.version <= self._known.version():
            return
        with self._lock:
            if self._stopping.is_set():
                return
            self._asked = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="persons", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End whatever is going on; safe to call twice."""
        with self._lock:
            self._stopping.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def take(self) -> None:
        """Bring the summary up to date (Faults of the line, PERSONS_FILTER_WRONG)."""
        plan = self._line.persons(self._known.version())
        if plan is None or plan.version == self._known.version():
            return
        if plan.additions:
            try:
                self._known.grow(plan.version, plan.sha256, plan.additions)
            except Fault as fault:
                self._tally.count(fault.code)
            else:
                return
        whole = self._line.persons_whole(plan.version)
        self._known.replace(plan.version, plan.sha256, whole)
        log.info("persons_taken", version=plan.version, size=len(whole))

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._stopping.is_set() or not self._asked:
                    self._thread = None
                    return
                self._asked = False
            if not self._taken() and not self._stopping.wait(self._retry_s):
                with self._lock:
                    self._asked = True

    def _taken(self) -> bool:
        """Try once; False when a later try may do better."""
        try:
            self.take()
        except Fault as fault:
            self._tally.count(fault.code)
            return not fault.spec.retryable
        except OSError:
            self._tally.count(FaultCode.DISK_FULL)
        return True
