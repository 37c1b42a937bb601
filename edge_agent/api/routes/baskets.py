"""Baskets at the counter: opened, rung up, parked, redeemed from, sold."""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from edge_agent.api.basket_desk import Clerk
from edge_agent.api.dependencies import Deps, MaybeSignedIn, Once, needs
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.models.baskets import (
    BasketList,
    BasketOpened,
    BasketView,
    CommitAsked,
    LinesAsked,
    MemberAsked,
    ParkAsked,
    QuantityAsked,
    RedeemAsked,
)
from edge_agent.api.models.sales import SaleAnswered
from edge_agent.api.principals import Principal
from edge_agent.api.routes.quotes import asked_lines
from edge_agent.domain.basket import BasketState, Wish
from edge_agent.domain.terminals import Kind, Scope
from edge_agent.services.counter.baskets import quantity, redeeming, resumed, voided
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["baskets"])


def clerk_of(
    deps: Deps,
    operator: MaybeSignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.BASKET))],
    lane: WhereOrHere = None,
) -> Clerk:
    """Return who asks; at a screen a clerk has to be signed in (Fault API_OPERATOR_NEEDED)."""
    if operator is None and caller.kind is not Kind.TILL:
        raise Fault(FaultCode.API_OPERATOR_NEEDED)
    place = deps.visits.place(lane, caller)
    return Clerk(place, None if operator is None else operator.operator_id)


Asking = Annotated[Clerk, Depends(clerk_of)]
LineNumber = Annotated[int, Path(ge=1, le=1_000_000)]


@router.post("/v1/baskets", response_model=BasketView)
def open_basket(asked: BasketOpened, deps: Deps, once: Once, clerk: Asking) -> Response:
    """Begin a basket; its prices are those of this moment."""
    place = clerk.place
    if asked.till is not None:
        if deps.visits.at(asked.till).lane != place.lane:
            raise Fault(FaultCode.BASKET_ELSEWHERE)
        place = replace(place, till=asked.till)
    till = asked.till or deps.visits.sells_at(place)
    return deps.baskets.open(clerk, once, till, asked.member_id, training=asked.training)


@router.get("/v1/baskets")
def baskets(deps: Deps, clerk: Asking, state: Literal["open", "parked"] = "open") -> BasketList:
    """List the lane's open or parked baskets, oldest first."""
    return deps.baskets.listed(clerk, BasketState(state))


@router.get("/v1/baskets/{basket_id}")
def basket(basket_id: UUID, deps: Deps, clerk: Asking) -> BasketView:
    """Price a basket as it stands."""
    return deps.baskets.shown(clerk, basket_id)


@router.post("/v1/baskets/{basket_id}/lines", response_model=BasketView)
def add_lines(
    basket_id: UUID, asked: LinesAsked, deps: Deps, once: Once, clerk: Asking
) -> Response:
    """Add lines at the end."""
    how = deps.baskets.adding(asked_lines(asked.lines))
    return deps.baskets.change(clerk, once, basket_id, how)


@router.put("/v1/baskets/{basket_id}/lines/{line}", response_model=BasketView)
def set_quantity(
    basket_id: UUID,
    line: LineNumber,
    asked: QuantityAsked,
    deps: Deps,
    once: Once,
    clerk: Asking,
) -> Response:
    """Say how much of a line there is; 0 takes it out."""
    return deps.baskets.change(clerk, once, basket_id, quantity(line, asked.qty_milli))


@router.put("/v1/baskets/{basket_id}/member", response_model=BasketView)
def set_member(
    basket_id: UUID, asked: MemberAsked, deps: Deps, once: Once, clerk: Asking
) -> Response:
    """Say whose basket it is; how surely she was recognised is known at the lane."""
    how = deps.baskets.attaching(asked.member_id)
    return deps.baskets.change(clerk, once, basket_id, how)


@router.delete("/v1/baskets/{basket_id}/member", response_model=BasketView)
def unset_member(basket_id: UUID, deps: Deps, once: Once, clerk: Asking) -> Response:
    """Make it nobody's basket again."""
    return deps.baskets.change(clerk, once, basket_id, deps.baskets.attaching(None))


@router.put("/v1/baskets/{basket_id}/redeem", response_model=BasketView)
def redeem(basket_id: UUID, asked: RedeemAsked, deps: Deps, once: Once, clerk: Asking) -> Response:
    """Say what she redeems, instead of what was said before; `redeem.refused` says why not."""
    how = redeeming(Wish(asked.points, tuple(dict.fromkeys(asked.coupons))))
    return deps.baskets.change(clerk, once, basket_id, how)


@router.post("/v1/baskets/{basket_id}/park", response_model=BasketView)
def park(basket_id: UUID, asked: ParkAsked, deps: Deps, once: Once, clerk: Asking) -> Response:
    """Put a basket aside; what was held back for it is free again."""
    return deps.baskets.change(clerk, once, basket_id, deps.baskets.parking(asked.name))


@router.post("/v1/baskets/{basket_id}/resume", response_model=BasketView)
def resume(basket_id: UUID, deps: Deps, once: Once, clerk: Asking) -> Response:
    """Take a parked basket back; an open one stays as it is."""
    return deps.baskets.change(clerk, once, basket_id, resumed)


@router.delete("/v1/baskets/{basket_id}", response_model=BasketView)
def void(basket_id: UUID, deps: Deps, once: Once, clerk: Asking) -> Response:
    """End a basket without a sale."""
    return deps.baskets.change(clerk, once, basket_id, voided)


@router.post("/v1/baskets/{basket_id}/commit", response_model=SaleAnswered)
def commit(basket_id: UUID, asked: CommitAsked, deps: Deps, once: Once, clerk: Asking) -> Response:
    """Sell a basket: when this answers, it is on disk. A training basket is never booked."""
    return deps.baskets.sell(clerk, once, basket_id, asked)
