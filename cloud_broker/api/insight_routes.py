"""What is set apart, and returns, as JSON for HQ's programs."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.ports.cleaning import Wanted, Which
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.insight.cleaning import WHY_CHARS_MAX
from cloud_broker.services.insight.cleaning_words import overview_said, ruling_said
from cloud_broker.services.insight.costs import BYTES_MAX
from cloud_broker.services.insight.insight_desks import InsightDesks
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

DECISIONS_MAX = 1_000


class WhyAsked(BaseModel, extra="forbid"):
    """Why a decision is lifted, or stands again."""

    why: str = Field(max_length=WHY_CHARS_MAX)


class CostsSent(BaseModel, extra="forbid"):
    """A file of costs as its text; with `preview` nothing is taken in."""

    name: str = Field("costs.csv", max_length=100)
    csv: str = Field(max_length=BYTES_MAX)
    preview: bool = False


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/cleaning` and `/v1/hq/roi`."""
    routes = APIRouter(
        prefix="/v1/hq",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409, 422)},
    )
    _cleaning(routes, doors)
    _returns(routes, doors)
    return routes


def _desks(doors: Doors) -> InsightDesks:
    if doors.deps.insight is None:
        raise Fault(FaultCode.API_NOT_FOUND, what="insight")
    return doors.deps.insight


def _cleaning(routes: APIRouter, doors: Doors) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/cleaning")
    def overview(who: Person) -> dict[str, object]:
        """Return what is set apart by rule, and channels with and without."""
        return overview_said(_desks(doors).cleaning.overview(who.tenant_id))

    @routes.get("/cleaning/decisions")
    def decisions(
        who: Person,
        which: Which = "apart",
        rule: Annotated[str, Query(max_length=40)] = "",
        limit: Annotated[int, Query(ge=1, le=DECISIONS_MAX)] = 100,
    ) -> dict[str, object]:
        """Return decisions, newest day first."""
        found = _desks(doors).cleaning.rulings(who.tenant_id, Wanted(which, rule, limit=limit))
        return {"decisions": [ruling_said(one) for one in found]}

    @routes.post("/cleaning/decisions/{decision_id}/{act}")
    def decide(
        who: Person, decision_id: UUID, act: Literal["lift", "restore"], asked: WhyAsked
    ) -> dict[str, object]:
        """Lift a decision, or let it stand again."""
        cleaning = _desks(doors).cleaning
        done = cleaning.lift if act == "lift" else cleaning.restore
        return ruling_said(done(who.tenant_id, decision_id, who=who.login, why=asked.why))


def _returns(routes: APIRouter, doors: Doors) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/roi")
    def roi(
        who: Person,
        first: Annotated[date | None, Query()] = None,
        last: Annotated[date | None, Query()] = None,
        *,
        with_quarantined: bool = False,
    ) -> dict[str, object]:
        """Return what channels and stores brought and cost; money in fen."""
        from cloud_broker.services.insight.roi_words import roi_said  # noqa: PLC0415 - numbers

        report = (
            _desks(doors).roi().report(who.tenant_id, first, last, quarantined=with_quarantined)
        )
        return roi_said(report)

    @routes.post("/roi/costs")
    def costs(who: Person, sent: CostsSent) -> dict[str, object]:
        """Take a file of costs in, all or nothing."""
        from cloud_broker.services.insight import roi_words  # noqa: PLC0415 - numbers

        desk, content = _desks(doors).roi(), sent.csv.encode()
        if sent.preview:
            return roi_words.costs_said(desk.look(who.tenant_id, content))
        made = desk.take_costs(who.tenant_id, sent.name, content, who=who.login)
        return roi_words.import_said(made)

    @routes.post("/roi/costs/{import_id}/undo")
    def undo(who: Person, import_id: UUID) -> dict[str, object]:
        """Take an import of costs back."""
        _desks(doors).roi().undo_costs(who.tenant_id, import_id, who=who.login)
        return {"undone": str(import_id)}
