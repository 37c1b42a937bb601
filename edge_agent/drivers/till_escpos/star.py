"""The other family of receipt printers (Star): the same introducers, other lengths and meanings.

A stream is theirs from the first ESC GS or ESC RS on; no ESC/POS printer has those.
"""

from collections.abc import Mapping

from edge_agent.drivers.till_escpos.commands import Rule, by_function, counted, fixed, until_nul

ESC = b"\x1b"
MARKS = frozenset({b"\x1b\x1d", b"\x1b\x1e"})
CUT = b"\x1bd"
ALIGN_OR_PAGE = b"\x1b\x1d"
_BAR_CODE_END = 0x1E
_BAR_CODE_MAX = 256
CODE_PAGES: Mapping[int, str] = {
    1: "cp437", 2: "cp932", 3: "cp437", 4: "cp858", 5: "cp852", 6: "cp860", 7: "cp861",
    8: "cp863", 9: "cp865", 10: "cp866", 11: "cp855", 12: "cp857", 13: "cp862", 14: "cp864",
    15: "cp737", 19: "cp862", 20: "cp737", 32: "cp1252", 33: "cp1250", 34: "cp1251",
}  # fmt: skip


def _extended(rest: bytes) -> int | None:
    """ESC GS: the letter, then as many bytes as it has; QR and PDF417 say it themselves."""
    if not rest:
        return None
    letter = rest[:1]
    if letter == b"S":
        return _raster(rest)
    if letter in {b"y", b"x"}:
        return _symbol(rest)
    return 1 + {b"A": 2, b"R": 2, b"c": 2, b")": 3}.get(letter, 1)


def _raster(rest: bytes) -> int | None:
    """ESC GS S m xL xH yL yH n: x bytes by y."""
    if len(rest) < 7:  # noqa: PLR2004 - the head above
        return None
    return 7 + int.from_bytes(rest[2:4], "little") * int.from_bytes(rest[4:6], "little")


def _symbol(rest: bytes) -> int | None:
    """ESC GS y S|D|P|I …: settings have two bytes, data has a length."""
    if len(rest) < 2:  # noqa: PLR2004 - the letter and its function
        return None
    function = rest[1:2]
    if function == b"D":
        return counted(4 if rest[:1] == b"y" else 2, 2)(rest)
    return {b"S": 4, b"P": 2, b"I": 2}.get(function, 2)


def _bar_code(rest: bytes) -> int | None:
    """ESC b n1 n2 n3 n4 data RS."""
    end = rest.find(_BAR_CODE_END, 4)
    if end >= 0:
        return end + 1
    return 4 if len(rest) > _BAR_CODE_MAX else None


def _letters(letters: bytes, rule: Rule) -> dict[bytes, Rule]:
    return {ESC + bytes((letter,)): rule for letter in letters}


COMMANDS: dict[bytes, Rule] = {
    **_letters(b"@EF45MP:012H\x0c", fixed(0)),
    **_letters(b" !-AGIJLNOQRSUVWadfhlpuwz_3C", fixed(1)),
    **_letters(b"i\x07$\\s", fixed(2)),
    ESC + b"\x1d": _extended,
    ESC + b"\x1e": fixed(2),
    ESC + b"D": until_nul,
    ESC + b"b": _bar_code,
    ESC + b"X": counted(0, 2),
    ESC + b"K": counted(0, 2),
    ESC + b"k": counted(0, 2),
    ESC + b"*": by_function({ord("r"): 2}, otherwise=1),
}
"""Prefix of two bytes → how many bytes follow."""
