"""What is said to a card, without saying it: APDUs, status words and the Type 4 Tag dialogue.

`read_tag` is a generator: it yields the bytes to send and is sent the card's answers, so the same
code runs over PC/SC, over a recorded device and in a property test. Sources: ISO/IEC 7816-4 (APDUs,
status words), PC/SC part 3 §3.2.2 (GET DATA for the UID), NFC Forum Type 4 Tag.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from edge_agent.drivers.nfc_pcsc.ndef import first_uri
from retail_core.limits import NDEF_BYTES_MAX

NDEF_APPLICATION = bytes.fromhex("D2760000850101")
CAPABILITY_FILE = 0xE103
_CAPABILITY_BYTES = 15
_WRITE_FREE = 0x00
_CHUNK_MAX = 0xF0
_WORD_BYTES = 2
_NDEF_CONTROL_TLV = 0x04
_MORE_DATA = 0x61
_WRONG_LENGTH = 0x6C

Said = TypeVar("Said")
Talk = Generator[bytes, bytes, bytes]
"""A dialogue that yields commands and returns the data of the last good answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A card's answer: its data and the two status bytes as one number."""

    data: bytes
    status: int

    @property
    def ok(self) -> bool:
        """Whether the command did what it should; a read past the end (6282) still gave data."""
        return self.status in {0x9000, 0x6282}

    @property
    def wanted_length(self) -> int | None:
        """The length the card asks for with 6Cxx, None for any other status."""
        return self.status & 0xFF if self.status >> 8 == _WRONG_LENGTH else None

    @property
    def waiting_length(self) -> int | None:
        """How many bytes wait behind a 61xx status, None for any other."""
        return self.status & 0xFF if self.status >> 8 == _MORE_DATA else None


@dataclass(frozen=True, slots=True)
class TagContent:
    """What stood on a tag; `uri` is None on a card that is not ours to understand."""

    uid: bytes
    uri: str | None


@dataclass(frozen=True, slots=True)
class Capability:
    """The part of the capability container a reader needs."""

    read_max: int
    ndef_file: int
    ndef_size: int
    write_max: int
    writable: bool


class CardRefusedError(Exception):
    """The card answered with a status that ends the dialogue."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status:04X}")
        self.status = status


def parse_answer(raw: bytes) -> Answer:
    """Split an answer into data and status; an answer shorter than a status counts as 0000."""
    if len(raw) < _WORD_BYTES:
        return Answer(b"", 0)
    return Answer(raw[:-_WORD_BYTES], int.from_bytes(raw[-_WORD_BYTES:], "big"))


def get_uid() -> bytes:
    """Return the reader's pseudo-APDU that asks for the chip's serial number."""
    return bytes.fromhex("FFCA000000")


def select_application(aid: bytes) -> bytes:
    """Return SELECT by application name."""
    return bytes((0x00, 0xA4, 0x04, 0x00, len(aid))) + aid + b"\x00"


def select_file(file_id: int) -> bytes:
    """Return SELECT of an elementary file, no answer data wanted."""
    return bytes((0x00, 0xA4, 0x00, 0x0C, 0x02)) + file_id.to_bytes(2, "big")


def read_binary(offset: int, length: int) -> bytes:
    """Return READ BINARY; `length` 256 is written as 0."""
    return bytes((0x00, 0xB0)) + offset.to_bytes(2, "big") + bytes((length & 0xFF,))


def update_binary(offset: int, data: bytes) -> bytes:
    """Return UPDATE BINARY of at most 255 bytes."""
    return bytes((0x00, 0xD6)) + offset.to_bytes(2, "big") + bytes((len(data),)) + data


def get_response(length: int) -> bytes:
    """Return GET RESPONSE for bytes that wait behind a 61xx."""
    return bytes((0x00, 0xC0, 0x00, 0x00, length & 0xFF))


def ask(command: bytes) -> Talk:
    """Send one command; follow 6Cxx (say the length again) and 61xx (fetch the rest).

    Raises CardRefusedError on any other status.
    """
    answer = parse_answer((yield command))
    if answer.wanted_length is not None:
        answer = parse_answer((yield command[:-1] + bytes((answer.wanted_length,))))
    data = answer.data
    while answer.waiting_length is not None and len(data) <= NDEF_BYTES_MAX:
        answer = parse_answer((yield get_response(answer.waiting_length)))
        data += answer.data
    if not answer.ok:
        raise CardRefusedError(answer.status)
    return data


def parse_capability(data: bytes) -> Capability:
    """Read a capability container (Type 4 Tag §5.1); raises ValueError when it is not one."""
    if len(data) < _CAPABILITY_BYTES or data[7] != _NDEF_CONTROL_TLV:
        msg = "no NDEF file control in the capability container"
        raise ValueError(msg)
    read_max = int.from_bytes(data[3:5], "big")
    write_max = min(int.from_bytes(data[5:7], "big"), _CHUNK_MAX)
    return Capability(
        read_max=max(_CAPABILITY_BYTES, min(read_max, _CHUNK_MAX)),  # §5.1: never below 15
        ndef_file=int.from_bytes(data[9:11], "big"),
        ndef_size=int.from_bytes(data[11:13], "big"),
        write_max=write_max,
        # A length that cannot be written in one command cannot be written safely.
        writable=data[14] == _WRITE_FREE and write_max >= _WORD_BYTES,
    )


def _open_ndef() -> Generator[bytes, bytes, Capability]:
    """Select the NDEF file and return what the tag says of it."""
    yield from ask(select_application(NDEF_APPLICATION))
    yield from ask(select_file(CAPABILITY_FILE))
    capability = parse_capability((yield from ask(read_binary(0, _CAPABILITY_BYTES))))
    yield from ask(select_file(capability.ndef_file))
    return capability


def read_ndef() -> Talk:
    """Read the NDEF message of a Type 4 Tag in as few commands as the tag allows.

    The first read already takes as much as fits: on a tag of ours it is the whole message.
    Raises CardRefusedError or ValueError on a card that is no such tag.
    """
    capability = yield from _open_ndef()
    chunk = min(capability.read_max, max(capability.ndef_size, _WORD_BYTES))
    data = yield from ask(read_binary(0, chunk))
    end = _WORD_BYTES + int.from_bytes(data[:_WORD_BYTES], "big")
    if end > min(capability.ndef_size, NDEF_BYTES_MAX):
        msg = "the NDEF message is longer than its file"
        raise ValueError(msg)
    while len(data) < end:
        part = yield from ask(read_binary(len(data), min(chunk, end - len(data))))
        if not part:
            msg = "the NDEF file ends before its message"
            raise ValueError(msg)
        data += part
    return data[_WORD_BYTES:end]


def write_tag(message: bytes) -> Generator[bytes, bytes, TagContent]:
    """Write an NDEF message and read it back; the UID and URI then found are returned.

    The length is set to nothing first and to the message's last (Type 4 Tag §5.4.3): a tag pulled
    away in the middle is empty, not half written. Raises CardRefusedError or, for a tag that is
    none, is locked, is too small or keeps something else, ValueError.
    """
    capability = yield from _open_ndef()
    if not capability.writable:
        raise ValueError("read-only")
    if _WORD_BYTES + len(message) > min(capability.ndef_size, NDEF_BYTES_MAX):
        raise ValueError(f"{len(message)} bytes do not fit into {capability.ndef_size}")
    yield from ask(update_binary(0, bytes(_WORD_BYTES)))
    for start in range(0, len(message), capability.write_max):
        part = message[start : start + capability.write_max]
        yield from ask(update_binary(_WORD_BYTES + start, part))
    yield from ask(update_binary(0, len(message).to_bytes(_WORD_BYTES, "big")))
    content = yield from read_tag()
    if content.uri != first_uri(message):
        raise ValueError("it reads back as something else")
    return content


def read_tag() -> Generator[bytes, bytes, TagContent]:
    """Read the UID, then the URI; a card without either is foreign, not an error."""
    try:
        uid = yield from ask(get_uid())
    except CardRefusedError:
        uid = b""
    try:
        message = yield from read_ndef()
    except (CardRefusedError, ValueError):
        return TagContent(uid, None)
    return TagContent(uid, first_uri(message))


def converse(dialogue: Generator[bytes, bytes, Said], transmit: Callable[[bytes], bytes]) -> Said:
    """Hold a dialogue over a link; raises what the dialogue or the link raises."""
    command = next(dialogue)
    while True:
        try:
            command = dialogue.send(transmit(command))
        except StopIteration as finished:
            said: Said = finished.value
            return said
