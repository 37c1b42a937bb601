"""What the proxy adds to a block on its way to the printer, beside a bare copy as the floor.

The floor is the least a box between two lines can do: wait, read, write, from pty to pty, with no
copy and no reader. Both run in the same minute on the same machine.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from edge_agent.drivers.lines.port import WakeUp
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import PtyEnd, sale_bytes
from tools.bench.report import Row, percentile

BLOCKS = 1_000
PAUSE_S = 0.02  # 256 bytes at 115,200 baud
BAR_MS = 5.0
BLOCK_BYTES = 256
PERCENTS = (50, 95, 99)
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250), ("德芙巧克力", 3, 990)]


def rows(profile: TillProfile) -> Iterator[Row]:
    """Yield the times of the floor, of the proxy, and what the proxy adds."""
    floor = _through_bare_copy(profile)
    proxied, inside = _through_proxy(profile)
    for name, times in (("bare copy", floor), ("proxy", proxied)):
        for percent in PERCENTS:
            yield Row(f"block through the {name} p{percent}", percentile(times, percent), "ms")
    for percent in PERCENTS:
        added = percentile(proxied, percent) - percentile(floor, percent)
        bar = BAR_MS if percent == PERCENTS[-1] else None
        yield Row(f"added by the proxy p{percent}", added, "ms", bar, peer="over the bare copy")
    for percent in PERCENTS:
        yield Row(f"inside the proxy p{percent}", percentile(inside, percent), "ms")


def _blocks() -> list[bytes]:
    data = b"".join(sale_bytes(f"{number:04d}", ITEMS) for number in range(8))
    return [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]


def _through_bare_copy(profile: TillProfile) -> list[float]:
    till, printer, wake = PtyEnd(), PtyEnd(), WakeUp()
    source, sink = open_port(till.port, profile.line), open_port(printer.port, profile.line)

    def copy() -> None:
        poll = select.poll()
        poll.register(source.fd, select.POLLIN)
        poll.register(wake.fileno(), select.POLLIN)
        while not wake.is_set:
            if source.fd in dict(poll.poll()):
                os.write(sink.fd, os.read(source.fd, 4_096))

    copier = threading.Thread(target=copy, daemon=True)
    copier.start()
    times = _times(till, printer)
    wake.set()
    copier.join()
    for end in (source, sink, till, printer, wake):
        end.close()
    return times


def _through_proxy(profile: TillProfile) -> tuple[list[float], list[float]]:
    till, printer = PtyEnd(), PtyEnd()
    tap = EscposTap("bench", profile, (till.port, printer.port))
    tap.start()
    _await(lambda: tap.state() == "ok")
    stop = threading.Event()

    def fetch() -> None:
        while not stop.is_set():
            tap.next_receipt(timeout_ms=100)

    fetcher = threading.Thread(target=fetch, daemon=True)
    fetcher.start()
    times = _times(till, printer)
    inside = [micros / 1_000 for micros in tap.forward_micros()]
    stop.set()
    fetcher.join()
    tap.stop()
    till.close()
    printer.close()
    return times, inside


def _times(till: PtyEnd, printer: PtyEnd) -> list[float]:
    """Time blocks of real receipts, with a pause after each as a line has."""
    blocks: Sequence[bytes] = _blocks()
    times = []
    for number in range(BLOCKS):
        block = blocks[number % len(blocks)]
        time.sleep(PAUSE_S)
        started = time.perf_counter()
        till.write(block)
        got = 0
        while got < len(block):
            got += len(printer.read(1_000))
        times.append((time.perf_counter() - started) * 1_000)
    return times


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)
