"""What a box beside a till adds to its display and its scanner: from one pty to the other.

A chunk is timed from the till's (the scanner's) write to the display's (the till's) read, once over
one wire and once through the tap; the latency added is what the second has more at the same place.
A payment code goes digit by digit, as its scanner sends it, and none of its digits may wait.

Then random streams, whose watcher dies at random: what comes out is what went in.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from edge_agent.drivers.customer_display.driver import CustomerDisplayTap, DisplayWatch
from edge_agent.drivers.customer_display.reading import DisplayReader
from edge_agent.drivers.lines.port import WakeUp
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.lines.watched import Step, Watch, WatchedLine
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.profiles.display import DisplayProfile
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.driver import ScanWatch, SerialScannerTap
from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from edge_agent.drivers.till_escpos.sim import PtyEnd
from retail_core.tally import FaultTally
from tools.bench.report import Row

CHUNKS = 400
PAUSE_S = 0.003
BAR_MS = 5.0
SHOWN = b"\x1bs2\x1bQA12.50\r"
GOODS = b"6901234567892\r"
PAYMENT = b"134567890123456789\r"
STREAMS = 1_000
STREAM_BYTES_MAX = 200
CRASH_SHARE = 0.2
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
    scans, shows = ScanWatch(scanner, kinds, lambda _event: None), _display_watch()
    for name, watch in (("scanner", scans), ("display", shows)):
        dying = Dying(watch)
        wrong = pass_streams(dying, STREAMS)
        told = (
            f"{STREAMS} random streams through the {name}'s line, watcher died {dying.died} times"
        )
        yield Row(f"{told}: wrong", wrong, "streams", 0)


class Dying:
    """A watcher as it ships, that dies before, within or behind what it has to do."""

    def __init__(self, watch: Watch, seed: int = 5) -> None:
        self._watch = watch
        self.rng = random.Random(seed)  # noqa: S311 -- any bytes will do
        self.died = 0

    def feed(self, data: bytes, now_ms: int) -> Iterable[Step]:
        """Decide, or die."""
        for step in self._watch.feed(data, now_ms):
            self._perhaps()
            yield step
        self._perhaps()

    def tick(self, now_ms: int) -> Iterable[Step]:
        """Decide."""
        return self._watch.tick(now_ms)

    def wait_ms(self, now_ms: int) -> int | None:
        """Say when to tick."""
        return self._watch.wait_ms(now_ms)

    def reset(self) -> None:
        """Begin anew."""
        self._watch.reset()

    def farewell(self) -> bytes:
        """Leave nothing."""
        return b""

    def _perhaps(self) -> None:
        if self.rng.random() < CRASH_SHARE:
            self.died += 1
            raise RuntimeError("dies on purpose")


def pass_streams(watch: Dying, count: int) -> int:
    """Send streams one after the other; return how many came out otherwise than they went in."""
    sender, receiver, up = PtyEnd(), PtyEnd(), threading.Event()
    line = WatchedLine(
        (sender.port, receiver.port),
        SerialLine(),
        watch,
        on_state=lambda _state: up.set(),
        tally=FaultTally(),
    )
    line.start()
    up.wait()
    wrong = 0
    for number in range(count):
        data = watch.rng.randbytes(watch.rng.randint(1, STREAM_BYTES_MAX))
        data = (PAYMENT, GOODS, SHOWN, b"8123")[number % 4] + data
        sender.write(data)
        out = b""
        while len(out) < len(data) and (more := receiver.read(2_000)):
            out += more
        wrong += out != data
    line.stop()
    sender.close()
    receiver.close()
    return wrong


def _display_watch() -> DisplayWatch:
    reader = DisplayReader("bench", "gb18030", 20)
    return DisplayWatch(reader, 1_000, lambda _event: None, FaultTally())


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
