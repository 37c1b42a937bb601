"""The `FramedTill`: one thread holds the line, decodes, acknowledges and answers.

A request is handed on after it was acknowledged, once; its answer is repeated until the till has
it. The line is polled with the link's own deadlines: nothing runs while nothing is due.
"""

import queue
import select
import threading
import time
from collections import deque
from dataclasses import replace

import structlog

from edge_agent.domain.till_request import TillAnswer, TillRequest
from edge_agent.drivers.framed_ecr.codec import Broken, Decoder, Event
from edge_agent.drivers.framed_ecr.link import Action, Bad, Deliver, Link, Undelivered, Write
from edge_agent.drivers.framed_ecr.messages import Messages
from edge_agent.drivers.lines.port import Port, PortGoneError, WakeUp, wait_for
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.lines.watched import OpenPort
from edge_agent.drivers.profiles import FramedProfile
from retail_core.errors import Fault
from retail_core.limits import FRAMED_QUEUE_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

_REOPEN_S = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger("framed")


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class FramedEcr:
    """One till that speaks in frames; `till` is its id."""

    def __init__(
        self,
        till: str,
        profile: FramedProfile,
        port: str,
        *,
        tally: FaultTally | None = None,
        open_line: OpenPort = open_port,
    ) -> None:
        self.name = f"framed {till}"
        self._profile = profile
        self._address = port
        self._tally = tally or FaultTally()
        self._open_line = open_line
        self._messages = Messages(profile.message)
        self._requests: queue.Queue[TillRequest] = queue.Queue(FRAMED_QUEUE_MAX)
        self._answers: deque[bytes] = deque(maxlen=FRAMED_QUEUE_MAX)
        self._wake: WakeUp | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._stream = 0
        self._state = "starting"

    def start(self) -> None:
        """Open the line and listen; calling it again changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._wake = WakeUp()
            self._thread = threading.Thread(
                target=self._run, args=(self._wake,), name=self.name, daemon=True
            )
            self._thread.start()

    def next_request(self, *, timeout_ms: int) -> TillRequest | None:
        """Return the oldest request that waits, or None when none came in time."""
        try:
            return self._requests.get(timeout=max(timeout_ms, 1) / 1000)
        except queue.Empty:
            return None

    def answer(self, request: TillRequest, answer: TillAnswer) -> None:
        """Send an answer when the line is free; an operation without one gets none."""
        data = self._messages.write(request, answer)
        if data and request.stream != self._stream:
            self._tally.count(FaultCode.FRAMED_UNANSWERED)
        elif data:
            self._answers.append(data)
            if self._wake is not None:
                self._wake.nudge()

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        return self._state

    def stop(self) -> None:
        """Close the line; safe to call twice."""
        if self._thread is not None and self._wake is not None:
            self._stopping.set()
            self._wake.set()
            self._thread.join()
            self._wake.close()
            self._thread, self._wake = None, None
        self._state = "starting"

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self, wake: WakeUp) -> None:
        failed = 0
        while not self._stopping.is_set():
            try:
                port = self._open_line(self._address, self._profile.line)
            except Fault as fault:
                self._gone(fault.code)
                self._stopping.wait(_REOPEN_S[min(failed, len(_REOPEN_S) - 1)])
                failed += 1
                continue
            failed, self._state = 0, "ok"
            self.begin_stream()
            try:
                _Talk(self, port, wake).run()
            except PortGoneError:
                self._gone(FaultCode.TILL_PORT_OPEN)
                self._stopping.wait(_REOPEN_S[0])
            except Exception as error:  # noqa: BLE001 -- a bug costs one connection, not the thread
                log.warning("talk_failed", till=self.name, error=type(error).__name__)
                self._gone(FaultCode.API_INTERNAL)
                self._stopping.wait(_REOPEN_S[-1])
            finally:
                port.close()

    def begin_stream(self) -> None:
        """Give up what was meant for a line that is gone: another customer may stand there now."""
        self._stream += 1
        while self.next_answer() is not None:
            self._tally.count(FaultCode.FRAMED_UNANSWERED)

    def _gone(self, code: FaultCode) -> None:
        if self._state != "gone":
            self._tally.count(code)
        self._state = "gone"

    def take(self, data: bytes) -> None:
        """Read a message of the till and hand it on; what cannot be read is counted."""
        try:
            self._requests.put_nowait(replace(self._messages.read(data), stream=self._stream))
        except Fault as fault:
            self._tally.count(fault.code)
            log.warning("request_unreadable", till=self.name, why=fault.fields.get("detail"))
        except queue.Full:
            self._tally.count(FaultCode.FRAMED_UNANSWERED)

    def note(self, code: FaultCode) -> None:
        """Count a fault of the line."""
        self._tally.count(code)

    def next_answer(self) -> bytes | None:
        """Return the next answer to be sent."""
        return self._answers.popleft() if self._answers else None

    @property
    def profile(self) -> FramedProfile:
        """What this till speaks."""
        return self._profile

    @property
    def stopping(self) -> bool:
        """Whether the line is being closed."""
        return self._stopping.is_set()


class _Talk:
    """One opened line, until it is gone or closed."""

    def __init__(self, till: FramedEcr, port: Port, wake: WakeUp) -> None:
        self._till, self._port, self._wake = till, port, wake
        self._byte_ms = till.profile.link.byte_ms
        self._listen()

    def _listen(self) -> None:
        """Know nothing of what was said before: a till has connected that is not the last one."""
        profile = self._till.profile
        self._reader = Decoder(profile.frame, profile.link)
        self._link = Link(profile.frame, profile.link)
        self._silent_ms: int | None = None
        self._ended = self._port.ended

    def run(self) -> None:
        """Listen, answer, repeat; raises PortGoneError."""
        while not self._till.stopping:
            self._wake.settle()
            while (answer := self._till.next_answer()) is not None:
                self._do(self._sent(answer))
            if wait_for(self._port.fd, select.POLLIN, self._wake, timeout_ms=self._wait_ms()):
                self._hear(self._port.read(self._wake))
            if self._port.ended != self._ended:
                self._till.begin_stream()
                self._listen()
            now = _mono_ms()
            if self._silent_ms is not None and now >= self._silent_ms:
                self._silent_ms = None
                self._took(self._reader.silence())
            self._do(self._link.tick(now))

    def _wait_ms(self) -> int | None:
        due = [one for one in (self._link.due_ms(), self._silent_ms) if one is not None]
        return max(0, min(due) - _mono_ms()) if due else None

    def _hear(self, data: bytes) -> None:
        if data:
            self._took(self._reader.feed(data))
            waits = self._reader.pending > 0
            self._silent_ms = _mono_ms() + self._byte_ms if waits else None

    def _took(self, events: list[Event]) -> None:
        for event in events:
            self._do(self._link.got(event, _mono_ms()))

    def _sent(self, answer: bytes) -> list[Action]:
        try:
            return self._link.send(answer, _mono_ms())
        except Fault as fault:
            self._till.note(fault.code)
            return []

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Write(data):
                    self._write(data)
                case Deliver(data):
                    self._till.take(data)
                case Undelivered():
                    self._till.note(FaultCode.FRAMED_UNANSWERED)
                case Bad(why) if why is not Broken.NOISE:
                    self._till.note(FaultCode.FRAMED_FRAME_DAMAGED)
                case _:
                    pass

    def _write(self, data: bytes) -> None:
        while data and not self._till.stopping:
            # A nudge while the line takes nothing would wake every wait from here on.
            self._wake.settle()
            data = data[self._port.write(data, self._wake) :]
