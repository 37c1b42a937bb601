"""The wall, a store's page, and the stream that keeps the wall true."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from cloud_broker.console import live_charts
from cloud_broker.console.charts import charts
from cloud_broker.console.command_pages import code_text, kind_text
from cloud_broker.console.issue_words import check_of, issue_text
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.stream import Stream
from cloud_broker.console.views import LIVE_SALES, since_ms, tile_view, wall_of
from cloud_broker.services.access.mended import DAYS as MENDED_DAYS
from cloud_broker.services.fleet.commands import MAY_ORDER
from cloud_broker.services.fleet.twin import Spot
from retail_core.errors import Fault
from retail_core.fleet.fixups import FIXUPS, fixups_for
from retail_core.texts.faults import FaultCode

STORE_SALES = 20
# A day, a week, all there is.
HOURS = (24, 7 * 24, 90 * 24)


class StorePages:
    """What HQ watches."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/", self.wall, methods=["GET"])
        router.add_api_route("/stores/{store_id}", self.store, methods=["GET"])
        router.add_api_route("/console/stream", self.stream, methods=["GET"])

    def wall(self, request: Request) -> Response:
        """Show every store at once."""
        visit = self._shell.visit(request)
        queries, tenant = self._shell.deps.queries, visit.who.tenant_id
        shown = wall_of(queries.overview(tenant), queries.sales(tenant, limit=LIVE_SALES))
        return self._shell.page(visit, "wall.html", wall=shown)

    def store(self, request: Request, store_id: UUID, hours: int = HOURS[0]) -> Response:
        """Show one store as a doctor reads: can it sell, since when, why not, what helps."""
        visit = self._shell.visit(request)
        queries, tenant = self._shell.deps.queries, visit.who.tenant_id
        tile = next(iter(queries.store_tiles(tenant, (store_id,))), None)
        asked = hours if hours in HOURS else HOURS[0]
        if tile is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=store_id)
        return self._shell.page(
            visit,
            "store.html",
            tile=tile,
            view=tile_view(tile),
            since_ms=since_ms(tile),
            sales=queries.sales(tenant, limit=STORE_SALES, store=store_id),
            mended=queries.mended(tenant, store_id),
            mended_days=MENDED_DAYS,
            health=self._shell.deps.health.view(tenant, store_id, asked),
            gone=tile.state in {"gone", "never"},
            hours=asked,
            spans=HOURS,
            charts=charts,
            live=live_charts,
            check_of=check_of,
            issue_text=lambda issue: issue_text(issue, visit.language),
            **self._steering(visit, store_id),
        )

    def _steering(self, visit: Visit, store_id: UUID) -> dict[str, object]:
        """Return what HQ had the store's boxes do, what they are to be like, who lets them in."""
        fleet, boxes, tenant = self._shell.deps.fleet, self._shell.deps.boxes, visit.who.tenant_id
        return {
            "deeds": fleet.orders.of_store(tenant, store_id),
            "twins": fleet.twins.boxes(tenant, Spot("store", store_id)),
            "certificates": () if boxes is None else boxes.boxes(tenant, store_id),
            "may_order": visit.who.role in MAY_ORDER,
            "fixes_of": lambda issue: [
                (name, FIXUPS[name].text(visit.language))
                for name in fixups_for(issue.code, issue.subject)
            ],
            "kind_text": lambda kind, args: kind_text(kind, args, visit),
            "code_text": lambda code, **fields: code_text(code, visit, **fields),
        }

    async def stream(self, request: Request, v: str = "") -> Response:
        """Send what changes on the wall."""
        visit = await run_in_threadpool(self._shell.visit, request)
        known = request.headers.get("Last-Event-ID") or v
        return StreamingResponse(
            Stream(self._shell, visit, known).messages(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
