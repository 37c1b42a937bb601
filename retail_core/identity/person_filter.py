"""Whom the chain knows, in a form that fits every box: a Bloom filter of keyed identity hashes.

A box without a line asks it before it promises a newcomer's gift. It never forgets an identity that
was put in; a person it was never told of it takes for known with probability about 2^-k, and then
the gift only waits for the cloud (B. Bloom, Space/Time Trade-offs in Hash Coding with Allowable
Errors, CACM 13(7), 1970). Identities are HMACs already, so their bytes serve as the hash functions.
"""

import struct
from collections.abc import Iterable
from math import ceil, log

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MAGIC = b"RPF1"
HASHES = 10
IDENTITY_BYTES_MIN = 16
BITS_MAX = 1 << 33
_HEADER = struct.Struct(">4sBQQ")


class PersonFilter:
    """A set that answers "surely not" or "probably": 14.4 bits an identity, one in a thousand."""

    def __init__(self, bits: int, content: bytearray | None = None, count: int = 0) -> None:
        self._bits = bits
        self._content = bytearray((bits + 7) // 8) if content is None else content
        self.count = count

    @classmethod
    def sized(cls, expected: int) -> "PersonFilter":
        """Return an empty filter for so many identities: bits = n k / ln 2."""
        bits = max(64, ceil(max(1, expected) * HASHES / log(2)))
        if bits > BITS_MAX:
            raise ValueError("a filter of more than a gigabyte")
        return cls(bits)

    def add(self, identities: Iterable[bytes]) -> None:
        """Put identities in, each a keyed hash of at least 16 bytes."""
        for identity in identities:
            for place in self._places(identity):
                self._content[place >> 3] |= 1 << (place & 7)
            self.count += 1

    def __contains__(self, identity: bytes) -> bool:
        """Tell whether an identity may have been put in; False is certain."""
        return all(self._content[at >> 3] >> (at & 7) & 1 for at in self._places(identity))

    def encoded(self) -> bytes:
        """Return the filter as bytes."""
        return _HEADER.pack(MAGIC, HASHES, self._bits, self.count) + bytes(self._content)

    @classmethod
    def decoded(cls, content: bytes) -> "PersonFilter":
        """Read a filter (Faults W101 and W102)."""
        if len(content) < _HEADER.size:
            raise Fault(FaultCode.WIRE_MALFORMED)
        magic, hashes, bits, count = _HEADER.unpack_from(content)
        if magic != MAGIC or hashes != HASHES:
            raise Fault(FaultCode.WIRE_VERSION, version=magic.decode("ascii", "replace"))
        if not 0 < bits <= BITS_MAX or len(content) != _HEADER.size + (bits + 7) // 8:
            raise Fault(FaultCode.WIRE_MALFORMED)
        return cls(bits, bytearray(content[_HEADER.size :]), count)

    def _places(self, identity: bytes) -> list[int]:
        """Return the bits of an identity: first + i second + (i^3 - i) / 6 over the size.

        Enhanced double hashing (P. Dillinger, P. Manolios, Bloom Filters in Probabilistic
        Verification, FMCAD 2004): plain double hashing repeats itself in small filters.
        """
        if len(identity) < IDENTITY_BYTES_MIN:
            raise ValueError("an identity is a keyed hash of at least 16 bytes")
        first = int.from_bytes(identity[:8], "big")
        step = int.from_bytes(identity[8:16], "big")
        return [(first + at * step + (at * at * at - at) // 6) % self._bits for at in range(HASHES)]
