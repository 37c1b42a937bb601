"""A check-in at a lane: what the cloud tells the box, and what the box answers.

The frame carries a member code that the phone has just signed: the box believes the phone's key and
not the cloud, as if the code had been held up to its camera.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Id, Text
from retail_core.wire.framing import read_frame

NUMBER_MIN = 10
NUMBER_MAX = 99
Number = Annotated[int, Meta(ge=NUMBER_MIN, le=NUMBER_MAX)]
CodeText = Annotated[str, Meta(max_length=limits.NAME_CHARS_MAX * 2, pattern=r"\A[ -~]*\Z")]


class Seen(StrEnum):
    """What became of a check-in at the counter."""

    SHOWN = "shown"
    BUSY = "busy"
    EXPIRED = "expired"
    REFUSED = "refused"


class CheckIn(msgspec.Struct, array_like=True, frozen=True):
    """A member says that she stands at a lane; the phone shows `number`, and so does the till."""

    v: int
    checkin: Id
    lane: Id
    number: Number
    code: CodeText
    expires_ms: Count


class CheckInSeen(msgspec.Struct, array_like=True, frozen=True):
    """The counter's answer; `code` is the fault's number when it refused."""

    v: int
    checkin: Id
    outcome: Text
    code: Text = ""


_check_in = msgspec.msgpack.Decoder(CheckIn)
_seen = msgspec.msgpack.Decoder(CheckInSeen)


def decode_check_in(payload: bytes) -> CheckIn:
    """Read a check-in. Faults WIRE_TOO_LARGE, WIRE_MALFORMED, WIRE_VERSION."""
    return read_frame(_check_in, payload)


def decode_seen(payload: bytes) -> CheckInSeen:
    """Read the counter's answer. Faults as above."""
    return read_frame(_seen, payload)
