"""Which stores may recognise faces: how they stand, and the two persons' way to change it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.render import fault_text
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.ports.faces import FaceAct
from cloud_broker.services.faces.face_desk import MAY_DECIDE
from cloud_broker.services.faces.faces import Leave, StoreFaces
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

WORDS_MAX = 200
Words = Annotated[str, Form(max_length=WORDS_MAX)]
Csrf = Annotated[str, Form()]
_EMPTY = Leave("", "", "", "")


class FacePages:
    """Plain forms, on purpose: a decision of this weight goes through a whole page each time."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/faces", self.faces, methods=["GET"])
        router.add_api_route("/faces/{store_id}", self.store, methods=["GET"])
        router.add_api_route("/faces/{store_id}/propose", self.propose, methods=["POST"])
        router.add_api_route("/faces/{store_id}/off", self.off, methods=["POST"])
        router.add_api_route("/faces/proposals/{proposal_id}", self.settle, methods=["POST"])

    def faces(self, request: Request) -> Response:
        """Show every store's leave, every legal entity's count, and what waits for a second."""
        visit = self._shell.visit(request)
        deps, tenant = self._shell.deps, visit.who.tenant_id
        stores = deps.faces.stores(tenant)
        return self._shell.page(
            visit,
            "faces.html",
            stores=stores,
            names={one.store: one.name for one in stores},
            counts=deps.faces.counts(tenant),
            waiting=deps.face_desk.waiting(tenant),
            may_act=_may_act(visit),
        )

    def store(self, request: Request, store_id: UUID) -> Response:
        """Show one store's leave and what may be done about it."""
        return self._store(self._shell.visit(request), store_id)

    def propose(  # noqa: PLR0913  # each is a field of the form
        self,
        request: Request,
        store_id: UUID,
        act: Annotated[FaceAct, Form()],
        assessment: Words = "",
        signage: Words = "",
        approved_by: Words = "",
        approved_on: Words = "",
        csrf: Csrf = "",
    ) -> Response:
        """Ask for a second person's word; a record that is not complete comes back as it was."""
        visit = self._shell.writing_visit(request, csrf)
        leave = Leave(assessment, signage, approved_by, approved_on)
        try:
            self._shell.deps.face_desk.propose(visit.who, store_id, act, leave)
        except Fault as fault:
            if fault.spec.category != "input":
                return self._told(visit, store_id, fault=fault)
            return self._store(visit, store_id, entered=leave, fault=fault)
        return self._told(visit, store_id, "faces.proposed")

    def settle(
        self,
        request: Request,
        proposal_id: UUID,
        answer: Annotated[str, Form(pattern="^(confirm|withdraw)$")],
        csrf: Csrf = "",
    ) -> Response:
        """Second a proposal, or take it off the list."""
        visit = self._shell.writing_visit(request, csrf)
        desk, t = self._shell.deps.face_desk, texts(visit.language)

        def settled() -> Said:
            if answer == "withdraw":
                desk.withdraw(visit.who, proposal_id)
                return Said(t("faces.withdrawn"))
            return Said(
                t("faces.confirmed", version=desk.confirm(visit.who, proposal_id).said.version)
            )

        return self._shell.told(visit, "/faces", settled)

    def off(
        self,
        request: Request,
        store_id: UUID,
        act: Annotated[FaceAct, Form()],
        csrf: Csrf = "",
    ) -> Response:
        """Switch off: at once, by one person."""
        visit = self._shell.writing_visit(request, csrf)
        try:
            self._shell.deps.face_desk.narrow(visit.who, store_id, act)
        except Fault as fault:
            return self._told(visit, store_id, fault=fault)
        return self._told(visit, store_id, f"faces.{act}_ended")

    def _told(
        self, visit: Visit, store_id: UUID, key: str = "", fault: Fault | None = None
    ) -> Response:
        def said() -> Said:
            if fault is not None:
                raise fault
            return Said(texts(visit.language)(key))

        return self._shell.told(visit, f"/faces/{store_id}", said)

    def _store(
        self, visit: Visit, store_id: UUID, *, entered: Leave = _EMPTY, fault: Fault | None = None
    ) -> Response:
        deps, tenant = self._shell.deps, visit.who.tenant_id
        proposals = deps.face_desk.waiting(tenant)
        page = self._shell.page(
            visit,
            "face_store.html",
            one=_of(deps.faces.stores(tenant), store_id),
            proposal=next((one for one in proposals if one.store == store_id), None),
            entered=entered,
            fault=None if fault is None else fault_text(fault, visit.language),
            may_act=_may_act(visit),
        )
        page.status_code = 200 if fault is None else fault.spec.http_status
        return page


def _of(stores: tuple[StoreFaces, ...], store_id: UUID) -> StoreFaces:
    found = next((one for one in stores if one.store == store_id), None)
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=store_id)
    return found


def _may_act(visit: Visit) -> bool:
    """Return whether to offer the forms; the desk itself decides and keeps the record."""
    return visit.who.role in MAY_DECIDE
