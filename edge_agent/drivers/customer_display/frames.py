"""Cuts what a till sends to its display into texts, single controls and commands.

Split at any byte; what is none of ours costs one byte and reading goes on behind it. Nothing of the
stream is lost: the tokens' bytes put together are the stream.
"""

from dataclasses import dataclass

from edge_agent.drivers.customer_display.commands import COMMANDS, INTRODUCERS, REFUSED

_CONTROLS = frozenset(b"\x08\t\n\x0b\x0c\r\x18")
_LEAD_MIN, _LEAD_MAX, _TRAIL_MIN = 0x81, 0xFE, 0x40
_DIGITS = b"0123456789"
_PREFIX = 2
_UNSAID_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the stream: a text (`name` empty), a control or a command and its parameters.

    A byte that belongs to nothing has the name `?`.
    """

    name: bytes
    rest: bytes

    @property
    def raw(self) -> bytes:
        """The bytes as they came."""
        return self.rest if self.name in {b"", b"?"} else self.name + self.rest

    @property
    def is_text(self) -> bool:
        """Whether it is text."""
        return not self.name


@dataclass(slots=True)
class DisplayTokens:
    """A tokenizer; `at_boundary` tells whether the till is between two commands."""

    unread: bytes = b""

    @property
    def at_boundary(self) -> bool:
        """Whether nothing has begun that is not complete."""
        return not self.unread

    def feed(self, data: bytes) -> list[Token]:
        """Return the tokens that are complete now."""
        self.unread += data
        tokens: list[Token] = []
        at = 0
        while at < len(self.unread):
            token = _token(self.unread, at)
            if token is None:
                break
            at += len(token.raw)
            tokens.append(token)
        self.unread = self.unread[at:]
        return tokens

    def flush(self) -> list[Token]:
        """Give up on what never became complete: its first byte is none of ours."""
        if not self.unread:
            return []
        broken, rest = self.unread[:1], self.unread[1:]
        self.unread = b""
        return [Token(b"?" if broken in INTRODUCERS else b"", broken), *self.feed(rest)]


def _token(data: bytes, at: int) -> Token | None:
    byte = data[at]
    if byte in _CONTROLS:
        return Token(data[at : at + 1], b"")
    if byte in INTRODUCERS:
        return _command(data, at)
    return _text(data, at)


def _command(data: bytes, at: int) -> Token | None:
    if len(data) < at + _PREFIX:
        return None
    prefix = data[at : at + _PREFIX]
    rule = COMMANDS.get(prefix)
    if rule is None:
        return Token(b"?", data[at : at + 1])
    rest = data[at + _PREFIX : at + _PREFIX + _UNSAID_MAX]
    length = rule(rest)
    if length == REFUSED:
        return Token(b"?", data[at : at + 1])
    if length is None or len(rest) < length:
        return None if len(rest) < _UNSAID_MAX else Token(b"?", data[at : at + 1])
    return Token(prefix, rest[:length])


def _text(data: bytes, at: int) -> Token | None:
    """Take text up to the next control; a part of a Chinese character waits for the rest."""
    end = at
    while end < len(data) and data[end] not in _CONTROLS and data[end] not in INTRODUCERS:
        size = character_bytes(data, end)
        if size is None:
            break
        end += size
    return Token(b"", data[at:end]) if end > at else None


def character_bytes(data: bytes, at: int) -> int | None:
    """Return how many bytes the character at a place has: 1, or 2 and 4 of GB18030.

    None while too few are there. A high byte that no Chinese character begins with stands alone.
    """
    part = data[at : at + 4]
    for count, belongs in enumerate((_is_lead, _is_trail, _is_lead, _is_digit)):
        if count == len(part):
            return None
        if not belongs(part[count]):
            return 1
        if count == 1 and part[1] >= _TRAIL_MIN:
            return 2
    return 4


def _is_trail(byte: int) -> bool:
    return byte >= _TRAIL_MIN or byte in _DIGITS


def _is_digit(byte: int) -> bool:
    return byte in _DIGITS


def _is_lead(byte: int) -> bool:
    return _LEAD_MIN <= byte <= _LEAD_MAX
