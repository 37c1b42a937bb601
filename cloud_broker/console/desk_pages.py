"""What HQ can mend: data that was not booked, and printed names without an article."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit, by_htmx
from cloud_broker.console.texts import texts
from cloud_broker.console.tile_words import reason_text
from cloud_broker.domain.sync_doctor import REPLAYABLE
from cloud_broker.services.access.overview import RepairRow
from cloud_broker.services.hq.desk import MAY_MEND

REPAIRS_SHOWN = 200
NAMES_SHOWN = 200


class DeskPages:
    """The repair queue and the list of names; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/repair", self.repairs, methods=["GET"])
        router.add_api_route("/repair/{repair_id}/replay", self.replay, methods=["POST"])
        router.add_api_route("/review-names", self.names, methods=["GET"])
        router.add_api_route("/review-names", self.map_name, methods=["POST"])

    def repairs(self, request: Request) -> Response:
        """Show what waits for repair."""
        visit = self._shell.visit(request)
        rows = self._shell.deps.queries.repairs(visit.who.tenant_id, limit=REPAIRS_SHOWN)
        return self._shell.page(visit, "repair.html", rows=rows, may_act=_may_act(visit))

    def replay(
        self, request: Request, repair_id: UUID, csrf: Annotated[str, Form()] = ""
    ) -> Response:
        """Try one again."""
        visit = self._shell.writing_visit(request, csrf)
        replay = self._shell.deps.desk.replay
        if not by_htmx(request):
            return self._shell.told(
                visit, "/repair", lambda: _replayed(visit, replay(visit.who, repair_id))
            )
        row = replay(visit.who, repair_id)
        return HTMLResponse(
            self._shell.part(visit, "repair_row.html", row=row, may_act=True, tried=True)
        )

    def names(self, request: Request) -> Response:
        """Show the names without an article."""
        visit = self._shell.visit(request)
        queries, tenant = self._shell.deps.queries, visit.who.tenant_id
        return self._shell.page(
            visit,
            "names.html",
            rows=queries.names_to_review(tenant, limit=NAMES_SHOWN),
            stores=len(queries.store_tiles(tenant)),
            may_act=_may_act(visit),
        )

    def map_name(
        self,
        request: Request,
        name: Annotated[str, Form()],
        sku: Annotated[str, Form()],
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Map a name to an article."""
        visit = self._shell.writing_visit(request, csrf)
        if not by_htmx(request):
            return self._shell.told(
                visit, "/review-names", lambda: self._mapped(visit, name, sku.strip())
            )
        done = self._mapped(visit, name, sku.strip())
        return HTMLResponse(self._shell.part(visit, "name_done.html", done=done))

    def _mapped(self, visit: Visit, name: str, sku: str) -> Said:
        self._shell.deps.desk.map_name(visit.who, name, sku)
        return Said(texts(visit.language)("names.mapped", name=name, sku=sku))


def _may_act(visit: Visit) -> bool:
    """Return whether to offer the buttons; the desk itself decides and keeps the record."""
    return visit.who.role in MAY_MEND


def _replayed(visit: Visit, row: RepairRow) -> Said:
    """Say which record it was and how it stands."""
    t = texts(visit.language)
    if row.state == "open":
        outcome = t("repair.still_open", why=reason_text(t, row.code))
    else:
        outcome = t("repair.replayed" if row.kind in REPLAYABLE else "repair_state.done")
    store = row.store_name or t("repair.unknown_store")
    seq = "—" if row.seq is None else f"{row.seq:,}"
    told = t("repair.told", store=store, seq=seq, outcome=outcome)
    return Said(told, well=row.state != "open")
