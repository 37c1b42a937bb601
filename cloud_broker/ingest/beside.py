"""Threads that work lists off after the booking; ingest never waits for them."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

IDLE_S = 2.0
# What shops do within a second is one piece of work: of many small ones each costs as much.
GATHER_S = 1.0
# A piece so large is followed by the next: there is more than a second's worth.
FULL_PIECE = 32
# Between two pieces, and so long as this of the last one, so that booking gets the processor first.
BREATH_S = 0.05
SHARE = 3.0
# Of somebody who mostly waits.
WAITS = 0.2
RETRY_S = 10.0

Work = Callable[[UUID], int]
"""Does a piece of a tenant's list; returns how much there was, 0 when nothing is left."""

_log = logging.getLogger(__name__)


def _nothing() -> None:
    """Stand in where nobody wants to know."""


class BesideWorker:
    """One thread that works off what is due, tenant by tenant; `on_done` hears of each piece."""

    def __init__(
        self,
        name: str,
        work: Work,
        tenants: Callable[[], tuple[UUID, ...]],
        tally: FaultTally,
        on_done: Callable[[], None] = _nothing,
        *,
        share: float = SHARE,
    ) -> None:
        self._name = name
        self._work = work
        self._tenants = tenants
        self._tally = tally
        self._on_done = on_done
        self._share = share
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; an unreachable database is tried again for ever."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; safe to call twice."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            wait = self._turn()

    def _turn(self) -> float:
        """Do a piece of every tenant's list; return how long to rest."""
        began = time.monotonic()
        try:
            done = sum(self._work(tenant) for tenant in self._tenants())
        except Fault as fault:
            self._tally.count(fault.code)
            return RETRY_S
        except Exception:  # noqa: BLE001 -- a row nobody foresaw must not end the work
            self._tally.count(FaultCode.API_INTERNAL)
            _log.exception("%s failed", self._name)
            return RETRY_S
        if done:
            self._on_done()
            rest = BREATH_S if done >= FULL_PIECE else GATHER_S
            return max(rest, self._share * (time.monotonic() - began))
        return IDLE_S


class Posts(Protocol):
    """Messages to others' servers, sent beside each other."""

    def run(self, tenant: UUID) -> int:
        """Send a piece of what is due; return how many there were."""
        ...

    def close(self) -> None:
        """Wait for what is on its way."""
        ...


class PostWorker(BesideWorker):
    """A worker that sends; it waits for others' servers and needs little rest."""

    def __init__(
        self, name: str, posts: Posts, tenants: Callable[[], tuple[UUID, ...]], tally: FaultTally
    ) -> None:
        self._posts = posts
        super().__init__(name, posts.run, tenants, tally, share=WAITS)

    def stop(self) -> None:
        """End the thread, then what is on its way."""
        super().stop()
        self._posts.close()
