"""A tapped till in memory: receipts are put in by the test."""

from collections import deque
from collections.abc import Callable

from edge_agent.domain.slip import Slip
from edge_agent.domain.tap_seen import TapSeen
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.texts.faults import FaultCode


class FakeTillTap:
    """Fulfils `TillTap`; `put` prints a receipt, `unplug` pulls a cable."""

    def __init__(self, name: str = "fake till") -> None:
        self.name = name
        self._receipts: deque[TappedReceipt] = deque()
        self._state = "starting"
        self._listeners: list[Callable[[TapSeen], None]] = []
        self.injected: list[bytes] = []
        self.slips: list[Slip] = []
        self._last: TappedReceipt | None = None

    def put(self, receipt: TappedReceipt) -> None:
        self._receipts.append(receipt)
        self._last = receipt
        self.show(TapSeen("job", receipt.till, 0, receipt=receipt))

    def show(self, seen: TapSeen) -> None:
        for listener in tuple(self._listeners):
            listener(seen)

    def unplug(self) -> None:
        self._state = "gone"
        self.show(TapSeen("state", self.name, 0, state="gone"))

    def start(self) -> None:
        self._state = "ok"
        self.show(TapSeen("state", self.name, 0, state="ok"))

    def watch(self, listener: Callable[[TapSeen], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def inject(self, data: bytes, *, timeout_ms: int) -> bool:
        if self._state != "ok":
            return False
        self.injected.append(data)
        return True

    def append(self, receipt: TappedReceipt, slip: Slip, *, timeout_ms: int) -> FaultCode | None:
        if self._state != "ok" or receipt is not self._last:
            return FaultCode.TILL_APPEND_LATE
        self.slips.append(slip)
        return None

    def next_receipt(self, *, timeout_ms: int) -> TappedReceipt | None:
        return self._receipts.popleft() if self._receipts else None

    def state(self) -> str:
        return self._state

    def stop(self) -> None:
        self._state = "starting"
