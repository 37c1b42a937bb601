"""The `NfcReader` over PC/SC: one thread that waits for cards, reads them and survives pcscd."""

import threading
import time
from collections import deque
from collections.abc import Callable

from edge_agent.drivers.nfc_pcsc.frames import TagContent, converse, read_tag
from edge_agent.drivers.nfc_pcsc.transport import (
    CardLeftError,
    PcscError,
    PcscSession,
    Presence,
    Session,
)
from edge_agent.ports.nfc import CardTap
from retail_core.limits import CARD_TAP_QUEUE_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

WAIT_MS = 1_000
RETRY_S = 0.5
READ_AGAIN_MS = 150
READ_TRIES = 4
READ_STALL_MS = 2_000
_CANCEL_EVERY_S = 0.05
_STOP_TRIES = 100


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class PcscNfcReader:
    """Watches every reader whose name contains `reader`; the newest taps are kept, bounded.

    A tap's `detected_mono_ms` is taken when pcscd reports the card: what the radio and the reader
    needed before that is theirs. A card still lying there when the agent starts counts as a tap.
    A reader that a name part of `elsewhere`, another lane's, fits as well is left alone: its cards
    would be read at both. With `numbers_alone` a card that has no link is nothing to be counted as
    foreign.
    """

    def __init__(
        self,
        reader: str = "",
        *,
        tally: FaultTally | None = None,
        numbers_alone: bool = False,
        elsewhere: tuple[str, ...] = (),
        connect: Callable[[], Session] = PcscSession,
    ) -> None:
        self._wanted = reader
        self._elsewhere = elsewhere
        self._tally = tally or FaultTally()
        self._numbers_alone = numbers_alone
        self._connect = connect
        self._taps: deque[CardTap] = deque(maxlen=CARD_TAP_QUEUE_MAX)
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._session: Session | None = None
        self._state = "starting"
        self._reading_since_ms: int | None = None
        self._seen: dict[str, int] = {}
        self._unread: dict[str, int] = {}

    def start(self) -> None:
        """Begin watching in a thread of its own; calling it again changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="nfc", daemon=True)
            self._thread.start()

    def next_tap(self, *, timeout_ms: int) -> CardTap | None:
        """Return the oldest tap that waits, or None when none came in time."""
        with self._news:
            self._news.wait_for(lambda: bool(self._taps), timeout_ms / 1000)
            return self._taps.popleft() if self._taps else None

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`; a read that hangs counts as gone."""
        since = self._reading_since_ms
        if since is not None and _mono_ms() - since > READ_STALL_MS:
            return "gone"
        return self._state

    def stop(self) -> None:
        """Stop the thread; safe to call twice."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._end(thread)
        self._state = "starting"

    def _end(self, thread: threading.Thread) -> None:
        """Wake the thread until it ends; one that hangs in a dead reader is left behind."""
        for _ in range(_STOP_TRIES):
            session = self._session
            if session is not None:
                session.cancel()  # again and again: one that comes before the wait is lost
            thread.join(_CANCEL_EVERY_S)
            if not thread.is_alive():
                return

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._watch()
            except PcscError:
                self._lost()
            self._stopping.wait(RETRY_S)

    def _watch(self) -> None:
        """Use one context until it fails or the driver is stopped."""
        session = self._connect()
        self._session = session
        self._seen.clear()
        self._unread.clear()
        try:
            while not self._stopping.is_set():
                readers = tuple(filter(self._is_ours, session.readers()))
                if readers:
                    self._state = "ok"
                else:
                    self._lost()
                self._look(session, readers)
        finally:
            self._session = None
            session.close()

    def _is_ours(self, name: str) -> bool:
        return self._wanted in name and not any(part in name for part in self._elsewhere)

    def _lost(self) -> None:
        if self._state != "gone":
            self._tally.count(FaultCode.NFC_READER_GONE)
        self._state = "gone"

    def _look(self, session: Session, readers: tuple[str, ...]) -> None:
        """Wait for cards; meanwhile try those again that lie there but could not be read."""
        timeout_ms = READ_AGAIN_MS if self._unread else WAIT_MS
        news = session.wait(readers, timeout_ms=timeout_ms)
        detected_ms = _mono_ms()
        for presence in news:
            self._met(session, presence, detected_ms)
        for reader in () if news else tuple(self._unread):
            self._try(session, reader, detected_ms)

    def _met(self, session: Session, presence: Presence, detected_ms: int) -> None:
        """Read a card that was laid down since we last looked."""
        if self._seen.get(presence.reader) == presence.changes:
            return
        self._seen[presence.reader] = presence.changes
        self._unread.pop(presence.reader, None)
        if presence.present:
            self._unread[presence.reader] = READ_TRIES
            self._try(session, presence.reader, detected_ms)

    def _try(self, session: Session, reader: str, detected_ms: int) -> None:
        """Read once; a card held too loosely stays in `_unread` for a few more tries."""
        started = time.perf_counter()
        tries = self._unread.pop(reader)
        try:
            content = self._read(session, reader)
        except CardLeftError:
            if tries == READ_TRIES:
                self._tally.count(FaultCode.NFC_CARD_REMOVED)
            if tries > 1:
                self._unread[reader] = tries - 1
            return
        read_ms = (time.perf_counter() - started) * 1000
        if content.uri is None and not self._numbers_alone:
            self._tally.count(FaultCode.NFC_CARD_FOREIGN)
        tap = CardTap(reader, content.uid, content.uri, detected_ms, read_ms)
        with self._news:
            self._taps.append(tap)
            self._news.notify_all()

    def _read(self, session: Session, reader: str) -> TagContent:
        """Hold the dialogue with the card; raises CardLeftError or PcscError."""
        self._reading_since_ms = _mono_ms()
        try:
            with session.open(reader) as link:
                return converse(read_tag(), link.transmit)
        finally:
            self._reading_since_ms = None
