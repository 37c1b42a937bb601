"""ESC/POS bytes as tokens, as they arrive: no I/O, no byte lost, nothing unbounded kept.

The `raw` of all tokens put together is exactly what was fed. Text stays bytes here: which alphabet
it is depends on printer state and is decided in `paper`. Text, control bytes and commands of fixed
length are found by one pattern, and tokens are structs: a till sends a token every nine bytes.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from edge_agent.drivers.till_escpos import star
from edge_agent.drivers.till_escpos.commands import COMMANDS, INTRODUCERS, Rule, fixed_sizes

_FIRST_PRINTABLE = 0x20
_PREFIX_BYTES = 2
_WHOLE_MAX = 4_096
_HEAD_BYTES = 16
_UNDECIDED_MAX = 64 * 1024


def _plain(rules: Mapping[bytes, Rule]) -> re.Pattern[bytes]:
    """Return the pattern of what needs no rule: text, a lone control byte, fixed commands."""
    by_size: dict[int, list[bytes]] = {}
    for code, size in fixed_sizes(rules).items():
        by_size.setdefault(size, []).append(re.escape(code))
    commands = (
        b"(?:" + b"|".join(sorted(codes)) + b")" + b"." * size for size, codes in by_size.items()
    )
    introducers = re.escape(INTRODUCERS)
    return re.compile(
        b"([\x20-\xff]+)|([^\x20-\xff" + introducers + b"])|(" + b"|".join(commands) + b")",
        re.DOTALL,
    )


_PLAIN = _plain(COMMANDS)
_STAR_PLAIN = _plain(star.COMMANDS)
_TEXT, _CONTROL = 1, 2


class Text(msgspec.Struct, frozen=True, gc=False):
    """A run of printable bytes, in whatever encoding the printer is set to."""

    raw: bytes


class Control(msgspec.Struct, frozen=True, gc=False):
    """One control byte that stands alone, such as LF, CR, HT or FF."""

    raw: bytes


class Command(msgspec.Struct, frozen=True, gc=False):
    """A command; `args` is what follows the two-byte `code`, `size` how long that is altogether.

    Of a big image only the head is in `args`, the rest follows as `Payload`. `star` says that it
    means what it means to a printer of that family.
    """

    code: bytes
    args: bytes
    size: int
    star: bool = False

    @property
    def raw(self) -> bytes:
        """The bytes of the command that are in this token."""
        return self.code + self.args


class Payload(msgspec.Struct, frozen=True, gc=False):
    """More bytes of the image command before it."""

    raw: bytes


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """An introducer with a byte no printer of ours knows; its parameters will read as text."""

    raw: bytes


class CutOff(msgspec.Struct, frozen=True, gc=False):
    """The stream ended inside a command; `raw` is what was there of it."""

    raw: bytes


Token = Text | Control | Command | Payload | Unknown | CutOff


class Tokenizer:
    """Feeds on bytes in pieces of any size and gives the tokens that are complete."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._payload_left = 0
        self._star = False

    def feed(self, data: bytes) -> list[Token]:
        """Take more bytes; a run of text is given at once, a command when it is whole."""
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0
        tokens: list[Token] = []
        while self._at < len(self._buffer):
            self._take_plain(tokens)
            if self._at == len(self._buffer):
                break
            token = self._payload() if self._payload_left else self._command()
            if token is None:
                break
            self._at += len(token.raw)
            tokens.append(token)
        return tokens

    def _take_plain(self, tokens: list[Token]) -> None:
        """Take everything up to the next byte that a rule has to look at."""
        if self._payload_left:
            return
        at, buffer = self._at, self._buffer
        star = self._star
        for found in (_STAR_PLAIN if star else _PLAIN).finditer(buffer, at):
            start, end = found.span()
            if start != at:
                break
            at, raw = end, found[0]
            if found.lastindex == _TEXT:
                tokens.append(Text(raw))
            elif found.lastindex == _CONTROL:
                tokens.append(Control(raw))
            else:
                code = raw[:_PREFIX_BYTES]
                tokens.append(Command(code, raw[_PREFIX_BYTES:], len(raw) - _PREFIX_BYTES, star))
        self._at = at

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

    def _payload(self) -> Token:
        part = self._buffer[self._at : self._at + self._payload_left]
        self._payload_left -= len(part)
        return Payload(part)

    def _command(self) -> Token | None:
        code = self._buffer[self._at : self._at + _PREFIX_BYTES]
        if len(code) < _PREFIX_BYTES:
            return None
        self._star = self._star or code in star.MARKS
        rule = (star.COMMANDS if self._star else COMMANDS).get(code)
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
        return Command(code, rest[:kept], size, self._star)


def unknown_bytes(tokens: Iterable[Token]) -> int:
    """Count bytes that were not understood as ESC/POS."""
    return sum(len(token.raw) for token in tokens if isinstance(token, Unknown | CutOff))
