"""Reading one message: its size, its form, its version, and what its fields say together."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION


class Versioned(Protocol):
    """What every frame begins with."""

    @property
    def v(self) -> int:
        """The version of the wire it was written for."""
        ...


class _Version(msgspec.Struct, array_like=True, frozen=True):
    v: int


_M = TypeVar("_M")
_Framed = TypeVar("_Framed", bound=Versioned)
_version = msgspec.msgpack.Decoder(_Version)


def within_limit(payload: msgspec.Raw | bytes, limit: int = limits.FRAME_BYTES_MAX) -> None:
    """Refuse what is longer than `limit` bytes (WIRE_TOO_LARGE)."""
    if len(memoryview(payload)) > limit:
        raise Fault(FaultCode.WIRE_TOO_LARGE, limit=limit)


def unpack(decoder: msgspec.msgpack.Decoder[_M], payload: msgspec.Raw | bytes) -> _M:
    """Decode a message of any kind. Faults WIRE_TOO_LARGE, WIRE_MALFORMED."""
    within_limit(payload)
    try:
        return decoder.decode(payload)
    except (ValueError, RecursionError) as error:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error


def checked(message: _M, check: Callable[[_M], None]) -> _M:
    """Return the message if `check` raises no ValueError, else Fault WIRE_MALFORMED."""
    try:
        check(message)
    except ValueError as error:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error
    return message


def read_frame(decoder: msgspec.msgpack.Decoder[_Framed], payload: bytes) -> _Framed:
    """Decode a frame; one of another version is named as such, whatever its form.

    Faults WIRE_TOO_LARGE, WIRE_MALFORMED, WIRE_VERSION.
    """
    try:
        message = unpack(decoder, payload)
    except Fault as fault:
        if fault.code == FaultCode.WIRE_MALFORMED:
            _check_version(unpack(_version, payload).v)
        raise
    _check_version(message.v)
    return message


def _check_version(version: int) -> None:
    if version != WIRE_VERSION:
        raise Fault(FaultCode.WIRE_VERSION, version=version)
