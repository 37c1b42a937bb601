"""The seat of QEMU's USB smart-card reader: cards written in Python are laid on it.

Speaks the protocol of `ccid-card-passthru` (QEMU's docs/ccid.txt and libcacard's vscard_common.h):
frames of type, reader and length, 32 bits each, big endian, then a body. The reader before it is
seen by the machine's own kernel, its USB stack and libccid.
"""

import socket
import struct
import threading
from contextlib import suppress
from enum import IntEnum

from edge_agent.drivers.nfc_pcsc.sim import Card, LeftFieldError

VERSION = 2
MAGIC = b"VSCD"
_HEADER = struct.Struct(">III")
_READER = 0
_NO_READER = 0xFFFFFFFF


class Said(IntEnum):
    """What a frame is."""

    INIT = 1
    READER_ADD = 3
    ATR = 5
    CARD_REMOVE = 6
    APDU = 7


class Seat:
    """Our end of the reader's line; one card at a time."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._line: socket.socket | None = None
        self._card: Card | None = None
        self._lock = threading.Lock()

    def plugged_in(self) -> None:
        """Greet a reader that was just plugged in; nothing lies on it."""
        self._card = None
        self._line, _ = self._listening.accept()
        threading.Thread(target=self._serve, args=(self._line,), daemon=True).start()
        self._say(Said.INIT, MAGIC + struct.pack(">II", VERSION, 0), _NO_READER)
        self._say(Said.READER_ADD, b"Regulars\0", _NO_READER)

    def lay(self, card: Card) -> None:
        """Lay a card down."""
        card.reset()
        self._card = card
        self._say(Said.ATR, card.atr)

    def take_away(self) -> None:
        """Take the card away."""
        self._card = None
        self._say(Said.CARD_REMOVE, b"")

    def _say(self, said: Said, body: bytes, reader: int = _READER) -> None:
        if self._line is None:
            raise OSError("no reader is plugged in")
        with self._lock:
            self._line.sendall(_HEADER.pack(said, reader, len(body)) + body)

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError, EOFError):
            while True:
                said, _reader, length = _HEADER.unpack(_exactly(line, _HEADER.size))
                body = _exactly(line, length)
                card = self._card
                if said == Said.APDU and card is not None:
                    with suppress(LeftFieldError):
                        self._say(Said.APDU, card.answer(body))


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = line.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data
