"""Leases on the wire: what the cloud lends and takes back, and what a device says of them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core.wire.fields import Count, Id, Seq, Text

BoardId = Annotated[bytes, Meta(max_length=64)]


class LeaseHello(msgspec.Struct, array_like=True, frozen=True):
    """A boot asks to be let in; the boot stands in the event, `board` is a hash, empty if none.

    It says how it counts its store's caps of a day: `caps_word` is the last word of the cloud that
    it took, `caps_from` the day (20260731) from which on it shares them, 0 while it counts alone.
    """

    board: BoardId
    caps_word: Count = 0
    caps_from: Count = 0


class LeaseReturned(msgspec.Struct, array_like=True, frozen=True):
    """A lease of this device is over: `final` was spent of it in all and nothing will be."""

    kind: Text
    right: Id
    epoch: Seq
    nth: Seq
    final: Count


# ---- feed bodies; every box of the store reads them, `device` says whom they are for ------------


class LeaseEpoch(msgspec.Struct, array_like=True, frozen=True):
    """Which boot of a device may spend in which epoch; `frozen`: none may until HQ has looked.

    With a `caps_word` it is told how to count its store's caps of a day as well: to share them from
    a day on (1: the next one), or to count alone from a day on.
    """

    device: Id
    epoch: Seq
    boot: Id
    frozen: bool = False
    caps_word: Count = 0
    share_from: Count = 0
    alone_from: Count = 0


class LeaseGrant(msgspec.Struct, array_like=True, frozen=True):
    """A lease; a timed one ends at `until_mono_ms` of the device's count within `boot`."""

    device: Id
    kind: Text
    right: Id
    epoch: Seq
    nth: Seq
    amount: Seq
    boot: Id | None = None
    until_mono_ms: Count = 0


class LeaseRecall(msgspec.Struct, array_like=True, frozen=True):
    """The device is to give back what it holds of a right."""

    device: Id
    kind: Text
    right: Id
