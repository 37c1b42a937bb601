"""How long each command of a customer display is: the CD5220 family and Epson's line displays.

A rule gets the bytes behind the prefix and returns how many of them belong to the command, None
while too few are there to tell, or REFUSED when these bytes cannot be that command.
"""

from collections.abc import Callable, Mapping

Rule = Callable[[bytes], int | None]

ESC, US, STX, FS, DLE, CR = b"\x1b", b"\x1f", b"\x02", b"\x1c", b"\x10", b"\r"
INTRODUCERS = ESC + US + STX + FS + DLE
REFUSED = -1
LINE_BYTES_MAX = 160
_ETX = b"\x03"
_ENQ_BYTES_MAX = 8


def fixed(count: int) -> Rule:
    """Return the rule of a command with `count` parameter bytes."""
    return lambda _rest: count


def one_of(letters: bytes, more: int = 0) -> Rule:
    """Return the rule of a first parameter out of a few, and `more` bytes."""

    def rule(rest: bytes) -> int | None:
        if not rest:
            return None
        return 1 + more if rest[0] in letters else REFUSED

    return rule


def line(rest: bytes) -> int | None:
    """Measure a text up to and with its CR; another command in it shows that the CR was lost."""
    for at, byte in enumerate(rest[:LINE_BYTES_MAX]):
        if byte == CR[0]:
            return at + 1
        if byte in INTRODUCERS or byte in b"\x0b\x0c\x18\n":
            return REFUSED
    return None if len(rest) < LINE_BYTES_MAX else REFUSED


def named_line(rest: bytes) -> int | None:
    """Measure a letter that says which line, and its text."""
    if not rest:
        return None
    if rest[:1] not in {b"A", b"B", b"C", b"D"}:
        return REFUSED
    length = line(rest[1:])
    return length if length in {None, REFUSED} else 1 + (length or 0)


def window(rest: bytes) -> int | None:
    """ESC W 0 ends a window, ESC W 1 x1 x2 y makes one."""
    if not rest:
        return None
    return 1 if rest[0] in b"\x000" else 4


def own_characters(rest: bytes) -> int | None:
    """ESC & y c1 c2 and for each code x and x·y bytes."""
    head = 3
    if len(rest) < head:
        return None
    at = head
    for _ in range(rest[1], rest[2] + 1):
        if len(rest) <= at:
            return None
        at += 1 + rest[at] * rest[0]
    return at


def until_etx(rest: bytes) -> int | None:
    """STX ENQ … ETX chooses another command set."""
    end = rest.find(_ETX, 0, _ENQ_BYTES_MAX)
    if end >= 0:
        return end + 1
    return None if len(rest) < _ENQ_BYTES_MAX else REFUSED


def counted(rest: bytes) -> int | None:
    """US ( with a letter, a little-endian length and as many bytes."""
    head = 3
    return head + int.from_bytes(rest[1:head], "little") if len(rest) >= head else None


def _letters(lead: bytes, letters: bytes, rule: Rule) -> dict[bytes, Rule]:
    return {lead + bytes((letter,)): rule for letter in letters}


COMMANDS: Mapping[bytes, Rule] = {
    b"\x1bQ": named_line,
    b"\x1bu": named_line,
    b"\x1bs": one_of(b"\x00\x01\x02\x03\x0401234"),
    **_letters(ESC, b"@\x0b\x0c\x11\x12\x13", fixed(0)),
    **_letters(ESC, b"=_*?%fcRt", fixed(1)),
    b"\x1b[": one_of(b"ABCDHLRK"),
    b"\x1bl": fixed(2),
    b"\x1bW": window,
    b"\x1b&": own_characters,
    **_letters(US, b"\x01\x02\x03\n\r:@U", fixed(0)),
    **_letters(US, b"CEXrMv.,;", fixed(1)),
    **_letters(US, b"$#T^", fixed(2)),
    b"\x1f(": counted,
    b"\x02M": fixed(0),
    b"\x02B": fixed(1),
    b"\x02\x05": until_etx,
    **_letters(FS, b"&.", fixed(0)),
    b"\x10\x04": fixed(1),
}
"""Prefix of two bytes → how many bytes follow."""
