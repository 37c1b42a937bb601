"""What a box says of gifts that it handed over and of calls that its clerks made."""

import msgspec

from retail_core.wire.fields import Count, Id, Seq, Text

# How a call-back ended; each of the three ends it, in every shop.
CALL_OUTCOMES = frozenset({"done", "not_reached", "refused"})


class GiftHanded(msgspec.Struct, array_like=True, frozen=True):
    """A gift left the counter and used up this box's lease (`epoch`, `nth`) of its right.

    `handed` makes it count once, `kind` says what it was given for.
    """

    handed: Id
    gift: Id
    kind: Text
    sku: Text
    name: Text
    business_date: Count | None
    epoch: Seq
    nth: Seq


class CallAnswered(msgspec.Struct, array_like=True, frozen=True):
    """A clerk did what a campaign asked of her; `outcome` is one of `CALL_OUTCOMES`."""

    call: Id
    outcome: Text
