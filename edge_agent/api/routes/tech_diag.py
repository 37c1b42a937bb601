"""What a technician takes along: an archive of diagnostics, its summary, figures for Prometheus."""

from fastapi import APIRouter, Response

from edge_agent.api.dependencies import Deps, MaybeSignedIn
from edge_agent.api.metrics import CONTENT_TYPE, metrics
from edge_agent.api.models.tech_health import DiagAsked, SummaryAnswered
from edge_agent.api.routes.tech import MayInspect
from edge_agent.domain.diag_summary import summary

router = APIRouter(tags=["tech"])
GZIP = "application/gzip"


@router.post(
    "/v1/tech/diag",
    response_class=Response,
    responses={200: {"description": "a tar.gz", "content": {GZIP: {}}}},
)
def diag(_asked: DiagAsked, deps: Deps, by: MaybeSignedIn, caller: MayInspect) -> Response:
    """Collect diagnostics: one archive without persons and secrets, within a minute."""
    packed = deps.diag.archive(by.number if by else caller.kind.value)
    name = {"Content-Disposition": 'attachment; filename="regulars-diag.tar.gz"'}
    return Response(packed, media_type=GZIP, headers=name)


@router.get("/v1/tech/diag/summary")
def told_in_short(deps: Deps, _caller: MayInspect) -> SummaryAnswered:
    """Say the essentials in a line that fits a QR code, for a box without a line."""
    shop, watch = deps.wellbeing.shop, deps.health
    text = summary(str(shop.store), str(shop.device), deps.version, watch.vitals, watch.issues())
    return SummaryAnswered(text=text, rows=deps.counter.draw(text))


@router.get(
    "/v1/tech/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}},
)
def figures(deps: Deps, _caller: MayInspect) -> Response:
    """Give the box's figures to Prometheus, which sends the token as a bearer."""
    watch = deps.health
    page = metrics(deps.wellbeing.view(), watch.vitals, watch.issues())
    return Response(page, media_type=CONTENT_TYPE)
