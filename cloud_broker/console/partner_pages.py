"""Partner systems: their keys, who made them, what they may and when they were used."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import KeyScope, Right, may
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PAGE = "/partners"
Csrf = Annotated[str, Form()]


class PartnerPages:
    """One page; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + "/keys", self.add, methods=["POST"])
        router.add_api_route(PAGE + "/keys/{key_id}/end", self.end, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show them."""
        return self._shown(self._shell.visit(request), "")

    def add(  # each is a field of the form
        self,
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        scope: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 -- pydantic copies it
        days: Annotated[str, Form(max_length=10)] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Make a key and show it, this once."""
        visit = self._shell.writing_visit(request, csrf)
        text, key = self._shell.deps.partners.create(
            visit.who.tenant_id, name, _scopes(scope), who=visit.who.login, days=_days(days)
        )
        said = texts(visit.language)("partners.once", name=key.name, key=text)
        return self._shown(visit, said)

    def end(self, request: Request, key_id: UUID, csrf: Csrf = "") -> Response:
        """End a key at once."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.partners.revoke(visit.who.tenant_id, key_id, who=visit.who.login)
            return Said(texts(visit.language)("partners.ended"))

        return self._shell.told(visit, PAGE, act)

    def _shown(self, visit: Visit, once: str) -> Response:
        keys = self._shell.deps.partners.keys(visit.who.tenant_id)
        return self._shell.page(
            visit,
            "partners.html",
            once=once,
            keys=[key for key in keys if key.good(visit.now_ms)],
            over=[key for key in keys if not key.good(visit.now_ms)],
            scopes=[scope.value for scope in KeyScope],
            may_act=may(visit.who.role, Right.PARTNERS_CHANGE),
        )


def _scopes(named: list[str]) -> tuple[KeyScope, ...]:
    try:
        return tuple(KeyScope(one) for one in named)
    except ValueError:
        raise Fault(FaultCode.API_BODY_INVALID, detail="scope") from None


def _days(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise Fault(FaultCode.API_BODY_INVALID, detail="days")
    return int(text)
