"""What is plugged into this box, and a tap on the shoulder when that changes."""

from typing import Protocol

from edge_agent.domain.devices import Seen


class DeviceBus(Protocol):
    """Looks at devices without opening any of them."""

    def devices(self) -> tuple[Seen, ...]:
        """Return what is plugged in now."""
        ...

    def wait(self, *, timeout_ms: int) -> bool:
        """Wait for a plug or unplug; False when nothing was heard of in time, or after `wake`."""
        ...

    def wake(self) -> None:
        """Let whoever waits come back, now or at the next wait."""
        ...

    def close(self) -> None:
        """Stop hearing of changes; safe to call twice."""
        ...


class LineListener(Protocol):
    """Opens a line that a claim stands for, hears what is said, and closes it."""

    def listen(self, path: str, *, question: bytes, timeout_ms: int) -> bytes:
        """Return the first bytes heard, b"" for silence; `question` is written first if not empty.

        Faults DEVICE_IN_USE, TILL_PORT_OPEN.
        """
        ...
