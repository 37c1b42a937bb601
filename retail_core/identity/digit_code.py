"""The digit code: 20 digits for a camera too blurred for the full member code.

Twenty digits fit the smallest QR code, which survives a blur that no signed code does. The price is
a symmetric secret, known to the phone, the cloud and the stores that hold the member: what one of
them could forge must not spend, so the code is worth less than a signed one (`assurance`).

    digit 1        `8`: no payment code begins so (10-15 and 25-30 are taken, 62 is a bank card)
    digits 2-10    member reference: the first 8 bytes of SHA-256(`regulars-d1` + the member's
                   16 bytes), big-endian, modulo 10^9; the box finds her by it without trying all
    digits 11-19   RFC 6238: HMAC-SHA-256(secret, step as 8 bytes big-endian), step = Unix seconds
                   divided by 30, dynamically truncated as in RFC 4226 section 5.3, modulo 10^9
    digit 20       Luhn check digit over the nineteen before it
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest

from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

DIGITS = 20
SECRET_BYTES = 20
STEP_S = 30
_VERSION = "8"
_REFERENCE = slice(1, 10)
_CODE = slice(10, 19)
_PART_DIGITS = 9
_DOMAIN = b"regulars-d1"
_INT31 = 0x7FFF_FFFF


@dataclass(frozen=True, slots=True)
class DigitCode:
    """Twenty digits of the right form; nothing is believed of them before `verify`."""

    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class DigitUse:
    """A code that held: whose it is, its step, and the last second any clock may accept it."""

    member_id: bytes
    step: int

    @property
    def proof(self) -> bytes:
        """What stands for this one code in every list of used ones (32 bytes)."""
        return sha256(_DOMAIN + self.member_id + self.step.to_bytes(8, "big")).digest()

    @property
    def dead_after_s(self) -> int:
        """The last second at which a clock within the allowed skew accepts the code."""
        return (self.step + 1) * STEP_S - 1 + limits.CLOCK_SKEW_S_MAX


def make(secret: bytes, member_id: bytes, unix_s: int) -> str:
    """Return the code a phone shows at this second; ValueError for a secret of another size."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"secret of {len(secret)} bytes")
    body = _VERSION + reference_of(member_id) + hotp(secret, unix_s // STEP_S, _PART_DIGITS)
    return body + luhn(body)


def reference_of(member_id: bytes) -> str:
    """Return the nine digits by which a box finds a member (16 bytes) it holds."""
    first = int.from_bytes(sha256(_DOMAIN + member_id).digest()[:8], "big")
    return f"{first % 10**_PART_DIGITS:09d}"


def hotp(secret: bytes, counter: int, digits: int) -> str:
    """Return the HOTP value of RFC 4226 with HMAC-SHA-256, as RFC 6238 uses it."""
    mac = hmac_digest(secret, counter.to_bytes(8, "big"), "sha256")
    at = mac[-1] & 0xF
    value = int.from_bytes(mac[at : at + 4], "big") & _INT31
    return f"{value % 10**digits:0{digits}d}"


def luhn(digits: str) -> str:
    """Return the digit that makes these a valid Luhn number (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 -- one digit
    return str(-total % 10)


def is_digit_code(payload: bytes) -> bool:
    """Tell whether this has the form of a digit code at first sight."""
    return len(payload) == DIGITS and payload.isdigit() and payload.startswith(_VERSION.encode())


def parse(text: bytes | str) -> DigitCode:
    """Read what a scanner or camera saw; Fault QR_FOREIGN when it is not of our form."""
    raw = text if isinstance(text, bytes) else text.encode()
    seen = raw.decode("ascii") if is_digit_code(raw) else ""
    if not seen or luhn(seen[:-1]) != seen[-1]:
        raise Fault(FaultCode.QR_FOREIGN)
    return DigitCode(seen[_REFERENCE], seen[_CODE])


def verify(
    code: DigitCode, held: Iterable[tuple[bytes, bytes]], now_s: int, quality: TimeQuality
) -> DigitUse:
    """Return whose code it is, of (member id, secret) pairs with its reference.

    Raises Fault QR_CLOCK_UNKNOWN first, because without the time nothing can be compared, else
    QR_DIGITS_WRONG. A guess meets one of the steps that count once in 300 million tries.
    """
    if quality == TimeQuality.UNKNOWN:
        raise Fault(FaultCode.QR_CLOCK_UNKNOWN)
    oldest = (now_s - limits.CLOCK_SKEW_S_MAX) // STEP_S
    newest = (now_s + limits.CLOCK_SKEW_S_MAX) // STEP_S
    for member_id, secret in held:
        for step in range(max(oldest, 0), newest + 1):
            if len(secret) == SECRET_BYTES and compare_digest(
                hotp(secret, step, _PART_DIGITS), code.code
            ):
                return DigitUse(member_id, step)
    raise Fault(FaultCode.QR_DIGITS_WRONG)
