"""The technician's look at the box itself, and what can be tried to mend it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path

from edge_agent.api.dependencies import Deps, SignedIn
from edge_agent.api.models.tech_health import (
    BodyAnswered,
    FixupDoneView,
    FixupView,
    IssueView,
    MendAnswered,
    MendAsked,
)
from edge_agent.api.routes.tech import MayInspect
from edge_agent.services.box.health_watch import HealthWatch
from retail_core.errors import Fault
from retail_core.fleet.checks import BY_CODE
from retail_core.texts.devices import in_words
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import IssueTold

router = APIRouter(tags=["tech"])
FixupName = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,31}$")]


@router.get("/v1/tech/health")
def body(deps: Deps, _caller: MayInspect) -> BodyAnswered:
    """Say what is wrong with the box itself, since when, and who can mend it."""
    return body_view(deps.health)


@router.post("/v1/tech/health/fixups/{name}")
def mend(
    name: FixupName, asked: MendAsked, deps: Deps, by: SignedIn, _caller: MayInspect
) -> MendAnswered:
    """Try a fixup now, or say what it would touch; each runs at most so often."""
    done = deps.health.desk.mend(name, by.number, by.role, dry=asked.dry)
    seen = body_view(deps.health)
    return MendAnswered(touches=done.touches, dry=done.dry, **dict(seen))


def body_view(watch: HealthWatch) -> BodyAnswered:
    """Show what the watch has seen."""
    return BodyAnswered(
        issues=tuple(_issue(one) for one in watch.issues()),
        vitals=msgspec.structs.asdict(watch.vitals),
        fixups=tuple(FixupView.model_validate(one) for one in watch.desk.fixups),
        done=tuple(FixupDoneView.model_validate(one) for one in watch.desk.done),
    )


def _issue(told: IssueTold) -> IssueView:
    code = FaultCode(told.code)
    check, fault = BY_CODE[code], Fault(code, **in_words(told.fields))
    return IssueView(
        code=told.code,
        subject=told.subject,
        severity=check.severity,
        mender=check.mender,
        since_ms=told.since_ms,
        fields=told.fields,
        zh=fault.text("zh"),
        en=fault.text("en"),
    )
