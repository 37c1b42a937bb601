"""The texts that campaigns send, how fast the brand writes, and when it is quiet."""

from datetime import time
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.campaign_pages import PAGE, rights_of
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell
from cloud_broker.console.texts import texts
from cloud_broker.ports.messages import PaceSet
from retail_core.insight.campaigns.pacing import Pace
from retail_core.insight.campaigns.plan import CHANNELS, Channel
from retail_core.insight.campaigns.quiet import Quiet
from retail_core.insight.campaigns.templates import PLACES, TEXT_CHARS_MAX

MESSAGES = PAGE + "/messages"
Csrf = Annotated[str, Form()]


class MessagePages:
    """One page; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes; before those of one campaign, which would take `messages` for its id."""
        router.add_api_route(MESSAGES, self.page, methods=["GET"])
        router.add_api_route(MESSAGES + "/templates", self.write, methods=["POST"])
        at = MESSAGES + "/templates/{template_id}/{act}"
        router.add_api_route(at, self.decide, methods=["POST"])
        router.add_api_route(MESSAGES + "/pace", self.set_pace, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show texts and pace."""
        visit = self._shell.visit(request)
        desk, tenant = self._shell.deps.campaigns.templates, visit.who.tenant_id
        return self._shell.page(
            visit,
            "campaign_messages.html",
            templates=desk.templates(tenant),
            paces=desk.paces(tenant),
            channels=CHANNELS,
            places=sorted(PLACES),
            chars_max=TEXT_CHARS_MAX,
            **rights_of(visit),
        )

    def write(
        self,
        request: Request,
        channel: Annotated[Channel, Form()],
        name: Annotated[str, Form(max_length=80)] = "",
        body: Annotated[str, Form(max_length=TEXT_CHARS_MAX)] = "",
        code: Annotated[str, Form(max_length=100)] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Write a text; another person approves it."""
        visit = self._shell.writing_visit(request, csrf)
        desk = self._shell.deps.campaigns.templates

        def done() -> Said:
            desk.write(visit.who, channel, name, body.replace("\r\n", "\n"), code)
            return Said(texts(visit.language)("messages.written"))

        return self._shell.told(visit, MESSAGES, done)

    def decide(
        self, request: Request, template_id: UUID, act: Literal["approve", "end"], csrf: Csrf = ""
    ) -> Response:
        """Approve a text, as the second person, or end it."""
        visit = self._shell.writing_visit(request, csrf)
        desk = self._shell.deps.campaigns.templates

        def done() -> Said:
            decided = (desk.approve if act == "approve" else desk.end)(visit.who, template_id)
            return Said(texts(visit.language)(f"messages.now_{decided.state}", name=decided.name))

        return self._shell.told(visit, MESSAGES, done)

    def set_pace(  # noqa: PLR0913 - each is a field of the form
        self,
        request: Request,
        channel: Annotated[Channel, Form()],
        per_minute: Annotated[int, Form(ge=1, le=10_000)],
        per_day: Annotated[int, Form(ge=1, le=10_000_000)],
        person_max: Annotated[int, Form(ge=1, le=100)],
        person_days: Annotated[int, Form(ge=1, le=366)],
        quiet_begins: Annotated[time, Form()],
        quiet_ends: Annotated[time, Form()],
        csrf: Csrf = "",
    ) -> Response:
        """Say how the brand writes by a channel."""
        visit = self._shell.writing_visit(request, csrf)
        pace = PaceSet(
            Pace(per_minute, per_day, person_max, person_days), Quiet(quiet_begins, quiet_ends)
        )

        def done() -> Said:
            self._shell.deps.campaigns.templates.set_pace(visit.who, channel, pace)
            return Said(texts(visit.language)("messages.pace_set"))

        return self._shell.told(visit, MESSAGES, done)
