"""A basket at the counter while it is rung up: what is in it, whose it is, what she redeems.

Changes are values: a basket is replaced as a whole, and only once its new price is known. Its rules
are those of the moment it was opened, so that a happy hour does not end while somebody packs.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from edge_agent.domain.sale import AskedLine
from retail_core import limits
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class BasketState(StrEnum):
    """Where a basket stands; the last two are its end."""

    OPEN = "open"
    PARKED = "parked"
    COMMITTED = "committed"
    VOIDED = "voided"


LIVE = frozenset({BasketState.OPEN, BasketState.PARKED})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member wants to redeem."""

    points: int = 0
    coupons: tuple[UUID, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether she wants nothing."""
        return not (self.points or self.coupons)


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class BasketItem:
    """A line as it was rung up, under a number that no other line of the basket ever had."""

    line: int
    asked: AskedLine


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """What the till was told last, and by which rules and prices."""

    total_fen: int
    bundle_version: int
    catalogue_version: int


@dataclass(frozen=True, slots=True)
class CounterBasket:
    """A basket of one till; `day` is its business day, None when the clock was unknown."""

    basket_id: UUID
    lane: str
    till: UUID
    opened: Instant
    day: int | None
    rev: int = 1
    state: BasketState = BasketState.OPEN
    name: str = ""
    items: tuple[BasketItem, ...] = ()
    next_line: int = 1
    member_id: UUID | None = None
    wish: Wish = NO_WISH
    operator: UUID | None = None
    training: bool = False
    shown: ShownPrice | None = None
    receipt_id: UUID | None = None

    @property
    def is_live(self) -> bool:
        """Whether it can still become a sale."""
        return self.state in LIVE


def check_open(basket: CounterBasket) -> None:
    """Refuse a change of a basket that is parked or over (Faults BASKET_PARKED, BASKET_CLOSED)."""
    if basket.state is BasketState.PARKED:
        raise Fault(FaultCode.BASKET_PARKED)
    check_live(basket)


def check_live(basket: CounterBasket) -> None:
    """Refuse a basket that is over (Fault BASKET_CLOSED)."""
    if not basket.is_live:
        raise Fault(FaultCode.BASKET_CLOSED, state=basket.state.value, receipt=basket.receipt_id)


def with_lines(basket: CounterBasket, lines: tuple[AskedLine, ...]) -> CounterBasket:
    """Add lines at the end (Fault SALE_LINES)."""
    if len(basket.items) + len(lines) > limits.LINES_MAX:
        raise Fault(FaultCode.SALE_LINES, limit=limits.LINES_MAX)
    added = tuple(BasketItem(basket.next_line + place, line) for place, line in enumerate(lines))
    return replace(basket, items=basket.items + added, next_line=basket.next_line + len(lines))


def with_quantity(basket: CounterBasket, line: int, qty_milli: int) -> CounterBasket:
    """Set how much of a line there is; nothing takes it out (Fault BASKET_LINE_UNKNOWN)."""
    if all(item.line != line for item in basket.items):
        raise Fault(FaultCode.BASKET_LINE_UNKNOWN, line=line)
    items = (
        replace(item, asked=replace(item.asked, qty_milli=qty_milli)) if item.line == line else item
        for item in basket.items
    )
    return replace(basket, items=tuple(item for item in items if item.asked.qty_milli))


def with_member(basket: CounterBasket, member_id: UUID | None) -> CounterBasket:
    """Say whose it is; what another member wanted to redeem is forgotten."""
    wish = basket.wish if member_id == basket.member_id else NO_WISH
    return replace(basket, member_id=member_id, wish=wish)
