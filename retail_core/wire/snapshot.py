"""A store's members as a whole: a manifest that names its segments by their hash.

Segments never change and are named by what they hold, so that one cut off in the middle goes on
where it stopped. A record travels as the bytes the feed would carry: fields that a newer cloud adds
pass through an older box unharmed.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, TypeVar

import msgspec
import zstandard
from msgspec import Meta

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.fields import Count, Hash, Id

SNAPSHOT_FORMAT = 1
_LEVEL = 9

_Found = TypeVar("_Found", bound=msgspec.Struct)


class HeldRow(msgspec.Struct, array_like=True, frozen=True):
    """A member at a version; `record` is the body of her change."""

    key: Id
    ver: Count
    record: msgspec.Raw


class Segment(msgspec.Struct, array_like=True, frozen=True):
    """A part of a snapshot: `size` bytes on the wire, `rows` members."""

    sha256: Hash
    size: Annotated[int, Meta(ge=1, le=limits.SEGMENT_BYTES_MAX)]
    rows: Count


class SnapshotManifest(msgspec.Struct, array_like=True, frozen=True):
    """What a snapshot consists of; the feed goes on after `base`.

    The records are at least as new as `base`: what changed while it was made comes again with the
    feed and is passed over by its version.
    """

    format: int
    store: Id
    feed_epoch: Count
    base: Count
    made_ms: Count
    rows: Count
    segments: Annotated[tuple[Segment, ...], Meta(max_length=limits.SNAPSHOT_SEGMENTS_MAX)]


class BucketSums(msgspec.Struct, array_like=True, frozen=True):
    """What a box holds at a position of its feed, added up by bucket."""

    feed_epoch: Count
    pos: Count
    sums: Annotated[bytes, Meta(max_length=4096)]


class BucketsApart(msgspec.Struct, array_like=True, frozen=True):
    """Which buckets differ; `compared` is False when the box stands elsewhere in the feed."""

    compared: bool
    buckets: Annotated[tuple[Count, ...], Meta(max_length=256)] = ()


class Bucket(msgspec.Struct, array_like=True, frozen=True):
    """Everything of one bucket as it was at a position of the feed."""

    feed_epoch: Count
    pos: Count
    rows: bytes


_manifest = msgspec.msgpack.Decoder(SnapshotManifest)
_rows = msgspec.msgpack.Decoder(tuple[HeldRow, ...])
_sums = msgspec.json.Decoder(BucketSums)
_apart = msgspec.msgpack.Decoder(BucketsApart)
_bucket = msgspec.msgpack.Decoder(Bucket)


def pack_rows(rows: Iterable[HeldRow]) -> bytes:
    """Return rows as they travel."""
    raw = msgspec.msgpack.encode(tuple(rows))
    return zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True).compress(raw)


def open_rows(content: bytes) -> tuple[HeldRow, ...]:
    """Read rows that travelled; Fault WIRE_MALFORMED, WIRE_TOO_LARGE before anything is unpacked.

    The size stands at the front of what is packed, and no more than that is ever unpacked.
    """
    try:
        size = zstandard.frame_content_size(content)
        if size > limits.SEGMENT_RAW_BYTES_MAX:
            raise Fault(FaultCode.WIRE_TOO_LARGE, limit=limits.SEGMENT_RAW_BYTES_MAX)
        if size < 0:
            raise ValueError("no size")  # noqa: TRY301 -- one refusal for every bad shape
        return _rows.decode(zstandard.ZstdDecompressor().decompress(content, max_output_size=size))
    except (ValueError, RecursionError, zstandard.ZstdError) as error:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error


def segment_of(content: bytes, rows: int) -> Segment:
    """Return how a manifest names these bytes."""
    return Segment(sha256(content).digest(), len(content), rows)


def open_manifest(content: bytes) -> SnapshotManifest:
    """Read a manifest. Faults WIRE_MALFORMED, WIRE_VERSION."""
    try:
        found = _manifest.decode(content)
    except (ValueError, RecursionError) as error:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error
    if found.format != SNAPSHOT_FORMAT:
        raise Fault(FaultCode.WIRE_VERSION, version=found.format)
    return found


def say_sums(sums: BucketSums) -> bytes:
    """Return sums as JSON: what is sent to the cloud over HTTP is nothing else."""
    return msgspec.json.encode(sums)


def open_sums(content: bytes) -> BucketSums:
    """Read a box's sums; Fault WIRE_MALFORMED."""
    return _read(_sums, content)


def open_apart(content: bytes) -> BucketsApart:
    """Read which buckets differ; Fault WIRE_MALFORMED."""
    return _read(_apart, content)


def open_bucket(content: bytes) -> Bucket:
    """Read a bucket; Fault WIRE_MALFORMED."""
    return _read(_bucket, content)


def _read(
    decoder: msgspec.msgpack.Decoder[_Found] | msgspec.json.Decoder[_Found], content: bytes
) -> _Found:
    try:
        return decoder.decode(content)
    except (ValueError, RecursionError) as error:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error
