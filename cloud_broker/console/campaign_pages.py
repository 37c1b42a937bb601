"""Campaigns: the list, the form, a campaign with what it brought, and the texts it sends."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from cloud_broker.console import campaign_forms as forms
from cloud_broker.console import live_charts
from cloud_broker.console.campaign_sheets import (
    HEIGHT,
    WIDTH,
    CampaignQuery,
    Column,
    Row,
    arrange,
    finding,
    named,
    people_csv,
    to_csv,
    uplift_chart,
)
from cloud_broker.console.render import fault_text
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.campaigns import Campaign
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import said_plan
from retail_core.texts.faults import FaultCode

PAGE = "/campaigns"
ONE = PAGE + "/{campaign_id}"
_WORDS_MAX = 100
_FIELD_CHARS_MAX = 500
Words = Annotated[str, Query(max_length=_WORDS_MAX)]
Csrf = Annotated[str, Form()]
Act = Literal["ask", "agree", "stop", "look"]


class CampaignPages:
    """Every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.csv, methods=["GET"])
        router.add_api_route(PAGE + "/new", self.new, methods=["GET"])
        router.add_api_route(PAGE + "/new", self.write, methods=["POST"])
        router.add_api_route(ONE, self.campaign, methods=["GET"])
        router.add_api_route(ONE + "/days.csv", self.days, methods=["GET"])
        router.add_api_route(ONE + "/edit", self.edit, methods=["GET"])
        router.add_api_route(ONE + "/edit", self.change, methods=["POST"])
        router.add_api_route(ONE + "/{act}", self.act, methods=["POST"])

    def page(
        self,
        request: Request,
        q: Words = "",
        sort: Column = "days",
        dir: str = "desc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Show campaigns."""
        visit = self._shell.visit(request)
        query = CampaignQuery(q, sort, dir != "asc")
        rows = self._rows(visit)
        return self._shell.page(
            visit,
            "campaigns.html",
            query=query,
            rows=arrange(rows, query),
            any=bool(rows),
            **rights_of(visit),
        )

    def csv(
        self,
        request: Request,
        q: Words = "",
        sort: Column = "days",
        dir: str = "desc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Send the same rows as a file."""
        visit = self._shell.visit(request)
        rows = arrange(self._rows(visit), CampaignQuery(q, sort, dir != "asc"))
        return sheet("campaigns.csv", to_csv(rows, texts(visit.language)))

    def new(self, request: Request) -> Response:
        """Show an empty form."""
        visit = self._shell.visit(request)
        desk = self._shell.deps.campaigns.campaigns
        filled = forms.blank(desk.rules.day(visit.now_ms))
        return self._form(visit, filled, None)

    async def write(self, request: Request) -> Response:
        """Write a campaign and lead to it; what is wrong is said above the form."""
        filled, csrf = await _filled(request)
        return await run_in_threadpool(self._save, request, csrf, filled, None)

    def edit(self, request: Request, campaign_id: UUID) -> Response:
        """Show the form of a campaign that has not begun."""
        visit = self._shell.visit(request)
        held = self._shown(visit, campaign_id)
        return self._form(visit, forms.shown(held.plan), held)

    async def change(self, request: Request, campaign_id: UUID) -> Response:
        """Write a campaign anew."""
        filled, csrf = await _filled(request)
        return await run_in_threadpool(self._save, request, csrf, filled, campaign_id)

    def campaign(self, request: Request, campaign_id: UUID) -> Response:
        """Show a campaign, who is in it, what came of it."""
        visit = self._shell.visit(request)
        shown = self._shell.deps.campaigns.campaigns.shown(visit.who.tenant_id, campaign_id)
        figures = shown.results.figures(shown.campaign)
        return self._shell.page(
            visit,
            "campaign.html",
            shown=shown,
            one=shown.campaign,
            plan=shown.campaign.plan,
            said=said_plan(shown.campaign.plan),
            figures=figures,
            finding=finding(figures),
            chart=uplift_chart(shown.looks),
            live=live_charts,
            width=WIDTH,
            height=HEIGHT,
            share=forms.share,
            **rights_of(visit),
        )

    def days(self, request: Request, campaign_id: UUID) -> Response:
        """Send what was seen day by day as a file."""
        visit = self._shell.visit(request)
        shown = self._shell.deps.campaigns.campaigns.shown(visit.who.tenant_id, campaign_id)
        return sheet("campaign-days.csv", people_csv(shown.looks, texts(visit.language)))

    def act(
        self,
        request: Request,
        campaign_id: UUID,
        act: Act,
        take_back: Annotated[str, Form(max_length=5)] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Ask that it begins, let it begin, stop it, or look at its results now."""
        visit = self._shell.writing_visit(request, csrf)
        desks = self._shell.deps.campaigns

        def done() -> Said:
            if act == "ask":
                desks.campaigns.ask(visit.who, campaign_id)
            elif act == "agree":
                desks.campaigns.agree(visit.who, campaign_id)
            elif act == "stop":
                desks.campaigns.stop(visit.who, campaign_id, take_back=bool(take_back))
            else:
                desks.running.look(visit.who.tenant_id, campaign_id)
            return Said(texts(visit.language)(f"campaigns.did_{act}"))

        return self._shell.told(visit, f"{PAGE}/{campaign_id}", done)

    # ---- inside ---------------------------------------------------------------------------------

    def _rows(self, visit: Visit) -> list[Row]:
        desk, tenant = self._shell.deps.campaigns.campaigns, visit.who.tenant_id
        return named(desk.campaigns(tenant), desk.segment_names(tenant))

    def _shown(self, visit: Visit, campaign_id: UUID) -> Campaign:
        held = self._shell.deps.campaigns.campaigns.shown(visit.who.tenant_id, campaign_id).campaign
        if held.state not in {"draft", "waiting"}:
            raise Fault(FaultCode.CAMPAIGN_STATE, state=held.state)
        return held

    def _save(
        self, request: Request, csrf: str, filled: forms.Filled, campaign_id: UUID | None
    ) -> Response:
        visit = self._shell.writing_visit(request, csrf)
        desk = self._shell.deps.campaigns.campaigns
        held = None if campaign_id is None else self._shown(visit, campaign_id)
        try:
            plan = forms.read(filled)
            if campaign_id is None:
                saved = desk.write(visit.who, plan)
            else:
                saved = desk.change(visit.who, campaign_id, plan)
        except Fault as fault:
            if fault.code not in {FaultCode.CAMPAIGN_INVALID, FaultCode.TEMPLATE_UNAPPROVED}:
                raise
            page = self._form(visit, filled, held, fault_text(fault, visit.language))
            page.status_code = 422
            return page
        said = Said(texts(visit.language)("campaigns.saved"))
        return self._shell.told(visit, f"{PAGE}/{saved.campaign}", lambda: said)

    def _form(
        self, visit: Visit, filled: forms.Filled, held: Campaign | None, wrong: str = ""
    ) -> Response:
        desk = self._shell.deps.campaigns.campaigns
        return self._shell.page(
            visit,
            "campaign_form.html",
            filled=filled,
            held=held,
            wrong=wrong,
            choices=desk.choices(visit.who.tenant_id),
            triggers=forms.TRIGGERS,
        )


def rights_of(visit: Visit) -> dict[str, bool]:
    """Return what somebody may do here, for templates."""
    return {
        "may_change": may(visit.who.role, Right.CAMPAIGNS_CHANGE),
        "may_start": may(visit.who.role, Right.CAMPAIGNS_START),
    }


def sheet(name: str, text: str) -> Response:
    """Return a table as a file."""
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


async def _filled(request: Request) -> tuple[forms.Filled, str]:
    form = await request.form()
    values = {
        name: value[:_FIELD_CHARS_MAX] for name, value in form.items() if isinstance(value, str)
    }
    return forms.Filled(values), values.get("csrf", "")
