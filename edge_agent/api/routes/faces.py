"""The rotation of this box's face templates, renewed while it runs."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, SignedIn, needs
from edge_agent.api.models.faces import RotationAnswered
from edge_agent.api.operators import of_role
from edge_agent.api.principals import Principal, Scope
from edge_agent.services.recognition.rotate_faces import Turned
from retail_core.texts.words import Words

router = APIRouter(tags=["faces"])
MANAGER = Words("a manager", "店长")
MayEnrol = Annotated[Principal, Depends(needs(Scope.ENROL))]


@router.get("/v1/faces/rotation")
def rotation(deps: Deps, _caller: MayEnrol) -> RotationAnswered:
    """Say which rotation is in use, and whether a new one is being made."""
    return _view(deps.rotation.stands())


@router.post("/v1/faces/rotation", status_code=202)
def rotate(deps: Deps, operator: SignedIn, _caller: MayEnrol) -> RotationAnswered:
    """Turn every template anew, by a manager's word; faces rest for half a minute meanwhile."""
    of_role(operator, {"manager"}, MANAGER)
    return _view(deps.rotation.begin())


def _view(stands: Turned) -> RotationAnswered:
    return RotationAnswered(epoch=stands.epoch, running=stands.running, code=stands.code)
