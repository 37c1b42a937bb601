"""What to show for a member standing here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.suggestions import SuggestionView
from edge_agent.api.principals import Principal, Scope

router = APIRouter(tags=["members"])


@router.get("/v1/members/{member_id}/recommendations")
def recommendations(
    member_id: UUID,
    deps: Deps,
    _caller: Annotated[Principal, Depends(needs(Scope.MEMBER_READ))],
    basket: Annotated[
        list[str] | None,
        Query(alias="sku", max_length=50, description="what lies in the basket already"),
    ] = None,
) -> tuple[SuggestionView, ...]:
    """Return at most three articles that are sold and lie here, each with the reason to say.

    Nothing she bought comes before its time again; needs of health only by her own declaration;
    who opted out of guesses is shown what sells best.
    """
    found = deps.suggestions.of(member_id, tuple(basket or ()))
    return tuple(SuggestionView.model_validate(one) for one in found)
