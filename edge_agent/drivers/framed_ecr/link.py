"""Who owes whom an answer: one frame under way at a time, repeated until it is acknowledged.

Pure: time comes in, actions go out. Two ways of answering, as the profile says: ACK and NAK marks
(the peer's frames have no number, so the same bytes within a while are the same message), or a
frame with the acknowledgement flag and the id of what it answers.

A mark does not say which frame it answers. The next frame therefore waits a moment, in which an
answer that came twice is passed over, and after a repetition one whole answer time.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.drivers.framed_ecr.codec import Broken, Damaged, Event, Frame, Signal, encode
from edge_agent.drivers.profiles.framed import FrameShape, LinkShape
from retail_core.limits import FRAMED_QUEUE_MAX

_IDS = 256
_ACK_FLAG = 1
# Whoever sent this will send it again when told that it did not arrive.
_REPEATABLE = frozenset({Broken.CHECK, Broken.SILENCE, Broken.END, Broken.ESCAPE, Broken.LONG})


@dataclass(frozen=True, slots=True)
class Write:
    """Put these bytes on the line."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message from the other side, once."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """The other side has this message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Nobody acknowledged this message; it may have arrived all the same."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Bad:
    """A damaged frame was heard."""

    why: Broken


Action = Write | Deliver | Done | Undelivered | Bad


@dataclass(slots=True)
class _UnderWay:
    data: bytes
    raw: bytes
    id: int
    due_ms: int
    tries: int = 1


class Link:
    """One end of a line; used by one thread."""

    def __init__(self, frame: FrameShape, link: LinkShape, *, first_id: int = 1) -> None:
        self._frame = frame
        self._link = link
        self._by_id = "id" in frame.header
        self._next_id = first_id % _IDS
        self._waiting: deque[bytes] = deque()
        self._out: _UnderWay | None = None
        self._free_ms = 0
        self._last: tuple[bytes, bytes, int] | None = None
        self._beat_ms: int | None = None

    @property
    def idle(self) -> bool:
        """Whether everything sent was acknowledged or given up."""
        return self._out is None and not self._waiting

    def send(self, data: bytes, now_ms: int) -> list[Action]:
        """Send a message when its turn comes; Fault FRAMED_UNSENDABLE, and a full queue says so."""
        encode(self._frame, data, self._header(self._link.types.data, 0, 0))
        if len(self._waiting) >= FRAMED_QUEUE_MAX:
            return [Undelivered(data)]
        self._waiting.append(data)
        return self._begin(now_ms)

    def got(self, event: Event, now_ms: int) -> list[Action]:
        """Take what the decoder found."""
        match event:
            case Signal.ACK:
                return [] if self._by_id else self._acknowledged(now_ms)
            case Signal.NAK:
                return [] if self._by_id else self._again(now_ms)
            case Frame():
                return self._framed(event, now_ms)
            case Damaged():
                nak = self._link.nak if event.why in _REPEATABLE else b""
                said: list[Action] = [Write(nak)] if nak and not self._by_id else []
                return [*said, Bad(event.why)]

    def tick(self, now_ms: int) -> list[Action]:
        """Do what is due."""
        if self._out is not None and now_ms >= self._out.due_ms:
            return self._again(now_ms)
        return [*self._beat(now_ms), *self._begin(now_ms)]

    def due_ms(self) -> int | None:
        """Return when `tick` has something to do; None when nothing is due."""
        beat = self._beat_ms
        if self._out is not None:
            return self._out.due_ms if beat is None else min(beat, self._out.due_ms)
        if self._waiting:
            return self._free_ms
        return beat

    # ---- inside ---------------------------------------------------------------------------------

    def _header(self, type_: int, ack: int, id_: int) -> bytes:
        values = {"type": type_, "ack": ack, "id": id_}
        return bytes(values[name] for name in self._frame.header)

    def _field(self, frame: Frame, name: str) -> int:
        for held, value in zip(self._frame.header, frame.header, strict=True):
            if held == name:
                return value
        return 0

    def _begin(self, now_ms: int) -> list[Action]:
        if self._out is not None or not self._waiting or now_ms < self._free_ms:
            return []
        data, id_ = self._waiting.popleft(), self._next_id
        self._next_id = (id_ + 1) % _IDS
        raw = encode(self._frame, data, self._header(self._link.types.data, 0, id_))
        self._out = _UnderWay(data, raw, id_, now_ms + self._link.ack_ms)
        return [Write(raw)]

    def _again(self, now_ms: int) -> list[Action]:
        out = self._out
        if out is None:
            return []
        if out.tries > self._link.retries:
            return self._ended(Undelivered, out, now_ms)
        out.tries += 1
        out.due_ms = now_ms + self._link.ack_ms
        return [Write(out.raw)]

    def _acknowledged(self, now_ms: int) -> list[Action]:
        return [] if self._out is None else self._ended(Done, self._out, now_ms)

    def _ended(
        self, how: Callable[[bytes], Done | Undelivered], out: _UnderWay, now_ms: int
    ) -> list[Action]:
        self._out = None
        if how is Undelivered:
            # Whoever never had the answer asks again, and is to have it then.
            self._last = None
        if not self._by_id:
            pause_ms = self._link.ack_ms if out.tries > 1 else self._link.settle_ms
            self._free_ms = now_ms + pause_ms
        return [how(out.data), *self._begin(now_ms)]

    def _framed(self, frame: Frame, now_ms: int) -> list[Action]:
        if not self._by_id:
            return [Write(self._link.ack), *self._delivered(frame, now_ms)]
        id_ = self._field(frame, "id")
        if self._field(frame, "ack"):
            ours = self._out is not None and self._out.id == id_
            return self._acknowledged(now_ms) if ours else []
        type_ = self._field(frame, "type")
        answer = Write(encode(self._frame, b"", self._header(type_, _ACK_FLAG, id_)))
        plain = "type" not in self._frame.header or type_ == self._link.types.data
        return [answer, *(self._delivered(frame, now_ms) if plain else ())]

    def _delivered(self, frame: Frame, now_ms: int) -> list[Action]:
        """Deliver a message the first time; a repetition was only acknowledged again.

        The time counts from what was delivered: a till that asks the same every few seconds is
        answered now and then, and not only once.
        """
        held = self._last
        same = held is not None and held[:2] == (frame.header, frame.data)
        if same and held is not None and now_ms - held[2] <= self._link.repeat_ms:
            return []
        self._last = (frame.header, frame.data, now_ms)
        return [Deliver(frame.data)]

    def _beat(self, now_ms: int) -> list[Action]:
        every, type_ = self._link.heartbeat_ms, self._link.types.heartbeat
        if not every or type_ is None:
            return []
        due = self._beat_ms is None or now_ms >= self._beat_ms
        if not due:
            return []
        self._beat_ms = now_ms + every
        return [Write(encode(self._frame, b"", self._header(type_, 0, 0)))]
