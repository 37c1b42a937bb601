"""How a box brings its summary of known persons up to date (HTTP, on demand)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.fields import Count, Hash

ADDITIONS_MAX = 64
Parts = Annotated[tuple[bytes, ...], Meta(max_length=ADDITIONS_MAX)]


class PersonsPlan(msgspec.Struct, array_like=True, frozen=True):
    """The newest version, whole it has this hash and size; `additions` lead to it from the held.

    With `whole` the file is to be fetched; without it and without additions the box is up to date.
    """

    version: Count
    sha256: Hash
    size: Count
    whole: bool
    additions: Parts = ()


_decoder = msgspec.msgpack.Decoder(PersonsPlan)


def encode_plan(plan: PersonsPlan) -> bytes:
    """Return a plan as bytes."""
    return msgspec.msgpack.encode(plan)


def decode_plan(content: bytes) -> PersonsPlan:
    """Read a plan (Fault WIRE_MALFORMED)."""
    try:
        return _decoder.decode(content)
    except msgspec.MsgspecError:
        raise Fault(FaultCode.WIRE_MALFORMED) from None
