"""The technician's look at the line to the cloud."""

from fastapi import APIRouter

from edge_agent.api.dependencies import Deps
from edge_agent.api.line_views import line_view
from edge_agent.api.models.sync import LineAnswered
from edge_agent.api.routes.tech import MayInspect

router = APIRouter(tags=["tech"])


@router.get("/v1/tech/sync")
def sync(deps: Deps, _caller: MayInspect) -> LineAnswered:
    """Say how the line to the cloud is, what waits, what it costs, and what to mend."""
    return line_view(deps.line())
