"""A virtual reader to lay cards on: the peer of vsmartcard's vpcd driver inside a real pcscd.

vpcd listens; a connection is a card on the reader and its end is the card taken away. Frames are
two bytes of length (big endian) and a body; a body of one byte is a control, not a command.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from edge_agent.drivers.nfc_pcsc.sim import Card, LeftFieldError

VPCD_PORT = 35963
_GET_ATR = b"\x04"
_CONTROL_BYTES = 1
_POLL_S = 0.45


def dial_vpcd(slot: int = 0) -> socket.socket:
    """Connect to one of the two readers of this machine's vpcd; raises OSError when it is not."""
    return socket.create_connection(("127.0.0.1", VPCD_PORT + slot), 5)


class VirtualReader:
    """The hand at the reader: lays one card down at a time and takes it away."""

    def __init__(self, connect: Callable[[], socket.socket] = dial_vpcd) -> None:
        self._connect = connect
        self._link: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._free_from_s = 0.0

    def insert(self, card: Card) -> None:
        """Lay a card down; pcscd sees it when it looks next (every 400 ms).

        A card swapped between two of its looks goes unseen, so this waits for one after the last
        card left.
        """
        self.remove()
        time.sleep(max(0.0, self._free_from_s - time.monotonic()))
        card.reset()
        link = self._connect()
        link.settimeout(None)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._link = link
        self._thread = threading.Thread(target=_serve, args=(link, card), name="virtual-card")
        self._thread.start()

    def remove(self) -> None:
        """Take the card away; nothing happens when none is there."""
        if self._link is not None:
            with suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)
            self._free_from_s = time.monotonic() + _POLL_S
        if self._thread is not None:
            self._thread.join()
        if self._link is not None:
            self._link.close()
        self._link = None
        self._thread = None


def _serve(link: socket.socket, card: Card) -> None:
    """Answer until the card is taken away, by either side or by itself."""
    with suppress(OSError, EOFError, LeftFieldError):
        while True:
            message = _exactly(link, int.from_bytes(_exactly(link, 2), "big"))
            reply = _reply(card, message)
            if reply is not None:
                link.sendall(len(reply).to_bytes(2, "big") + reply)
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


def _reply(card: Card, message: bytes) -> bytes | None:
    """Answer a control byte or a command; power off, power on and reset want no answer."""
    if message == _GET_ATR:
        return card.atr
    if len(message) == _CONTROL_BYTES:
        card.reset()
        return None
    return card.answer(message)


def _exactly(link: socket.socket, count: int) -> bytes:
    """Receive exactly `count` bytes; raises EOFError when the peer hangs up.

    vpcd sends length and body in two writes: without QUICKACK, which does not stick, Nagle and the
    delayed acknowledgement cost 44 ms a command.
    """
    data = b""
    while len(data) < count:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = link.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data
