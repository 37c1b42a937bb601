"""A small printer: what ESC/POS bytes put on paper as a picture, for a reader of codes to look at.

It draws pictures (GS v 0) and codes (GS ( k) where the head stands; letters are left out.
"""

from typing import Any

import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray

from edge_agent.drivers.till_escpos.frames import Command, Payload, Token, Tokenizer

_WHITE, _BLACK = 255, 0
_STORE, _PRINT, _SIZE = b"P", b"Q", b"C"


class PaperPicture:
    """Draws jobs; `strips` are the pictures from top to bottom."""

    def __init__(self, dots: int = 384) -> None:
        self._dots = dots
        self.strips: list[NDArray[np.uint8]] = []
        self._stored = b""
        self._module = 3
        self._picture: tuple[int, int] = (0, 0)
        self._bits = b""

    def draw(self, data: bytes) -> "PaperPicture":
        """Print bytes."""
        tokenizer = Tokenizer()
        for token in (*tokenizer.feed(data), *tokenizer.finish()):
            self._token(token)
        return self

    def codes(self) -> list[str]:
        """Read every code on the paper."""
        found: list[str] = []
        for strip in self.strips:
            found += [one.text for one in zxingcpp.read_barcodes(strip)]
        return found

    def _token(self, token: Token) -> None:
        if isinstance(token, Payload):
            self._bits += token.raw
            self._raster()
        elif isinstance(token, Command) and token.code == b"\x1d(" and token.args[:1] == b"k":
            self._symbol(token.args[4:5], token.args[5:])
        elif isinstance(token, Command) and token.code == b"\x1dv":
            across = int.from_bytes(token.args[2:4], "little")
            down = int.from_bytes(token.args[4:6], "little")
            self._picture, self._bits = (across, down), token.args[6:]
            self._raster()

    def _symbol(self, function: bytes, args: bytes) -> None:
        if function == _SIZE:
            self._module = args[0]
        elif function == _STORE:
            self._stored = args[1:]
        elif function == _PRINT:
            code = segno.make_qr(self._stored.decode(), error="m", boost_error=False)
            rows = [[_BLACK if dark else _WHITE for dark in row] for row in code.matrix]
            drawn = np.kron(np.array(rows, np.uint8), np.ones((self._module,) * 2, np.uint8))
            assert drawn.shape[1] <= self._dots, "wider than the paper"
            self._strip(drawn)

    def _raster(self) -> None:
        across, down = self._picture
        if len(self._bits) == across * down:
            bits = np.unpackbits(np.frombuffer(self._bits, np.uint8)).reshape(down, across * 8)
            assert across * 8 <= self._dots + 7, "wider than the paper"
            self._strip(np.where(bits, _BLACK, _WHITE))

    def _strip(self, drawn: NDArray[Any]) -> None:
        self.strips.append(np.pad(drawn.astype(np.uint8), 16, constant_values=_WHITE))
