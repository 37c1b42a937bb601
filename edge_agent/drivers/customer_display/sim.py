"""The other side: a till that writes to its customer display, and displays that show it.

Written from what such devices do, not from the reader: the displays go byte by byte, each with the
few commands its kind has. Both hold the master of a pseudo-terminal, as the printer's do.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

from edge_agent.drivers.till_escpos.sim import PtyEnd

_POLL_MS = 20
_COLUMNS = 20
_BLANK, _ESCAPE = 0x20, 0x1B
LAMPS = ("", "单价", "总计", "收款", "找零")


def lamp_till(sale: Sequence[int], paid_fen: int, *, lamp_first: bool = True) -> Iterator[bytes]:
    """Yield each step of a sale on a display of figures: prices, the sum, paid, change, clear."""
    total = sum(sale)
    yield b"\x1b@\x1bs0"
    for price in sale:
        yield _figures(1, price, lamp_first=lamp_first)
    yield _figures(2, total, lamp_first=lamp_first)
    yield _figures(3, paid_fen, lamp_first=lamp_first)
    yield _figures(4, paid_fen - total, lamp_first=lamp_first) + b"\x02M"
    yield b"\x0c"


def word_till(items: Sequence[tuple[str, int]], paid_fen: int) -> Iterator[bytes]:
    """Yield the same on two rows of words, with ESC Q A and ESC Q B."""
    total = sum(price for _, price in items)
    yield b"\x1b@\x0c" + _named("A", "欢迎光临")
    for name, price in items:
        yield _named("A", name) + _named("B", f"单价:{_yuan(price)}")
    yield _named("A", "") + _named("B", f"合计:{_yuan(total)}")
    yield _named("A", f"收款:{_yuan(paid_fen)}") + _named("B", f"找零:{_yuan(paid_fen - total)}")
    yield b"\x0c"


def epson_till(items: Sequence[tuple[str, int]], paid_fen: int) -> Iterator[bytes]:
    """Yield the same in Epson's manner: the display is chosen, the cursor set, the row written."""
    total = sum(price for _, price in items)
    yield b"\x1b=\x02\x1b@\x0c\x1c&"
    for name, price in items:
        yield b"\x1b=\x02\x0c" + _at(1, 1, name) + _at(1, 2, f"{_yuan(price):>20}") + b"\x1b=\x01"
    yield b"\x1b=\x02\x0c" + _at(1, 1, "TOTAL") + _at(13, 1, f"{_yuan(total):>8}") + b"\x1b=\x01"
    yield (
        b"\x1b=\x02\x0c"
        + _at(1, 1, f"CASH{_yuan(paid_fen):>16}")
        + _at(1, 2, f"CHANGE{_yuan(paid_fen - total):>14}")
    )
    yield b"\x1b=\x02\x0c"


def _figures(lamp: int, fen: int, *, lamp_first: bool) -> bytes:
    light = b"\x1bs" + str(lamp).encode()
    shown = b"\x1bQA" + _yuan(fen).encode() + b"\r"
    return light + shown if lamp_first else shown + light


def _named(row: str, text: str) -> bytes:
    return b"\x1bQ" + row.encode() + text.encode("gb18030") + b"\r"


def _at(column: int, row: int, text: str) -> bytes:
    return b"\x1f$" + bytes((column, row)) + text.encode("gb18030")


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


class Glass:
    """What a customer sees after all the bytes that a display was sent."""

    def __init__(self, data: bytes) -> None:
        self._cells = [[b" "] * _COLUMNS, [b" "] * _COLUMNS]
        self._at = (0, 0)
        self._lamp = 0
        self._chosen = True
        self.drawer_opened = 0
        self.passed_on = bytearray()
        input_ = iter(data)
        with suppress(StopIteration):  # the last command may be on its way yet
            while True:
                byte = next(input_)
                if self._chosen or byte == _ESCAPE:
                    self._one(byte, input_)
                else:
                    self.passed_on.append(byte)  # what a printer behind the display would print

    @property
    def rows(self) -> tuple[str, str]:
        """The two rows, without the blanks behind them."""
        upper, lower = (
            b"".join(cells).decode("gb18030", "replace").rstrip() for cells in self._cells
        )
        return upper, lower

    @property
    def lamp(self) -> str:
        """The word of the lamp that is on."""
        return LAMPS[self._lamp]

    def _one(self, byte: int, more: Iterator[int]) -> None:
        match byte:
            case 0x1B:
                self._escape(next(more), more)
            case 0x1F:
                self._cursor(next(more), more)
            case 0x02:
                self.drawer_opened += next(more) == ord("M")
            case 0x1C:
                next(more)
            case 0x0C:
                self._clear()
            case 0x0B:
                self._at = (0, 0)
            case _ if byte >= _BLANK:
                self._put(byte)

    def _escape(self, command: int, more: Iterator[int]) -> None:
        if command == ord("="):
            self._chosen = bool(next(more) & 2)
        elif not self._chosen:
            self.passed_on += bytes((_ESCAPE, command))
        elif command == ord("@"):
            self._clear()
            self._lamp = 0
        elif command == ord("s"):
            self._lamp = next(more) - ord("0")
        elif command == ord("l"):
            self._move(next(more), next(more))
        elif command == ord("Q"):
            self._line(next(more) - ord("A"), more)
        elif command in b"Rtcf":
            next(more)

    def _line(self, row: int, more: Iterator[int]) -> None:
        written = bytearray()
        while (byte := next(more)) not in b"\r":
            written.append(byte)
        padded = bytes(written).ljust(_COLUMNS)[:_COLUMNS]
        self._cells[row] = [bytes((one,)) for one in padded]

    def _cursor(self, command: int, more: Iterator[int]) -> None:
        if command == ord("$"):
            self._move(next(more), next(more))

    def _move(self, column: int, row: int) -> None:
        self._at = (row - 1, column - 1)

    def _clear(self) -> None:
        self._cells = [[b" "] * _COLUMNS, [b" "] * _COLUMNS]
        self._at = (0, 0)

    def _put(self, byte: int) -> None:
        """Show one byte; behind the last column the next row begins."""
        row, column = self._at
        if column == _COLUMNS:
            row, column = 1 - row, 0
        self._cells[row][column] = bytes((byte,))
        self._at = (row, column + 1)


class ShowingTill:
    """A till that writes to the display on `port`."""

    def __init__(self) -> None:
        self._line = PtyEnd()
        self.port = self._line.port

    def send(self, data: bytes) -> None:
        """Send one step of a sale, or anything."""
        self._line.write(data)

    def stop(self) -> None:
        """Unplug the till; safe to call twice."""
        self._line.close()


class PoleDisplay:
    """A display on `port` that keeps what it was sent."""

    def __init__(self) -> None:
        self._line = PtyEnd()
        self.port = self._line.port
        self._received = bytearray()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pole display", daemon=True)
        self._thread.start()

    def received(self) -> bytes:
        """Return every byte that reached the display so far."""
        with self._lock:
            return bytes(self._received)

    def glass(self) -> Glass:
        """Return what stands there now."""
        return Glass(self.received())

    def stop(self) -> None:
        """Unplug the display; safe to call twice."""
        self._stopping.set()
        self._thread.join()
        self._line.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            data = self._line.read(_POLL_MS)
            with self._lock:
                self._received += data
