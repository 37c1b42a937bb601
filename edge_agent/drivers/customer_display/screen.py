"""What stands on the display now, kept so that it can be painted again as the till left it.

Cells keep the till's own bytes, so painting needs no alphabet. A Chinese character takes two cells.
Columns and rows count from 0 here and from 1 on the wire.
"""

from dataclasses import dataclass, field

from edge_agent.drivers.customer_display.frames import Token, character_bytes

COLUMNS, ROWS = 20, 2
_MODES = frozenset({b"\x1bt", b"\x1bR", b"\x1bc", b"\x1bf"})
_ALPHABETS = frozenset({b"\x1c&", b"\x1c."})
_ROW_OF = {b"A": 0, b"B": 1, b"D": 0, b"C": 1}
_ARROWS = {b"A": (-1, 0), b"B": (1, 0), b"C": (0, 1), b"D": (0, -1)}
CLEAR, HOME = b"\x0c", b"\x0b"
_CHOOSE, _DISPLAY = b"\x1b=", 0x02
_CHOOSE_DISPLAY = _CHOOSE + bytes((_DISPLAY,))


@dataclass(slots=True)
class Screen:
    """The rows, the cursor, the lamp and the modes; `named_rows` were written by ESC Q.

    `alphabet` is the last of FS & and FS . ; `written_in` the one its Chinese words stand in.
    `device` is what ESC = chose last; `aside` when more came for a printer behind this line.
    """

    columns: int = COLUMNS
    rows: list[list[bytes]] = field(default_factory=lambda: [[] for _ in range(ROWS)])
    row: int = 0
    column: int = 0
    lamp: bytes = b""
    epson: bool = False
    named_rows: set[int] = field(default_factory=set)
    modes: dict[bytes, bytes] = field(default_factory=dict)
    alphabet: bytes = b""
    written_in: bytes = b""
    device: bytes = b""
    aside: bool = False

    @property
    def selected(self) -> bool:
        """Whether what comes is for the display."""
        return not self.device or bool(self.device[0] & _DISPLAY)

    def addressed(self, raw: bytes) -> bytes:
        """Return our bytes so that the display takes them, and the choice stands as before."""
        return raw if self.selected or not raw else _CHOOSE_DISPLAY + raw + _CHOOSE + self.device

    def apply(self, token: Token) -> None:
        """Change as the display does; what changes nothing that is seen is passed over."""
        if token.name == _CHOOSE:
            self.device, self.aside = token.rest, False
        elif self.selected:
            self._show(token)
        else:
            self.aside = True

    def raw_rows(self) -> tuple[bytes, ...]:
        """Return the bytes of each row, without the blanks behind them."""
        return tuple(b"".join(cells).rstrip(b" ") for cells in self.rows)

    def paint(self) -> bytes:
        """Return what brings the display from anything to this: rows, modes, lamp and cursor."""
        modes = b"".join(name + rest for name, rest in self.modes.items())
        # A till may turn Chinese on for its words alone: they come back in it, and then it is off.
        alphabet = self.written_in or self.alphabet
        painted, moved = [CLEAR, modes + alphabet], False
        for number, raw in enumerate(self.raw_rows()):
            if number in self.named_rows:
                painted.append(b"\x1bQ" + b"AB"[number : number + 1] + raw + b"\r")
            elif raw:
                painted.append(self._goto(number, 0) + raw)
                moved = True
        if self.alphabet != alphabet:
            painted.append(self.alphabet)
        if self.lamp:
            painted.append(b"\x1bs" + self.lamp)
        if moved or self.row or self.column:
            # Behind the last column the next character opens the next row.
            over, column = divmod(self.column, self.columns)
            painted.append(self._goto((self.row + over) % ROWS, column))
        return self.addressed(b"".join(painted))

    def _show(self, token: Token) -> None:
        if token.is_text:
            self._write(token.rest)
        elif token.name in _CONTROLS:
            _CONTROLS[token.name](self)
        elif token.name in {b"\x1bQ", b"\x1bu"}:
            self._named(_ROW_OF[token.rest[:1]], token.rest[1:-1])
        elif token.name in _MODES:
            self.modes[token.name] = token.rest
        elif token.name in _ALPHABETS:
            self.alphabet = token.name
        elif token.name == b"\x1bs":
            self.lamp = bytes((token.rest[0] | 0x30,))
        elif token.name == b"\x1b@":
            self._blank()
            self.lamp, self.modes, self.alphabet = b"", {}, b""
        else:
            self._move(token)

    def _goto(self, row: int, column: int) -> bytes:
        if row == column == 0:
            return HOME
        return (b"\x1f$" if self.epson else b"\x1bl") + bytes((column + 1, row + 1))

    def _write(self, raw: bytes) -> None:
        at = 0
        while at < len(raw):
            size = character_bytes(raw, at) or 1
            self._put(raw[at : at + size], 1 if size == 1 else 2)
            at += size

    def _put(self, character: bytes, width: int) -> None:
        if self.column + width > self.columns:
            self.row, self.column = (self.row + 1) % ROWS, 0
        cells = self.rows[self.row]
        cells.extend([b" "] * (self.column + width - len(cells)))
        end = self.column + width
        # Half a character that is written over leaves a blank, and what is beside it stays there.
        if cells[self.column] == b"" and self.column:
            cells[self.column - 1] = b" "
        if end < len(cells) and cells[end] == b"":
            cells[end] = b" "
        cells[self.column : end] = [character, b""][:width]
        self.column = end
        if width > 1:
            self.written_in = self.alphabet
        self.named_rows.discard(self.row)

    def _named(self, row: int, raw: bytes) -> None:
        self.rows[row] = []
        at_row, at_column = self.row, self.column
        self.row, self.column = row, 0
        self._write(raw[: self.columns])
        self.row, self.column = at_row, at_column
        self.named_rows.add(row)

    def _move(self, token: Token) -> None:
        if token.name in {b"\x1f$", b"\x1bl"}:
            self.epson = token.name == b"\x1f$"
            self._place(token.rest[1] - 1, token.rest[0] - 1)
        elif token.name == b"\x1b[":
            down, right = _ARROWS.get(token.rest, (0, 0))
            if token.rest == b"H":
                self._place(0, 0)
            elif down or right:
                self._place(self.row + down, self.column + right)

    def _place(self, row: int, column: int) -> None:
        self.row = min(max(row, 0), ROWS - 1)
        self.column = min(max(column, 0), self.columns - 1)

    def _blank(self) -> None:
        self.rows, self.written_in = [[] for _ in range(ROWS)], b""
        self.named_rows = set()
        self._place(0, 0)

    def _blank_row(self) -> None:
        self.rows[self.row] = []
        self.column = 0

    def _home(self) -> None:
        self._place(0, 0)

    def _back(self) -> None:
        self._place(self.row, self.column - 1)

    def _on(self) -> None:
        self._place(self.row, self.column + 1)

    def _down(self) -> None:
        self.row = (self.row + 1) % ROWS

    def _left(self) -> None:
        self.column = 0


_CONTROLS = {
    b"\x0c": Screen._blank,  # noqa: SLF001 - its own table of controls
    b"\x18": Screen._blank_row,  # noqa: SLF001
    b"\x0b": Screen._home,  # noqa: SLF001
    b"\x08": Screen._back,  # noqa: SLF001
    b"\t": Screen._on,  # noqa: SLF001
    b"\n": Screen._down,  # noqa: SLF001
    b"\r": Screen._left,  # noqa: SLF001
}
