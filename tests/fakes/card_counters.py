"""Card counters in memory."""

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class FakeCardCounters:
    """Fulfils `CardCounters`; `fill` makes the disk full."""

    def __init__(self) -> None:
        self._highest: dict[bytes, int] = {}
        self._full = False

    def fill(self) -> None:
        self._full = True

    def last(self, uid: bytes) -> int | None:
        return self._highest.get(uid)

    def put(self, uid: bytes, counter: int) -> None:
        if self._full:
            raise Fault(FaultCode.DISK_FULL)
        self._highest[uid] = max(counter, self._highest.get(uid, 0))

    def close(self) -> None:
        """Nothing is open."""
