"""Points as double-entry postings: exactly invertible, posted once, whatever the order.

An account's balance is what was credited to it less what was debited. Points a member holds are the
brand's debt, so they are credited to the member and debited to the brand. A member's purses never
go below 0; only `owed` does, the points she spent and would have to give back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from retail_core import limits
from retail_core.errors import Fault
from retail_core.ids import id_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WirePosting

EARN = "earn"
QUALIFY = "qualify"
REDEEM = "redeem"
MATURE = "mature"
EXPIRE = "expire"
ADJUST = "adjust"
OPENING = "opening"
SETTLE = "settle"
MERGE = "merge"
MERGE_OWN = "merge.own"
AWARD = "award"
REVERSED = ".reversed"
RESTORED = ".restored"
OWED = ".owed"
MemberPurse = Literal["free", "pending", "qualifying", "owed"]
BrandPurse = Literal["liability", "breakage", "suspense", "clearing", "adjust"]


@dataclass(frozen=True, slots=True)
class Posting:
    """Moves points from `debit` to `credit`; always positive, never between one account.

    `expires` is the last day of the points it brings, where the expiry policy does not say it; it
    does not travel, because only the cloud knows such a day.
    """

    line: int
    rule: str
    kind: str
    nth: int
    debit: str
    credit: str
    points: int
    issuer: UUID
    redeemer: UUID | None = None
    expires: date | None = None

    def __post_init__(self) -> None:
        if not 0 < self.points <= limits.AMOUNT_FEN_MAX:
            raise ValueError("a posting moves a positive, bounded number of points")
        if self.debit == self.credit:
            raise ValueError("a posting needs two accounts")


@dataclass(frozen=True, slots=True)
class PostingKey:
    """What makes a posting happen once, however often it arrives."""

    tenant: UUID
    receipt_id: UUID
    line: int
    rule: str
    kind: str
    nth: int


def member_account(wallet: UUID, purse: MemberPurse) -> str:
    """Name one of a member's accounts."""
    return f"member:{wallet}:{purse}"


def leased_account(wallet: UUID, device: UUID, epoch: int) -> str:
    """Name the account of points only this device, in this epoch, may spend."""
    return f"member:{wallet}:leased:{device}:{epoch}"


def brand_account(legal_entity: UUID, purse: BrandPurse) -> str:
    """Name one of a legal entity's accounts."""
    return f"brand:{legal_entity}:{purse}"


def posting_key(tenant: UUID, receipt_id: UUID, posting: Posting) -> PostingKey:
    """Return the key under which a receipt's posting is made."""
    return PostingKey(tenant, receipt_id, posting.line, posting.rule, posting.kind, posting.nth)


def points_earned(postings: Iterable[Posting]) -> int:
    """Return the points to spend that these postings bring."""
    return sum(posting.points for posting in postings if posting.kind == EARN)


def reverse(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Return the exact inverse, under keys of its own, so that it too is posted once."""
    return tuple(
        replace(
            posting,
            kind=posting.kind + REVERSED,
            debit=posting.credit,
            credit=posting.debit,
        )
        for posting in postings
    )


def to_wire(posting: Posting) -> WirePosting:
    """Return the posting as it travels."""
    redeemer = posting.redeemer
    return WirePosting(
        line=posting.line,
        rule=posting.rule,
        kind=posting.kind,
        nth=posting.nth,
        debit=posting.debit,
        credit=posting.credit,
        points=posting.points,
        issuer=posting.issuer.bytes,
        redeemer=None if redeemer is None else redeemer.bytes,
    )


def from_wire(wire: WirePosting) -> Posting:
    """Read a posting that travelled (Fault W101 when it cannot be one)."""
    try:
        return Posting(
            line=wire.line,
            rule=wire.rule,
            kind=wire.kind,
            nth=wire.nth,
            debit=wire.debit,
            credit=wire.credit,
            points=wire.points,
            issuer=id_of(wire.issuer),
            redeemer=None if wire.redeemer is None else id_of(wire.redeemer),
        )
    except ValueError:
        raise Fault(FaultCode.WIRE_MALFORMED) from None


class Ledger:
    """A fold of postings: append-only, each key once, balances by account."""

    def __init__(self) -> None:
        self._postings: dict[PostingKey, Posting] = {}
        self._balances: dict[str, int] = {}

    def post(self, key: PostingKey, posting: Posting) -> bool:
        """Apply a posting; False when the same was applied before.

        Raises Fault L101 when the key holds other content, ValueError when it is another's key.
        """
        if key != posting_key(key.tenant, key.receipt_id, posting):
            raise ValueError("the key does not belong to the posting")
        known = self._postings.get(key)
        if known is not None:
            if known != posting:
                raise Fault(FaultCode.LEDGER_KEY_CONFLICT)
            return False
        self._postings[key] = posting
        self._move(posting.debit, -posting.points)
        self._move(posting.credit, posting.points)
        return True

    def _move(self, account: str, points: int) -> None:
        self._balances[account] = self.balance(account) + points

    def balance(self, account: str) -> int:
        """Return what was credited less what was debited; 0 for an account never used."""
        return self._balances.get(account, 0)

    def balances(self) -> dict[str, int]:
        """Return every account that was used with its balance; they add up to 0."""
        return dict(self._balances)

    def postings(self) -> tuple[tuple[PostingKey, Posting], ...]:
        """Return everything posted, in the order it was posted."""
        return tuple(self._postings.items())
