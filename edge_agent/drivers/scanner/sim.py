"""The other side: scanners that read codes, and a till that gets what comes through.

The serial ones hold the master of a pseudo-terminal, as the printer's do; the one that types holds
the write end of a pipe, through which its keys come as the kernel would tell them.
"""

import os
import select
import threading
from collections.abc import Sequence

from edge_agent.drivers.scanner.keys import LOST, UP, KeyEvent, typed
from edge_agent.drivers.till_escpos.sim import PtyEnd
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class BarcodeScanner:
    """A scanner on `port`; `terminator` ends each code, `aim` comes before it."""

    def __init__(self, terminator: bytes = b"\r", aim: bytes = b"") -> None:
        self._line = PtyEnd()
        self._terminator = terminator
        self._aim = aim
        self.port = self._line.port

    def scan(self, code: str) -> bytes:
        """Read a code; returns the bytes it sent."""
        return self.send(self._aim + code.encode() + self._terminator)

    def send(self, data: bytes) -> bytes:
        """Send any bytes."""
        self._line.write(data)
        return data

    def stop(self) -> None:
        """Unplug the scanner; safe to call twice."""
        self._line.close()


class ScannedTill:
    """A till on `port` that is typed into by its scanner."""

    def __init__(self) -> None:
        self._line = PtyEnd()
        self.port = self._line.port

    def received(self, count: int, timeout_ms: int = 5_000) -> bytes:
        """Return what came, as soon as it is `count` bytes or nothing more comes in time."""
        data = b""
        while len(data) < count and (more := self._line.read(timeout_ms)):
            data += more
        return data

    def stop(self) -> None:
        """Unplug the till; safe to call twice."""
        self._line.close()


class TypingScanner:
    """A scanner that types in some country's layout; `typed_on` is what reached the till."""

    def __init__(self, layout: str = "us") -> None:
        self._layout = layout
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._typed_on: list[KeyEvent] = []
        self.is_grabbed = False
        self.is_there = True

    def open(self) -> "TypingScanner":
        """Let somebody grab it; Fault HID_DEVICE_GONE when it is not there."""
        if not self.is_there:
            raise Fault(FaultCode.HID_DEVICE_GONE, device="simulated", detail="unplugged")
        self.is_grabbed = True
        return self

    def scan(self, code: str, end: str = "\r") -> Sequence[KeyEvent]:
        """Read a code; returns the keys it typed."""
        events = typed(code + end, self._layout)
        if events is None:
            raise ValueError(code)
        self.press(events)
        return events

    def press(self, events: Sequence[KeyEvent]) -> None:
        """Press and release any keys."""
        os.write(self._write, b"".join(bytes((one.code, one.value)) for one in events))

    def lose(self) -> None:
        """Type on while nobody reads: some keys are gone, and the kernel says so."""
        self.press([KeyEvent(LOST % 256, UP)])

    def typed_on(self) -> Sequence[KeyEvent]:
        """Return the keys that reached the till so far."""
        with self._lock:
            return tuple(self._typed_on)

    def stop(self) -> None:
        """Put it away; nobody may have it grabbed any more."""
        os.close(self._read)
        os.close(self._write)

    def unplug(self) -> None:
        """Pull the cable."""
        self.is_there = False
        os.write(self._write, b"\0\0")  # whoever waits for keys hears of it

    # ---- what the one who grabbed it does -------------------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._read

    def read(self) -> Sequence[KeyEvent]:
        """Return the keys that wait; OSError once it is unplugged."""
        if not self.is_there:
            raise OSError("unplugged")
        if not select.select([self._read], [], [], 0)[0]:
            return ()
        raw = os.read(self._read, 4_096)
        pairs = [raw[at : at + 2] for at in range(0, len(raw), 2)]
        return [KeyEvent(LOST if code == LOST % 256 else code, value) for code, value in pairs]

    def write(self, event: KeyEvent) -> None:
        """Type one event on."""
        with self._lock:
            self._typed_on.append(event)

    def close(self) -> None:
        """Let go of it."""
        self.is_grabbed = False
