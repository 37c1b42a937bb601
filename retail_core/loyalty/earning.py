"""What a receipt earns: on what was paid in money, rounded down once, split over its lines."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from retail_core.loyalty.postings import EARN, QUALIFY, Posting, brand_account, member_account
from retail_core.money import allocate

PERMILLE = 1000


class PricedLineView(Protocol):
    """One line as charged."""

    @property
    def line(self) -> int:
        """Its number."""
        ...

    @property
    def net_fen(self) -> int:
        """What it costs after all offers and coupons."""
        ...


class PricedView(Protocol):
    """As much of a priced receipt as earning looks at; the lines add up to the total."""

    @property
    def lines(self) -> Sequence[PricedLineView]:
        """Its lines."""
        ...

    @property
    def total_fen(self) -> int:
        """What is due."""
        ...


class EarnTerms(Protocol):
    """One point for each `fen_per_point`, times the tier's thousandths (1000 when not named)."""

    @property
    def id(self) -> str:
        """The rule's name in the postings' keys."""
        ...

    @property
    def fen_per_point(self) -> int:
        """What one point costs."""
        ...

    @property
    def tier_permille(self) -> Mapping[str, int]:
        """How much more a tier earns."""
        ...

    @property
    def pending(self) -> bool:
        """Whether points wait until they mature."""
        ...


def earn_postings(  # the receipt, the rule and the parties to it
    priced: PricedView,
    earn: EarnTerms | None,
    tier: str,
    wallet: UUID,
    issuer: UUID,
    points_fen: int = 0,
) -> tuple[Posting, ...]:
    """Return what a receipt earns; the part paid by points (`points_fen`) earns nothing.

    The tier multiplies the points to spend; those that count towards a tier are not multiplied, or
    a high tier would keep itself. `issuer` is the legal entity that owes the points.
    """
    if earn is None:
        return ()
    lines = sorted(priced.lines, key=lambda line: line.line)
    nets = paid_in_money([line.net_fen for line in lines], points_fen)
    numbers, paid = [line.line for line in lines], sum(nets)
    purse = member_account(wallet, "pending" if earn.pending else "free")
    thousandths = earn.tier_permille.get(tier, PERMILLE)
    spendable = paid * thousandths // (PERMILLE * earn.fen_per_point)
    liability, suspense = brand_account(issuer, "liability"), brand_account(issuer, "suspense")
    qualifying = member_account(wallet, "qualifying")
    parts = (
        (EARN, spendable, liability, purse),
        (QUALIFY, paid // earn.fen_per_point, suspense, qualifying),
    )
    return tuple(
        Posting(number, earn.id, kind, 0, debit, credit, share, issuer)
        for kind, points, debit, credit in parts
        for number, share in zip(numbers, allocate(points, nets), strict=True)
        if share
    )


def paid_in_money(nets: Sequence[int], points_fen: int) -> tuple[int, ...]:
    """Return what of each line was paid in money, the points' part taken off in proportion."""
    if points_fen == 0:
        return tuple(nets)
    shares = allocate(points_fen, nets)
    return tuple(net - share for net, share in zip(nets, shares, strict=True))
