"""What a box says of gifts that it handed over."""

import msgspec

from retail_core.wire.fields import Count, Id, Seq, Text


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
