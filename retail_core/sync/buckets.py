"""Whether two copies of a store's members agree, told by 256 small sums.

Both sides add up a hash of (key, version) by bucket; a sum that differs names one part in 256 to be
fetched again. The sums find what went wrong, not who meant ill: they are no proof of anything.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from zlib import crc32

BUCKETS = 256
SUM_BYTES = 8
# More buckets than these that differ are fetched as a whole.
BUCKETS_APART_MAX = 16


def bucket_of(key: bytes) -> int:
    """Return the bucket of a key, 0..255."""
    return crc32(key) % BUCKETS


def sums_of(held: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the sums of all buckets, one after the other; the order of `held` is of no matter."""
    sums = [0] * BUCKETS
    for key, ver in held:
        told = sha256(key + ver.to_bytes(SUM_BYTES, "big")).digest()
        sums[crc32(key) % BUCKETS] ^= int.from_bytes(told[:SUM_BYTES], "big")
    return b"".join(one.to_bytes(SUM_BYTES, "big") for one in sums)


def apart(ours: bytes, theirs: bytes) -> tuple[int, ...]:
    """Return the buckets that differ; every one when the sums are not of the same kind."""
    if len(ours) != len(theirs):
        return tuple(range(BUCKETS))
    return tuple(
        bucket
        for bucket in range(len(ours) // SUM_BYTES)
        if _sum(ours, bucket) != _sum(theirs, bucket)
    )


def _sum(sums: bytes, bucket: int) -> Sequence[int]:
    return sums[bucket * SUM_BYTES : (bucket + 1) * SUM_BYTES]
