"""Lists as PostgreSQL's binary arrays, joined from their elements' bytes in one go.

A column of a batch is one array. The driver's own way looks at every element several times; for a
batch of a thousand sales with their lines and postings that was a third of ingest's time.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import attrgetter, methodcaller
from struct import Struct
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD: Final = Struct(">iiIii").pack
_LENGTH: Final = Struct(">i").pack
_INT8: Final = Struct(">q").pack
_DATE: Final = Struct(">i").pack
_NULL: Final = _LENGTH(-1)
_UUID_OID: Final = 2950
_UUID_MARK: Final = _LENGTH(16)
_INT: Final = attrgetter("int")
_TO_BYTES: Final = methodcaller("to_bytes", 16, "big")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()


class _Packed(bytes):
    """A whole array as it travels; its class says of what."""

    __slots__ = ()


class _Uuids(_Packed):
    __slots__ = ()


class _Ints(_Packed):
    __slots__ = ()


class _Texts(_Packed):
    __slots__ = ()


class _Blobs(_Packed):
    __slots__ = ()


class _Bools(_Packed):
    __slots__ = ()


class _Moments(_Packed):
    __slots__ = ()


class _Days(_Packed):
    __slots__ = ()


def _moment(value: datetime) -> bytes:
    """Return microseconds since 2000; a time without a zone has no place in our tables."""
    apart = value - _EPOCH
    return _INT8((apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds)


def _day(value: date) -> bytes:
    return _DATE(value.toordinal() - _EPOCH_DAY)


# Element type → (class, the element's oid, the array's oid, element → bytes, length when fixed).
_Kind = tuple[type[_Packed], int, int, Callable[[Any], bytes], int | None]
_KINDS: Final[dict[type, _Kind]] = {
    UUID: (_Uuids, _UUID_OID, 2951, attrgetter("bytes"), 16),
    int: (_Ints, 20, 1016, _INT8, 8),
    str: (_Texts, 25, 1009, str.encode, None),
    bytes: (_Blobs, 17, 1001, bytes, None),
    bool: (_Bools, 16, 1000, lambda value: b"\x01" if value else b"\x00", 1),
    datetime: (_Moments, 1184, 1185, lru_cache(1_024)(_moment), 8),
    date: (_Days, 1082, 1182, lru_cache(1_024)(_day), 4),
}


def packed(values: Sequence[Any]) -> object:
    """Return a list as one array; what is none of the known kinds is left to the driver.

    So is what does not fit: the database is to refuse it in its own words.
    """
    try:
        return _packed(values)
    except (struct.error, OverflowError):
        return values


def _packed(values: Sequence[Any]) -> object:
    kind = _KINDS.get(next((type(value) for value in values if value is not None), type(None)))
    if kind is None:
        return values
    made, element, _, encode, length = kind
    if element == _UUID_OID:
        return made(_uuids(values))
    if None in values:
        parts = [_NULL if value is None else _element(encode(value)) for value in values]
        return made(_HEAD(1, 1, element, len(values), 1) + b"".join(parts))
    head = _HEAD(1, 0, element, len(values), 1)
    if length is None:
        return made(head + b"".join([_LENGTH(len(one)) + one for one in map(encode, values)]))
    mark = _LENGTH(length)
    return made(head + mark + mark.join(map(encode, values)))


def _uuids(values: Sequence[Any]) -> bytes:
    """Return ids as an array; they are not compared with None, which is a step of Python each."""
    try:
        numbers = list(map(_INT, values))
    except AttributeError:
        parts = [_NULL if one is None else _UUID_MARK + one.bytes for one in values]
        return _HEAD(1, 1, _UUID_OID, len(values), 1) + b"".join(parts)
    body = _UUID_MARK.join(map(_TO_BYTES, numbers))
    return _HEAD(1, 0, _UUID_OID, len(values), 1) + _UUID_MARK + body


def teach(connection: Connection[Any]) -> None:
    """Let a connection send packed arrays."""
    for made, _, oid, _, _ in _KINDS.values():
        dumper = type(f"{made.__name__}Dumper", (_PackedDumper,), {"oid": oid})
        connection.adapters.register_dumper(made, dumper)


class _PackedDumper(Dumper):
    """Sends a packed array as it is."""

    format = Format.BINARY

    def dump(self, obj: _Packed) -> bytes:
        """Return its bytes."""
        return obj


def _element(raw: bytes) -> bytes:
    return _LENGTH(len(raw)) + raw
