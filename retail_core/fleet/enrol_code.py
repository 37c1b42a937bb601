"""The one-time code that lets a box in: said over the telephone, typed on a keyboard, or scanned.

Ten characters of Crockford's base 32 are drawn (50 bits), two check them: a wrong character and two
that changed places are noticed on the box, before the cloud counts a failed try.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BYTES = 7
PIN_BYTES = 16
_BASE = len(ALPHABET)
_DRAWN = 10
_CHECKS = 2
_GROUP = 4
# The largest prime that two characters can spell: every weight 32^i differs from the next one.
_PRIME = 1_021
_LOOKALIKE = str.maketrans("OIL", "011")
_QR = re.compile(
    rf"REGULARS-BOX:(?P<url>[^#\s]{{1,200}})#(?P<code>[0-9A-Z]{{{_DRAWN + _CHECKS}}})"
    rf"(?:\.(?P<pin>[0-9a-f]{{{2 * PIN_BYTES}}}))?"
)


@dataclass(frozen=True, slots=True)
class EnrolTicket:
    """What a QR code says: where the cloud is, the code, and whose key signs for it ("" unsaid)."""

    url: str
    code: str
    pin: str = ""


def spell(drawn: bytes) -> str:
    """Return the code of seven random bytes, without its dashes."""
    if len(drawn) != RANDOM_BYTES:
        raise ValueError(f"need {RANDOM_BYTES} bytes")
    value = int.from_bytes(drawn, "big") % _BASE**_DRAWN
    return _said(value, _DRAWN) + _said(value % _PRIME, _CHECKS)


def read(text: str) -> str:
    """Return a typed code as `spell` made it; Fault ENROL_CODE_MISTYPED."""
    plain = text.upper().replace("-", "").replace(" ", "").translate(_LOOKALIKE)
    if len(plain) != _DRAWN + _CHECKS or set(plain) - set(ALPHABET):
        raise Fault(FaultCode.ENROL_CODE_MISTYPED)
    if _value(plain[:_DRAWN]) % _PRIME != _value(plain[_DRAWN:]):
        raise Fault(FaultCode.ENROL_CODE_MISTYPED)
    return plain


def pin_of(content: bytes) -> str:
    """Return how a certificate or a root is told by mouth: 32 hexadecimal digits of its SHA-256."""
    return sha256(content).digest()[:PIN_BYTES].hex()


def grouped(code: str) -> str:
    """Return a code as people read it, in groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def say_ticket(ticket: EnrolTicket) -> str:
    """Return the content of the QR code."""
    pin = f".{ticket.pin}" if ticket.pin else ""
    return f"REGULARS-BOX:{ticket.url}#{ticket.code}{pin}"


def read_ticket(text: str) -> EnrolTicket:
    """Read a scanned QR code; Fault ENROL_CODE_MISTYPED for any other."""
    found = _QR.fullmatch(text.strip())
    if found is None or urlsplit(found["url"]).scheme not in {"http", "https"}:
        raise Fault(FaultCode.ENROL_CODE_MISTYPED)
    return EnrolTicket(found["url"], read(found["code"]), found["pin"] or "")


def _said(value: int, count: int) -> str:
    return "".join(ALPHABET[value // _BASE**at % _BASE] for at in reversed(range(count)))


def _value(text: str) -> int:
    value = 0
    for char in text:
        value = value * _BASE + ALPHABET.index(char)
    return value
