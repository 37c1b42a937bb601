"""Campaigns as JSON for HQ, and the door by which providers tell what became of messages."""

from datetime import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from pydantic import AfterValidator, BaseModel, Field
from starlette.concurrency import run_in_threadpool

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.guard import CONNECT
from cloud_broker.domain.connectors.shape import Pushed
from cloud_broker.ports.campaigns import Campaign
from cloud_broker.ports.messages import PaceSet, Template
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.insight.campaign_desk import CampaignShown
from cloud_broker.services.insight.campaign_desks import CampaignDesks
from retail_core.insight.campaigns.pacing import Pace
from retail_core.insight.campaigns.plan import Channel, plan_of, said_plan
from retail_core.insight.campaigns.quiet import Quiet
from retail_core.insight.campaigns.templates import TEXT_CHARS_MAX
from retail_core.texts.words import Words


class TemplateAsked(BaseModel, extra="forbid"):
    """A template to write."""

    channel: Channel
    name: str = Field(min_length=1, max_length=80)
    body: str = Field(max_length=TEXT_CHARS_MAX)
    provider_code: str = Field("", max_length=100)


def _of_the_brand(said: time) -> time:
    if said.tzinfo is not None:
        words = Words("must be the brand's own time, without a zone", "应是品牌当地的钟点,不带时区")
        raise ValueError(words)
    return said


BrandTime = Annotated[time, AfterValidator(_of_the_brand)]


class PaceAsked(BaseModel, extra="forbid"):
    """How the brand writes by a channel."""

    per_minute: int = Field(ge=1, le=10_000)
    per_day: int = Field(ge=1, le=10_000_000)
    person_max: int = Field(ge=1, le=100)
    person_days: int = Field(ge=1, le=366)
    quiet_begins: BrandTime
    quiet_ends: BrandTime


class StopAsked(BaseModel, extra="forbid"):
    """How a campaign is stopped."""

    take_back: bool = False


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/campaigns`, and those of providers."""
    routes = APIRouter(
        prefix="/v1/hq/campaigns",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409, 422)},
    )
    desks = doors.deps.campaigns
    _templates(routes, doors, desks)
    _campaigns(routes, doors, desks)
    _decisions(routes, doors, desks)
    both = APIRouter()
    both.include_router(routes)
    both.include_router(_providers(doors, desks))
    return both


def _templates(routes: APIRouter, doors: Doors, desks: CampaignDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/templates")
    def templates(who: Person) -> dict[str, Any]:
        """Return every template."""
        found = desks.templates.templates(who.tenant_id)
        return {"templates": list(map(template_said, found))}

    @routes.post("/templates", status_code=201)
    def write(who: Person, asked: TemplateAsked) -> dict[str, Any]:
        """Write a template; another person approves it."""
        made = desks.templates.write(
            who, asked.channel, asked.name, asked.body, asked.provider_code
        )
        return template_said(made)

    @routes.post("/templates/{template_id}/approve")
    def approve(who: Person, template_id: UUID) -> dict[str, Any]:
        """Approve a template, as the second person."""
        return template_said(desks.templates.approve(who, template_id))

    @routes.post("/templates/{template_id}/end")
    def end(who: Person, template_id: UUID) -> dict[str, Any]:
        """Let nothing be sent by a template any more."""
        return template_said(desks.templates.end(who, template_id))

    @routes.get("/pace")
    def paces(who: Person) -> dict[str, Any]:
        """Return how the brand writes."""
        return {name: pace_said(one) for name, one in desks.templates.paces(who.tenant_id).items()}

    @routes.post("/pace/{channel}")
    def set_pace(who: Person, channel: Channel, asked: PaceAsked) -> dict[str, Any]:
        """Say how the brand writes by a channel."""
        pace = Pace(asked.per_minute, asked.per_day, asked.person_max, asked.person_days)
        said = PaceSet(pace, Quiet(asked.quiet_begins, asked.quiet_ends))
        desks.templates.set_pace(who, channel, said)
        return pace_said(said)


def _campaigns(routes: APIRouter, doors: Doors, desks: CampaignDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("")
    def campaigns(who: Person) -> dict[str, Any]:
        """Return every campaign with its last figures, the newest first."""
        found = desks.campaigns.campaigns(who.tenant_id)
        return {"campaigns": [campaign_said(one) | {"figures": had} for one, had in found]}

    @routes.post("", status_code=201)
    def write(who: Person, plan: dict[str, Any]) -> dict[str, Any]:
        """Write a campaign; it does nothing yet."""
        return campaign_said(desks.campaigns.write(who, plan_of(plan)))

    @routes.get("/{campaign_id}")
    def shown(who: Person, campaign_id: UUID) -> dict[str, Any]:
        """Return a campaign with what it brought so far."""
        return shown_said(desks.campaigns.shown(who.tenant_id, campaign_id))

    @routes.post("/{campaign_id}")
    def change(who: Person, campaign_id: UUID, plan: dict[str, Any]) -> dict[str, Any]:
        """Write a campaign anew, while it has not begun."""
        return campaign_said(desks.campaigns.change(who, campaign_id, plan_of(plan)))


def _decisions(routes: APIRouter, doors: Doors, desks: CampaignDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.post("/{campaign_id}/ask")
    def ask(who: Person, campaign_id: UUID) -> dict[str, Any]:
        """Ask that a campaign begins."""
        return campaign_said(desks.campaigns.ask(who, campaign_id))

    @routes.post("/{campaign_id}/agree")
    def agree(who: Person, campaign_id: UUID) -> dict[str, Any]:
        """Let a campaign begin, as the second person."""
        return campaign_said(desks.campaigns.agree(who, campaign_id))

    @routes.post("/{campaign_id}/stop")
    def stop(who: Person, campaign_id: UUID, asked: StopAsked) -> dict[str, Any]:
        """Stop a campaign at once, or take back that it was asked for."""
        return campaign_said(desks.campaigns.stop(who, campaign_id, take_back=asked.take_back))


def _providers(doors: Doors, desks: CampaignDesks) -> APIRouter:
    routes = APIRouter(tags=["messages"])

    async def told(
        request: Request, channel: Annotated[Channel, InPath()], tenant: Annotated[UUID, InPath()]
    ) -> Response:
        """Take receipts and replies, signed as the provider signs."""
        doors.pushes.admit(f"messages {channel} {tenant}")
        pushed = Pushed(
            request.method,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
        )
        heard = await run_in_threadpool(desks.hearing.hear, tenant, channel, pushed)
        return Response(heard.answer, media_type=heard.media)

    path = CONNECT + "messages/{channel}/{tenant}"
    routes.add_api_route(path, told, methods=["POST"], name="message receipts")
    # How WeChat tries an address before it pushes there.
    routes.add_api_route(path, told, methods=["GET"], name="message receipts trial")
    return routes


def template_said(one: Template) -> dict[str, Any]:
    """Return a template as JSON's own types."""
    return {
        "template_id": str(one.template),
        "channel": one.channel,
        "name": one.name,
        "body": one.body,
        "provider_code": one.provider_code,
        "state": one.state,
        "made_by": one.made_by,
        "decided_by": one.decided_by,
    }


def pace_said(one: PaceSet) -> dict[str, Any]:
    """Return how a brand writes as JSON's own types."""
    return {
        "per_minute": one.pace.per_minute,
        "per_day": one.pace.per_day,
        "person_max": one.pace.person_max,
        "person_days": one.pace.person_days,
        "quiet_begins": f"{one.quiet.begins:%H:%M}",
        "quiet_ends": f"{one.quiet.ends:%H:%M}",
    }


def campaign_said(one: Campaign) -> dict[str, Any]:
    """Return a campaign as JSON's own types."""
    return {
        "campaign_id": str(one.campaign),
        "state": one.state,
        "why": one.why,
        "made_by": one.made_by,
        "asked_by": one.asked_by,
        "agreed_by": one.agreed_by,
        "started_ms": one.started_ms,
        "stopped_ms": one.stopped_ms,
        "plan": said_plan(one.plan),
    }


def shown_said(one: CampaignShown) -> dict[str, Any]:
    """Return a campaign's page as JSON's own types."""
    return campaign_said(one.campaign) | {
        "segment": one.segment,
        "segment_people": one.segment_people,
        "bound_fen": one.bound_fen,
        "figures": one.results.figures(one.campaign),
        "looks": [{"day": look.day.isoformat()} | dict(look.figures) for look in one.looks],
    }
