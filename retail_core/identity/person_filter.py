"""Whom the chain knows, in a form that fits every box: a Bloom filter of keyed identity hashes.

A box without a line asks it before it promises a newcomer's gift. It never forgets an identity that
was put in; a person it was never told of it takes for known with probability about 2^-k, and then
the gift only waits for the cloud (B. Bloom, Space/Time Trade-offs in Hash Coding with Allowable
Errors, CACM 13(7), 1970). Identities are HMACs already, so their bytes serve as the hash functions.

Ten million persons are 18 MB at 14.4 bits each. A box reads it where it lies on disk; what was
added since travels as the places of the new bits (`Additions`), not as a list of identities.
"""

import struct
from collections.abc import Iterable
from itertools import pairwise
from math import ceil, exp, log
from mmap import mmap

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MAGIC = b"RPF1"
MAGIC_ADDITIONS = b"RPA1"
HASHES = 10
IDENTITY_BYTES_MIN = 16
BITS_MAX = 1 << 33
HEADER_BYTES = 21
_HEADER = struct.Struct(">4sBQQ")
_MORE = 0x80
_VARINT_BYTES_MAX = 5

Bits = bytearray | mmap


class PersonFilter:
    """A set that answers "surely not" or "probably": 14.4 bits an identity, one in a thousand.

    `content` may be a file mapped into memory; its bits begin at byte `start`.
    """

    def __init__(
        self, bits: int, content: Bits | None = None, count: int = 0, *, start: int = 0
    ) -> None:
        self._bits = bits
        self._content: Bits = bytearray((bits + 7) // 8) if content is None else content
        self._start = start
        self.count = count

    @classmethod
    def sized(cls, expected: int) -> "PersonFilter":
        """Return an empty filter for so many identities: bits = n k / ln 2."""
        bits = max(64, ceil(max(1, expected) * HASHES / log(2)))
        if bits > BITS_MAX:
            raise ValueError("a filter of more than a gigabyte")
        return cls(bits)

    @property
    def bits(self) -> int:
        """How many bits it has."""
        return self._bits

    @property
    def mistakes(self) -> float:
        """The share of strangers it takes for known: (1 - e^(-kn/m))^k."""
        return float((1 - exp(-HASHES * self.count / self._bits)) ** HASHES)

    def add(self, identities: Iterable[bytes]) -> None:
        """Put identities in, each a keyed hash of at least 16 bytes."""
        for identity in identities:
            self._put(identity)
            self.count += 1

    def added(self, identities: Iterable[bytes]) -> list[int]:
        """Put identities in that may be there already; return the places that were not set.

        The count is left as it is: only who counts persons knows how many there are now.
        """
        return [place for identity in identities for place in self._put(identity)]

    def set(self, places: Iterable[int]) -> None:
        """Set bits that another filter of this size set."""
        for place in places:
            self._content[self._start + (place >> 3)] |= 1 << (place & 7)

    def __contains__(self, identity: bytes) -> bool:
        """Tell whether an identity may have been put in; False is certain."""
        content, start = self._content, self._start
        return all(content[start + (at >> 3)] >> (at & 7) & 1 for at in self._places(identity))

    def encoded(self) -> bytes:
        """Return the filter as bytes."""
        size = (self._bits + 7) // 8
        body = bytes(self._content[self._start : self._start + size])
        return header_of(self._bits, self.count) + body

    @classmethod
    def decoded(cls, content: bytes) -> "PersonFilter":
        """Read a filter (Faults W101 and W102)."""
        bits, count = read_header(content[:HEADER_BYTES], len(content))
        return cls(bits, bytearray(content[HEADER_BYTES:]), count)

    @classmethod
    def over(cls, mapped: mmap) -> "PersonFilter":
        """Ask a file where it lies, without reading it (Faults W101 and W102)."""
        bits, count = read_header(mapped[:HEADER_BYTES], len(mapped))
        return cls(bits, mapped, count, start=HEADER_BYTES)

    def _put(self, identity: bytes) -> list[int]:
        """Set an identity's bits; return those that were not set."""
        content, start = self._content, self._start
        new = []
        for place in self._places(identity):
            held, mask = content[start + (place >> 3)], 1 << (place & 7)
            if not held & mask:
                content[start + (place >> 3)] = held | mask
                new.append(place)
        return new

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


def header_of(bits: int, count: int) -> bytes:
    """Return what stands before a filter's bits."""
    return _HEADER.pack(MAGIC, HASHES, bits, count)


def read_header(head: bytes, size: int) -> tuple[int, int]:
    """Return (bits, count) of a filter that is `size` bytes as a whole (Faults W101 and W102)."""
    if len(head) < _HEADER.size:
        raise Fault(FaultCode.WIRE_MALFORMED)
    magic, hashes, bits, count = _HEADER.unpack_from(head)
    if magic != MAGIC or hashes != HASHES:
        raise Fault(FaultCode.WIRE_VERSION, version=magic.decode("ascii", "replace"))
    if not 0 < bits <= BITS_MAX or size != _HEADER.size + (bits + 7) // 8:
        raise Fault(FaultCode.WIRE_MALFORMED)
    return bits, count


def encode_additions(bits: int, count: int, places: Iterable[int]) -> bytes:
    """Return newly set bits as gaps of a byte or two each; `count` is the filter's from then on."""
    packed = bytearray(_HEADER.pack(MAGIC_ADDITIONS, HASHES, bits, count))
    for before, place in pairwise([-1, *sorted(set(places))]):
        gap = place - before - 1
        while gap >= _MORE:
            packed.append(gap & (_MORE - 1) | _MORE)
            gap >>= 7
        packed.append(gap)
    return bytes(packed)


def decode_additions(content: bytes) -> tuple[int, int, list[int]]:
    """Return (bits, count, places) (Faults W101 and W102)."""
    if len(content) < _HEADER.size:
        raise Fault(FaultCode.WIRE_MALFORMED)
    magic, hashes, bits, count = _HEADER.unpack_from(content)
    if magic != MAGIC_ADDITIONS or hashes != HASHES:
        raise Fault(FaultCode.WIRE_VERSION, version=magic.decode("ascii", "replace"))
    places: list[int] = []
    place, gap, shift = -1, 0, 0
    for byte in content[_HEADER.size :]:
        gap |= (byte & (_MORE - 1)) << shift
        shift += 7
        if byte & _MORE:
            if shift >= _VARINT_BYTES_MAX * 7:
                raise Fault(FaultCode.WIRE_MALFORMED)
            continue
        place += gap + 1
        places.append(place)
        gap, shift = 0, 0
    if shift or place >= bits:
        raise Fault(FaultCode.WIRE_MALFORMED)
    return bits, count, places
