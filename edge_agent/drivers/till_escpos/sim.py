"""The other side: an old till that only prints, and a printer that records and answers.

Both hold the master of a pseudo-terminal; the tap opens the slave by its path, as it would open
/dev/ttyUSB0. Unplugging closes the master.
"""

import os
import select
import threading
import tty
from collections.abc import Iterable, Sequence
from contextlib import suppress

_COLUMNS = 32
_QTY_COLUMN = 20
_CHINESE = "gb18030"
_POLL_MS = 20
_STATUS_OK = {1: 0x16, 2: 0x12, 3: 0x12, 4: 0x12}
_PAPER_OUT = {2: 0x32, 4: 0x7E}
_DLE_EOT = b"\x10\x04"
_CASH_STEP_FEN = 10_000

Item = tuple[str, int, int]
"""Name as printed, quantity, unit price in fen."""


class PtyEnd:
    """The far end of a pseudo-terminal; the tap opens `port`."""

    def __init__(self) -> None:
        self._fd, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave: int | None = slave  # held open: until the tap comes there is no hang-up

    def write(self, data: bytes) -> None:
        """Send everything, waiting for the line."""
        sent = 0
        while sent < len(data):
            sent += os.write(self._fd, data[sent:])

    def read(self, timeout_ms: int) -> bytes:
        """Return what came in time, b"" when nothing did or the line is gone."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(timeout_ms):
            return b""
        try:
            return os.read(self._fd, 4_096)
        except OSError:
            return b""

    def close(self) -> None:
        """Pull the cable; safe to call twice."""
        if self._slave is not None:
            os.close(self._slave)
            os.close(self._fd)
            self._slave = None


class OldTill:
    """A till from before our time: it prints on `port` and asks the printer how it is."""

    def __init__(self) -> None:
        self._line = PtyEnd()
        self.port = self._line.port

    def print_sale(self, number: str, items: Sequence[Item], *, discount_fen: int = 0) -> bytes:
        """Print a receipt as such tills do; returns the bytes it sent."""
        return self.print_bytes(sale_bytes(number, items, discount_fen=discount_fen))

    def print_bytes(self, data: bytes) -> bytes:
        """Print anything."""
        self._line.write(data)
        return data

    def ask_status(self, question: int = 1, *, timeout_ms: int = 2_000) -> bytes:
        """Ask DLE EOT and wait for the printer's answer."""
        self._line.write(_DLE_EOT + bytes((question,)))
        return self._line.read(timeout_ms)

    def stop(self) -> None:
        """Unplug the till; safe to call twice."""
        self._line.close()


class RecordingPrinter:
    """A printer on `port` that keeps what it got and answers status requests."""

    def __init__(self) -> None:
        self._line = PtyEnd()
        self.port = self._line.port
        self._received = bytearray()
        self._status = dict(_STATUS_OK)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording printer", daemon=True)
        self._thread.start()

    def received(self) -> bytes:
        """Return every byte that reached the printer so far."""
        with self._lock:
            return bytes(self._received)

    def paper_out(self) -> None:
        """Take the paper out: the next answers say so."""
        self._status.update(_PAPER_OUT)

    def stop(self) -> None:
        """Unplug the printer; safe to call twice."""
        self._stopping.set()
        self._thread.join()
        self._line.close()

    def _run(self) -> None:
        unread = b""
        while not self._stopping.is_set():
            data = self._line.read(_POLL_MS)
            with self._lock:
                self._received += data
            unread = self._answer(unread + data)

    def _answer(self, data: bytes) -> bytes:
        """Answer each DLE EOT n; returns a request that is not complete yet."""
        while (at := data.find(_DLE_EOT)) >= 0 and len(data) > at + len(_DLE_EOT):
            question = data[at + len(_DLE_EOT)]
            with suppress(OSError):
                self._line.write(bytes((self._status.get(question, 0x12),)))
            data = data[at + len(_DLE_EOT) + 1 :]
        return data[-len(_DLE_EOT) :]


def sale_bytes(
    number: str,
    items: Sequence[Item],
    *,
    discount_fen: int = 0,
    shop: str = "老街便利店",
    when: str = "2026-11-22 12:31",
) -> bytes:
    """Return the ESC/POS stream of a Chinese receipt on 58 mm paper, paid in cash."""
    total_fen = sum(qty * price for _, qty, price in items) - discount_fen
    cash_fen = -(-total_fen // _CASH_STEP_FEN) * _CASH_STEP_FEN
    rows = [
        f"单号:{number}",
        f"日期:{when}",
        "-" * _COLUMNS,
        _columns("品名", "数量", "金额"),
        *(_columns(name, str(qty), _yuan(qty * price)) for name, qty, price in items),
        "-" * _COLUMNS,
        *([_columns("优惠", "", _yuan(-discount_fen))] if discount_fen else []),
    ]
    change_fen = cash_fen - total_fen
    paid = [_columns("现金", "", _yuan(cash_fen)), _columns("找零", "", _yuan(change_fen))]
    return b"".join(
        (
            b"\x1b@\x1c&\x1ba\x01\x1d!\x11",
            _lines([shop]),
            b"\x1d!\x00\x1ba\x00",
            _lines(rows),
            b"\x1b!\x10",
            _lines([_columns("合计", "", f"¥{_yuan(total_fen)}")]),
            b"\x1b!\x00",
            _lines([*paid, "谢谢惠顾"]),
            b"\x1bd\x05\x1bp\x00\x19\xfa\x1dVB\x00",
        )
    )


def _lines(rows: Iterable[str]) -> bytes:
    return b"".join(row.encode(_CHINESE) + b"\n" for row in rows)


def _columns(name: str, middle: str, right: str) -> str:
    """Set three columns by blanks, as a till without ESC $ does."""
    width = len(name.encode(_CHINESE))
    head = name + " " * max(1, _QTY_COLUMN - width) + middle
    return head + right.rjust(max(len(right) + 1, _COLUMNS - len(head.encode(_CHINESE))))


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
