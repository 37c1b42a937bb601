"""Partner systems: their keys, and what they are told of."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.hooks import HookKind
from cloud_broker.domain.rights import KeyScope, Right, may
from cloud_broker.services.outward.exporting import Manifest
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PAGE = "/partners"
DAYS_SHOWN = 14
HOOKS = PAGE + "/hooks"
_DONE = {"end": "hooks.done_end", "try": "hooks.done_try", "resume": "hooks.done_resume"}
Csrf = Annotated[str, Form()]


class PartnerPages:
    """Two pages; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + "/keys", self.add, methods=["POST"])
        router.add_api_route(PAGE + "/keys/{key_id}/end", self.end, methods=["POST"])
        router.add_api_route(HOOKS, self.add_hook, methods=["POST"])
        router.add_api_route(HOOKS + "/{hook_id}", self.hook, methods=["GET"])
        router.add_api_route(HOOKS + "/{hook_id}/rotate", self.rotate, methods=["POST"])
        router.add_api_route(HOOKS + "/{hook_id}/{act}", self.act, methods=["POST"])
        router.add_api_route(
            HOOKS + "/{hook_id}/posts/{post_id}/replay", self.replay, methods=["POST"]
        )

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

    def add_hook(  # each is a field of the form
        self,
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        target: Annotated[str, Form(max_length=1_000)] = "",
        kind: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 -- pydantic copies it
        csrf: Csrf = "",
    ) -> Response:
        """Enter a subscription and show its secret, this once."""
        visit = self._shell.writing_visit(request, csrf)
        tenant, desk = visit.who.tenant_id, self._shell.deps.hooks
        hook, secret = desk.add(tenant, name, target, _kinds(kind), visit.who.login)
        said = texts(visit.language)("hooks.once", name=hook.name, secret=secret)
        return self._shown(visit, said)

    def hook(self, request: Request, hook_id: UUID) -> Response:
        """Show a subscription and how each of its messages fared."""
        return self._shown_hook(self._shell.visit(request), hook_id, "")

    def rotate(self, request: Request, hook_id: UUID, csrf: Csrf = "") -> Response:
        """Draw the next secret and show it, this once."""
        visit = self._shell.writing_visit(request, csrf)
        secret = self._shell.deps.hooks.rotate(visit.who.tenant_id, hook_id, visit.who.login)
        said = texts(visit.language)("hooks.rotated", secret=secret)
        return self._shown_hook(visit, hook_id, said)

    def act(
        self,
        request: Request,
        hook_id: UUID,
        act: Literal["end", "try", "resume", "replay"],
        csrf: Csrf = "",
    ) -> Response:
        """End it, send a test, let it go on, or send again all that was given up."""
        visit = self._shell.writing_visit(request, csrf)
        desk, tenant, who = self._shell.deps.hooks, visit.who.tenant_id, visit.who.login
        t = texts(visit.language)

        def acted() -> Said:
            if act == "end":
                desk.end(tenant, hook_id, who)
            elif act == "resume":
                desk.resume(tenant, hook_id, who)
            elif act == "try":
                desk.trial(tenant, hook_id)
            else:
                return Said(t("hooks.replayed", n=desk.replay(tenant, hook_id, None, who)))
            return Said(t(_DONE[act]))

        return self._shell.told(visit, PAGE if act == "end" else f"{HOOKS}/{hook_id}", acted)

    def replay(self, request: Request, hook_id: UUID, post_id: UUID, csrf: Csrf = "") -> Response:
        """Send one message again."""
        visit = self._shell.writing_visit(request, csrf)
        desk, t = self._shell.deps.hooks, texts(visit.language)

        def acted() -> Said:
            count = desk.replay(visit.who.tenant_id, hook_id, post_id, visit.who.login)
            return Said(t("hooks.replayed", n=count))

        return self._shell.told(visit, f"{HOOKS}/{hook_id}", acted)

    def _shown_hook(self, visit: Visit, hook_id: UUID, once: str) -> Response:
        hook, rows = self._shell.deps.hooks.hook(visit.who.tenant_id, hook_id)
        return self._shell.page(
            visit,
            "hook.html",
            once=once,
            hook=hook,
            rows=rows,
            may_act=may(visit.who.role, Right.PARTNERS_CHANGE),
        )

    def _exports(self, tenant: UUID) -> list[Manifest] | None:
        """Return the newest days that were exported, None where none are made."""
        shelf = self._shell.deps.exports
        if shelf is None:
            return None
        days = shelf.days(tenant)[-DAYS_SHOWN:]
        made = (shelf.newest(tenant, day) for day in reversed(days))
        return [one for one in made if one is not None]

    def _shown(self, visit: Visit, once: str) -> Response:
        keys = self._shell.deps.partners.keys(visit.who.tenant_id)
        return self._shell.page(
            visit,
            "partners.html",
            once=once,
            keys=[key for key in keys if key.good(visit.now_ms)],
            over=[key for key in keys if not key.good(visit.now_ms)],
            hooks=self._shell.deps.hooks.hooks(visit.who.tenant_id),
            exports=self._exports(visit.who.tenant_id),
            kinds=[kind.value for kind in HookKind],
            scopes=[scope.value for scope in KeyScope],
            may_act=may(visit.who.role, Right.PARTNERS_CHANGE),
        )


def _scopes(named: list[str]) -> tuple[KeyScope, ...]:
    try:
        return tuple(KeyScope(one) for one in named)
    except ValueError:
        raise Fault(FaultCode.API_BODY_INVALID, detail="scope") from None


def _kinds(named: list[str]) -> tuple[HookKind, ...]:
    try:
        return tuple(HookKind(one) for one in named)
    except ValueError:
        raise Fault(FaultCode.HOOK_WRONG, field="kinds", value="?") from None


def _days(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise Fault(FaultCode.API_BODY_INVALID, detail="days")
    return int(text)
