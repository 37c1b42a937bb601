"""Draws a QR code for a screen: rows of dark and light, without the quiet zone."""

from typing import TYPE_CHECKING

from retail_core.late import Late

if TYPE_CHECKING:
    import segno
else:
    segno = Late("segno")

# A phone's camera reads the till's screen at an angle and through glare: some correction helps.
_CORRECTION = "m"


def drawn(text: str) -> tuple[str, ...]:
    """Return the rows of a code, `1` for a dark square."""
    code = segno.make_qr(text, error=_CORRECTION, boost_error=False)
    return tuple("".join("1" if square else "0" for square in row) for row in code.matrix)
