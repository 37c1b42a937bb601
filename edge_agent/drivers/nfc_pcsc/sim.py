"""The other side of the air gap: cards that answer as real chips do; `vpcd` lays them down."""

from typing import Protocol

from edge_agent.drivers.nfc_pcsc.frames import CAPABILITY_FILE, NDEF_APPLICATION
from edge_agent.drivers.nfc_pcsc.ndef import uri_message
from retail_core.identity.sun import make_sun

_OK = b"\x90\x00"
_NOT_FOUND = b"\x6a\x82"
_NO_CURRENT_FILE = b"\x69\x86"
_NOT_ALLOWED = b"\x69\x82"
_BAD_OFFSET = b"\x6b\x00"
_UNKNOWN_COMMAND = b"\x6d\x00"
_NDEF_FILE = 0xE104
_NDEF_FILE_BYTES = 256
_COUNTER_MAX = 0xFFFFFF


def contactless_atr(historical: bytes = b"") -> bytes:
    """Return the ATR a reader makes up for an ISO 14443-4 card (PC/SC part 3 §3.1.3.2.3.1)."""
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))


class LeftFieldError(Exception):
    """A card raises this when it is pulled away in the middle of a command."""


class Card(Protocol):
    """What lies on a reader."""

    atr: bytes

    def reset(self) -> None:
        """Forget what was selected."""
        ...

    def answer(self, command: bytes) -> bytes:
        """Return data and status; raises LeftFieldError when the card is pulled away."""
        ...


class ForeignCard:
    """A door card or a bus card: a serial number and nothing that is ours."""

    atr = contactless_atr()

    def __init__(self, uid: bytes) -> None:
        self.uid = uid

    def reset(self) -> None:
        """Nothing is ever selected."""

    def answer(self, command: bytes) -> bytes:
        """Answer the reader's UID request; refuse everything else."""
        return self.uid + _OK if command[:2] == b"\xff\xca" else _NOT_FOUND


class Ntag424:
    """An NTAG 424 DNA as issued by us: a Type 4 Tag whose URI is signed anew at each read.

    The chip counts one more read when its file is read for the first time after being selected,
    and mirrors UID, counter and AES-CMAC into the URI (NT4H2421Gx data sheet §9.3, AN12196).
    """

    atr = contactless_atr(bytes.fromhex("0677070200"))

    def __init__(
        self, uid: bytes, *, meta_key: bytes, file_key: bytes, reads: int = 0, read_max: int = 256
    ) -> None:
        self.uid = uid
        self.reads = reads
        self._meta_key = meta_key
        self._file_key = file_key
        self._read_max = read_max
        self._selected: int | None = None
        self._in_application = False
        self._mirror: bytes | None = None

    def reset(self) -> None:
        """Power came back: nothing is selected."""
        self._selected = None
        self._in_application = False
        self._mirror = None

    def answer(self, command: bytes) -> bytes:
        """Answer one command as the chip (and, for the UID, the reader) does."""
        if command[:2] == b"\xff\xca":
            return self.uid + _OK
        if command[:4] == b"\x00\xa4\x04\x00":
            return self._select_application(command[5 : 5 + command[4]])
        if command[:3] == b"\x00\xa4\x00":
            return self._select_file(int.from_bytes(command[5:7], "big"))
        if command[:2] == b"\x00\xb0":
            return self._read(int.from_bytes(command[2:4], "big"), command[4] or 256)
        return _UNKNOWN_COMMAND

    def _select_application(self, name: bytes) -> bytes:
        self.reset()
        self._in_application = name == NDEF_APPLICATION
        return _OK if self._in_application else _NOT_FOUND

    def _select_file(self, file_id: int) -> bytes:
        if not self._in_application or file_id not in {CAPABILITY_FILE, _NDEF_FILE}:
            return _NOT_FOUND
        self._selected = file_id
        self._mirror = None
        return _OK

    def _read(self, offset: int, length: int) -> bytes:
        if self._selected is None:
            return _NO_CURRENT_FILE
        if length > self._read_max:
            return bytes((0x6C, self._read_max))
        content = self._capability() if self._selected == CAPABILITY_FILE else self._signed_file()
        if offset > len(content):
            return _BAD_OFFSET
        return content[offset : offset + length] + _OK

    def _capability(self) -> bytes:
        ndef_control = bytes.fromhex("0406E104") + _NDEF_FILE_BYTES.to_bytes(2, "big") + b"\x00\x00"
        container = b"\x20" + self._read_max.to_bytes(2, "big") + b"\x00\xff" + ndef_control
        return (len(container) + 2).to_bytes(2, "big") + container

    def _signed_file(self) -> bytes:
        if self._mirror is None:
            self.reads = min(self.reads + 1, _COUNTER_MAX)
            uri = make_sun(self.uid, self.reads, self._meta_key, self._file_key)
            message = uri_message(uri)
            self._mirror = (len(message).to_bytes(2, "big") + message).ljust(
                _NDEF_FILE_BYTES, b"\0"
            )
        return self._mirror


class WritableTag:
    """A Type 4 Tag as it is sold: empty, free to read and, unless `locked`, to write."""

    atr = contactless_atr()

    def __init__(
        self, uid: bytes, *, size: int = 256, write_max: int = 64, locked: bool = False
    ) -> None:
        self.uid = uid
        self._capability = bytearray(
            bytes.fromhex("000F2000F0")
            + write_max.to_bytes(2, "big")
            + bytes.fromhex("0406E104")
            + size.to_bytes(2, "big")
            + bytes((0x00, 0xFF if locked else 0x00))
        )
        self._write_max = 0 if locked else write_max
        self._ndef = bytearray(size)
        self._selected: bytearray | None = None

    def reset(self) -> None:
        """Power came back: nothing is selected."""
        self._selected = None

    def answer(self, command: bytes) -> bytes:
        """Answer one command."""
        match command[:2]:
            case b"\xff\xca":
                return self.uid + _OK
            case b"\x00\xa4" if command[2] == 0x04:  # noqa: PLR2004 -- SELECT by name
                self._selected = None
                return _OK if command[5 : 5 + command[4]] == NDEF_APPLICATION else _NOT_FOUND
            case b"\x00\xa4":
                files = {CAPABILITY_FILE: self._capability, _NDEF_FILE: self._ndef}
                self._selected = files.get(int.from_bytes(command[5:7], "big"))
                return _NOT_FOUND if self._selected is None else _OK
            case b"\x00\xb0" if self._selected is not None:
                start = int.from_bytes(command[2:4], "big")
                return bytes(self._selected[start : start + (command[4] or 256)]) + _OK
            case b"\x00\xd6":
                return self._update(int.from_bytes(command[2:4], "big"), command[5:])
            case _:
                return _UNKNOWN_COMMAND

    def _update(self, start: int, data: bytes) -> bytes:
        if self._selected is not self._ndef or len(data) > self._write_max:
            return _NOT_ALLOWED
        if start + len(data) > len(self._ndef):
            return _BAD_OFFSET
        self._ndef[start : start + len(data)] = data
        return _OK


class FlightyCard:
    """Another card, pulled away after a number of commands."""

    def __init__(self, card: Card, *, commands: int) -> None:
        self.atr = card.atr
        self._card = card
        self._left = commands

    def reset(self) -> None:
        """Reset the card inside."""
        self._card.reset()

    def answer(self, command: bytes) -> bytes:
        """Answer until the hand moves away."""
        if self._left <= 0:
            raise LeftFieldError
        self._left -= 1
        return self._card.answer(command)
