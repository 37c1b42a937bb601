"""What a box says of the unchanged tills beside it: how far they agree with what it computes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core.wire.fields import Count, Fen, Text

KINDS_MAX = 16
CHANNELS_MAX = 8
DAYS_MAX = 62
EXAMPLES_MAX = 20
Permille = Annotated[int, Meta(ge=0, le=1000)]


class ChannelState(msgspec.Struct, array_like=True, frozen=True):
    """One way to write to a till: its bar and score, and a technician's word while it holds.

    `standing` is young, earned or lost; `override` is allow or forbid for so many minutes, or "".
    """

    channel: Text
    standing: Text
    bar: Permille
    score: Permille
    seen: Count
    override: Text = ""
    minutes: Count = 0


class TillDay(msgspec.Struct, array_like=True, frozen=True):
    """Receipts compared on a business day (20260731, 0 while it was unknown)."""

    day: Count
    seen: Count
    agreed: Count


class DifferenceSeen(msgspec.Struct, array_like=True, frozen=True):
    """One difference: what of an article was computed and what was printed; nobody's data."""

    wall_ms: Count
    kind: Text
    name: Text = ""
    sku: Text = ""
    computed_fen: Fen | None = None
    printed_fen: Fen | None = None


class TillAgreement(msgspec.Struct, array_like=True, frozen=True):
    """How a till stands now; it replaces what was said of it before.

    `why`: `count` (once in a while), `standing` (a permit came or went), `override`.
    """

    why: Text
    window: Count
    agreed: Count
    score: Permille
    seen_ever: Count
    agreed_ever: Count
    channels: Annotated[tuple[ChannelState, ...], Meta(max_length=CHANNELS_MAX)] = ()
    kinds: Annotated[tuple[tuple[Text, Count], ...], Meta(max_length=KINDS_MAX)] = ()
    days: Annotated[tuple[TillDay, ...], Meta(max_length=DAYS_MAX)] = ()
    examples: Annotated[tuple[DifferenceSeen, ...], Meta(max_length=EXAMPLES_MAX)] = ()
