"""What a message or an order says of who is who, as pairs of names."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from retail_core.insight.channel_orders.words import Buyer
from retail_core.insight.collection.messages import Message
from retail_core.insight.collection.plain import Person
from retail_core.insight.persons.kinds import MEMBER, NOBODY, Handle

Pair = tuple[Handle, Handle]

USER: Final = "user"
ANONYMOUS: Final = "anonymous"
BUYER: Final = "buyer"
PHONE: Final = "phone"
EMAIL: Final = "email"


def member_handle(member: UUID) -> Handle:
    """Return a member's name."""
    return Handle(MEMBER, str(member))


def hashed_handle(kind: str, hashed: bytes) -> Handle:
    """Return a name that is known by its keyed hash alone."""
    return Handle(kind, hashed.hex())


def user_handle(source: UUID, user_id: str) -> Handle:
    """Return a source's own number of somebody; another source's same number is another name."""
    return Handle(USER, f"{source}:{user_id}")


def visitor_handle(source: UUID, anonymous_id: str) -> Handle:
    """Return a browser of a source."""
    return Handle(ANONYMOUS, f"{source}:{anonymous_id}")


def buyer_handle(channel: str, account: str) -> Handle:
    """Return who bought in a channel, by the hash of the account there, in hex."""
    return Handle(BUYER, f"{channel}:{account}")


def said_by_message(
    message: Message, source: UUID, said: Person, member: UUID | None = None
) -> Iterator[Pair]:
    """Yield what a message says: `said` is what it holds of somebody, `member` whom it names.

    A number or a mailbox counts from who signed in alone: a browser says those of several people.
    """
    visitor = _visitor(source, message.anonymous_id)
    if not _somebody(message.user_id):
        return
    user = user_handle(source, message.user_id)
    if visitor is not None:
        yield user, visitor
    if member is not None:
        yield user, member_handle(member)
    if said.phone_hash is not None:
        yield user, hashed_handle(PHONE, said.phone_hash)
    if said.email_hash is not None:
        yield user, hashed_handle(EMAIL, said.email_hash)
    if message.kind == "alias":
        before = str(message.body.get("previousId") or "").strip()
        if _somebody(before) and before != message.user_id:
            # Segment's SDKs name a visitor here, servers an account of before.
            yield user, visitor_handle(source, before)
            yield user, user_handle(source, before)


def said_by_order(channel: str, buyer: Buyer, member: UUID | None = None) -> Iterator[Pair]:
    """Yield what an order says of who bought; an address, a payer and a device are shared."""
    if not buyer.account:
        return
    account = buyer_handle(channel, buyer.account)
    if buyer.phone:
        yield account, Handle(PHONE, buyer.phone)
    if member is not None:
        yield account, member_handle(member)


def _visitor(source: UUID, anonymous_id: str) -> Handle | None:
    return visitor_handle(source, anonymous_id) if _somebody(anonymous_id) else None


def _somebody(value: str) -> bool:
    return value.strip().lower() not in NOBODY
