"""ESC/POS bytes as tokens, as they arrive: no I/O, no byte lost, nothing unbounded kept.

The `raw` of all tokens put together is exactly what was fed. Text stays bytes here: which alphabet
it is depends on printer state and is decided in `paper`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edge_agent.drivers.till_escpos.commands import COMMANDS, INTRODUCERS

_FIRST_PRINTABLE = 0x20
_PRINTABLE = re.compile(rb"[\x20-\xff]+")
_PREFIX_BYTES = 2
_WHOLE_MAX = 4_096
_HEAD_BYTES = 16
_UNDECIDED_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Text:
    """A run of printable bytes, in whatever encoding the printer is set to."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Control:
    """One control byte that stands alone, such as LF, CR, HT or FF."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `args` is what follows the two-byte `code`, `size` how long that is altogether.

    Of a big image only the head is in `args`, the rest follows as `Payload`.
    """

    code: bytes
    args: bytes
    size: int

    @property
    def raw(self) -> bytes:
        """The bytes of the command that are in this token."""
        return self.code + self.args


@dataclass(frozen=True, slots=True)
class Payload:
    """More bytes of the image command before it."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """An introducer with a byte no printer of ours knows; its parameters will read as text."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class CutOff:
    """The stream ended inside a command; `raw` is what was there of it."""

    raw: bytes


Token = Text | Control | Command | Payload | Unknown | CutOff


class Tokenizer:
    """Feeds on bytes in pieces of any size and gives the tokens that are complete."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._payload_left = 0

    def feed(self, data: bytes) -> list[Token]:
        """Take more bytes; a run of text is given at once, a command when it is whole."""
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return list(self._tokens())

    def finish(self) -> list[Token]:
        """End the stream: a command that broke off is given as `CutOff`, empty inside an image."""
        left = self._buffer[self._at :]
        broken = self.inside_command
        self._buffer, self._at, self._payload_left = b"", 0, 0
        return [CutOff(left)] if broken else []

    @property
    def inside_command(self) -> bool:
        """Whether the stream stands inside a command right now."""
        return self._at < len(self._buffer) or self._payload_left > 0

    def _tokens(self) -> Iterator[Token]:
        while self._at < len(self._buffer):
            token = self._payload() if self._payload_left else self._next()
            if token is None:
                return
            self._at += len(token.raw)
            yield token

    def _payload(self) -> Token:
        part = self._buffer[self._at : self._at + self._payload_left]
        self._payload_left -= len(part)
        return Payload(part)

    def _next(self) -> Token | None:
        text = _PRINTABLE.match(self._buffer, self._at)
        if text is not None:
            return Text(text[0])
        first = self._buffer[self._at : self._at + 1]
        return self._command() if first in INTRODUCERS else Control(first)

    def _command(self) -> Token | None:
        code = self._buffer[self._at : self._at + _PREFIX_BYTES]
        if len(code) < _PREFIX_BYTES:
            return None
        rule = COMMANDS.get(code)
        if rule is None:
            # before another control byte only the introducer itself is foreign
            return Unknown(code if code[1] >= _FIRST_PRINTABLE else code[:1])
        rest = self._buffer[self._at + _PREFIX_BYTES :]
        size = rule(rest)
        if size is None:
            return Unknown(code) if len(rest) > _UNDECIDED_MAX else None
        kept = size if size <= _WHOLE_MAX else _HEAD_BYTES
        if len(rest) < kept:
            return None
        self._payload_left = size - kept
        return Command(code, rest[:kept], size)


def unknown_bytes(tokens: Iterable[Token]) -> int:
    """Count bytes that were not understood as ESC/POS."""
    return sum(len(token.raw) for token in tokens if isinstance(token, Unknown | CutOff))
