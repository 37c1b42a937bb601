"""A member as the feed tells a shop of her; see messages.py for how fields are added."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Digest, Fen, Hash, Id, Points, Qty, Text
from retail_core.wire.standing import Coupons, Gifts, Tasks, TierStanding, Uses


class PhoneKey(msgspec.Struct, array_like=True, frozen=True):
    """The public half of a phone's member-code key."""

    key_id: Annotated[bytes, Meta(min_length=8, max_length=8)]
    public_key: Hash


class Purchase(msgspec.Struct, array_like=True, frozen=True):
    """One line of a member's last purchase."""

    sku: Text
    name: Text
    qty_milli: Qty


class TagTold(msgspec.Struct, array_like=True, frozen=True):
    """A tag that HQ worked out; `value` is a word, a name or a number, "" for one that is so."""

    key: Text
    value: Text = ""


TagsTold = Annotated[tuple[TagTold, ...], Meta(max_length=limits.MEMBER_TAGS_TOLD_MAX)]


class CallNote(msgspec.Struct, array_like=True, frozen=True):
    """What a clerk is to ask her about, until a day (20260731) or her next purchase."""

    note: Text
    last_day: Count
    call: Id | None = None  # by which its answer names it


CallNotes = Annotated[tuple[CallNote, ...], Meta(max_length=limits.MEMBER_CALLS_MAX)]


class MemberRecord(msgspec.Struct, array_like=True, frozen=True):
    """Everything a shop may hold of a member; `ver` of the change orders it.

    `withdrawn_ms`: when she withdrew her consent to faces, 0 while it stands or never was;
    `walk_up_withdrawn_ms` the same of her consent to be recognised on walking up,
    `guardian_withdrawn_ms` of the word of a child's guardian. `joined` is a day as 20260731;
    `birthday` month and day as 731 in this year's calendar, however it is reckoned, 0 if unknown.
    `personal` is False when she opted out of offers by guesses about her. `used` counts how often
    rules were used, today's on the business day `used_on`.
    """

    wallet: Id
    name: Text
    tier: Text
    tags: tuple[Text, ...]
    points_free: Points
    points_pending: Points
    phone_masked: Text
    phone_hash: Digest | None
    phone_keys: tuple[PhoneKey, ...]
    cards: tuple[Digest, ...]
    home_store: Id
    last_receipt: Id | None = None
    last_store: Id | None = None
    last_wall_ms: Count = 0
    last_total_fen: Fen = 0
    last_lines: tuple[Purchase, ...] = ()
    posted_receipts: tuple[Id, ...] = ()
    digit_secret: Digest = b""
    withdrawn_ms: Count = 0
    joined: Count = 0
    birthday: Count = 0
    groups: tuple[Text, ...] = ()
    personal: bool = True
    coupons: Coupons = ()
    used: Uses = ()
    used_on: Count = 0
    gifts: Gifts = ()
    standing: TierStanding | None = None
    tasks: Tasks = ()
    walk_up_withdrawn_ms: Count = 0
    guardian_withdrawn_ms: Count = 0
    last_store_name: Text = ""
    worked: TagsTold = ()
    calls: CallNotes = ()

    def __repr__(self) -> str:
        """Show every field but the secret of her code: a record may end in a log or a traceback."""
        shown = (name for name in self.__struct_fields__ if name != "digit_secret")
        return f"MemberRecord({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


_PASSED = msgspec.Raw(b"")


class FoundBy(msgspec.Struct, array_like=True, frozen=True):
    """The beginning of a `MemberRecord`, read for what she is found by; the rest is passed over."""

    wallet: msgspec.Raw
    name: msgspec.Raw
    tier: msgspec.Raw
    tags: msgspec.Raw
    points_free: msgspec.Raw
    points_pending: msgspec.Raw
    phone_masked: msgspec.Raw
    phone_hash: Digest | None
    phone_keys: tuple[PhoneKey, ...]
    cards: tuple[Digest, ...]
    home_store: msgspec.Raw
    last_receipt: msgspec.Raw = _PASSED
    last_store: msgspec.Raw = _PASSED
    last_wall_ms: msgspec.Raw = _PASSED
    last_total_fen: msgspec.Raw = _PASSED
    last_lines: msgspec.Raw = _PASSED
    posted_receipts: msgspec.Raw = _PASSED
    digit_secret: Digest = b""
