"""What a box beside a till adds to its display and its scanner: from one pty to the other.

A chunk is timed from the till's (the scanner's) write to the display's (the till's) read, once over
one wire and once through the tap; the latency added is what the second has more at the same place.
A payment code goes digit by digit, as its scanner sends it, and none of its digits may wait.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence

from edge_agent.drivers.customer_display.driver import CustomerDisplayTap
from edge_agent.drivers.lines.port import WakeUp
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles.display import DisplayProfile
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.driver import SerialScannerTap
from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from edge_agent.drivers.till_escpos.sim import PtyEnd
from tools.bench.report import Row

CHUNKS = 400
PAUSE_S = 0.003
BAR_MS = 5.0
SHOWN = b"\x1bs2\x1bQA12.50\r"
GOODS = b"6901234567892\r"
PAYMENT = b"134567890123456789\r"
_P99 = 0.99


def rows() -> Iterator[Row]:
    """Yield the figures of both."""
    display = DisplayProfile(kind="customer_display", name="bench", title_zh="-", title_en="-")
    scanner = ScannerProfile(kind="scanner", name="bench", title_zh="-", title_en="-")
    kinds = ScanKinds("bench", MemberForms(("9900########",)))

    def over_display(ports: tuple[str, str]) -> CustomerDisplayTap:
        return CustomerDisplayTap("bench", display, ports)

    def over_scanner(ports: tuple[str, str]) -> SerialScannerTap:
        return SerialScannerTap(kinds, scanner, ports)

    for name, chunks, make in (
        ("display, one picture", [SHOWN], over_display),
        ("scanner, one article", [GOODS], over_scanner),
        ("scanner, a digit of a payment code", [bytes((one,)) for one in PAYMENT], over_scanner),
    ):
        wire, tapped = _one_wire(chunks), _through(make, chunks)
        added = max(0.0, _p99(tapped) - _p99(wire))
        peer = f"one wire p99 {_p99(wire):.3f} ms, through the tap {_p99(tapped):.3f} ms"
        yield Row(f"added latency p99, {name}", round(added, 3), "ms", BAR_MS, peer=peer)


def _one_wire(chunks: Sequence[bytes]) -> list[float]:
    sender, wake = PtyEnd(), WakeUp()
    port = open_port(sender.port, DisplayProfile.model_fields["line"].default)

    def got(count: int) -> None:
        while count > 0:
            count -= len(port.read(wake))

    times = _times(chunks, sender, got)
    port.close()
    sender.close()
    wake.close()
    return times


def _through(
    make: Callable[[tuple[str, str]], CustomerDisplayTap | SerialScannerTap],
    chunks: Sequence[bytes],
) -> list[float]:
    sender, receiver = PtyEnd(), PtyEnd()
    tap = make((sender.port, receiver.port))
    tap.start()
    while tap.state() != "ok":
        time.sleep(PAUSE_S)

    def got(count: int) -> None:
        while count > 0:
            count -= len(receiver.read(1_000))

    times = _times(chunks, sender, got)
    tap.stop()
    sender.close()
    receiver.close()
    return times


def _times(chunks: Sequence[bytes], sender: PtyEnd, got: Callable[[int], None]) -> list[float]:
    times = []
    for number in range(CHUNKS):
        chunk = chunks[number % len(chunks)]
        time.sleep(PAUSE_S)
        started = time.perf_counter()
        sender.write(chunk)
        got(len(chunk))
        times.append((time.perf_counter() - started) * 1_000)
    return times


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * _P99))]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name}: {row.value} {row.unit} ({row.peer})", os.getloadavg()[0])
