"""A slip as ESC/POS bytes, and the printer left as the till had it. Pure.

It begins with ESC @ and the till's own settings, so that text comes out in the alphabet the till
prints in; then sets no more than alignment, size and line spacing, and ends with the same ESC @ and
settings again. Formats: Epson's ESC/POS reference (GS ( k functions 165-181, GS v 0, GS V).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.domain.slip import AppendStyle, Slip, SlipLine
from edge_agent.drivers.till_escpos.mode import Mode

QUIET_MODULES = 4
_PLAIN = b"\x1d!\x00\x1b!\x00\x1b2"
_CHINESE = b"\x1c&\x1c!\x00"
_LEFT, _CENTRE = b"\x1ba\x00", b"\x1ba\x01"
_BIG, _NORMAL = b"\x1d!\x11", b"\x1d!\x00"
_CUT = b"\x1dVB\x00"
_QR_MODEL_2 = b"\x1d(k\x04\x001A2\x00"
_QR_MEDIUM = b"\x1d(k\x03\x001E1"
_QR_PRINT = b"\x1d(k\x03\x001Q0"
_MODULE_DOTS = range(3, 7)
_CODE_WIDTH_PERCENT = 65
_ASCII_MAX = 0x7F


@dataclass(frozen=True, slots=True)
class Roll:
    """The paper roll: letters a line, and dots a letter."""

    columns: int
    dots_per_column: int = 12

    @property
    def dots(self) -> int:
        """The printable width."""
        return self.columns * self.dots_per_column


def appendix(slip: Slip, mode: Mode, paper: Roll, style: AppendStyle) -> bytes | None:
    """Return the slip's bytes without a cut; None when no wording fits the printer's alphabet."""
    text = _first_that_fits(slip, mode.encoding, paper)
    if text is None:
        return None
    code = b""
    if slip.code:
        drawn = _native(slip, paper) if style.native_code else _picture(slip.drawing, paper)
        code = _CENTRE + drawn + b"\n"
    chinese = _CHINESE if mode.chinese else b""
    feed = b"\x1bd" + bytes((style.feed_lines,))
    return mode.restore + _PLAIN + chinese + b"\n" + text + code + _LEFT + feed


def finished(body: bytes, mode: Mode, *, cut: bool) -> bytes:
    """Return the slip with its cut, and the printer as the till had it."""
    return body + (_CUT if cut else b"") + mode.restore


def _first_that_fits(slip: Slip, encoding: str, paper: Roll) -> bytes | None:
    for wording in slip.wordings:
        try:
            return b"".join(_line(line, encoding, paper.columns) for line in wording)
        except UnicodeEncodeError:
            continue
    return None


def _line(line: SlipLine, encoding: str, columns: int) -> bytes:
    width = columns // 2 if line.big else columns
    texts = _spread(line.text, line.right, width) if line.right else _wrapped(line.text, width)
    shown = b"".join(_encoded(text, encoding) + b"\n" for text in texts)
    place = _CENTRE if line.centred else _LEFT
    return place + (_BIG + shown + _NORMAL if line.big else shown)


def _spread(left: str, right: str, width: int) -> Iterable[str]:
    """Set two texts at the two edges, on two lines when one is too narrow."""
    gap = width - _width(left) - _width(right)
    if gap >= 1:
        return (left + " " * gap + right,)
    return (*_wrapped(left, width), " " * max(0, width - _width(right)) + right)


def _wrapped(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for letter in text:
        if line and _width(line) + _width(letter) > width:
            lines.append(line)
            line = ""
        line += letter
    return [*lines, line]


def _width(text: str) -> int:
    """Count columns: a Chinese letter takes two."""
    return sum(1 if ord(letter) <= _ASCII_MAX else 2 for letter in text)


def _encoded(text: str, encoding: str) -> bytes:
    """Encode what is printed; raises UnicodeEncodeError. No byte of it can be a command."""
    raw = text.encode(encoding)
    if any(byte < ord(" ") for byte in raw):
        return bytes(byte if byte >= ord(" ") else ord("?") for byte in raw)
    return raw


# ---- the code --------------------------------------------------------------------------------


def _module_dots(rows: tuple[str, ...], paper: Roll) -> int:
    """Choose dots a square, so that the code takes about two thirds of the paper."""
    fits = paper.dots * _CODE_WIDTH_PERCENT // 100 // (len(rows) + 2 * QUIET_MODULES)
    return min(max(fits, _MODULE_DOTS.start), _MODULE_DOTS.stop - 1)


def _native(slip: Slip, paper: Roll) -> bytes:
    data = slip.code.encode("ascii")
    size = b"\x1d(k\x03\x001C" + bytes((_module_dots(slip.drawing, paper),))
    store = b"\x1d(k" + (len(data) + 3).to_bytes(2, "little") + b"1P0" + data
    return _QR_MODEL_2 + size + _QR_MEDIUM + store + _QR_PRINT


def _picture(rows: tuple[str, ...], paper: Roll) -> bytes:
    """Draw the code as GS v 0: each square `_module_dots` wide and high, with its quiet zone."""
    dots = _module_dots(rows, paper)
    edge = "0" * QUIET_MODULES
    blank = "0" * (len(rows) + 2 * QUIET_MODULES)
    squares = [blank] * QUIET_MODULES
    squares = [*squares, *(edge + row + edge for row in rows), *squares]
    lines = [_packed("".join(square * dots for square in row)) for row in squares]
    across, down = len(lines[0]), len(lines) * dots
    head = b"\x1dv0\x00" + across.to_bytes(2, "little") + down.to_bytes(2, "little")
    return head + b"".join(line * dots for line in lines)


def _packed(bits: str) -> bytes:
    padded = bits + "0" * (-len(bits) % 8)
    return int(padded, 2).to_bytes(len(padded) // 8, "big")
