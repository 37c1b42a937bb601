"""The commands of a receipt printer, written by hand from its manual."""

import unicodedata

INIT = b"\x1b@"
CHINESE_ON = b"\x1c&"
CENTRE, LEFT = b"\x1ba\x01", b"\x1ba\x00"
BOLD_ON, BOLD_OFF = b"\x1bE\x01", b"\x1bE\x00"
DOUBLE, TALL, NORMAL = b"\x1d!\x11", b"\x1d!\x01", b"\x1d!\x00"
CUT = b"\x1dVB\x00"
DRAWER = b"\x1bp\x00\x19\xfa"
DOTS_A_COLUMN = 12


def code_page(number: int) -> bytes:
    """Select a page of letters."""
    return b"\x1bt" + bytes((number,))


def feed(lines: int) -> bytes:
    """Feed paper."""
    return b"\x1bd" + bytes((lines,))


def at_column(column: int) -> bytes:
    """Go to a column of the normal font, by dots from the left edge."""
    return b"\x1b$" + (column * DOTS_A_COLUMN).to_bytes(2, "little")


def tab_stops(columns: tuple[int, ...]) -> bytes:
    """Set tab stops."""
    return b"\x1bD" + bytes(columns) + b"\0"


def bar_code(text: str) -> bytes:
    """Print a CODE128 bar code."""
    data = b"{B" + text.encode("ascii")
    return b"\x1dk\x49" + bytes((len(data),)) + data


def width(text: str) -> int:
    """Columns a text takes on paper: two for a Chinese letter."""
    return sum(2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1 for letter in text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Fill a text with blanks to a number of columns."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def money(fen: int, *, mark: str = ".", places: int = 2, sign: str = "") -> str:
    """Write an amount; one place less drops a nought."""
    whole, rest = divmod(abs(fen), 100)
    fraction = {0: "", 1: f"{mark}{rest // 10}", 2: f"{mark}{rest:02d}"}[places]
    return f"{'-' if fen < 0 else ''}{sign}{whole}{fraction}"


def quantity(milli: int, *, mark: str = ".", unit: str = "") -> str:
    """Write a quantity: whole pieces, or kilograms with three digits."""
    whole, rest = divmod(abs(milli), 1000)
    text = f"{whole}{mark}{rest:03d}{unit}" if rest else str(whole)
    return f"{'-' if milli < 0 else ''}{text}"
