"""`python -m tools.bench.bench_tap [--data DIR]`: what a tap costs the till, and how well it reads.

A chunk is timed from the till's write to the printer's read, with nothing between (one
pseudo-terminal), through the bare transport of the tap, and through the tap with its reader busy.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from edge_agent.drivers.lines.transport import WakeUp, open_port
from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.evaluate import evaluate
from edge_agent.drivers.till_escpos.sim import OldTill, PtyEnd, RecordingPrinter, sale_bytes
from tools.bench.report import ROOT, Bench, Row

CHUNKS = 400
CHUNK = "可口可乐330ml        2        7.00\n".encode("gb18030")
RECEIPTS = 60
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250), ("德芙巧克力", 3, 990)]
PAUSE_S = 0.005
RECEIPT_BAR_MS = 100.0


def main(arguments: list[str]) -> int:
    """Run all of it; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of streams with manifest.jsonl")
    folder = parser.parse_args(arguments).data
    profile = load_profile(ROOT / "device_configs", "generic-zh-32", TillProfile)
    bench = Bench("tap")
    _one_wire(bench, profile)
    _through_the_tap(bench, profile)
    _receipts(bench, profile)
    if folder is not None:
        _score(bench, folder)
    return bench.finish()


def _one_wire(bench: Bench, profile: TillProfile) -> None:
    till, wake = PtyEnd(), WakeUp()
    port = open_port(till.port, profile.line)

    def pass_on() -> None:
        till.write(CHUNK)
        got = 0
        while got < len(CHUNK):
            got += len(port.read(wake))

    bench.add_times("chunk, one wire", _times(pass_on), p95_bar=None)
    port.close()
    till.close()
    wake.close()


def _through_the_tap(bench: Bench, profile: TillProfile) -> None:
    till, printer = PtyEnd(), PtyEnd()
    tap = EscposTap("bench", profile, (till.port, printer.port))
    tap.start()
    _await(lambda: tap.state() == "ok")

    def pass_on() -> None:
        till.write(CHUNK)
        got = 0
        while got < len(CHUNK):
            got += len(printer.read(1_000))

    bench.add_times("chunk, through the tap", _times(pass_on), p95_bar=None)
    inside = [micros / 1_000 for micros in tap.forward_micros()]
    bench.add_times("chunk, inside the tap", inside, p95_bar=None)
    tap.stop()
    till.close()
    printer.close()


def _receipts(bench: Bench, profile: TillProfile) -> None:
    till, printer = OldTill(), RecordingPrinter()
    tap = EscposTap("bench", profile, (till.port, printer.port))
    tap.start()
    _await(lambda: tap.state() == "ok")
    times: list[float] = []
    sent = b""
    for number in range(RECEIPTS):
        stream = sale_bytes(f"{number:04d}", ITEMS)
        started = time.perf_counter()
        sent += till.print_bytes(stream)
        receipt = tap.next_receipt(timeout_ms=5_000)
        times.append((time.perf_counter() - started) * 1_000)
        if receipt is None or receipt.fault is not None:
            raise RuntimeError(f"receipt {number} was not read")
    _await(lambda: printer.received() == sent)
    bench.add_times("receipt printed → read", times, p95_bar=RECEIPT_BAR_MS)
    tap.stop()
    till.stop()
    printer.stop()


def _score(bench: Bench, folder: Path) -> None:
    score = evaluate(folder, load_profile(ROOT / "device_configs", "generic-auto", TillProfile))
    bench.add(Row("sales in the folder", score.sales, "receipts"))
    bench.add(Row("totals exact and trusted", score.total_exact, "receipts", better="higher"))
    bench.add(Row("articles, F1", score.item_f1, "", better="higher"))
    bench.add(Row("false sales", score.false_sales, "streams", 0))
    bench.add(Row("trusted with a wrong total", score.wrong_totals, "receipts", 0))
    bench.add(Row("bytes not understood", score.unknown_bytes, "bytes"))


def _times(work: Callable[[], None]) -> list[float]:
    """Time one chunk after the other, with a pause as a serial line has."""
    times = []
    for _ in range(CHUNKS):
        time.sleep(PAUSE_S)
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1_000)
    return times


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
