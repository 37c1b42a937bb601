"""The other side: tills of three families, written from the published frames alone.

Nothing of the codec is used here: every family builds and takes apart its own bytes, so a mistake
the two might share shows. `Noisy` is the line between the two; it corrupts, drops, delays, repeats
and splits what it carries.

What no check of one byte can find is left out on purpose: a fault touches one byte of a frame,
makes no mark of it, and leaves an acknowledgement of one byte alone or takes it away whole.
"""

import random
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.drivers.till_escpos.sim import PtyEnd

_POLL_MS = 10
STX, ETX, ACK, NAK = 0x02, 0x03, 0x06, 0x15
_MARKS = {STX, ETX, ACK, NAK, 0x10, 0x55, 0xAA, 0xCC, 0x33, 0xA5, 0x5A}


@dataclass(slots=True)
class Peer:
    """One till: sends a message until it is acknowledged, acknowledges what it gets.

    `got` is what arrived, each message once; `failed` is what nobody acknowledged.
    """

    family: str
    write: Callable[[bytes], None]
    ack_ms: int = 300
    tries: int = 5
    got: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    failed: list[bytes] = field(default_factory=list)
    _queue: list[bytes] = field(default_factory=list)
    _held: bytes = b""
    _under_way: tuple[int, bytes, int, int] | None = None
    _id: int = 0
    _free_ms: int = 0
    _seen: tuple[int, bytes] | None = None
    _byte_ms: int = 0

    def ask(self, message: bytes) -> None:
        """Send a message when its turn comes."""
        self._queue.append(message)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._under_way is None and not self._queue

    def hear(self, data: bytes, now_ms: int) -> None:
        """Take bytes from the line; a pause breaks a frame off."""
        if self._held and now_ms - self._byte_ms > self.ack_ms // 3:
            self._held = b""
        self._byte_ms = now_ms
        self._held += data
        while self._held and (used := self._one(now_ms)):
            self._held = self._held[used:]

    def tick(self, now_ms: int) -> None:
        """Send what is due."""
        if self._under_way is None and self._queue and now_ms >= self._free_ms:
            self._id = (self._id + 1) % 256
            self._under_way = (self._id, self._queue.pop(0), now_ms + self.ack_ms, 1)
            self.write(self._frame(self._under_way[1], self._id))
        elif self._under_way is not None and now_ms >= self._under_way[2]:
            self._again(now_ms)

    # ---- inside ---------------------------------------------------------------------------------

    def _again(self, now_ms: int) -> None:
        if self._under_way is None:
            return
        id_, message, _, tries = self._under_way
        if tries >= self.tries:
            self.failed.append(message)
            self._end(now_ms, tries)
            return
        self._under_way = (id_, message, now_ms + self.ack_ms, tries + 1)
        self.write(self._frame(message, id_))

    def _end(self, now_ms: int, tries: int) -> None:
        self._under_way = None
        self._free_ms = now_ms + (self.ack_ms if tries > 1 else self.ack_ms // 3)

    def _acked(self, now_ms: int, id_: int | None = None) -> None:
        if self._under_way is not None and id_ in {None, self._under_way[0]}:
            self.sent.append(self._under_way[1])
            self._end(now_ms, self._under_way[3])

    def _arrived(self, message: bytes, id_: int) -> None:
        if self._seen != (id_, message):
            self._seen = (id_, message)
            self.got.append(message)

    def _frame(self, message: bytes, id_: int) -> bytes:
        if self.family == "55aa":
            body = bytes((0, 0, id_)) + len(message).to_bytes(2, "big") + message
            return b"\x55\xaa" + body + bytes((_xor(body, 0),)) + b"\xcc\x33"
        if self.family == "crc32":
            body = bytes((0, id_)) + len(message).to_bytes(2, "little") + message
            return b"\xa5\x5a" + body + zlib.crc32(body).to_bytes(4, "little")
        lrc = _xor(message + b"\x03", 0x7F if self.family == "ecr17" else 0)
        return b"\x02" + message + b"\x03" + bytes((lrc,))

    def _one(self, now_ms: int) -> int:
        """Take one thing off the front; returns the bytes used, 0 when more are needed."""
        if self.family in {"55aa", "crc32"}:
            return self._numbered(now_ms)
        if self._held[0] in {ACK, NAK}:
            return self._answered(now_ms)
        return self._marked() if self._held[0] == STX else 1

    def _answered(self, now_ms: int) -> int:
        width = 3 if self.family == "ecr17" else 1
        if len(self._held) < width:
            return 0
        if self._held[0] == ACK:
            self._acked(now_ms)
        else:
            self._again(now_ms)
        return width

    def _marked(self) -> int:
        end = self._held.find(b"\x03")
        if end < 0 or len(self._held) < end + 2:
            return 0
        message, said = self._held[1:end], self._held[end + 1]
        from_7f = self.family == "ecr17"
        right = _xor(message + b"\x03", 0x7F if from_7f else 0)
        if said != right or min(message, default=0x20) < 0x20:  # noqa: PLR2004 -- text alone
            self.write(b"\x15\x03\x69" if from_7f else b"\x15")
        else:
            self.write(b"\x06\x03\x7a" if from_7f else b"\x06")
            self._arrived(message, 0)
        return end + 2

    def _numbered(self, now_ms: int) -> int:
        """Take a frame with a length; one byte off the front is no frame's beginning."""
        long = self.family == "55aa"
        start, head, check = (b"\x55\xaa", 5, 3) if long else (b"\xa5\x5a", 4, 4)
        if not start.startswith(self._held[:2]):
            return 1
        size = int.from_bytes(self._held[head : head + 2], "big" if long else "little")
        whole = 2 + head + size + check
        if len(self._held) < whole:
            return 0 if size <= 1_024 else 1  # noqa: PLR2004 -- as published
        body, tail = self._held[2 : 2 + head + size], self._held[2 + head + size : whole]
        right = bytes((_xor(body, 0),)) + b"\xcc\x33"
        if tail != (right if long else zlib.crc32(body).to_bytes(4, "little")):
            return 1
        ack, id_ = (body[1], body[2]) if long else (body[0], body[1])
        if ack:
            self._acked(now_ms, id_)
        else:
            self._answer(body[0], id_)
            if not long or body[0] == 0:
                self._arrived(body[head:], id_)
        return whole

    def _answer(self, type_: int, id_: int) -> None:
        if self.family == "55aa":
            body = bytes((type_, 1, id_, 0, 0))
            self.write(b"\x55\xaa" + body + bytes((_xor(body, 0),)) + b"\xcc\x33")
        else:
            body = bytes((1, id_, 0, 0))
            self.write(b"\xa5\x5a" + body + zlib.crc32(body).to_bytes(4, "little"))


@dataclass(slots=True)
class Noisy:
    """One direction of a line; `rate` is how often something happens to what is written."""

    rng: random.Random
    rate: float
    late_ms: int = 40
    _on_way: list[tuple[int, int, bytes]] = field(default_factory=list)
    _count: int = 0

    def carry(self, data: bytes, now_ms: int) -> None:
        """Take what was written; in order, sooner or later."""
        single = len(data) <= 3  # noqa: PLR2004 -- an answer of a mark
        for piece in self._wronged(data, single=single):
            late = self.rng.randrange(self.late_ms) if self.rng.random() < self.rate else 0
            due = max([now_ms + late, *(when for when, _, _ in self._on_way)])
            self._count += 1
            self._on_way.append((due, self._count, piece))

    def arrived(self, now_ms: int) -> list[bytes]:
        """Return the pieces that have come through."""
        here = [piece for due, _, piece in self._on_way if due <= now_ms]
        self._on_way = [one for one in self._on_way if one[0] > now_ms]
        return here

    def _wronged(self, data: bytes, *, single: bool) -> list[bytes]:
        if self.rng.random() >= self.rate:
            return [data]
        kinds = ["lost"] if single else ["lost", "corrupt", "drop", "repeat", "split", "split"]
        match self.rng.choice(kinds):
            case "lost":
                return []
            case "corrupt":
                at = self.rng.randrange(len(data))
                free = set(range(256)) - _MARKS - {data[at]}
                return [data[:at] + bytes((self.rng.choice(sorted(free)),)) + data[at + 1 :]]
            case "drop":
                at = self.rng.randrange(len(data))
                return [data[:at] + data[at + 1 :]]
            case "repeat":
                return [data, data]
            case _:
                at = self.rng.randrange(1, len(data))
                return [data[:at], data[at:]]


class PtyTill:
    """A till of a family on a pseudo-terminal: the box opens `port`."""

    def __init__(self, family: str, *, seed: int = 0, rate: float = 0.0) -> None:
        self._line = PtyEnd()
        self.port = self._line.port
        rng = random.Random(seed)  # noqa: S311 -- faults that can be played again
        self._to_box, self._to_till = Noisy(rng, rate), Noisy(rng, rate)
        self.peer = Peer(family, lambda data: self._to_box.carry(data, _now_ms()))
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="framed till", daemon=True)
        self._thread.start()

    def ask(self, message: bytes) -> None:
        """Send a message."""
        with self._lock:
            self.peer.ask(message)

    def got(self) -> list[bytes]:
        """Return what the box said so far."""
        with self._lock:
            return list(self.peer.got)

    def failed(self) -> list[bytes]:
        """Return what nobody acknowledged."""
        with self._lock:
            return list(self.peer.failed)

    def stop(self) -> None:
        """Pull the cable; safe to call twice."""
        self._stopping.set()
        self._thread.join()
        self._line.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            data = self._line.read(_POLL_MS)
            with self._lock:
                now = _now_ms()
                if data:
                    self._to_till.carry(data, now)
                for piece in self._to_till.arrived(now):
                    self.peer.hear(piece, now)
                self.peer.tick(now)
                for piece in self._to_box.arrived(now):
                    self._line.write(piece)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _xor(data: bytes, value: int) -> int:
    for byte in data:
        value ^= byte
    return value
