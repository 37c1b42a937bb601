"""Alerts: what stands, what stood, and who is told."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.issue_words import check_of
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import PLACED
from cloud_broker.ports.alerts import AlertRow
from cloud_broker.services.fleet.alert_desk import RuleAsked
from cloud_broker.services.fleet.alert_watch import words
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MAY_TELL = frozenset({"admin", "operations"})
PAGE = "/alerts"


class AlertPages:
    """One page; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE, self.add, methods=["POST"])
        router.add_api_route(PAGE + "/{rule}/rotate", self.rotate, methods=["POST"])
        router.add_api_route(PAGE + "/{rule}/{act}", self.act, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show them."""
        return self._shown(self._shell.visit(request), "")

    def add(
        self,
        request: Request,
        name: Annotated[str, Form(max_length=100)] = "",
        target: Annotated[str, Form(max_length=500)] = "",
        severity: Annotated[str, Form()] = "hinders",
        only: Annotated[list[str], Form()] = [],  # noqa: B006 -- pydantic copies it
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Enter a rule and show a webhook's secret, this once; `only` is a code and a region."""
        visit = self._writer(request, csrf)
        code, region = (*(one.strip() for one in only), "", "")[:2]
        kind: Literal["webhook", "email"] = "webhook" if "://" in target else "email"
        asked = RuleAsked(name, kind, target.strip(), severity, code, region)
        _, secret = self._shell.deps.alerts.add(visit.who.tenant_id, asked, visit.who.login)
        t = texts(visit.language)
        return self._shown(
            visit, t("alerts.secret", secret=secret) if secret else t("alerts.added")
        )

    def rotate(self, request: Request, rule: UUID, csrf: Annotated[str, Form()] = "") -> Response:
        """Draw a webhook's next secret and show it, this once."""
        visit = self._writer(request, csrf)
        secret = self._shell.deps.alerts.rotate(visit.who.tenant_id, rule, visit.who.login)
        return self._shown(visit, texts(visit.language)("alerts.rotated", secret=secret))

    def act(
        self,
        request: Request,
        rule: UUID,
        act: Literal["end", "try"],
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Tell them no more, or send them a test."""
        visit = self._writer(request, csrf)
        desk, tenant, t = self._shell.deps.alerts, visit.who.tenant_id, texts(visit.language)

        def acted() -> Said:
            if act == "end":
                desk.end(tenant, rule, visit.who.login)
                return Said(t("alerts.ended"))
            desk.trial(tenant, rule)
            return Said(t("alerts.tried"))

        return self._shell.told(visit, PAGE, acted)

    def _writer(self, request: Request, csrf: str) -> Visit:
        visit = self._shell.writing_visit(request, csrf)
        if visit.who.role not in MAY_TELL:
            raise Fault(FaultCode.API_SCOPE_MISSING, scope="alerts")
        return visit

    def _shown(self, visit: Visit, once: str) -> Response:
        desk, tenant = self._shell.deps.alerts, visit.who.tenant_id
        rows = desk.alerts(tenant)

        def text(row: AlertRow) -> str:
            zh, en = words(row.trouble.code, row.trouble.fields)
            return zh if visit.language == "zh" else en

        return self._shell.page(
            visit,
            "alerts.html",
            once=once,
            standing=[row for row in rows if row.cleared_ms is None],
            over=[row for row in rows if row.cleared_ms is not None],
            rules=desk.rules(tenant),
            regions=desk.regions(tenant),
            may_act=visit.who.role in MAY_TELL,
            sees_rules=visit.who.role not in PLACED,
            text=text,
            mender=lambda row: check_of(row.trouble.code).mender,
        )
