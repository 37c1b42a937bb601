"""People of HQ and what they did: two pages for administrators and auditors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console.audit_words import AuditWords
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import MAY_BE_PLACED, ROLES, Right, may
from cloud_broker.ports.hq import AuditAsked
from cloud_broker.services.hq.audit_desk import SHOWN
from cloud_broker.services.hq.user_desk import NAME_CHARS_MAX, UserAsked

PAGE = "/users"
Name = Annotated[str, Form(max_length=NAME_CHARS_MAX)]
Short = Annotated[str, Form(max_length=80)]
Words = Annotated[str, Query(max_length=200)]
Csrf = Annotated[str, Form()]


class UserPages:
    """Every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE, self.add, methods=["POST"])
        router.add_api_route(PAGE + "/{user_id}", self.change, methods=["POST"])
        router.add_api_route(PAGE + "/{user_id}/end", self.end, methods=["POST"])
        router.add_api_route("/audit", self.audit, methods=["GET"])

    def page(self, request: Request) -> Response:
        """Show everybody."""
        return self._shown(self._shell.visit(request), "")

    def add(  # each is a field of the form
        self,
        request: Request,
        login: Short = "",
        name: Name = "",
        role: Short = "",
        place: Short = "",
        csrf: Csrf = "",
    ) -> Response:
        """Enter somebody and show the password, this once."""
        visit = self._shell.writing_visit(request, csrf)
        asked = UserAsked(name.strip(), role, place)
        password = self._shell.deps.users.add(visit.who, login.strip(), asked)
        t = texts(visit.language)
        return self._shown(visit, t("users.added", login=login.strip(), password=password))

    def change(  # each is a field of the form
        self,
        request: Request,
        user_id: UUID,
        name: Name = "",
        role: Short = "",
        place: Short = "",
        csrf: Csrf = "",
    ) -> Response:
        """Give somebody another role or place."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            asked = UserAsked(name.strip(), role, place)
            self._shell.deps.users.change(visit.who, user_id, asked)
            return Said(texts(visit.language)("users.changed"))

        return self._shell.told(visit, PAGE, act)

    def end(self, request: Request, user_id: UUID, csrf: Csrf = "") -> Response:
        """Let somebody in no more."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.users.end(visit.who, user_id)
            return Said(texts(visit.language)("users.ended"))

        return self._shell.told(visit, PAGE, act)

    def audit(  # each is a filter
        self,
        request: Request,
        actor: Words = "",
        action: Words = "",
        subject: Words = "",
        below: Annotated[int, Query(ge=0)] = 0,
        prove: bool = False,  # noqa: FBT001, FBT002  # a word of the address
    ) -> Response:
        """Show the chain of what people did, and prove it whole when asked to."""
        visit, desk = self._shell.visit(request), self._shell.deps.audits
        asked = AuditAsked(actor.strip(), action.strip(), subject.strip(), below)
        rows = desk.rows(visit.who.tenant_id, asked)
        return self._shell.page(
            visit,
            "audit.html",
            asked=asked,
            rows=rows,
            in_words=AuditWords(
                texts(visit.language),
                self._shell.deps.zone,
                self._shell.deps.queries.tier_names(visit.who.tenant_id),
            ),
            more=rows[-1].number if len(rows) == SHOWN else None,
            proof=desk.prove(visit.who.tenant_id) if prove else None,
        )

    def _shown(self, visit: Visit, once: str) -> Response:
        desk, tenant = self._shell.deps.users, visit.who.tenant_id
        book = desk.places(tenant)
        named = {**book.regions, **book.stores}
        at = [(f"region:{place}", name) for place, name in book.regions.items()]
        at += [(f"store:{place}", name) for place, name in book.stores.items()]
        users = desk.users(tenant)
        return self._shell.page(
            visit,
            "users.html",
            once=once,
            users=[one for one in users if not one.left_ms],
            left=[one for one in users if one.left_ms],
            named=named,
            places=at,
            roles=ROLES,
            placed=MAY_BE_PLACED,
            may_act=may(visit.who.role, Right.USERS_CHANGE),
        )
