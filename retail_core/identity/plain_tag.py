"""Cards that prove little: a chip's bare number, and a link that HQ signed for one chip.

A bare number is copied in seconds by any phone, so it only says who this might be. A signed link
cannot be made up, but it can be copied together with its number onto a chip that takes one: it is
worth no more, except that nobody gives himself a card. Neither ever spends.
"""

import base64
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

UID_SIZES = frozenset({4, 7, 10})
_SINGLE_BYTES = 4
_RANDOM = 0x08  # ISO/IEC 14443-3 §6.5.4: drawn anew each time the chip wakes
_CASCADE = 0x88
_NOT_UNIQUE = 0x0F  # a single-size number ending its first byte in F may stand on many chips
_PURPOSE = b"regulars tag 1\0"  # no bundle begins so, and both are signed with one key
# The last of 86 characters holds two bits: with any other, sixteen texts would be one signature.
_LINK = re.compile(r"https://regulars\.invalid/t\?u=([0-9A-F]{8,20})&s=([A-Za-z0-9_-]{85}[AQgw])")


def check_uid(uid: bytes) -> None:
    """Pass a number that stays with one chip; Fault NFC_CARD_FOREIGN or NFC_UID_RANDOM."""
    if len(uid) not in UID_SIZES:
        raise Fault(FaultCode.NFC_CARD_FOREIGN)
    if len(uid) == _SINGLE_BYTES and (
        uid[0] in {_RANDOM, _CASCADE} or uid[0] & _NOT_UNIQUE == _NOT_UNIQUE
    ):
        raise Fault(FaultCode.NFC_UID_RANDOM)


def is_signed_link(uri: str) -> bool:
    """Tell whether a link is a signed tag's in form."""
    return _LINK.fullmatch(uri) is not None


def sign_link(uid: bytes, tenant: bytes, private_key: bytes) -> str:
    """Return the link that is written on the chip with this number; Faults of `check_uid`."""
    check_uid(uid)
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    signature = base64.urlsafe_b64encode(key.sign(_PURPOSE + tenant + uid)).rstrip(b"=").decode()
    return f"https://regulars.invalid/t?u={uid.hex().upper()}&s={signature}"


def verify_link(uri: str, chip_uid: bytes, tenant: bytes, public_key: bytes) -> bytes:
    """Return the number a link was signed for; it must be the chip's own.

    Faults NFC_CARD_FOREIGN, NFC_UID_RANDOM, or NFC_TAG_SIGNATURE for a link made by somebody else
    or moved to another chip.
    """
    link = _LINK.fullmatch(uri)
    if link is None or len(link[1]) % 2:
        raise Fault(FaultCode.NFC_CARD_FOREIGN)
    uid = bytes.fromhex(link[1])
    check_uid(uid)
    signature = base64.urlsafe_b64decode(link[2] + "==")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _PURPOSE + tenant + uid)
    except InvalidSignature:
        raise Fault(FaultCode.NFC_TAG_SIGNATURE) from None
    if uid != chip_uid:
        raise Fault(FaultCode.NFC_TAG_SIGNATURE)
    return uid
