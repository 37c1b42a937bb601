"""How a till drives its printer: columns by blanks, by dots or by tabs; letters, cuts."""

from dataclasses import dataclass, field
from random import Random
from unicodedata import combining, east_asian_width

from tests.factories.strange.languages import Alphabet

Cell = tuple[int, str, bool]
"""Column, text, and whether the column is where the text ends."""


def width_of(text: str) -> int:
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


_GERMAN = str.maketrans("ÄÖÜäöüß§", "[\\]{|}~@")


@dataclass
class Writer:
    """One till's habits, picked once; `out` is what it sent."""

    rng: Random
    alphabet: Alphabet
    columns: int
    how: str = "blanks"
    star: bool = False
    out: bytearray = field(default_factory=bytearray)
    _y: int = 0

    def raw(self, data: bytes) -> None:
        self.out += data

    def encoded(self, text: str) -> bytes:
        if self.alphabet.codec == "de-iso":
            return text.translate(_GERMAN).encode("ascii", "replace")
        codec = self.alphabet.codec
        for fancy, plain in (
            ("\u2212", "-"),
            ("€", "EUR"),
            ("₺", "TL"),
            ("₽", "r"),
            ("£", "GBP"),
            ("₩", "￦"),
        ):
            if fancy.encode(codec, "replace") == b"?":
                text = text.replace(fancy, plain)
        data = text.encode(codec, "replace")
        on, off = self.alphabet.per_run
        return on + data + off if on and not data.isascii() else data

    def begin(self) -> None:
        if self.star:
            self.raw(b"\x1b@" + b"\x1b\x1dt" + bytes((self.rng.choice((1, 32)),)))
            return
        if self.rng.random() < 0.9:
            self.raw(b"\x1b@")
        self.raw(
            self.rng.choice(
                (b"", b"\x1b2", b"\x1b3\x1e", b"\x1b \x00", b"\x1dL\x00\x00", b"\x1bM\x00")
            )
        )
        if self.columns == 42 and self.rng.random() < 0.5:
            self.raw(b"\x1dW" + (504).to_bytes(2, "little"))
        if self.rng.random() < 0.1:
            self.raw(b"\x1b{\x00\x1bV\x00")
        if self.columns == 56:
            self.raw(b"\x1bM\x01")
        self.raw(self.alphabet.setup)
        if self.rng.random() < 0.3:
            self.raw(b"\x1dv0\x00\x08\x00\x10\x00" + self.rng.randbytes(128) + b"\n")
        if self.how == "stops":
            stops = bytes(sorted({self.columns // 2, self.columns * 5 // 8, self.columns * 3 // 4}))
            self.raw(b"\x1bD" + stops + b"\x00")

    def line(self, text: str = "") -> None:
        self.raw(self.encoded(text) + (b"\r\n" if self.rng.random() < 0.1 else b"\n"))

    def title(self, text: str) -> None:
        """Print big, bold and in the middle, in one of the ways there are."""
        if self.star:
            self.raw(b"\x1b\x1da\x01\x1bi\x01\x01\x1bE")
            self.line(text)
            self.raw(b"\x1bF\x1bi\x00\x00\x1b\x1da\x00")
            return
        on, off = self.rng.choice(
            (
                (b"\x1ba\x01\x1d!\x11", b"\x1d!\x00\x1ba\x00"),
                (b"\x1ba\x01\x1b!\x38", b"\x1b!\x00\x1ba\x00"),
                (b"\x1ba1\x1bE\x01\x1d!\x01", b"\x1d!\x00\x1bE\x00\x1ba0"),
                (b"\x1c!\x0c\x1b!\x30\x1ba\x01", b"\x1c!\x00\x1b!\x00\x1ba\x00"),
                (b"", b""),
            )
        )
        self.raw(on)
        self.line(text if on else text.center(self.columns))
        self.raw(off)

    def small_font(self) -> None:
        if self.columns == 56 and not self.star:
            self.raw(b"\x1bM\x01")

    def rule(self) -> None:
        self.line(self.rng.choice("--=*") * self.columns)

    def row(self, *cells: Cell, big: bool = False) -> None:
        """Print cells, each at its column, in this till's manner."""
        factor = 2 if big else 1
        if big and not self.star:
            self.raw(b"\x1d!\x11")
        placed = [
            (max(0, (column - (width_of(text) * factor if ends else 0))), text)
            for column, text, ends in cells
        ]
        {
            "blanks": self._by_blanks, "dots": self._by_dots, "tabs": self._by_tabs,
            "stops": self._by_tabs, "relative": self._by_steps, "page": self._by_blanks,
        }[self.how](placed, factor)  # fmt: skip
        self.raw(b"\n")
        if big and not self.star:
            self.raw(b"\x1d!\x00")
        self.small_font()

    def _by_blanks(self, cells: list[tuple[int, str]], factor: int) -> None:
        text = ""
        for column, word in cells:
            gap = column // factor - width_of(text)
            text += " " * max(gap, 1 if text else 0) + word
        self.raw(self.encoded(text))

    def _by_dots(self, cells: list[tuple[int, str]], factor: int) -> None:
        dots = 9 if self.columns == 56 else 12
        at = 0
        for column, word in cells:
            at = max(at, column * dots)
            if column:
                self.raw(b"\x1b$" + at.to_bytes(2, "little"))
            self.raw(self.encoded(word))
            at += width_of(word) * dots * factor

    def _by_steps(self, cells: list[tuple[int, str]], factor: int) -> None:
        dots = 9 if self.columns == 56 else 12
        at = 0
        for column, word in cells:
            step = max(column * dots - at, dots if at else 0)
            if step:
                self.raw(b"\x1b\\" + step.to_bytes(2, "little"))
            self.raw(self.encoded(word))
            at += step + width_of(word) * dots * factor

    def _by_tabs(self, cells: list[tuple[int, str]], factor: int) -> None:
        self.raw(b"\t".join(self.encoded(word) for _column, word in cells))

    def end(self) -> None:
        if self.rng.random() < 0.3 and not self.star:
            self.raw(b"\x1dh\x50\x1dw\x02\x1dkI\x0a{B" + b"%08d" % self.rng.randrange(10**8))
        if self.rng.random() < 0.3 and not self.star:
            code = b"https://example.org/r/%06d" % self.rng.randrange(10**6)
            size = (len(code) + 3).to_bytes(2, "little")
            self.raw(b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E0")
            self.raw(b"\x1d(k" + size + b"1P0" + code + b"\x1d(k\x03\x001Q0")
        if self.star:
            self.raw(b"\x1bd\x02" + b"\x07")
            return
        pulse = self.rng.choice(
            (b"", b"\x1bp\x00\x19\xfa", b"\x1bp\x01\x32\x32", b"\x10\x14\x01\x00\x05")
        )
        cut = self.rng.choice(
            (b"\x1dV\x00", b"\x1dVA\x03", b"\x1dVB\x00", b"\x1bi", b"\x1bm", b"\x1dV1")
        )
        self.raw(b"\x1bd\x03" + (pulse + cut if self.rng.random() < 0.7 else cut + pulse))
