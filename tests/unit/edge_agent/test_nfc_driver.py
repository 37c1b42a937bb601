"""The driver's thread over a session in memory; the real service stands in integration tests."""

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.drivers.nfc_pcsc.sim import Card, FlightyCard, ForeignCard, LeftFieldError
from edge_agent.drivers.nfc_pcsc.transport import CardLeftError, PcscError, Presence
from retail_core.limits import CARD_TAP_QUEUE_MAX
from retail_core.tally import FaultTally

READER = "Bench Reader 00"


class BenchLink:
    def __init__(self, card: Card) -> None:
        self._card = card

    def transmit(self, command: bytes) -> bytes:
        try:
            return self._card.answer(command)
        except LeftFieldError:
            raise CardLeftError("bench") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return


class Bench:
    """A PC/SC service in memory: hands out sessions, lays cards down, breaks on demand."""

    def __init__(self) -> None:
        self.plugged: tuple[str, ...] = (READER,)
        self.broken = False
        self.established = 0
        self._card: Card | None = None
        self._changes = 0
        self._news: deque[Presence] = deque()
        self._wake = threading.Condition()
        self._cancelled = False

    def connect(self) -> "Bench":
        self.established += 1
        if self.broken:
            raise PcscError("SCardEstablishContext", 0)
        return self

    def lay(self, card: Card, *, announced: int = 1) -> None:
        with self._wake:
            self._card = card
            self._changes += 1
            self._news.extend([Presence(READER, present=True, changes=self._changes)] * announced)
            self._wake.notify_all()

    def lift(self) -> None:
        with self._wake:
            self._changes += 1
            self._news.append(Presence(READER, present=False, changes=self._changes))
            self._wake.notify_all()

    def crash(self) -> None:
        with self._wake:
            self.broken = True
            self._wake.notify_all()

    def readers(self) -> tuple[str, ...]:
        return self.plugged

    def wait(self, readers: tuple[str, ...], *, timeout_ms: int) -> tuple[Presence, ...]:
        with self._wake:
            self._wake.wait_for(
                lambda: self._news or self.broken or self._cancelled, timeout_ms / 1000
            )
            if self.broken:
                raise PcscError("SCardGetStatusChange", 0)
            news = tuple(self._news) if readers else ()
            self._news.clear()
            return news

    def open(self, reader: str) -> BenchLink:
        assert self._card is not None
        return BenchLink(self._card)

    def cancel(self) -> None:
        with self._wake:
            self._cancelled = True
            self._wake.notify_all()

    def close(self) -> None:
        return


class Watched:
    """A started driver over a bench, stopped at the end of the block."""

    def __init__(
        self, bench: Bench, wanted: str = "Bench", elsewhere: tuple[str, ...] = ()
    ) -> None:
        self.tally = FaultTally()
        self.driver = PcscNfcReader(
            wanted, tally=self.tally, elsewhere=elsewhere, connect=bench.connect
        )

    def __enter__(self) -> Self:
        self.driver.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.driver.stop()

    def settle(self, state: str) -> bool:
        return eventually(lambda: self.driver.state() == state)

    def counted(self, code: str, times: int) -> bool:
        return eventually(lambda: self.tally.snapshot().get(code) == times)


def eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(1_000):
        if holds():
            return True
        threading.Event().wait(0.005)
    return False


def test_a_card_is_read_once_however_often_its_presence_is_reported() -> None:
    bench = Bench()
    with Watched(bench) as watched:
        bench.lay(ForeignCard(b"\x01\x02\x03\x04"), announced=3)
        tap = watched.driver.next_tap(timeout_ms=5_000)
        assert tap is not None
        assert (tap.reader, tap.uid, tap.ndef_uri) == (READER, b"\x01\x02\x03\x04", None)
        assert watched.driver.next_tap(timeout_ms=50) is None
        assert watched.tally.snapshot() == {"R303": 1}


def test_the_same_card_laid_down_again_is_another_tap() -> None:
    bench = Bench()
    with Watched(bench) as watched:
        for _ in range(2):
            bench.lay(ForeignCard(b"\x01"))
            assert watched.driver.next_tap(timeout_ms=5_000) is not None
            bench.lift()


def test_only_the_newest_taps_are_kept() -> None:
    bench = Bench()
    with Watched(bench) as watched:
        total = CARD_TAP_QUEUE_MAX + 3
        for number in range(total):
            bench.lay(ForeignCard(bytes((number,))))
            assert watched.counted("R303", number + 1)
        kept = [watched.driver.next_tap(timeout_ms=100) for _ in range(CARD_TAP_QUEUE_MAX)]
        assert [tap.uid[0] for tap in kept if tap] == list(range(3, total))
        assert watched.driver.next_tap(timeout_ms=1) is None


def test_a_card_that_left_is_counted_not_queued() -> None:
    bench = Bench()
    with Watched(bench) as watched:
        bench.lay(FlightyCard(ForeignCard(b"\x01"), commands=1))
        assert watched.counted("R306", 1)
        bench.lay(ForeignCard(b"\x02"))
        tap = watched.driver.next_tap(timeout_ms=5_000)
        assert tap is not None
        assert tap.uid == b"\x02"
        assert watched.tally.snapshot() == {"R303": 1, "R306": 1}


def test_a_card_held_too_loosely_is_tried_again() -> None:
    class Loose(ForeignCard):
        tries = 0

        def answer(self, command: bytes) -> bytes:
            self.tries += 1
            if self.tries <= 2:
                raise LeftFieldError
            return super().answer(command)

    bench = Bench()
    with Watched(bench) as watched:
        bench.lay(Loose(b"\x01"))
        tap = watched.driver.next_tap(timeout_ms=5_000)
        assert tap is not None
        assert watched.tally.snapshot() == {"R303": 1, "R306": 1}


def test_a_missing_service_shows_and_is_retried() -> None:
    bench = Bench()
    bench.broken = True
    with Watched(bench) as watched:
        assert watched.settle("gone")
        bench.broken = False
        assert watched.settle("ok")
        assert watched.tally.snapshot() == {"R302": 1}
        bench.crash()
        assert watched.settle("gone")
        assert watched.tally.snapshot() == {"R302": 2}
        bench.broken = False
        assert watched.settle("ok")
        assert bench.established >= 3


def test_a_reader_of_another_name_does_not_count() -> None:
    with Watched(Bench(), wanted="ACR1252") as watched:
        assert watched.settle("gone")


def test_a_reader_that_two_lanes_name_is_neither_ones() -> None:
    # Neither name is a part of the other, so the settings cannot see it: the reader shows it.
    for wanted, other in ((READER[:-2], READER[2:]), (READER[2:], READER[:-2])):
        with Watched(Bench(), wanted, elsewhere=(other,)) as watched:
            assert watched.settle("gone")
    with Watched(Bench(), READER[:-2], elsewhere=("another",)) as watched:
        assert watched.settle("ok")


def test_starting_twice_keeps_one_thread() -> None:
    bench = Bench()
    with Watched(bench) as watched:
        assert watched.settle("ok")
        watched.driver.start()
        assert bench.established == 1


def test_a_hanging_read_shows_as_gone() -> None:
    let_go = threading.Event()

    class Wedged(ForeignCard):
        def answer(self, command: bytes) -> bytes:
            let_go.wait(20)
            return super().answer(command)

    bench = Bench()
    with Watched(bench) as watched:
        assert watched.settle("ok")
        bench.lay(Wedged(b"\x01"))
        assert watched.settle("gone")
        let_go.set()
        assert watched.driver.next_tap(timeout_ms=5_000) is not None
        assert watched.settle("ok")
