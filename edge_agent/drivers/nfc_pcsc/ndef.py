"""NDEF messages: records and URI text (NFC Forum NDEF, URI Record Type Definition)."""

from dataclasses import dataclass

_MESSAGE_END = 0x40
_CHUNKED = 0x20
_SHORT = 0x10
_HAS_ID = 0x08
_TYPE_NAME_FORMAT = 0x07
_WELL_KNOWN = 0x01
_SHORT_MAX = 0xFF

URI_PREFIXES = (
    "",
    "http://www.",
    "https://www.",
    "http://",
    "https://",
    "tel:",
    "mailto:",
    "ftp://anonymous:anonymous@",
    "ftp://ftp.",
    "ftps://",
    "sftp://",
    "smb://",
    "nfs://",
    "ftp://",
    "dav://",
    "news:",
    "telnet://",
    "imap:",
    "rtsp://",
    "urn:",
    "pop:",
    "sip:",
    "sips:",
    "tftp:",
    "btspp://",
    "btl2cap://",
    "btgoep://",
    "tcpobex://",
    "irdaobex://",
    "file://",
    "urn:epc:id:",
    "urn:epc:tag:",
    "urn:epc:pat:",
    "urn:epc:raw:",
    "urn:epc:",
    "urn:nfc:",
)
"""The abbreviations of the URI record type, by their code."""


@dataclass(frozen=True, slots=True)
class NdefRecord:
    """One record of an NDEF message."""

    type_name_format: int
    type: bytes
    payload: bytes


class _Reader:
    """Takes bytes off the front of a message; running out is a ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            msg = "the NDEF message is cut off"
            raise ValueError(msg)
        part = self._data[self._at : end]
        self._at = end
        return part

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    @property
    def left(self) -> int:
        return len(self._data) - self._at


def parse_message(message: bytes) -> tuple[NdefRecord, ...]:
    """Split an NDEF message into records; raises ValueError when it is cut off or chunked."""
    reader = _Reader(message)
    records: list[NdefRecord] = []
    while reader.left:
        header = reader.number(1)
        if header & _CHUNKED:
            msg = "chunked records are not read"
            raise ValueError(msg)
        type_bytes = reader.number(1)
        payload_bytes = reader.number(1 if header & _SHORT else 4)
        id_bytes = reader.number(1) if header & _HAS_ID else 0
        kind = reader.take(type_bytes)
        reader.take(id_bytes)
        records.append(NdefRecord(header & _TYPE_NAME_FORMAT, kind, reader.take(payload_bytes)))
        if header & _MESSAGE_END:
            break
    return tuple(records)


def first_uri(message: bytes) -> str | None:
    """Return the first URI record's text; None when there is none or it cannot be read."""
    try:
        records = parse_message(message)
    except ValueError:
        return None
    for record in records:
        if record.type_name_format == _WELL_KNOWN and record.type == b"U" and record.payload:
            return _uri_text(record.payload)
    return None


def _uri_text(payload: bytes) -> str | None:
    code = payload[0]
    prefix = URI_PREFIXES[code] if code < len(URI_PREFIXES) else ""
    try:
        return prefix + payload[1:].decode("utf-8")
    except UnicodeDecodeError:
        return None


def uri_message(uri: str) -> bytes:
    """Build an NDEF message of one URI record, for cards we write and cards we play."""
    code = max(
        (number for number, prefix in enumerate(URI_PREFIXES) if uri.startswith(prefix)),
        key=lambda number: len(URI_PREFIXES[number]),
    )
    payload = bytes((code,)) + uri[len(URI_PREFIXES[code]) :].encode()
    if len(payload) <= _SHORT_MAX:
        return bytes((0xD1, 0x01, len(payload))) + b"U" + payload
    return bytes((0xC1, 0x01)) + len(payload).to_bytes(4, "big") + b"U" + payload
