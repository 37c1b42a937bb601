"""Frames from bytes and bytes from frames, as a table declares them: no I/O, no clock.

The decoder takes pieces of any size, keeps at most one frame, and finds the next start mark after
anything it cannot read. Inside what was a broken frame only a start mark counts: a 06 in its data
is not an acknowledgement.
"""

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.drivers.framed_ecr.checks import WIDTHS, check_of
from edge_agent.drivers.framed_ecr.lengths import read_length, write_length
from edge_agent.drivers.profiles.framed import FrameShape, LinkShape, Part
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PIECE_BYTES = 1_024
_LENGTH_BYTES_MAX = 3
_CONTROLS = bytes(range(0x20))
_FOREVER = 1 << 62


class Signal(StrEnum):
    """An answer that is no frame."""

    ACK = "ack"
    NAK = "nak"


class Broken(StrEnum):
    """What was wrong; `cut`: another frame began before the end, `silence`: nothing followed."""

    CHECK = "check"
    CUT = "cut"
    END = "end"
    ESCAPE = "escape"
    LENGTH = "length"
    LONG = "long"
    NOISE = "noise"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that passed its check: the header's bytes and the data, nothing doubled any more."""

    header: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are no frame."""

    why: Broken
    size: int


Event = Frame | Signal | Damaged
_Step = tuple[Event | None, int]


def encode(shape: FrameShape, data: bytes, header: bytes = b"") -> bytes:
    """Return a frame as it stands on the line; Fault FRAMED_UNSENDABLE for data it cannot carry."""
    if len(data) > shape.data_max or len(header) != len(shape.header):
        raise Fault(FaultCode.FRAMED_UNSENDABLE, detail="size")
    if shape.length is None:
        return _between_marks(shape, data)
    length = write_length(shape.length.form, len(data) + shape.length.adds)
    if length is None:
        raise Fault(FaultCode.FRAMED_UNSENDABLE, detail="length")
    check = check_of(shape.check, _covered(shape, header, length, data))
    return shape.start + header + length + data + check + shape.end


def _between_marks(shape: FrameShape, data: bytes) -> bytes:
    written = data.replace(shape.double, shape.double * 2) if shape.double else data
    if shape.printable and _has_controls(data):
        raise Fault(FaultCode.FRAMED_UNSENDABLE, detail="control")
    if not shape.double and (shape.start in data or shape.end in data + shape.end[:-1]):
        raise Fault(FaultCode.FRAMED_UNSENDABLE, detail="mark")
    check = check_of(shape.check, _covered(shape, b"", b"", data))
    return shape.start + written + shape.end + check


def _has_controls(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) < len(data)


def _covered(shape: FrameShape, header: bytes, length: bytes, data: bytes) -> bytes:
    parts: dict[Part, bytes] = {
        "start": shape.start,
        "header": header,
        "length": length,
        "data": data,
        "end": shape.end[-1:],
    }
    return b"".join(parts[name] for name in shape.check.covers)


class Decoder:
    """Feeds on bytes and gives events; one per line, used by one thread."""

    def __init__(self, shape: FrameShape, link: LinkShape) -> None:
        self._shape = shape
        self._width = WIDTHS[shape.check.kind]
        self._signals = {
            mark: signal
            for mark, signal in ((link.ack, Signal.ACK), (link.nak, Signal.NAK))
            if mark
        }
        self._mark_max = max(map(len, (shape.start, *self._signals)))
        doubled = 2 if shape.double else 1
        self._raw_max = (
            len(shape.start) + len(shape.header) + _LENGTH_BYTES_MAX + shape.data_max * doubled
        )
        self._buffer = bytearray()
        self._deaf = 0
        self._undo: tuple[int, bytearray] = (0, bytearray())

    @property
    def pending(self) -> int:
        """How many bytes wait for more; never more than one frame and a piece."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Event]:
        """Take more bytes and return what is complete."""
        events: list[Event] = []
        for at in range(0, len(data), PIECE_BYTES):
            self._buffer += data[at : at + PIECE_BYTES]
            self._drain(events)
        return events

    def silence(self) -> list[Event]:
        """Give up what is not complete, because nothing followed; frames behind it are kept."""
        events: list[Event] = []
        while self._buffer:
            self._take(Damaged(Broken.SILENCE, 1), 1, events)
            self._deaf = _FOREVER
            self._drain(events)
        self._deaf = 0
        return events

    # ---- inside ---------------------------------------------------------------------------------

    def _drain(self, events: list[Event]) -> None:
        while self._buffer:
            step = self._step()
            if step is None:
                return
            event, used = step
            self._take(event, used, events)

    def _take(self, event: Event | None, used: int, events: list[Event]) -> None:
        """Use up bytes; what follows a broken frame is a part of it and not told again."""
        quiet = self._deaf > 0 and isinstance(event, Damaged) and event.why is Broken.NOISE
        del self._buffer[:used]
        self._undo = (0, bytearray())
        self._deaf = max(0, self._deaf - used)
        if event is not None and not quiet:
            events.append(event)

    def _step(self) -> _Step | None:
        """Return the next event and the bytes it takes; None when more bytes are needed."""
        shape, buffer = self._shape, self._buffer
        if buffer.startswith(shape.start):
            self._deaf = 0
            if shape.length is not None:
                return self._counted()
            return self._doubled() if shape.double else self._marked()
        if not self._deaf:
            for mark, signal in self._signals.items():
                if buffer.startswith(mark):
                    return signal, len(mark)
        if self._may_begin():
            return None
        noise = self._noise()
        return Damaged(Broken.NOISE, noise), noise

    def _marks(self) -> tuple[bytes, ...]:
        return (self._shape.start, *(() if self._deaf else self._signals))

    def _may_begin(self) -> bool:
        """Tell whether all there is may be the beginning of a mark."""
        head = bytes(self._buffer[: self._mark_max])
        return any(len(head) < len(mark) and mark.startswith(head) for mark in self._marks())

    def _noise(self) -> int:
        """Return how many bytes there are until something may begin."""
        found = (self._buffer.find(mark[:1], 1) for mark in self._marks())
        return min((at for at in found if at > 0), default=len(self._buffer))

    def _failed(self, why: Broken, size: int, *, deaf: int = _FOREVER) -> _Step:
        """Give a frame up after `size` bytes; the next `deaf` bytes are still of it."""
        self._deaf = size + deaf
        return Damaged(why, size), size

    def _marked(self) -> _Step | None:
        shape, buffer = self._shape, self._buffer
        first = len(shape.start)
        end_at = buffer.find(shape.end, first)
        again = buffer.find(shape.start, first, end_at if end_at >= 0 else len(buffer))
        if again >= 0:
            return self._failed(Broken.CUT, again, deaf=0)
        if end_at > first + shape.data_max or (end_at < 0 and len(buffer) > self._raw_max):
            return self._failed(Broken.LONG, end_at if end_at > 0 else len(buffer))
        if end_at < 0:
            return None
        return self._checked(bytes(buffer[first:end_at]), end_at + len(shape.end))

    def _doubled(self) -> _Step | None:
        """Read a frame whose data has every `double` twice; goes on where it stopped."""
        shape, buffer, escape = self._shape, self._buffer, self._shape.double
        at, data = self._undo
        at = at or len(shape.start)
        while True:
            if len(data) > shape.data_max or at > self._raw_max:
                return self._failed(Broken.LONG, at)
            hit = buffer.find(escape, at)
            upto = len(buffer) if hit < 0 else hit
            data += buffer[at:upto]
            at = upto
            self._undo = (at, data)
            pair = bytes(buffer[at : at + 2])
            if len(pair) < 2:  # noqa: PLR2004 -- the byte and its double
                too_long = len(data) > shape.data_max
                return self._failed(Broken.LONG, at) if too_long else None
            if pair == shape.end:
                return self._checked(bytes(data), at + 2)
            if pair != escape * 2:
                why = Broken.CUT if pair == shape.start else Broken.ESCAPE
                return self._failed(why, at, deaf=0 if why is Broken.CUT else _FOREVER)
            data += escape
            at += 2

    def _checked(self, data: bytes, end: int) -> _Step | None:
        """Compare the check behind the end mark."""
        check = bytes(self._buffer[end : end + self._width])
        if len(check) < self._width:
            return None
        if len(data) > self._shape.data_max:
            return self._failed(Broken.LONG, end, deaf=self._width)
        right = check_of(self._shape.check, _covered(self._shape, b"", b"", data))
        if check != right or (self._shape.printable and _has_controls(data)):
            return self._failed(Broken.CHECK, end, deaf=self._width)
        return self._accepted(b"", data, end + self._width)

    def _counted(self) -> _Step | None:
        """Read a frame that says how long it is."""
        shape, buffer = self._shape, self._buffer
        head = len(shape.start) + len(shape.header)
        length = shape.length
        said = None if length is None else read_length(length.form, buffer, head)
        if length is None or said is None:
            return None
        size = said[1] - length.adds
        if not 0 <= size <= shape.data_max:
            return self._failed(Broken.LENGTH, len(shape.start))
        first = head + said[0]
        check_at = first + size
        end_at = check_at + self._width
        whole = end_at + len(shape.end)
        if len(buffer) < whole:
            return None
        if buffer[end_at:whole] != shape.end:
            return self._failed(Broken.END, len(shape.start))
        header, data = bytes(buffer[len(shape.start) : head]), bytes(buffer[first:check_at])
        covered = _covered(shape, header, bytes(buffer[head:first]), data)
        if buffer[check_at:end_at] != check_of(shape.check, covered):
            return self._failed(Broken.CHECK, len(shape.start))
        return self._accepted(header, data, whole)

    def _accepted(self, header: bytes, data: bytes, whole: int) -> _Step:
        """Give a frame, unless a length inside its data says something else."""
        inner = self._shape.inner
        if inner is not None:
            said = read_length(inner.form, data, inner.at)
            if said is None or inner.at + said[0] + said[1] != len(data):
                return self._failed(Broken.LENGTH, whole, deaf=0)
        return Frame(header, data), whole
