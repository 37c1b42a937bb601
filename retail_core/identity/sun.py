"""Member cards: NTAG 424 DNA with Secure Unique NFC messages (NXP AN12196), keys per AN10922.

Each tap the card writes its encrypted UID and read counter, and a truncated AES-CMAC over both,
into its NDEF link. A copied link is told by the counter, a forged one by the MAC; the shop needs
the store's keys and no network.
"""

import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.constant_time import bytes_eq

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

UID_BYTES = 7
COUNTER_MAX = (1 << 24) - 1
_LINK = re.compile(r"https://regulars\.invalid/c\?e=([0-9A-Fa-f]{32})&m=([0-9A-Fa-f]{16})")
_TAG_UID_AND_COUNTER = 0xC7  # PICCDataTag: UID and counter mirrored, 7-byte UID
_SV2_PREFIX = bytes.fromhex("3CC300010080")
_DIVERSIFY_AES128 = b"\x01"
_SYSTEM = b"regulars1"  # with the UID 16 bytes, the least for which AN10922 equals a plain CMAC
_BLOCK = bytes(16)


@dataclass(frozen=True, slots=True)
class SunRead:
    """A genuine tap: the chip's UID (7 bytes) and its read counter."""

    uid: bytes
    counter: int


def diversify(master_key: bytes, diversification: bytes) -> bytes:
    """Return the AES-128 key of AN10922 §2.2 for 16 to 31 bytes of diversification input.

    Shorter input would need the padding of AN10922 in place of CMAC's own; ValueError.
    """
    if not len(_BLOCK) <= len(diversification) < 2 * len(_BLOCK):
        raise ValueError(f"{len(diversification)} bytes of diversification input")
    return _cmac(master_key, _DIVERSIFY_AES128 + diversification)


def file_key(master_key: bytes, uid: bytes) -> bytes:
    """Return the file-read key of one card."""
    return diversify(master_key, uid + _SYSTEM)


def verify_sun(uri: str, meta_key: bytes, master_key: bytes) -> SunRead:
    """Read and check a card's link; Fault NFC_CARD_FOREIGN or NFC_MAC."""
    link = _LINK.fullmatch(uri)
    if link is None:
        raise Fault(FaultCode.NFC_CARD_FOREIGN)
    picc = _decrypt(meta_key, bytes.fromhex(link[1]))
    if picc[0] != _TAG_UID_AND_COUNTER:
        raise Fault(FaultCode.NFC_CARD_FOREIGN)
    uid, counter = picc[1:8], picc[8:11]
    if not bytes_eq(sun_mac(file_key(master_key, uid), uid, counter), bytes.fromhex(link[2])):
        raise Fault(FaultCode.NFC_MAC)
    return SunRead(uid, int.from_bytes(counter, "little"))


def make_sun(uid: bytes, counter: int, meta_key: bytes, card_file_key: bytes) -> str:
    """Return the link a card with this counter shows; ValueError for a counter over 24 bits."""
    if len(uid) != UID_BYTES or not 0 <= counter <= COUNTER_MAX:
        raise ValueError(f"UID of {len(uid)} bytes, counter {counter}")
    count = counter.to_bytes(3, "little")
    # A chip pads with random bytes; fixed ones keep the simulator repeatable.
    picc = bytes([_TAG_UID_AND_COUNTER]) + uid + count + bytes(5)
    mac = sun_mac(card_file_key, uid, count)
    encrypted = _encrypt(meta_key, picc)
    return f"https://regulars.invalid/c?e={encrypted.hex().upper()}&m={mac.hex().upper()}"


def sun_mac(card_file_key: bytes, uid: bytes, counter: bytes) -> bytes:
    """Return the 8-byte SDMMAC over no file data: each second byte of the session key's CMAC."""
    session_key = _cmac(card_file_key, _SV2_PREFIX + uid + counter)
    return _cmac(session_key, b"")[1::2]


class CounterGuard:
    """The highest counter seen of each card; bounded, the card longest unseen goes first."""

    def __init__(self, capacity: int = limits.CARD_COUNTERS_MAX) -> None:
        self._capacity = capacity
        self._highest: dict[bytes, int] = {}

    def admit(self, read: SunRead) -> None:
        """Take a tap; Fault NFC_COUNTER_REPLAYED when its counter is not above the last one."""
        last = self._highest.get(read.uid, -1)
        if read.counter <= last:
            raise Fault(FaultCode.NFC_COUNTER_REPLAYED)
        self.seen(read)

    def seen(self, read: SunRead) -> None:
        """Take a counter for a card's last one, as it was known before."""
        self._highest.pop(read.uid, None)
        if len(self._highest) >= self._capacity:
            del self._highest[next(iter(self._highest))]
        self._highest[read.uid] = read.counter

    def last(self, uid: bytes) -> int | None:
        """Return a card's highest counter, None when it is not remembered."""
        return self._highest.get(uid)


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


def _decrypt(key: bytes, block: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(_BLOCK)).decryptor()
    return decryptor.update(block) + decryptor.finalize()


def _encrypt(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(_BLOCK)).encryptor()
    return encryptor.update(block) + encryptor.finalize()
