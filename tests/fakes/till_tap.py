"""A tapped till in memory: receipts are put in by the test."""

from collections import deque

from edge_agent.ports.till_tap import TappedReceipt


class FakeTillTap:
    """Fulfils `TillTap`; `put` prints a receipt, `unplug` pulls a cable."""

    def __init__(self, name: str = "fake till") -> None:
        self.name = name
        self._receipts: deque[TappedReceipt] = deque()
        self._state = "starting"

    def put(self, receipt: TappedReceipt) -> None:
        self._receipts.append(receipt)

    def unplug(self) -> None:
        self._state = "gone"

    def start(self) -> None:
        self._state = "ok"

    def next_receipt(self, *, timeout_ms: int) -> TappedReceipt | None:
        return self._receipts.popleft() if self._receipts else None

    def state(self) -> str:
        return self._state

    def stop(self) -> None:
        self._state = "starting"
