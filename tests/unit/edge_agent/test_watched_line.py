"""A watched line: whatever its watcher does, every byte goes on, once and in order."""

import random
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from edge_agent.drivers.lines.watched import HOLD_BYTES_MAX, Step, WatchedLine
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.sim import PtyEnd
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

ROUNDS = 20


def dice(seed: int) -> random.Random:
    """Return dice that fall the same way each time."""
    return random.Random(seed)  # noqa: S311 -- no secret hangs on it


class Moody:
    """Holds bytes back as it likes, and fails as it likes."""

    def __init__(self, rnd: random.Random, *, fails: bool = True) -> None:
        self._rnd = rnd
        self._fails = fails
        self._held = 0
        self.resets = 0

    def feed(self, data: bytes, now_ms: int) -> Iterable[Step]:
        self._held += len(data)
        while self._held and self._rnd.random() < 0.7:
            if self._fails and self._rnd.random() < 0.2:
                raise KeyError(data)
            taken = self._rnd.randint(1, self._held)
            self._held -= taken
            yield Step(taken=taken)

    def tick(self, now_ms: int) -> Iterable[Step]:
        yield Step(taken=self._held)
        self._held = 0

    def wait_ms(self, now_ms: int) -> int | None:
        return 5 if self._held else None

    def reset(self) -> None:
        self._held = 0
        self.resets += 1

    def farewell(self) -> bytes:
        return b""


class Holding(Moody):
    """Never lets anything go."""

    def feed(self, data: bytes, now_ms: int) -> Iterable[Step]:
        return ()

    def tick(self, now_ms: int) -> Iterable[Step]:
        return ()


@contextmanager
def a_line(watch: Moody, tally: FaultTally) -> Iterator[tuple[PtyEnd, PtyEnd, WatchedLine]]:
    till, device, up = PtyEnd(), PtyEnd(), threading.Event()
    line = WatchedLine(
        (till.port, device.port),
        SerialLine(),
        watch,
        on_state=lambda state: up.set() if state == "ok" else None,
        tally=tally,
    )
    line.start()
    assert up.wait(10)
    yield till, device, line
    line.stop()
    till.close()
    device.close()


def received(end: PtyEnd, count: int) -> bytes:
    """Read until so many bytes are there, or nothing comes any more."""
    data = b""
    while len(data) < count and (more := end.read(5_000)):
        data += more
    return data


def test_a_watcher_that_fails_anywhere_costs_no_byte() -> None:
    rnd, tally = dice(5), FaultTally()
    watch = Moody(rnd)
    with a_line(watch, tally) as (till, device, line):
        for _ in range(ROUNDS):
            sent = rnd.randbytes(rnd.randint(1, 400))
            till.write(sent)
            assert received(device, len(sent)) == sent
        assert line.micros()
    failures = tally.snapshot()[FaultCode.TILL_WATCH_FAILED.value]
    assert failures > 0
    assert watch.resets >= failures


@pytest.mark.parametrize("size", [7, HOLD_BYTES_MAX + 1])
def test_what_is_held_for_ever_goes_on_all_the_same(size: int) -> None:
    with a_line(Holding(dice(1)), FaultTally()) as (till, device, _):
        sent = bytes(range(256)) * 8
        till.write(sent[:size])
        assert received(device, size) == sent[:size]


def test_what_is_held_goes_on_when_the_line_is_left() -> None:
    till, device = PtyEnd(), PtyEnd()
    up = threading.Event()
    line = WatchedLine(
        (till.port, device.port),
        SerialLine(),
        Holding(dice(1)),
        on_state=lambda _state: up.set(),
        tally=FaultTally(),
    )
    line.start()
    assert up.wait(10)
    till.write(b"8123")
    line.stop()
    assert received(device, 4) in {b"8123", b""}, "read or not read, never half"
    till.close()
    device.close()


def test_answers_come_back_meanwhile() -> None:
    with a_line(Moody(dice(2), fails=False), FaultTally()) as (till, device, line):
        device.write(b"\x12ready")
        assert received(till, 6) == b"\x12ready"
        line.nudge()
        device.write(b"again")
        assert received(till, 5) == b"again"
