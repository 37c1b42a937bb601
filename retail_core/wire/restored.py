"""What a box tells a cloud that was restored from a backup, and what the cloud answers.

The box first says what it holds and how far it keeps its journal, in parts that fit a frame; the
answer to the last part names what the cloud still has of that journal. The rest is sent again.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Hash, Id, Seq, Text
from retail_core.wire.framing import read_frame

Spans = Annotated[tuple[tuple[Seq, Seq], ...], Meta(max_length=limits.ACK_RANGES_MAX)]
Ends = Annotated[tuple[Hash, ...], Meta(max_length=limits.ACK_RANGES_MAX)]


class LeaseTold(msgspec.Struct, array_like=True, frozen=True):
    """A lease as its box holds it; `amount` was lent in all."""

    kind: Text
    right: Id
    epoch: Seq
    nth: Seq
    amount: Seq


Told = Annotated[tuple[LeaseTold, ...], Meta(max_length=limits.LEASES_TOLD_MAX)]


class BoxStanding(msgspec.Struct, array_like=True, frozen=True):
    """One part of what a box holds; `last` ends it. `epoch` is its journal's.

    It keeps records from `kept_from` on; the next will be `next_seq`. `lease_epoch` is 0 for a box
    that was never let in.
    """

    v: int
    cloud_epoch: Seq
    epoch: Count
    kept_from: Seq
    next_seq: Seq
    lease_epoch: Count
    catalogue_version: Count
    bundle_version: Count
    leases: Told
    last: bool = True


class CloudHolds(msgspec.Struct, array_like=True, frozen=True):
    """Everything the cloud has of a journal, each range with the chain's hash at its end."""

    v: int
    cloud_epoch: Seq
    ranges: Spans = ()
    ends: Ends = ()


_standing = msgspec.msgpack.Decoder(BoxStanding)
_holds = msgspec.msgpack.Decoder(CloudHolds)


def decode_standing(payload: bytes) -> BoxStanding:
    """Read what a box holds. Faults WIRE_TOO_LARGE, WIRE_MALFORMED, WIRE_VERSION."""
    return read_frame(_standing, payload)


def decode_holds(payload: bytes) -> CloudHolds:
    """Read what the cloud has. Faults as above."""
    return read_frame(_holds, payload)
