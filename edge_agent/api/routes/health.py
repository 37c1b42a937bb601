"""The box's health, open to whoever stands before it."""

from fastapi import APIRouter

from edge_agent.api.dependencies import Deps
from edge_agent.api.models.health import HealthAnswered

router = APIRouter(tags=["health"])


@router.get("/v1/health")
def health(deps: Deps) -> HealthAnswered:
    """Say whether this shop can sell and what is missing; carries no member's data."""
    return deps.wellbeing.view()
