"""The technician's look at the box's releases."""

from dataclasses import asdict

from fastapi import APIRouter

from edge_agent.api.dependencies import Deps
from edge_agent.api.models.tech_update import UpdateAnswered
from edge_agent.api.routes.tech import MayInspect
from edge_agent.services.box.update_parts import UpdateStatus
from retail_core.texts.faults import FAULTS, FaultCode

router = APIRouter(tags=["tech"])


@router.get("/v1/tech/update")
def update(deps: Deps, _caller: MayInspect) -> UpdateAnswered:
    """Say which release runs, which one is wanted, and what it waits for."""
    told = deps.updates()
    status = told or UpdateStatus(deps.version, 0, "factory", deps.version)
    spec = FAULTS[FaultCode(status.code)] if status.code else None
    return UpdateAnswered(
        managed=told is not None,
        zh="" if spec is None else _plain(spec.zh),
        en="" if spec is None else _plain(spec.en),
        **asdict(status),
    )


def _plain(text: str) -> str:
    """Return a catalogue text without its particulars, which no release keeps."""
    return text.partition(": {")[0].partition(":{")[0]
