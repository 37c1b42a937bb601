"""A member's own word on being written to, from her phone: yes with her number, no at any time."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.member_routes import PhoneDoor
from cloud_broker.domain.contacts import TEXT_VERSION, TEXTS
from cloud_broker.services.insight.contacts import OptIn
from cloud_broker.services.members.phones import PhoneHolder
from retail_core.insight.campaigns.plan import CHANNELS, Channel

ADDRESS_CHARS_MAX = 64


class MessagesAsked(BaseModel, extra="forbid"):
    """A yes with where to write, or a no; `language` is the one she read the text in."""

    channel: Channel
    given: bool
    address: str = Field("", max_length=ADDRESS_CHARS_MAX, repr=False)
    language: str = Field("zh", pattern="^(zh|en)$")


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/member/messages`."""
    routes = APIRouter(
        prefix="/v1/member/messages",
        tags=["member"],
        responses={code: {"model": ErrorBody} for code in (401, 422)},
    )
    FromPhone = Annotated[PhoneHolder, Depends(PhoneDoor(doors))]  # noqa: N806 - an alias is a type
    contacts = doors.deps.campaigns.contacts

    @routes.get("")
    def standing(who: FromPhone) -> dict[str, Any]:
        """Return by which channels she agreed to be written to, and the texts she is asked."""
        stands = contacts.standing(who.tenant, who.member)
        return {
            "version": TEXT_VERSION,
            "channels": {
                channel: {"given": stands[channel], "text": TEXTS[channel]} for channel in CHANNELS
            },
        }

    @routes.post("")
    def say(asked: MessagesAsked, who: FromPhone) -> dict[str, bool]:
        """Keep her word; a yes needs the number she is a member by."""
        if asked.given:
            said = OptIn(who.member, asked.channel, asked.address, asked.language, "phone")
            contacts.opt_in(who.tenant, said)
        else:
            contacts.opt_out(who.tenant, who.member, asked.channel, asked.language, "phone")
        return {"given": asked.given}

    return routes
