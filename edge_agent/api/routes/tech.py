"""The technician's pages: which tills are tapped, and what comes over their lines."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.tech import TechTill, TechTills
from edge_agent.api.principals import Principal, Scope

router = APIRouter(tags=["tech"])
MayInspect = Annotated[Principal, Depends(needs(Scope.TECH))]


@router.get("/v1/tech/tills")
def tills(deps: Deps, _caller: MayInspect) -> TechTills:
    """List the tills this box stands beside, and how their lines are."""
    shown = (
        TechTill(
            till=one.till,
            name=one.name,
            kind=one.kind,
            profile=one.profile,
            state=one.state(),
            appended=deps.tech.appended(one.till),
        )
        for one in deps.tech.tills
    )
    return TechTills(tills=tuple(shown))
