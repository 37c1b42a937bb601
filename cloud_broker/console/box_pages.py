"""A store's boxes: which stand there, a one-time code for the next, the end of one."""

from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.services.fleet.box_desk import MAY_LET_IN, BoxDesk, CodeSheet
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

QR_SCALE = 5


class BoxPages:
    """The page of a store's boxes; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/stores/{store_id}/boxes", self.page, methods=["GET"])
        router.add_api_route("/stores/{store_id}/boxes", self.code, methods=["POST"])
        router.add_api_route("/stores/{store_id}/boxes/revoke", self.revoke, methods=["POST"])

    def page(self, request: Request, store_id: UUID) -> Response:
        """Show the boxes."""
        return self._shown(self._shell.visit(request), store_id, None)

    def code(
        self,
        request: Request,
        store_id: UUID,
        instead_of: Annotated[UUID | None, Form()] = None,
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Draw a code and show it, this once; with `instead_of` that box goes when it is used."""
        visit = self._shell.writing_visit(request, csrf)
        return self._shown(visit, store_id, self._desk().code(visit.who, store_id, instead_of))

    def revoke(
        self,
        request: Request,
        store_id: UUID,
        device: Annotated[UUID, Form()],
        why: Annotated[str, Form(min_length=1, max_length=200)],
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Shut a box out for good."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desk().revoke(visit.who, device, why)
            return Said(texts(visit.language)("boxes.revoked"))

        return self._shell.told(visit, f"/stores/{store_id}/boxes", act)

    def _desk(self) -> BoxDesk:
        desk = self._shell.deps.boxes
        if desk is None:
            raise Fault(FaultCode.CA_MISSING, path="ca_dir")
        return desk

    def _shown(self, visit: Visit, store_id: UUID, sheet: CodeSheet | None) -> Response:
        tenant = visit.who.tenant_id
        tile = next(iter(self._shell.deps.queries.store_tiles(tenant, (store_id,))), None)
        if tile is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=store_id)
        return self._shell.page(
            visit,
            "boxes.html",
            tile=tile,
            boxes=self._desk().boxes(tenant, store_id),
            sheet=sheet,
            qr=None if sheet is None else _drawn(sheet.qr),
            may_act=visit.who.role in MAY_LET_IN,
        )


def _drawn(text: str) -> str:
    """Return a QR code as SVG; it is dark on light in every theme, or no camera reads it."""
    code = segno.make_qr(text, error="m")
    return code.svg_inline(scale=QR_SCALE, dark="black", light="white")
