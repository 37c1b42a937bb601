"""Checksums of frames; widths in bytes, CRCs named by their polynomial."""

import binascii
from collections.abc import Callable
from functools import reduce
from operator import xor

from edge_agent.drivers.profiles.framed import CheckKind, CheckShape

_BYTE = 0xFF
_CRC16 = 0xFFFF
_BITS = 8

WIDTHS: dict[CheckKind, int] = {
    "none": 0,
    "xor": 1,
    "sum8": 1,
    "sum8-2s": 1,
    "crc16-1021": 2,
    "crc16-8408": 2,
    "crc16-a001": 2,
    "crc32": 4,
}


def _table(polynomial: int) -> tuple[int, ...]:
    """Return the table of a CRC that takes the lowest bit first."""
    made = []
    for byte in range(_BYTE + 1):
        value = byte
        for _ in range(_BITS):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        made.append(value)
    return tuple(made)


def _reflected(table: tuple[int, ...]) -> Callable[[bytes, int], int]:
    def crc(data: bytes, init: int) -> int:
        value = init & _CRC16
        for byte in data:
            value = value >> _BITS ^ table[(value ^ byte) & _BYTE]
        return value

    return crc


_OF: dict[CheckKind, Callable[[bytes, int], int]] = {
    "xor": lambda data, init: reduce(xor, data, init & _BYTE),
    "sum8": lambda data, init: (sum(data) + init) & _BYTE,
    "sum8-2s": lambda data, init: -(sum(data) + init) & _BYTE,
    "crc16-1021": lambda data, init: binascii.crc_hqx(data, init & _CRC16),
    "crc16-8408": _reflected(_table(0x8408)),
    "crc16-a001": _reflected(_table(0xA001)),
    "crc32": binascii.crc32,
}


def check_of(shape: CheckShape, covered: bytes) -> bytes:
    """Return the check of the bytes it covers, as it stands on the line."""
    if shape.kind == "none":
        return b""
    width = WIDTHS[shape.kind]
    value = _OF[shape.kind](covered, shape.init) ^ shape.xor_out
    return (value & (1 << _BITS * width) - 1).to_bytes(width, shape.order)
