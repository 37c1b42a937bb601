"""A reader in memory: taps are put in by the test."""

from collections import deque

from edge_agent.ports.nfc import CardTap
from retail_core.limits import CARD_TAP_QUEUE_MAX


class FakeNfcReader:
    """Fulfils `NfcReader`; `put` is the hand with the card, `unplug` the cable."""

    def __init__(self) -> None:
        self._taps: deque[CardTap] = deque(maxlen=CARD_TAP_QUEUE_MAX)
        self._state = "starting"

    def put(self, tap: CardTap) -> None:
        self._taps.append(tap)

    def unplug(self) -> None:
        self._state = "gone"

    def start(self) -> None:
        self._state = "ok"

    def next_tap(self, *, timeout_ms: int) -> CardTap | None:
        return self._taps.popleft() if self._taps else None

    def state(self) -> str:
        return self._state

    def stop(self) -> None:
        self._state = "starting"
