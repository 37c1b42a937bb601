"""What the cloud believes of the postings a shop sent with a sale."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn
from uuid import UUID

from retail_core.errors import Fault
from retail_core.loyalty.postings import Posting, from_wire
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Sale

NOT_MERGED: Mapping[UUID, frozenset[UUID]] = MappingProxyType({})
_MEMBER = "member"
_BRAND = "brand"
_LEASED = ":leased:"
_BRAND_PURSES = frozenset({"liability", "breakage", "suspense", "clearing"})
_MEMBER_PURSES = frozenset({"free", "pending", "qualifying", "leased"})


def booked(
    sale: Sale,
    member: UUID | None,
    wallets: Mapping[UUID, UUID],
    kin: Mapping[UUID, frozenset[UUID]] = NOT_MERGED,
) -> tuple[tuple[Posting, ...], UUID | None]:
    """Return a sale's postings and the one wallet they touch.

    `kin` are the wallets that a wallet was ever merged with: a shop books to the one it heard of.
    Raises Fault WIRE_MALFORMED for a key used twice, an account that is none, another's wallet, or
    points taken from anywhere but a lease: what is free is spent by the cloud alone.
    """
    postings = tuple(from_wire(posting) for posting in sale.postings)
    keys = {(posting.line, posting.rule, posting.kind, posting.nth) for posting in postings}
    if len(keys) != len(postings):
        _malformed("a posting key stands twice")
    if any(
        posting.debit.startswith(_MEMBER) and _LEASED not in posting.debit for posting in postings
    ):
        _malformed("points that no lease covers")
    touched = {
        wallet_in(account) for posting in postings for account in (posting.debit, posting.credit)
    } - {None}
    if not touched:
        return postings, None
    if member is None or len(touched) != 1:
        _malformed("postings of nobody, or of several wallets")
    (wallet,) = touched
    assert wallet is not None  # noqa: S101 -- taken out above
    own = wallets.get(member, wallet)
    if wallet != own and wallet not in kin.get(own, ()):
        _malformed("the wallet is not the member's")
    return postings, wallet


def sums_up(postings: Iterable[Posting]) -> Counter[str]:
    """Return by how much each account's balance moves."""
    moved: Counter[str] = Counter()
    for posting in postings:
        moved[posting.debit] -= posting.points
        moved[posting.credit] += posting.points
    return moved


@lru_cache(maxsize=16_384)
def wallet_in(account: str) -> UUID | None:
    """Return the wallet in an account's name, None for a brand's (Fault WIRE_MALFORMED for others).

    A receipt names the same few accounts on each of its lines.
    """
    owner, _, rest = account.partition(":")
    name, _, purse = rest.partition(":")
    kind = purse.partition(":")[0]
    if owner == _MEMBER and kind in _MEMBER_PURSES:
        return _uuid(name)
    if owner != _BRAND or purse not in _BRAND_PURSES:
        _malformed(f"account {account}")
    _uuid(name)
    return None


def _uuid(text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        _malformed(f"account of {text}")
    if str(found) != text:
        _malformed(f"account of {text}")
    return found


def _malformed(detail: str) -> NoReturn:
    raise Fault(FaultCode.WIRE_MALFORMED, detail=detail)
