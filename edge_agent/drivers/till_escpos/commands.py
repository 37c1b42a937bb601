"""How long each ESC/POS command is: a table of prefixes, and rules for those that say it inside.

A rule gets the bytes behind the prefix and returns how many of them belong to the command, or None
while too few are there to tell. Sources: Epson's ESC/POS command reference; the Chinese-mode
commands (FS) as domestic printers have them.
"""

from collections.abc import Callable, Mapping

Rule = Callable[[bytes], int | None]

ESC, GS, FS, DLE = b"\x1b", b"\x1d", b"\x1c", b"\x10"
INTRODUCERS = ESC + GS + FS + DLE
_NUL_WITHIN = 256


class _Fixed:
    """The rule of a command that is always of one length."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, _rest: bytes) -> int:
        return self.count


def fixed(count: int) -> Rule:
    """Return the rule of a command with `count` parameter bytes."""
    return _Fixed(count)


def counted(size_at: int, size_bytes: int) -> Rule:
    """Return the rule of a little-endian length at `size_at`, then that many bytes."""
    head = size_at + size_bytes

    def rule(rest: bytes) -> int | None:
        return head + _number(rest, size_at, head) if _has(rest, head) else None

    return rule


def by_function(sizes: dict[int, int], otherwise: int) -> Rule:
    """Return the rule of a first parameter that says how many there are."""

    def rule(rest: bytes) -> int | None:
        return sizes.get(rest[0], otherwise) if rest else None

    return rule


def until_nul(rest: bytes) -> int | None:
    """Parameters up to and including a NUL; one that never comes is not waited for."""
    end = rest.find(b"\0", 0, _NUL_WITHIN)
    if end >= 0:
        return end + 1
    return 0 if _has(rest, _NUL_WITHIN) else None


def emphasis(rest: bytes) -> int | None:
    """ESC E n; the other family of printers has no n, there the next command follows at once."""
    return (0 if rest[:1] in INTRODUCERS else 1) if rest else None


def bit_image(rest: bytes) -> int | None:
    """ESC * m nL nH: columns of one byte, or of three in the 24-dot modes."""
    if not _has(rest, 3):
        return None
    return 3 + (3 if rest[0] in {32, 33} else 1) * _number(rest, 1, 3)


def raster_image(rest: bytes) -> int | None:
    """GS v 0 m xL xH yL yH and GS Q 0 likewise: x bytes by y."""
    return 6 + _number(rest, 2, 4) * _number(rest, 4, 6) if _has(rest, 6) else None


def downloaded_image(rest: bytes) -> int | None:
    """GS * x y: 8·x·y bytes."""
    return 2 + 8 * rest[0] * rest[1] if _has(rest, 2) else None


def bar_code(rest: bytes) -> int | None:
    """GS k: m 0–6 ends with NUL, m from 65 has a length."""
    if not rest:
        return None
    if rest[0] not in range(7):
        return counted(1, 1)(rest)
    end = until_nul(rest[1:])
    return None if end is None else 1 + end


def own_characters(rest: bytes) -> int | None:
    """ESC & y c1 c2 and for each code x and x·y bytes."""
    if not _has(rest, 3):
        return None
    at = 3
    for _ in range(rest[1], rest[2] + 1):
        if not _has(rest, at + 1):
            return None
        at += 1 + rest[at] * rest[0]
    return at


def stored_images(rest: bytes) -> int | None:
    """FS q n and n times xL xH yL yH with 8·x·y bytes."""
    at = 1
    for _ in range(rest[0] if rest else 0):
        if not _has(rest, at + 4):
            return None
        at += 4 + 8 * _number(rest, at, at + 2) * _number(rest, at + 2, at + 4)
    return at if rest else None


def user_memory(rest: bytes) -> int | None:
    """FS g 1 writes bytes that follow, FS g 2 reads."""
    if not rest:
        return None
    return counted(6, 2)(rest) if rest[0] in {1, 49} else 8


def _has(rest: bytes, count: int) -> bool:
    return len(rest) >= count


def _number(rest: bytes, start: int, end: int) -> int:
    return int.from_bytes(rest[start:end], "little")


def _letters(lead: bytes, letters: bytes, rule: Rule) -> dict[bytes, Rule]:
    return {lead + bytes((letter,)): rule for letter in letters}


COMMANDS: dict[bytes, Rule] = {
    **_letters(ESC, b"@2LSimv<\x0c", fixed(0)),
    **_letters(ESC, b" !%-3=?AGIJKMNQRTUVadejlrtu{9", fixed(1)),
    **_letters(ESC, b"$B\\c", fixed(2)),
    b"\x1bE": emphasis,
    b"\x1bZ": counted(3, 2),
    b"\x1bp": fixed(3),
    b"\x1bW": fixed(8),
    b"\x1b*": bit_image,
    b"\x1b&": own_characters,
    b"\x1bD": until_nul,
    b"\x1b(": counted(1, 2),
    **_letters(GS, b":c", fixed(0)),
    **_letters(GS, b"!/BEHITabfhjrw", fixed(1)),
    **_letters(GS, b"$LPW\\", fixed(2)),
    **_letters(GS, b"^z", fixed(3)),
    b"\x1dg": fixed(4),
    b"\x1d(": counted(1, 2),
    b"\x1d8": counted(1, 4),
    b"\x1d*": downloaded_image,
    b"\x1dv": raster_image,
    b"\x1dQ": raster_image,
    b"\x1dk": bar_code,
    b"\x1dV": by_function({0: 1, 1: 1, 48: 1, 49: 1}, otherwise=2),
    b"\x1dC": by_function({0: 3, 48: 3, 1: 7, 49: 7, 2: 3, 50: 3}, otherwise=1),
    **_letters(FS, b"&.", fixed(0)),
    **_letters(FS, b"!-CW", fixed(1)),
    **_letters(FS, b"Sp?", fixed(2)),
    b"\x1c2": fixed(74),
    b"\x1cq": stored_images,
    b"\x1cg": user_memory,
    b"\x1c(": counted(1, 2),
    b"\x10\x04": by_function({7: 2, 8: 2, 18: 2}, otherwise=1),
    b"\x10\x05": fixed(1),
    b"\x10\x14": by_function({1: 3, 2: 3, 3: 6, 7: 2, 8: 8}, otherwise=1),
}
"""Prefix of two bytes → how many bytes follow."""


def fixed_sizes(rules: Mapping[bytes, Rule]) -> dict[bytes, int]:
    """Return those commands that are always of one length, with it."""
    return {code: rule.count for code, rule in rules.items() if isinstance(rule, _Fixed)}
