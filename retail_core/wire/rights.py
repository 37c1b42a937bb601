"""A box asks for a right that lies in other stores; the cloud lends it, or says what it waits for.

The answer comes at once. What boxes of other stores hold is asked back meanwhile, and lent to the
asking box by its feed in the transaction that books the return.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Id, Seq, Text
from retail_core.wire.framing import read_frame
from retail_core.wire.lease import LeaseGrant

Grants = Annotated[tuple[LeaseGrant, ...], Meta(max_length=limits.RIGHTS_ASKED_MAX)]


class AskState(StrEnum):
    """How an asking stands."""

    LENT = "lent"
    ASKED = "asked"
    DARK = "dark"
    NOTHING = "nothing"
    FROZEN = "frozen"


class RightAsked(msgspec.Struct, array_like=True, frozen=True):
    """How much of a right a box wants to be able to spend in all."""

    kind: Text
    right: Id
    amount: Seq


Asked = Annotated[tuple[RightAsked, ...], Meta(min_length=1, max_length=limits.RIGHTS_ASKED_MAX)]


class RightsAsked(msgspec.Struct, array_like=True, frozen=True):
    """What a member who stands here may redeem, as far as it lies elsewhere."""

    v: int
    rights: Asked


class RightStands(msgspec.Struct, array_like=True, frozen=True):
    """One right: `coming` was asked back from stores online, `dark` lies where nobody answers."""

    kind: Text
    right: Id
    state: Text
    coming: Count = 0
    dark: Count = 0


Stands = Annotated[tuple[RightStands, ...], Meta(max_length=limits.RIGHTS_ASKED_MAX)]


class RightsAnswer(msgspec.Struct, array_like=True, frozen=True):
    """The grants that could be made at once, and how each right stands."""

    v: int
    grants: Grants = ()
    stands: Stands = ()


_asked = msgspec.msgpack.Decoder(RightsAsked)
_answer = msgspec.msgpack.Decoder(RightsAnswer)


def decode_asked(payload: bytes) -> RightsAsked:
    """Read what a box asks for. Faults WIRE_TOO_LARGE, WIRE_MALFORMED, WIRE_VERSION."""
    return read_frame(_asked, payload)


def decode_answer(payload: bytes) -> RightsAnswer:
    """Read the answer. Faults as above."""
    return read_frame(_answer, payload)
