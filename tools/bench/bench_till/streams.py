"""Random streams through the tap while its reader dies at random: what comes out is what went in.

The printer answers at random too, and its answers must reach the till in the same order.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.sim import PtyEnd, sale_bytes
from edge_agent.ports.till_tap import TappedReceipt
from tools.bench.report import ROOT, Row

STREAMS = 10_000
CRASH_SHARE = 0.05
ANSWER_SHARE = 0.1
STREAM_BYTES_MAX = 600
PATIENCE_S = 10.0
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]


@dataclass(slots=True)
class Passed:
    """How the streams came out; a wrong one is one byte lost, added or out of its place."""

    streams: int = 0
    bytes_moved: int = 0
    crashes: int = 0
    answers: int = 0
    wrong: int = 0


class _Dying(JobReader):
    """A reader that dies at random."""

    rng: random.Random
    crashes = 0

    def feed(self, data: bytes, now_ms: int) -> list[TappedReceipt]:
        if type(self).rng.random() < CRASH_SHARE:
            type(self).crashes += 1
            raise RuntimeError("dies on purpose")
        return super().feed(data, now_ms)


class DyingTap(EscposTap):
    """The tap as it ships, with a reader that dies; the next one dies too."""

    def new_reader(self) -> JobReader:
        """Return a reader that will die."""
        return _Dying(self._till, self._profile)


def pass_streams(count: int, profile: TillProfile, seed: int = 5) -> Passed:
    """Send streams one after the other through a tap and compare what the printer got."""
    rng = _Dying.rng = random.Random(seed)  # noqa: S311 - any bytes will do
    _Dying.crashes = 0
    till, printer = PtyEnd(), PtyEnd()
    tap = DyingTap("bench", profile, (till.port, printer.port))
    tap.start()
    passed = Passed()
    try:
        for number in range(count):
            data = _stream(rng, number)
            till.write(data)
            passed.wrong += _received(printer, len(data)) != data
            passed.streams, passed.bytes_moved = number + 1, passed.bytes_moved + len(data)
            if rng.random() < ANSWER_SHARE:
                answer = rng.randbytes(rng.randrange(1, 9))
                printer.write(answer)
                passed.answers += 1
                passed.wrong += _received(till, len(answer)) != answer
            while tap.next_receipt(timeout_ms=0) is not None:
                pass
    finally:
        tap.stop()
        till.close()
        printer.close()
    passed.crashes = _Dying.crashes
    return passed


def _stream(rng: random.Random, number: int) -> bytes:
    """Return a receipt, a receipt cut somewhere and mixed with noise, or noise alone."""
    whole = sale_bytes(f"{number:05d}", ITEMS)
    at = rng.randrange(len(whole))
    noise = rng.randbytes(rng.randrange(1, STREAM_BYTES_MAX))
    return rng.choice((whole, whole[:at] + noise, noise, whole[:at], noise + whole))


def _received(end: PtyEnd, count: int) -> bytes:
    """Return what came, no more than a byte beyond what was awaited."""
    got, deadline = b"", time.monotonic() + PATIENCE_S
    while len(got) < count and time.monotonic() < deadline:
        got += end.read(1_000)
    return got + end.read(0)


def rows(profile: TillProfile, count: int = STREAMS) -> Iterator[Row]:
    """Yield what the streams lost."""
    passed = pass_streams(count, profile)
    told = f"{passed.bytes_moved} bytes, reader died {passed.crashes}x, {passed.answers} answers"
    yield Row("random streams through the proxy", passed.streams, "streams", count, "higher", told)
    yield Row("streams with a byte lost, added or reordered", passed.wrong, "streams", 0)


def default_profile() -> TillProfile:
    """Return the profile the benches use."""
    return load_profile(ROOT / "device_configs", "generic-zh-32", TillProfile)
